//! Why a command failed, and the exit code that says so to scripts.

use std::error::Error;
use std::process::ExitCode;

/// A failed command: what happened, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// What happened, in the person's language.
    pub(crate) message: String,
    /// More of the same: one line for each of several mistakes.
    pub(crate) details: Vec<String>,
    /// What happened below, in the words of those who know.
    pub(crate) causes: Vec<String>,
    /// What to do next.
    pub(crate) hints: Vec<String>,
    /// The result on stdout has said it all; `--json` gets no second object.
    pub(crate) is_in_result: bool,
}

/// The kinds of failure, which are the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// 1: a fault was found.
    Fault,
    /// 2: the arguments make no sense.
    Usage,
    /// 3: the configuration is wrong.
    Configuration,
    /// 4: the platform does not accept our credentials.
    Authorization,
    /// 5: the platform could not be reached.
    Network,
    /// 6: the platform answered something else than we need.
    Upstream,
    /// 7: an address is taken.
    PortTaken,
}

impl FailureKind {
    /// The kind's name in `--json`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Authorization => "authorization",
            Self::Network => "network",
            Self::Upstream => "upstream",
            Self::PortTaken => "port_taken",
        }
    }
}

impl From<FailureKind> for ExitCode {
    fn from(kind: FailureKind) -> Self {
        Self::from(match kind {
            FailureKind::Fault => 1,
            FailureKind::Usage => 2,
            FailureKind::Configuration => 3,
            FailureKind::Authorization => 4,
            FailureKind::Network => 5,
            FailureKind::Upstream => 6,
            FailureKind::PortTaken => 7,
        })
    }
}

impl Failure {
    /// A failure that says what happened.
    pub(crate) fn new(kind: FailureKind, message: String) -> Self {
        Self {
            kind,
            message,
            details: vec![],
            causes: vec![],
            hints: vec![],
            is_in_result: false,
        }
    }

    /// Adds a line to what happened.
    pub(crate) fn with_detail(mut self, detail: String) -> Self {
        self.details.push(detail);
        self
    }

    /// Adds what happened below, down to the bottom.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries repeat their source in their own text.
            if !self.causes.iter().any(|said| said.contains(&text)) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// The result on stdout has said it all: a program gets the exit code, and no second object.
    pub(crate) fn said_in_result(mut self) -> Self {
        self.is_in_result = true;
        self
    }

    /// Adds what to do next.
    pub(crate) fn with_hint(mut self, hint: String) -> Self {
        self.hints.push(hint);
        self
    }
}
