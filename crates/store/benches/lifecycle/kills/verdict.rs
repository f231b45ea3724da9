//! What a round has shown. Pure: the platform's journal and the workers' answers go in, counts come out.

use super::plan::Plan;
use super::wire::Outcome;
use crate::kill_point::KillPoint;
use crate::platform::is_spent_token;
use coze_emulator::Entry;
use std::collections::BTreeMap;

/// The process that was killed.
#[derive(Clone, Debug)]
pub(crate) struct Victim {
    pub(crate) user_agent: String,
    /// Its caller had a new token before it died.
    pub(crate) gave_new_token: bool,
}

/// All that is known about a round.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) plan: Plan,
    /// What came to the token endpoint, in the order of arrival.
    pub(crate) requests: Vec<Entry>,
    /// `None` when nobody came to the point.
    pub(crate) victim: Option<Victim>,
    /// Whether the store holds another pair than at the beginning.
    pub(crate) has_saved: bool,
    /// Of the survivors.
    pub(crate) first_answers: Vec<Outcome>,
    /// Of the survivors and the new process, in the end.
    pub(crate) settled: Vec<Outcome>,
    /// Tokens that the platform did not take, or another login's.
    pub(crate) wrong_tokens: usize,
    /// Whether the login could be renewed once more; `None` when it was lost.
    pub(crate) lives_on: Option<bool>,
}

/// What became of the login.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum End {
    /// All three have the same token, the platform takes it, and the login can be renewed on.
    Kept,
    /// The platform had rotated, and its answer died with the process, or on the way to it. Nobody can help that.
    LostWithItsAnswer,
    /// All three want a new login, and no answer died.
    LostOtherwise,
    /// Some have a token and some have another one or none.
    Disagreed,
    /// All have a token, but what rests in the store is no living login.
    CannotBeRenewed,
    /// Somebody has no last word after a minute.
    Stuck,
}

/// The counts of one round.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) point: KillPoint,
    pub(crate) is_struck: bool,
    pub(crate) end: End,
    pub(crate) requests: usize,
    pub(crate) rotations: usize,
    /// Refresh tokens that came again although the answer to their first coming lived.
    pub(crate) double_redeems: usize,
    /// Refresh tokens that came again because that answer had died.
    pub(crate) excused_redeems: usize,
    pub(crate) wrong_tokens: usize,
    /// The victim's caller had a token that was not in the store.
    pub(crate) is_used_before_saved: bool,
    /// Callers who were told another reason for a loss than `LoginLoss::AnswerLost`.
    pub(crate) misnamed: usize,
    /// What callers were told instead of a token, by name.
    pub(crate) errors: BTreeMap<String, usize>,
}

impl Verdict {
    pub(crate) fn on(evidence: &Evidence) -> Self {
        let rotations: Vec<&Entry> = evidence.requests.iter().filter(|entry| entry.is_refresh()).collect();
        let has_answer_died = has_answer_died(evidence, &rotations);
        let spent = evidence.requests.iter().filter(|entry| is_spent_token(entry)).count();
        let (double_redeems, excused_redeems) = if has_answer_died { (0, spent) } else { (spent, 0) };
        let gave_new_token = evidence.victim.as_ref().is_some_and(|victim| victim.gave_new_token);
        let mut errors = BTreeMap::new();
        let mut misnamed = 0;
        for outcome in evidence.first_answers.iter().chain(&evidence.settled) {
            let name = match outcome {
                Outcome::Token(_) => continue,
                Outcome::LoginRequired(cause) => {
                    misnamed += usize::from(cause != "AnswerLost");
                    format!("LoginRequired: {cause}")
                }
                Outcome::NotNow(name) => name.clone(),
            };
            *errors.entry(name).or_default() += 1;
        }
        Self {
            point: evidence.plan.point,
            is_struck: evidence.victim.is_some(),
            end: end(evidence, has_answer_died),
            requests: evidence.requests.len(),
            rotations: rotations.len(),
            double_redeems,
            excused_redeems,
            wrong_tokens: evidence.wrong_tokens,
            is_used_before_saved: gave_new_token && !evidence.has_saved,
            misnamed,
            errors,
        }
    }

    /// Whether everything is as it has to be.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.end, End::Kept | End::LostWithItsAnswer)
            && self.double_redeems == 0
            && self.wrong_tokens == 0
            && self.misnamed == 0
            && !self.is_used_before_saved
    }
}

impl Plan {
    /// Whether a request of the journal has come to the point where its sender dies.
    pub(crate) fn is_at_its_point(&self, entry: &Entry) -> bool {
        match self.point {
            KillPoint::RequestReceived => entry.is_token_request() && entry.oauth.is_none(),
            KillPoint::Rotated => entry.is_refresh() && entry.status.is_none(),
            KillPoint::BeforeLease
            | KillPoint::LeaseHeld
            | KillPoint::AnswerCut
            | KillPoint::AnswerReceived
            | KillPoint::SaveUnderWay
            | KillPoint::Saved
            | KillPoint::Released => false,
        }
    }
}

/// Says whether the platform's answer with the only living refresh token reached nobody who could save it.
///
/// It was the last rotation, nothing has been saved since the round began, and its asker was killed before its caller
/// heard anything, or was cut off by the platform's fault.
fn has_answer_died(evidence: &Evidence, rotations: &[&Entry]) -> bool {
    let (Some(rotation), false) = (rotations.last(), evidence.has_saved) else {
        return false;
    };
    let has_asker_died = evidence.victim.as_ref().is_some_and(|victim| {
        rotation.user_agent.as_deref() == Some(victim.user_agent.as_str()) && !victim.gave_new_token
    });
    let is_first = evidence.requests.first().is_some_and(|first| first.seq == rotation.seq);
    let is_cut = is_first && evidence.plan.first.cut_after_bytes.is_some();
    has_asker_died || is_cut
}

fn end(evidence: &Evidence, has_answer_died: bool) -> End {
    let settled = &evidence.settled;
    let is_lost = |outcome: &Outcome| matches!(outcome, Outcome::LoginRequired(_));
    if !settled.iter().all(Outcome::is_final) {
        End::Stuck
    } else if settled.iter().all(is_lost) {
        if has_answer_died {
            End::LostWithItsAnswer
        } else {
            End::LostOtherwise
        }
    } else if settled.iter().any(|outcome| Some(outcome) != settled.first()) {
        End::Disagreed
    } else if evidence.lives_on == Some(true) {
        End::Kept
    } else {
        End::CannotBeRenewed
    }
}
