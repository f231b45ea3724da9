//! One file per command; `running` holds what `serve` and `demo` share.

mod browser;
mod config;
mod config_answer;
#[cfg(feature = "demo")]
mod demo;
#[cfg(feature = "demo")]
mod emulator;
mod init;
mod login;
mod login_file;
mod logout;
mod ports;
mod running;
mod serve;
mod state;
mod token;
mod tokens;

use crate::args::Invocation;
use crate::context::Context;
use crate::failure::Failure;

/// Runs the command that was typed.
pub(crate) fn run(invocation: Invocation, context: &Context) -> Result<(), Failure> {
    match invocation {
        Invocation::Serve(arguments) => serve::run(&arguments, context),
        #[cfg(feature = "demo")]
        Invocation::Demo(arguments) => demo::run(&arguments, context),
        #[cfg(feature = "demo")]
        Invocation::Emulator(arguments) => emulator::run(&arguments, context),
        Invocation::Init(arguments) => init::run(&arguments, context),
        Invocation::Login(arguments) => login::run(&arguments, context),
        Invocation::Logout(arguments) => logout::run(&arguments, context),
        Invocation::Token(arguments) => token::run(&arguments, context),
        Invocation::Ports(arguments) => ports::run(&arguments, context),
        Invocation::Config(arguments) => config::run(&arguments.command, context),
    }
}
