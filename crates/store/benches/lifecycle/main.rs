//! What becomes of tokens when processes die, clocks jump and stores go away: counted, on real stores.
//!
//! `cargo xtask bench lifecycle` runs it and adds the suites that count something else. Nothing here measures speed. The
//! program ends with 1 when one of its checks failed, and names the checks that it had to skip.
//!
//! | file | owns |
//! |---|---|
//! | `kills` | rounds of three processes with one store, one of which dies by `kill -9` at a chosen point |
//! | `kill_point` | the moments of a renewal in which a process dies |
//! | `callers` | how many renewals 1, 64 and 1,000 callers cause |
//! | `disturbances` | clocks that jump, a machine that sleeps, a store that is away for a minute |
//! | `platform` | the platform's double, a person who logs in there, and the judge of every token |
//! | `store_address`, `shifted_clock`, `dice` | what a process needs to take part |
//! | `options`, `check` | what was asked for, what came out |
//!
//! The judge is the double: it knows every refresh token that came, from which process, and every access token it gave.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a server for tests that cannot be had ends the run; places among three processes are 0 to 2"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing numbers is what it is for"
)]

mod callers;
mod check;
mod dice;
mod disturbances;
mod kill_point;
mod kills;
mod options;
mod platform;
#[path = "../../tests/it/servers.rs"]
mod servers;
mod shifted_clock;
mod store_address;

use check::{Check, Report};
use coze_auth::SystemRandom;
use cozegate_store::SealKeys;
use options::{Options, Role};
use servers::{PostgresSchemas, RedisKeys};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use store_address::{Server, StoreAddress};

fn main() -> anyhow::Result<ExitCode> {
    match Role::from_arguments(std::env::args().skip(1))? {
        Role::Worker => {
            kills::work()?;
            Ok(ExitCode::SUCCESS)
        }
        Role::Conductor(options) => {
            let runtime = tokio::runtime::Runtime::new()?;
            runtime.block_on(conduct(&options))
        }
        Role::NotABenchmark => {
            println!("Nothing was measured: run it with `cargo xtask bench lifecycle`.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Measures every store that is there, all at once: most of the time is spent waiting.
async fn conduct(options: &Options) -> anyhow::Result<ExitCode> {
    println!("{options}");
    let began_at = Instant::now();
    // One key file for all processes, as several instances of one installation have it.
    let home = tempfile::tempdir()?;
    let seal_keys = home.path().join("store.key");
    SealKeys::load_or_create(&seal_keys, &SystemRandom)?;
    let address = |server| StoreAddress {
        seal_keys: seal_keys.clone(),
        server,
    };
    let measured = async {
        tokio::join!(
            measure("SQLite", address(sqlite_file(home.path())), options),
            PostgresSchemas::run(async |schemas| {
                let url = schemas.fresh_url().await;
                measure("PostgreSQL", address(Server::Postgres { url }), options).await
            }),
            RedisKeys::run(async |keys| {
                let (url, prefix) = (keys.url.clone(), keys.fresh_prefix());
                measure("Redis", address(Server::Redis { url, prefix }), options).await
            }),
        )
    };
    let (sqlite, postgres, redis) = Box::pin(measured).await;
    let mut report = sqlite?;
    report.add(or_skipped("PostgreSQL", "COZEGATE_TEST_POSTGRES", postgres)?);
    report.add(or_skipped("Redis", "COZEGATE_TEST_REDIS", redis)?);
    Ok(report.print(began_at.elapsed()))
}

fn sqlite_file(home: &Path) -> Server {
    Server::Sqlite {
        path: home.join("cozegate.db"),
    }
}

fn or_skipped(store: &'static str, variable: &str, report: Option<anyhow::Result<Report>>) -> anyhow::Result<Report> {
    report.unwrap_or_else(|| {
        Ok(Report::of(vec![Check::skipped(
            store,
            format!("{variable} is not set"),
        )]))
    })
}

/// Everything on one store. The callers come first, so that they are alone.
async fn measure(store: &'static str, address: StoreAddress, options: &Options) -> anyhow::Result<Report> {
    let mut report = callers::measure(store, &address).await?;
    let (kills, disturbances) = tokio::join!(
        kills::measure(store, &address, options),
        disturbances::measure(store, &address, options)
    );
    report.add(kills?);
    report.add(disturbances?);
    Ok(report)
}
