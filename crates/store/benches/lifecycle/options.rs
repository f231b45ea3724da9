//! What was asked for: how many rounds, from which seed, long or short.
//!
//! Read by hand, because arguments are the business of programs that people run, and this one is run by
//! `cargo xtask bench`.

use crate::kill_point::KillPoint;
use anyhow::{Context as _, bail, ensure};
use coze_auth::{Random as _, SystemRandom};
use std::fmt;
use std::time::Duration;

/// SQLite, PostgreSQL and Redis.
const STORES: usize = 3;

/// The only argument of a worker.
pub(crate) const WORKER: &str = "worker";

/// As what the program was started.
pub(crate) enum Role {
    /// By a person.
    Conductor(Options),
    /// By a conductor.
    Worker,
    /// By `cargo test --all-targets`, which gives no `--bench`.
    NotABenchmark,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Rounds with a kill, a third of them on each store.
    pub(crate) rounds: usize,
    /// What every choice of every round follows from. The order in which processes get their turns does not.
    pub(crate) seed: u64,
    /// The longest that the platform takes for a renewal.
    pub(crate) longest_delay: Duration,
    /// How long the store is away.
    pub(crate) store_away: Duration,
}

impl Options {
    /// A full run: each of the nine points 13 times on each store.
    fn full(seed: u64) -> Self {
        Self {
            rounds: STORES * KillPoint::ALL.len() * 13,
            seed,
            longest_delay: Duration::from_secs(10),
            store_away: Duration::from_mins(1),
        }
    }

    /// A run for every change: each point once on each store.
    fn short(seed: u64) -> Self {
        Self {
            rounds: STORES * KillPoint::ALL.len(),
            longest_delay: Duration::from_secs(6),
            store_away: Duration::from_secs(3),
            ..Self::full(seed)
        }
    }

    pub(crate) fn rounds_per_store(&self) -> usize {
        self.rounds / STORES
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lifecycle: seed {}, {} rounds per store, renewals take up to {} s, the store is away for {} s",
            self.seed,
            self.rounds_per_store(),
            self.longest_delay.as_secs(),
            self.store_away.as_secs()
        )
    }
}

impl Role {
    pub(crate) fn from_arguments(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let arguments: Vec<String> = arguments.collect();
        if arguments.first().is_some_and(|first| first == WORKER) {
            return Ok(Self::Worker);
        }
        if !arguments.iter().any(|argument| argument == "--bench") {
            return Ok(Self::NotABenchmark);
        }
        let mut seed = [0; 4];
        SystemRandom.fill(&mut seed);
        let mut options = Options::full(u64::from(u32::from_le_bytes(seed)));
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--bench" => {}
                "--short" => options = Options::short(options.seed),
                "--rounds" => options.rounds = number(argument, rest.next())?,
                "--seed" => options.seed = number(argument, rest.next())?,
                other => bail!("{other:?} is none of --rounds N, --seed S, --short"),
            }
        }
        ensure!(
            options.rounds_per_store() >= KillPoint::ALL.len(),
            "--rounds has to be {} at least, or not every point is struck on every store",
            STORES * KillPoint::ALL.len()
        );
        Ok(Self::Conductor(options))
    }
}

fn number<N: std::str::FromStr>(name: &str, value: Option<&String>) -> anyhow::Result<N>
where
    N::Err: std::error::Error + Send + Sync + 'static,
{
    let value = value.with_context(|| format!("{name} wants a number"))?;
    value
        .parse()
        .with_context(|| format!("{name} wants a number, not {value:?}"))
}
