//! Every request the platform received, in order, for tests that ask "what did the gateway really send?".
//!
//! A line is written when a request arrives and completed when its answer's head is known, so a request that waits or
//! was abandoned is visible too. The control side is not journalled. Secrets are not kept: of a credential only its
//! kind and first characters stay.

mod authorization;
mod oauth_step;

pub(crate) use authorization::Authorization;
pub use authorization::AuthorizationKind;
pub use oauth_step::{OAuthEndpoint, OAuthStep};

use crate::clock::Clock;
use crate::query_authorization;
use axum::body::Body;
use axum::extract::Request;
use futures_util::TryStreamExt;
use http::{StatusCode, header};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Lines kept; the oldest go first, so that a demo left open for a week does not fill the memory.
const CAPACITY: usize = 50_000;
/// End of [`Journal::wait_for`]: what has not happened by now is a failed test, not a slow one.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// One request as the platform saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Position since start, from 1; never reused.
    pub seq: u64,
    /// Arrival by the platform's clock, RFC 3339 in UTC.
    pub time: String,
    /// HTTP method, upper case.
    pub method: String,
    /// Path as sent, without the query.
    pub path: String,
    /// Query as sent, without the question mark and without a credential; empty when there is none.
    pub query: String,
    /// Status of the answer; `None` until its head was sent, and for ever when the client left before.
    pub status: Option<u16>,
    /// What kind of credential the `Authorization` header held, or the query's `authorization` where there was none.
    pub authorization_kind: AuthorizationKind,
    /// First ten characters of a credential that is not an assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_prefix: Option<String>,
    /// Session name that the assertion asks for, or that the token carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// `User-Agent` as sent: which of several clients it was (protocol 8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Bytes of the request's body read so far.
    pub body_bytes: u64,
    /// What the platform did, for requests of the OAuth family that reached it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthStep>,
}

/// Position of a request in the journal, for the handler that answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seq(u64);

impl Entry {
    /// Tells whether this went to the token endpoint, on the plain, account or enterprise path (protocol 2.2), with
    /// whichever grant.
    pub fn is_token_request(&self) -> bool {
        self.method == "POST" && self.path.starts_with("/api/permission/oauth2/") && self.path.ends_with("/token")
    }

    /// Tells whether this refreshed a login: the platform did rotate, even if the answer was lost.
    pub fn is_refresh(&self) -> bool {
        self.oauth
            .as_ref()
            .is_some_and(|step| step.grant_type.as_deref() == Some("refresh_token") && step.outcome == "issued")
    }
}

/// Nothing that was waited for came in time.
#[derive(Debug, thiserror::Error)]
#[error("no matching request arrived within {} seconds", LONGEST_WAIT.as_secs())]
#[non_exhaustive]
pub struct NeverHappened;

/// The list of requests. Clones show the same list.
#[derive(Debug, Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    lines: Mutex<Lines>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Lines {
    last_seq: u64,
    kept: VecDeque<Line>,
}

#[derive(Debug)]
struct Line {
    entry: Entry,
    /// Grows while the handler reads the body.
    body_bytes: Arc<AtomicU64>,
}

impl Line {
    fn entry(&self) -> Entry {
        Entry {
            body_bytes: self.body_bytes.load(Ordering::Relaxed),
            ..self.entry.clone()
        }
    }
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                lines: Mutex::default(),
                changed: watch::Sender::new(()),
            }),
        }
    }

    /// Returns all entries kept, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.since(0)
    }

    /// Returns the entries whose `seq` is greater than `seq`, oldest first.
    pub fn since(&self, seq: u64) -> Vec<Entry> {
        self.lines()
            .kept
            .iter()
            .filter(|line| line.entry.seq > seq)
            .map(Line::entry)
            .collect()
    }

    /// Counts the requests to the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.lines()
            .kept
            .iter()
            .filter(|line| line.entry.is_token_request())
            .count()
    }

    /// Forgets all entries; `seq` goes on counting.
    pub fn clear(&self) {
        self.lines().kept.clear();
    }

    /// Returns the first entry that `wanted` accepts, now or as soon as it comes. An entry is shown again when its
    /// status becomes known. Gives up after 30 seconds.
    pub async fn wait_for(&self, wanted: impl Fn(&Entry) -> bool) -> Result<Entry, NeverHappened> {
        let mut changed = self.shared.changed.subscribe();
        let search = async {
            loop {
                let found = self.lines().kept.iter().map(Line::entry).find(&wanted);
                if let Some(entry) = found {
                    return Ok(entry);
                }
                changed.changed().await.map_err(|_| NeverHappened)?;
            }
        };
        timeout(LONGEST_WAIT, search).await.map_err(|_| NeverHappened)?
    }

    /// Writes the line of a request that has just arrived, and counts its body from now on. Returns the request and its
    /// position, which its extensions hold as well.
    pub(crate) fn received(&self, clock: &Clock, authorization: Authorization, request: Request) -> (Request, Seq) {
        let body_bytes = Arc::new(AtomicU64::new(0));
        let (mut parts, body) = request.into_parts();
        let mut entry = Entry {
            seq: 0,
            time: clock.rfc3339(),
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: query_authorization::hidden(parts.uri.query().unwrap_or_default()),
            status: None,
            authorization_kind: authorization.kind,
            token_prefix: authorization.token_prefix,
            session_name: authorization.session_name,
            user_agent: parts
                .headers
                .get(header::USER_AGENT)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            body_bytes: 0,
            oauth: None,
        };

        let seq = {
            let mut lines = self.lines();
            lines.last_seq += 1;
            entry.seq = lines.last_seq;
            if lines.kept.len() == CAPACITY {
                lines.kept.pop_front();
            }
            lines.kept.push_back(Line {
                entry,
                body_bytes: Arc::clone(&body_bytes),
            });
            Seq(lines.last_seq)
        };
        self.shared.changed.send_replace(());

        parts.extensions.insert(seq);
        (Request::from_parts(parts, counted(body, body_bytes)), seq)
    }

    /// Completes the line `seq` with the status of its answer.
    pub(crate) fn answered(&self, seq: Seq, status: StatusCode) {
        self.amend(seq, |entry| entry.status = Some(status.as_u16()));
    }

    /// Adds to the line `seq` what the platform did.
    pub(crate) fn note(&self, seq: Seq, step: OAuthStep) {
        self.amend(seq, |entry| entry.oauth = Some(step));
    }

    fn amend(&self, Seq(seq): Seq, change: impl FnOnce(&mut Entry)) {
        let mut lines = self.lines();
        if let Some(line) = lines.kept.iter_mut().rev().find(|line| line.entry.seq == seq) {
            change(&mut line.entry);
        }
        drop(lines);
        self.shared.changed.send_replace(());
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the bytes of `body` while somebody reads it.
fn counted(body: Body, bytes: Arc<AtomicU64>) -> Body {
    Body::from_stream(body.into_data_stream().inspect_ok(move |chunk| {
        bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    }))
}
