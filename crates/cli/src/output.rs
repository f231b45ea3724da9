//! The only file that prints. Results go to stdout, everything said on the way to stderr.
//!
//! With `--json` stdout carries JSON only: one object per line, and for a failure `{"error": {...}}`. Colours are for
//! terminals, and not where `NO_COLOR` is set (anstream sees to both). A reader that has gone away is not a failure:
//! `cozegate token | head -0` ends like anything else.

use crate::args::Global;
use crate::failure::{Failure, FailureKind};
use cozegate_config::text::{Language, text};
use serde::Serialize;
use std::process::ExitCode;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[1;36m";
const PLAIN: &str = "\x1b[0m";

/// Where and how a command prints.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) language: Language,
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(language: Language, global: &Global) -> Self {
        Self {
            language,
            json: global.json,
            quiet: global.quiet,
        }
    }

    /// Whether the result is to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The text `id` in the person's language.
    pub(crate) fn text(&self, id: &str, args: &[(&str, &str)]) -> String {
        text(self.language, id, args)
    }

    /// Says something on the way, unless `--quiet`.
    pub(crate) fn note(&self, lines: &str) {
        if !self.quiet {
            write_line(anstream::stderr(), lines);
        }
    }

    /// Says something that deserves attention, unless `--quiet`.
    pub(crate) fn warning(&self, line: &str) {
        if !self.quiet {
            self.labelled(YELLOW, "cli-label-warning", line);
        }
    }

    /// Shows why a command failed. This is said even with `--quiet`.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.labelled(RED, "cli-label-error", &failure.message);
        for detail in &failure.details {
            write_line(anstream::stderr(), &format!("  {detail}"));
        }
        for cause in &failure.causes {
            self.labelled("", "cli-label-cause", cause);
        }
        for hint in &failure.hints {
            self.labelled(CYAN, "cli-label-hint", hint);
        }
        if self.json && !failure.is_in_result {
            print_json(&FailureAnswer {
                error: ErrorAnswer::from(failure),
            });
        }
    }

    fn labelled(&self, colour: &str, label: &str, line: &str) {
        let label = self.text(label, &[]);
        write_line(anstream::stderr(), &format!("{colour}{label}{PLAIN}{line}"));
    }
}

/// Prints a result for a person.
pub(crate) fn print_result(lines: &str) {
    write_line(anstream::stdout(), lines);
}

/// Asks a person for something without which the command does not go on. This is said even with `--quiet`.
pub(crate) fn print_request(lines: &str) {
    write_line(anstream::stderr(), lines);
}

/// Prints a result for a program, on one line.
pub(crate) fn print_json(value: &impl Serialize) {
    // A value of our own making that is no JSON would be our mistake; an empty object is better than no line.
    let line = serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned());
    write_line(anstream::stdout(), &line);
}

/// A failure with `--json`.
#[derive(Debug, Serialize)]
struct FailureAnswer<'a> {
    error: ErrorAnswer<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorAnswer<'a> {
    kind: &'static str,
    message: &'a str,
    details: &'a [String],
    causes: &'a [String],
    hints: &'a [String],
}

impl<'a> From<&'a Failure> for ErrorAnswer<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            kind: failure.kind.name(),
            message: &failure.message,
            details: &failure.details,
            causes: &failure.causes,
            hints: &failure.hints,
        }
    }
}

/// Shows what clap says instead of arguments: help and version on stdout (0), a mistake on stderr (2).
pub(crate) fn show_unparsed(unparsed: &clap::Error) -> ExitCode {
    // Nobody may be reading.
    drop(unparsed.print());
    if unparsed.use_stderr() {
        FailureKind::Usage.into()
    } else {
        ExitCode::SUCCESS
    }
}

fn write_line(mut stream: impl std::io::Write, lines: &str) {
    // Nobody may be reading; there is nobody else to tell.
    drop(writeln!(stream, "{lines}").and_then(|()| stream.flush()));
}
