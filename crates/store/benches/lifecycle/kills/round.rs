//! One round: a login, three processes that ask, one of them killed, and what the others make of it.

use super::crew::{Crew, Event};
use super::plan::{Moment, Plan};
use super::verdict::{Evidence, Victim};
use super::wire::{Outcome, Setup};
use crate::platform::{ENDED_AFTER, Kind, Platform, subject};
use crate::store_address::StoreAddress;
use anyhow::{Context as _, ensure};
use coze_auth::{Policy, Subject, TokenSource, TokenStore, Version};
use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long a point may take to come. A renewal takes 10 s at most.
const LONGEST_APPROACH: Duration = Duration::from_secs(25);

/// For how long everybody is asked until they know what became of the login.
const LONGEST_SETTLING: Duration = Duration::from_mins(1);

/// Between two questions to somebody who said "not now".
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// Three processes, their platform, and rounds one after the other.
pub(crate) struct Group {
    platform: Platform,
    pub(crate) crew: Crew,
    store: Arc<dyn TokenStore>,
    /// In this process, which nobody kills: where people log in.
    logins: TokenSource,
    /// The access tokens of earlier rounds, which were other logins.
    given: HashSet<String>,
}

impl Group {
    pub(crate) async fn start(address: &StoreAddress, store: Arc<dyn TokenStore>) -> anyhow::Result<Self> {
        let platform = Platform::start().await?;
        let setup = Setup {
            store: address.clone(),
            api_base: platform.emulator.api_base(),
            client_id: platform.pkce_client_id()?,
            user_agent: String::new(),
        };
        let logins = platform.source(platform.app(Kind::Login)?, Arc::clone(&store), Policy::default())?;
        Ok(Self {
            crew: Crew::start(setup).await?,
            platform,
            store,
            logins,
            given: HashSet::new(),
        })
    }

    pub(crate) async fn play(&mut self, plan: &Plan) -> anyhow::Result<Evidence> {
        let name = format!("round-{}", plan.number);
        let subject = subject(&name)?;
        self.platform.heal()?;
        let login = self.platform.log_in(&self.logins, &subject).await?;
        let login = Outcome::of(Ok(login));
        self.warm_up(&name, &login).await?;
        let first_version = self.version(&subject).await?;

        self.platform.clocks.advance(plan.moment.seconds());
        self.platform.set_strict(plan.is_strict);
        self.platform.order(plan.first.clone(), Some(plan.later.clone()))?;
        self.platform.emulator.journal().clear();
        self.ask(&name, plan)?;
        let dead = self.strike(plan).await?;
        let victim = dead.map(|place| self.victim(place, &login));
        let first_answers = self.crew.answers(dead).await?;
        let mut wrong_tokens = self.count_wrong(&first_answers).await?;

        if let Some(place) = dead {
            self.crew.replace(place).await?;
        }
        if plan.moment == Moment::Due {
            self.platform.clocks.advance(ENDED_AFTER - Moment::Due.seconds());
        }
        let settled = self.settle(&name).await?;
        wrong_tokens += self.count_wrong(&settled).await?;
        let requests = self.platform.token_requests();
        let last_version = self.version(&subject).await?;
        let mut lives_on = None;
        if settled.iter().all(|outcome| outcome.token().is_some()) {
            lives_on = Some(self.lives_on(&name, &settled).await?);
        }
        self.given.extend(tokens(&first_answers).chain(tokens(&settled)));
        Ok(Evidence {
            plan: plan.clone(),
            requests,
            victim,
            has_saved: first_version != last_version,
            first_answers,
            settled,
            wrong_tokens,
            lives_on,
        })
    }

    fn ask(&mut self, name: &str, plan: &Plan) -> anyhow::Result<()> {
        self.crew.ask(name, self.platform.clocks.ours.ahead(), plan.stop())
    }

    /// Lets every process take the fresh token from the store.
    async fn warm_up(&mut self, name: &str, login: &Outcome) -> anyhow::Result<()> {
        self.crew.ask(name, self.platform.clocks.ours.ahead(), None)?;
        let answers = self.crew.answers(None).await?;
        ensure!(
            answers.iter().all(|answer| answer == login),
            "the workers did not find the new login: {answers:?}"
        );
        Ok(())
    }

    async fn version(&self, subject: &Subject) -> anyhow::Result<Version> {
        let key = self.logins.token_key(subject).context("a login has a key")?;
        let stored = self.store.load(&key).await?;
        Ok(stored.context("the login is not in the store")?.version)
    }

    /// Waits for the point and kills who is there; `None` when nobody came.
    async fn strike(&mut self, plan: &Plan) -> anyhow::Result<Option<usize>> {
        let approach = async {
            let journal = self.platform.emulator.journal();
            let seen = async {
                if !plan.point.is_seen_by_the_platform() {
                    return pending().await;
                }
                let seen = journal.wait_for(|entry| plan.is_at_its_point(entry)).await;
                seen.map(|entry| entry.user_agent.unwrap_or_default())
            };
            tokio::pin!(seen);
            loop {
                tokio::select! {
                    agent = &mut seen => break self.crew.place_of(&agent?),
                    event = self.crew.next() => if let Event::At(place, _) = event? {
                        break Ok(place);
                    },
                }
            }
        };
        let Ok(place) = timeout(LONGEST_APPROACH, approach).await else {
            return Ok(None);
        };
        let place = place?;
        let heard = self.crew.listen_for(plan.linger).await?;
        self.crew.kill(place)?;
        for event in heard {
            match event {
                Event::At(other, _) if other != place => self.crew.go_on(other)?,
                Event::At(..) | Event::Answered(_) | Event::Ready(_) => {}
            }
        }
        Ok(Some(place))
    }

    fn victim(&self, place: usize, login: &Outcome) -> Victim {
        let answer = self.crew.answer_of(place);
        Victim {
            user_agent: self.crew.user_agent(place).to_owned(),
            gave_new_token: answer.is_some_and(|answer| answer.token().is_some() && answer != login),
        }
    }

    /// Asks everybody until all of them have a token or know that there will be none.
    async fn settle(&mut self, name: &str) -> anyhow::Result<Vec<Outcome>> {
        let deadline = Instant::now() + LONGEST_SETTLING;
        loop {
            self.crew.ask(name, self.platform.clocks.ours.ahead(), None)?;
            let outcomes = self.crew.answers(None).await?;
            if outcomes.iter().all(Outcome::is_final) || Instant::now() > deadline {
                return Ok(outcomes);
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// Finds out whether the refresh token that rests in the store is the living one: another renewal tells.
    async fn lives_on(&mut self, name: &str, before: &[Outcome]) -> anyhow::Result<bool> {
        self.platform.heal()?;
        self.platform.emulator.journal().clear();
        self.platform.clocks.advance(ENDED_AFTER);
        let after = self.settle(name).await?;
        let has_one_new_token = after
            .iter()
            .all(|outcome| Some(outcome) == after.first() && outcome.token().is_some())
            && !before.contains(&after[0]);
        self.given.extend(tokens(&after));
        Ok(has_one_new_token && self.platform.token_requests().len() == 1 && self.count_wrong_now(&after).await? == 0)
    }

    /// Counts tokens that the platform does not take, or that are another login's.
    async fn count_wrong(&self, outcomes: &[Outcome]) -> anyhow::Result<usize> {
        let foreign = tokens(outcomes).filter(|token| self.given.contains(token)).count();
        Ok(foreign + self.count_wrong_now(outcomes).await?)
    }

    async fn count_wrong_now(&self, outcomes: &[Outcome]) -> anyhow::Result<usize> {
        let mut wrong = 0;
        for token in tokens(outcomes).collect::<HashSet<String>>() {
            wrong += usize::from(!self.platform.accepts(&token).await?);
        }
        Ok(wrong)
    }
}

fn tokens(outcomes: &[Outcome]) -> impl Iterator<Item = String> {
    outcomes.iter().filter_map(|outcome| outcome.token().map(str::to_owned))
}
