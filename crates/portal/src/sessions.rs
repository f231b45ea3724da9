//! `/sessions`: who has a session on this machine, and the button that ends one. Local mode only.
//!
//! A session is a subject with all of its handles; how many there are tells in how many windows it is open. Handles
//! themselves are hashes in the store and are shown to nobody.

use super::language::Reader;
use super::own_page::{is_own_page, see_other};
use super::pages::SessionLine;
use super::query::parameter;
use super::respond::{self, ShownSessions};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use coze_auth::{Subject, UnixSeconds};
use cozegate_core::guard::Passage;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_store::HandleRecord;
use std::collections::HashMap;
use std::sync::Arc;

/// More than a person reads.
const MOST: u32 = 1000;

/// A subject with all of its handles.
struct Session {
    app: Arc<str>,
    subject: Subject,
    windows: usize,
    until: UnixSeconds,
}

/// `GET /sessions`, with `search` for those whose name contains it. A link of another site shows nothing before the person
/// asks for it.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    if passage.foreign_navigation {
        return respond::sessions(&reader, &ShownSessions::default());
    }
    let search = parameter(query.as_deref(), "search").unwrap_or_default();
    page(&shared, &reader, search.trim(), false).await
}

/// `POST /sessions` with `session` in the form: ends it.
pub(super) async fn end(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let form = std::str::from_utf8(&body).ok();
    let ended = async {
        if !is_own_page(shared.scheme, &passage, &reader.headers) {
            return Err(ProblemKind::OriginNotAllowed.into());
        }
        let key = parameter(form, "session").ok_or(ProblemKind::BadRequest)?;
        let mut found = None;
        let visit = |record: HandleRecord| {
            let is_it = key_of(&shared, &record.app, &record.subject) == key;
            if is_it {
                found = Some((record.app, record.subject));
            }
            !is_it
        };
        let failed = |error| shared.store_problem(StoreUse::Handles, &error);
        let now = shared.means.clock.now();
        shared.handles.visit_live(now, visit).await.map_err(failed)?;
        let Some((app, subject)) = found else {
            return Ok(false);
        };
        shared.end_sessions(&app, &subject).await.map_err(failed)?;
        Ok::<_, Problem>(true)
    };
    match ended.await {
        Ok(true) => see_other("/sessions"),
        Ok(false) => page(&shared, &reader, "", true).await,
        Err(problem) => respond::problem(problem, &reader),
    }
}

async fn page(shared: &Shared, reader: &Reader, search: &str, is_unknown: bool) -> Response {
    let found = if search.is_empty() {
        longest(shared).await
    } else {
        matching(shared, search).await
    };
    match found {
        Ok((sessions, is_cut)) => {
            let lines: Vec<SessionLine> = sessions.iter().map(|session| line(shared, session)).collect();
            let shown = ShownSessions {
                sessions: Some(&lines),
                is_cut,
                search,
                is_unknown,
            };
            respond::sessions(reader, &shown)
        }
        Err(problem) => respond::problem(problem, reader),
    }
}

/// Collects records into sessions.
#[derive(Default)]
struct Sessions {
    found: HashMap<(Arc<str>, Subject), (usize, UnixSeconds)>,
}

impl Sessions {
    fn add(&mut self, record: HandleRecord) {
        let until = record.expires_at;
        let session = self.found.entry((record.app, record.subject)).or_insert((0, until));
        session.0 += 1;
        session.1 = session.1.max(until);
    }

    /// Returns them, those that last longest first.
    fn sorted(self) -> Vec<Session> {
        let sessions = self.found.into_iter();
        let mut sessions: Vec<Session> = sessions
            .map(|((app, subject), (windows, until))| Session {
                app,
                subject,
                windows,
                until,
            })
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.until));
        sessions
    }
}

/// The sessions that last longest, and whether there are more.
async fn longest(shared: &Shared) -> Result<(Vec<Session>, bool), Problem> {
    let now = shared.means.clock.now();
    let records = shared.handles.live(now, MOST).await;
    let records = records.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?;
    let is_cut = u32::try_from(records.len()).is_ok_and(|count| count == MOST);
    let mut sessions = Sessions::default();
    for record in records {
        sessions.add(record);
    }
    Ok((sessions.sorted(), is_cut))
}

/// The sessions whose name contains `search`, or whose name in the access log it is, and whether there are more. Looks at
/// every handle of the store.
async fn matching(shared: &Shared, search: &str) -> Result<(Vec<Session>, bool), Problem> {
    let wanted = search.to_lowercase();
    let mut sessions = Sessions::default();
    let mut is_cut = false;
    let visit = |record: HandleRecord| {
        let name = record.subject.session_name.as_ref();
        let is_named = name.is_some_and(|name| name.as_str().to_lowercase().contains(&wanted));
        if is_named || key_of(shared, &record.app, &record.subject) == search {
            sessions.add(record);
        }
        is_cut = usize::try_from(MOST).is_ok_and(|most| sessions.found.len() >= most);
        !is_cut
    };
    let visited = shared.handles.visit_live(shared.means.clock.now(), visit).await;
    visited.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?;
    Ok((sessions.sorted(), is_cut))
}

fn line(shared: &Shared, session: &Session) -> SessionLine {
    let name = session.subject.session_name.as_ref();
    SessionLine {
        key: key_of(shared, &session.app, &session.subject),
        app: session.app.to_string(),
        name: name.map(|name| name.as_str().to_owned()),
        windows: session.windows,
        until: respond::moment(session.until),
    }
}

/// The key of a session on the page, which is its name in the access log: it cannot be guessed.
fn key_of(shared: &Shared, app: &str, subject: &Subject) -> String {
    shared.visitor_keys.log_name(app, subject)
}
