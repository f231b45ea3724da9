//! Three processes with one store and one app, as three instances of the product.

use super::process::Process;
use super::wire::{Order, Outcome, Report, Setup, Stop};
use crate::kill_point::KillPoint;
use anyhow::{Context as _, bail};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::timeout;

/// How many processes share a store.
pub(crate) const SIZE: usize = 3;

/// The end of every wait for a worker. A renewal of 10 s, the lease of a dead one and another renewal are over by then.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// Three workers; what they said is kept until it is asked for.
pub(crate) struct Crew {
    setup: Setup,
    workers: [Process; SIZE],
    /// To the last question of each.
    answers: [Option<Outcome>; SIZE],
    born: u64,
    inbox: UnboundedReceiver<(u64, Report)>,
    sender: UnboundedSender<(u64, Report)>,
    /// How often a living worker lost a lease that it was prolonging.
    pub(crate) leases_lost: usize,
}

/// What a living worker did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Ready(usize),
    At(usize, KillPoint),
    Answered(usize),
}

impl Crew {
    pub(crate) async fn start(setup: Setup) -> anyhow::Result<Self> {
        let (sender, inbox) = mpsc::unbounded_channel();
        let start = |number| Process::start(number, setup.clone(), sender.clone());
        let mut crew = Self {
            workers: [start(1)?, start(2)?, start(3)?],
            answers: [const { None }; SIZE],
            born: 3,
            inbox,
            sender,
            setup,
            leases_lost: 0,
        };
        let mut ready = 0;
        while ready < SIZE {
            ready += usize::from(matches!(crew.next().await?, Event::Ready(_)));
        }
        Ok(crew)
    }

    /// Lets all of them ask at once.
    pub(crate) fn ask(&mut self, subject: &str, clock_ahead: i64, stop: Option<Stop>) -> anyhow::Result<()> {
        self.answers = [const { None }; SIZE];
        for worker in &mut self.workers {
            worker.tell(&Order::Ask {
                subject: subject.to_owned(),
                clock_ahead,
                stop,
            })?;
        }
        Ok(())
    }

    /// Waits for whatever happens next.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Event> {
        loop {
            let next = timeout(LONGEST_WAIT, self.inbox.recv()).await;
            let (number, report) = next
                .with_context(|| format!("no worker said anything for {} s", LONGEST_WAIT.as_secs()))?
                .context("no worker is left")?;
            // The last words of the dead come late.
            let Some(place) = self.workers.iter().position(|worker| worker.number == number) else {
                continue;
            };
            match report {
                Report::Ready => return Ok(Event::Ready(place)),
                Report::At(point) => return Ok(Event::At(place, point)),
                Report::LeaseLost => self.leases_lost += 1,
                Report::Answer(outcome) => {
                    self.answers[place] = Some(outcome);
                    return Ok(Event::Answered(place));
                }
            }
        }
    }

    /// Hears everybody for a while without letting anybody go on.
    pub(crate) async fn listen_for(&mut self, time: Duration) -> anyhow::Result<Vec<Event>> {
        let mut heard = Vec::new();
        let listening = async {
            loop {
                match self.next().await {
                    Ok(event) => heard.push(event),
                    Err(error) => break error,
                }
            }
        };
        match timeout(time, listening).await {
            Ok(error) => Err(error),
            Err(_) => Ok(heard),
        }
    }

    pub(crate) fn go_on(&mut self, place: usize) -> anyhow::Result<()> {
        self.workers[place].tell(&Order::GoOn)
    }

    /// Waits until all of them, but for the one at `dead`, have answered. Whoever stands at a stop may go on.
    pub(crate) async fn answers(&mut self, dead: Option<usize>) -> anyhow::Result<Vec<Outcome>> {
        let living = |place: &usize| Some(*place) != dead;
        while (0..SIZE).filter(living).any(|place| self.answers[place].is_none()) {
            if let Event::At(place, _) = self.next().await? {
                self.go_on(place)?;
            }
        }
        Ok((0..SIZE)
            .filter(living)
            .filter_map(|place| self.answers[place].clone())
            .collect())
    }

    /// Returns the last answer of the one at `place`, if it came.
    pub(crate) fn answer_of(&self, place: usize) -> Option<&Outcome> {
        self.answers[place].as_ref()
    }

    pub(crate) fn user_agent(&self, place: usize) -> &str {
        &self.workers[place].user_agent
    }

    pub(crate) fn place_of(&self, user_agent: &str) -> anyhow::Result<usize> {
        let place = self.workers.iter().position(|worker| worker.user_agent == user_agent);
        place.with_context(|| format!("{user_agent:?} is none of the workers"))
    }

    pub(crate) fn kill(&mut self, place: usize) -> anyhow::Result<()> {
        self.workers[place].kill()
    }

    /// Starts a new process in the place of a dead one.
    pub(crate) async fn replace(&mut self, place: usize) -> anyhow::Result<()> {
        self.born += 1;
        self.workers[place] = Process::start(self.born, self.setup.clone(), self.sender.clone())?;
        loop {
            match self.next().await? {
                Event::Ready(ready) if ready == place => return Ok(()),
                Event::Ready(other) => bail!("worker at {other} began twice"),
                Event::At(other, _) => self.go_on(other)?,
                Event::Answered(_) => {}
            }
        }
    }
}
