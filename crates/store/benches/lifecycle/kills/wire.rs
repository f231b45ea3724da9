//! What conductor and worker say to each other: one JSON object a line, over the worker's standard input and output.

use crate::kill_point::KillPoint;
use crate::store_address::StoreAddress;
use coze_auth::{AuthError, Token};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Write as _};

/// Conductor to worker.
#[derive(Deserialize, Serialize)]
pub(crate) enum Order {
    /// The first line.
    Begin(Setup),
    /// Ask the token source for a token.
    Ask {
        subject: String,
        /// By how much the clock is ahead of the machine's.
        clock_ahead: i64,
        /// Where to wait for a word, once.
        stop: Option<Stop>,
    },
    /// The word that is waited for at a stop.
    GoOn,
}

/// What a worker is made of.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Setup {
    pub(crate) store: StoreAddress,
    pub(crate) api_base: String,
    pub(crate) client_id: String,
    /// Tells the workers apart in the platform's journal.
    pub(crate) user_agent: String,
}

/// A place to wait at.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Stop {
    pub(crate) point: KillPoint,
    /// How many steps of a save are done before it counts as under way.
    pub(crate) save_steps: u32,
}

/// Worker to conductor.
#[derive(Deserialize, Serialize)]
pub(crate) enum Report {
    /// The store is open.
    Ready,
    /// It waits at its stop.
    At(KillPoint),
    /// Somebody took over a lease that this worker held and was prolonging.
    LeaseLost,
    /// What became of the last question.
    Answer(Outcome),
}

impl Report {
    /// Writes the report for the conductor before anything else happens. Without a conductor it is dropped.
    pub(crate) fn send(&self) {
        if let Ok(line) = serde_json::to_string(self) {
            writeln!(io::stdout(), "{line}").ok();
        }
    }
}

/// What a caller gets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Outcome {
    Token(HandedToken),
    /// The login is lost, for the reason that was named.
    LoginRequired(String),
    /// There is none for now, for the reason that was named.
    NotNow(String),
}

impl Outcome {
    pub(crate) fn of(result: Result<Token, AuthError>) -> Self {
        match result {
            Ok(token) => Self::Token(HandedToken(token.access_token().expose().to_owned())),
            Err(error) => match error.original() {
                AuthError::LoginRequired { cause, .. } => Self::LoginRequired(format!("{cause:?}")),
                original => Self::NotNow(variant(original)),
            },
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Token(HandedToken(token)) => Some(token),
            Self::LoginRequired(_) | Self::NotNow(_) => None,
        }
    }

    /// Whether asking again is of no use.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self, Self::NotNow(_))
    }
}

/// Returns the name of an error's variant, as `Debug` begins.
pub(crate) fn variant(error: &AuthError) -> String {
    let shown = format!("{error:?}");
    shown.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// An access token on its way to the judge, in the pipe between parent and child.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct HandedToken(String);

impl fmt::Debug for HandedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandedToken(..)")
    }
}
