//! Part one: three processes share one store, and in every round one of them dies by `kill -9` at a chosen [`KillPoint`](crate::kill_point::KillPoint).
//!
//! | file | owns |
//! |---|---|
//! | `plan` | one round, drawn from the seed |
//! | `round` | playing it |
//! | `verdict`, `tally` | what it has shown, and what all of them have |
//! | `crew`, `process` | the conductor's side of three workers |
//! | `worker`, `held_store` | the worker's side |
//! | `wire` | what they say to each other |
//!
//! Store-side points are reached by a wrapped store that reports and waits; platform-side ones are seen in the double's
//! journal, which knows the asker by its `User-Agent`.

mod crew;
mod held_store;
mod plan;
mod process;
mod round;
mod tally;
mod verdict;
mod wire;
mod worker;

pub(crate) use wire::variant;
pub(crate) use worker::work;

use crate::check::Report;
use crate::dice::Dice;
use crate::options::Options;
use crate::store_address::StoreAddress;
use coze_auth::TokenStore;
use plan::Plan;
use round::Group;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tally::Tally;
use tokio::task::JoinSet;
use verdict::Verdict;

/// How many rounds are played at a time on one store: 15 processes on it.
const GROUPS: usize = 5;

/// Plays all rounds on one store.
pub(crate) async fn measure(store: &'static str, address: &StoreAddress, options: &Options) -> anyhow::Result<Report> {
    let rounds = Arc::new(Rounds {
        store,
        address: address.clone(),
        opened: address.open().await?,
        options: *options,
        next: AtomicUsize::new(0),
    });
    let mut groups = JoinSet::new();
    for _ in 0..GROUPS {
        groups.spawn(Arc::clone(&rounds).play());
    }
    let mut tally = Tally::default();
    for played in groups.join_all().await {
        tally.add(played?);
    }
    Ok(tally.report(store))
}

/// The rounds on one store, handed out to whoever is free.
struct Rounds {
    store: &'static str,
    address: StoreAddress,
    opened: Arc<dyn TokenStore>,
    options: Options,
    next: AtomicUsize,
}

impl Rounds {
    async fn play(self: Arc<Self>) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let mut group = self.group().await?;
        while let Some(plan) = self.next() {
            match group.play(&plan).await {
                Ok(evidence) => {
                    let verdict = Verdict::on(&evidence);
                    if !verdict.is_good() || !verdict.is_struck {
                        println!("{}: {verdict:#?}\nof {evidence:#?}", self.store);
                    }
                    tally.count(verdict);
                }
                Err(error) => {
                    println!("{}: could not play {plan:#?}: {error:#}", self.store);
                    tally.count_broken();
                    tally.count_lost_leases(group.crew.leases_lost);
                    group = self.group().await?;
                }
            }
        }
        tally.count_lost_leases(group.crew.leases_lost);
        Ok(tally)
    }

    async fn group(&self) -> anyhow::Result<Group> {
        Group::start(&self.address, Arc::clone(&self.opened)).await
    }

    fn next(&self) -> Option<Plan> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.options.rounds_per_store() {
            return None;
        }
        if number > 0 && number.is_multiple_of(30) {
            println!("{}: round {number} begins", self.store);
        }
        let dice = Dice::of_round(self.options.seed, self.store, number);
        Some(Plan::draw(number, &dice, self.options.longest_delay))
    }
}
