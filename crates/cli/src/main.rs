//! The binary: reads the arguments, runs one command, turns a failure into words and an exit code. Nothing else.
//!
//! This crate is the only one that prints, reads arguments and decides about exit codes (`output.rs`, `args.rs`,
//! `failure.rs`); what the commands do stands in `commands/`.

mod args;
mod commands;
mod context;
mod failure;
mod logging;
mod output;
mod ports;
mod stop_signal;

use context::Context;
use cozegate_config::Environment;
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let words: Vec<_> = std::env::args_os().collect();
    let language = args::language(&words, &environment);
    let arguments = match args::parse(words, language) {
        Ok(arguments) => arguments,
        Err(unparsed) => return output::show_unparsed(&unparsed),
    };
    let output = Output::new(language, &arguments.global);
    let logging = logging::start(&environment, &arguments.global, arguments.command.is_service());
    let context = Context::new(environment, output, logging);
    match commands::run(arguments.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            context.output.failure(&failure);
            failure.kind.into()
        }
    }
}
