//! What is measured, one file each.
//!
//! | file | owns |
//! |---|---|
//! | [`start`] | from the start of the process to the first answer, and the memory of one that waits |
//! | [`mints`] | signatures per second of the library that mints tokens |
//! | [`calls`] | short calls in a closed loop: CPU time per request, throughput, latency; upstream in clear and with TLS |
//! | [`open_loop`] | short calls by a schedule, far below capacity |
//! | [`events`] | event streams: does everything arrive, unchanged, and how late |
//! | [`memory`] | what an open stream holds |
//! | [`slow`] | callers that never finish, and one that hardly reads |
//! | [`growth`] | ten users and ten thousand |

mod bench;
pub(crate) mod calls;
pub(crate) mod events;
pub(crate) mod growth;
pub(crate) mod memory;
pub(crate) mod mints;
pub(crate) mod open_loop;
pub(crate) mod slow;
pub(crate) mod start;

pub(crate) use bench::{Bench, Outcome};

use anyhow::Context as _;

/// The measure of this name.
pub(crate) fn run(name: &str, bench: &Bench) -> anyhow::Result<Outcome> {
    let outcome = match name {
        "start" => start::measure(bench),
        "mints" => mints::measure(bench),
        "json" => calls::measure_clear(bench),
        "tls" => calls::measure_tls(bench),
        "open-loop" => open_loop::measure(bench),
        "sse" => events::measure(bench),
        "memory" => memory::measure(bench),
        "slow" => slow::measure(bench),
        "growth" => growth::measure(bench),
        _ => anyhow::bail!("there is no measure {name}"),
    };
    bench.check_credentials()?;
    outcome.with_context(|| format!("{name} could not be measured"))
}
