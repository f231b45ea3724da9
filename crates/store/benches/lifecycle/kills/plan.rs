//! What one round is going to be: drawn from the seed before anything happens.

use super::wire::Stop;
use crate::dice::Dice;
use crate::kill_point::KillPoint;
use crate::platform::{DUE_AFTER, ENDED_AFTER, slow};
use coze_emulator::Fault;
use std::time::Duration;

/// What a process that was seen at the platform has left at least before the platform goes on.
const MARGIN: Duration = Duration::from_millis(1_500);

/// How long a process is left at its stop at most. A token that was given out before it was saved shows itself then.
const LONGEST_LINGER: Duration = Duration::from_millis(200);

/// An answer is longer than this.
const SHORTEST_ANSWER: u64 = 100;

/// The most steps of a save before it counts as under way. More than any store takes, so that some of them are just done.
const MOST_SAVE_STEPS: u64 = 8;

/// How old the access token is when everybody asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Moment {
    /// It is served, and renewed behind.
    Due,
    /// Everybody waits.
    Ended,
}

/// One round.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) number: usize,
    pub(crate) point: KillPoint,
    pub(crate) moment: Moment,
    /// Between the arrival at the point and the kill.
    pub(crate) linger: Duration,
    pub(crate) save_steps: u32,
    /// Whether the platform ends a login whose spent refresh token comes again.
    pub(crate) is_strict: bool,
    /// What happens to the first renewal.
    pub(crate) first: Fault,
    /// What happens to those after it.
    pub(crate) later: Fault,
}

impl Plan {
    pub(crate) fn draw(number: usize, dice: &Dice, longest_delay: Duration) -> Self {
        let point = KillPoint::ALL[number % KillPoint::ALL.len()];
        let (first, linger) = match point {
            KillPoint::RequestReceived => {
                let before = MARGIN + dice.up_to(longest_delay.saturating_sub(MARGIN));
                let after = dice.up_to(longest_delay.saturating_sub(before));
                (slow(before, after), dice.up_to(before.saturating_sub(MARGIN)))
            }
            KillPoint::Rotated => {
                let after = MARGIN + dice.up_to(longest_delay.saturating_sub(MARGIN));
                let before = dice.up_to(longest_delay.saturating_sub(after));
                (slow(before, after), dice.up_to(after.saturating_sub(MARGIN)))
            }
            KillPoint::AnswerCut => {
                let cut_after_bytes = usize::try_from(1 + dice.below(SHORTEST_ANSWER)).ok();
                let fault = Fault {
                    cut_after_bytes,
                    ..any_slowness(dice, longest_delay)
                };
                (fault, dice.up_to(LONGEST_LINGER))
            }
            KillPoint::BeforeLease
            | KillPoint::LeaseHeld
            | KillPoint::AnswerReceived
            | KillPoint::SaveUnderWay
            | KillPoint::Saved
            | KillPoint::Released => (any_slowness(dice, longest_delay), dice.up_to(LONGEST_LINGER)),
        };
        Self {
            number,
            point,
            moment: if dice.one_in(3) { Moment::Due } else { Moment::Ended },
            linger,
            save_steps: u32::try_from(dice.below(MOST_SAVE_STEPS)).unwrap_or(0),
            is_strict: dice.one_in(2),
            first,
            later: any_slowness(dice, longest_delay),
        }
    }

    /// Where every worker waits for a word; the platform sees the other points by itself.
    pub(crate) fn stop(&self) -> Option<Stop> {
        (!self.point.is_seen_by_the_platform()).then_some(Stop {
            point: self.point,
            save_steps: self.save_steps,
        })
    }
}

impl Moment {
    /// How long after the login that is.
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::Due => DUE_AFTER,
            Self::Ended => ENDED_AFTER,
        }
    }
}

/// Draws how long a renewal takes, and when in that time the platform acts.
fn any_slowness(dice: &Dice, longest: Duration) -> Fault {
    let total = dice.up_to(longest);
    let before = dice.up_to(total);
    slow(before, total.saturating_sub(before))
}
