//! Log lines: on stderr, at the level that `-q`, `-v` or `RUST_LOG` ask for.

use crate::args::Global;
use cozegate_gateway::config::Environment;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` wins; a text that is no filter counts as absent. What a short command has to say about its
/// failure it says itself, so it logs warnings only when asked; a service has nobody else to tell them to.
pub(crate) fn start(environment: &Environment, global: &Global, is_service: bool) {
    let by_flags = match (global.quiet, global.verbose) {
        (false, 0) if is_service => "warn",
        (true, _) | (false, 0) => "error",
        (false, 1) => "info",
        (false, 2) => "info,cozegate=debug,cozegate_gateway=debug,coze_auth=debug,coze_emulator=debug",
        (false, _) => "trace",
    };
    let asked = environment
        .get("RUST_LOG")
        .and_then(|filter| EnvFilter::try_new(filter).ok());
    let colours = environment.get("NO_COLOR").is_none() && std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(asked.unwrap_or_else(|| EnvFilter::new(by_flags)))
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
}
