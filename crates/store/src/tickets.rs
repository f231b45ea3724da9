//! Tickets: how a site's back end vouches for a visitor without handing a token to the page.
//!
//! `cgt_` and 256 random bits, kept as a hash, good for one use within a minute or so.

use crate::backend::{Backend, BackendError};
use crate::one_time::OneTimeKind;
use coze_auth::{Random, UnixSeconds};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What every ticket starts with, so that a person and a secret scanner can tell it from Coze's own tokens.
pub const TICKET_PREFIX: &str = "cgt_";

/// A ticket's text: a bearer secret, good once.
#[derive(Clone)]
pub struct Ticket(SecretString);

impl Ticket {
    /// Returns the text, for the one answer that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// What a ticket says about whoever brings it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TicketRecord {
    /// The caller that vouches, by its name in the configuration.
    pub caller: String,
    /// The site's own name for the visitor.
    pub subject: String,
    /// The bots that the visitor may talk to; none means all of the app's.
    pub bot_ids: Vec<String>,
    /// The page's origin; a ticket with one is good there only.
    pub origin: Option<String>,
}

impl Backend {
    /// Makes a ticket that is good for `lifetime` from `now`.
    pub async fn issue_ticket(
        &self,
        record: &TicketRecord,
        now: UnixSeconds,
        lifetime: Duration,
        random: &dyn Random,
    ) -> Result<Ticket, BackendError> {
        let text = format!("{TICKET_PREFIX}{}", coze_auth::random::base64url(random, 32));
        let content = serde_json::to_vec(record).map_err(|_| OneTimeKind::Ticket.unknown_content())?;
        self.insert_one_time(OneTimeKind::Ticket, &text, &content, now + lifetime)
            .await?;
        Ok(Ticket(SecretString::from(text)))
    }

    /// Returns what a ticket says, once; `None` when it is unknown, was used or has ended.
    pub async fn spend_ticket(&self, ticket: &str, now: UnixSeconds) -> Result<Option<TicketRecord>, BackendError> {
        let Some(content) = self.spend_one_time(OneTimeKind::Ticket, ticket, now).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(&content).map_err(|_| OneTimeKind::Ticket.unknown_content())?;
        Ok(Some(record))
    }
}
