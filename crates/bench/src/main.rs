//! How fast cozegate is, beside other proxies on the same work: `cargo xtask bench proxy`.
//!
//! The product runs as people run it; nginx and haproxy run with configurations that do the same work; callers and the
//! platform's stub are in this program. docs/reference/performance.md says how to read what comes out.
//!
//! | file | owns |
//! |---|---|
//! | [`measures`] | what is measured |
//! | [`targets`], [`child`] | the proxies, their configurations, their processes |
//! | [`load`] | the callers |
//! | [`stub`], [`certificates`] | the platform's place |
//! | [`rounds`], [`usage`], [`statistics`], [`clock`] | interleaved rounds, CPU time and memory, medians, time |
//! | [`row`], [`report`], [`picture`], [`facts`] | what comes out |

#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::cast_precision_loss,
        reason = "counts and nanoseconds of a run of minutes; figures have three digits"
    )
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing numbers is what it is for"
)]

#[cfg(target_os = "linux")]
mod certificates;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod facts;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod measures;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod picture;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod rounds;
#[cfg(target_os = "linux")]
mod row;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod statistics;
#[cfg(target_os = "linux")]
mod stub;
#[cfg(target_os = "linux")]
mod targets;
#[cfg(target_os = "linux")]
mod usage;
#[cfg(target_os = "linux")]
mod wire;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match run::until_the_end_or_a_signal() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("error: what processes use is read from /proc, so this measures on Linux only");
    ExitCode::FAILURE
}
