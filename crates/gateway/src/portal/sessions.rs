//! `/sessions`: who has a session on this machine, and the button that ends one. Local mode only.
//!
//! A session is a subject with all of its handles; how many there are tells in how many windows it is open. Handles
//! themselves are hashes in the store and are shown to nobody.

use super::callback::parameter;
use super::language::Reader;
use super::own_page::{is_own_page, see_other};
use super::pages::SessionLine;
use super::respond;
use crate::guard::Passage;
use crate::problem::{Problem, ProblemKind};
use crate::state::Shared;
use crate::telemetry::labels::StoreUse;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use coze_auth::{Subject, UnixSeconds};
use std::sync::Arc;

/// More than a person reads; each is unsealed for the page.
const MOST: u32 = 1000;

/// A subject with all of its handles.
struct Session {
    app: Arc<str>,
    subject: Subject,
    windows: usize,
    until: UnixSeconds,
}

/// `GET /sessions`. Whom a link of another site brings here is shown nothing before they ask for it themselves.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    reader: Reader,
) -> Response {
    if passage.foreign_navigation {
        return respond::sessions(&reader, None, false);
    }
    match sessions(&shared).await {
        Ok((sessions, is_cut)) => {
            let lines: Vec<SessionLine> = sessions.iter().map(|session| line(&shared, session)).collect();
            respond::sessions(&reader, Some(&lines), is_cut)
        }
        Err(problem) => respond::problem(problem, &reader),
    }
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
        // One that has ended meanwhile is what was asked for.
        let (sessions, _) = sessions(&shared).await?;
        if let Some(session) = sessions.iter().find(|session| key_of(&shared, session) == key) {
            let ended = shared.end_sessions(&session.app, &session.subject).await;
            ended.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?;
        }
        Ok::<_, Problem>(see_other("/sessions"))
    };
    ended.await.unwrap_or_else(|problem| respond::problem(problem, &reader))
}

/// All sessions, those that last longest first, and whether there are more.
async fn sessions(shared: &Shared) -> Result<(Vec<Session>, bool), Problem> {
    let now = shared.means.clock.now();
    let records = shared.handles.live(now, MOST).await;
    let records = records.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?;
    let is_cut = u32::try_from(records.len()).is_ok_and(|count| count == MOST);
    let mut sessions: Vec<Session> = Vec::new();
    for record in records {
        let known = sessions
            .iter_mut()
            .find(|session| session.app == record.app && session.subject == record.subject);
        match known {
            Some(session) => session.windows += 1,
            None => sessions.push(Session {
                app: record.app,
                subject: record.subject,
                windows: 1,
                until: record.expires_at,
            }),
        }
    }
    Ok((sessions, is_cut))
}

fn line(shared: &Shared, session: &Session) -> SessionLine {
    let name = session.subject.session_name.as_ref();
    SessionLine {
        key: key_of(shared, session),
        app: session.app.to_string(),
        name: name.map(|name| name.as_str().to_owned()),
        windows: session.windows,
        until: respond::moment(session.until),
    }
}

/// What a session is known by on the page: nobody finds it by guessing.
fn key_of(shared: &Shared, session: &Session) -> String {
    shared.visitor_keys.log_name(&session.app, &session.subject)
}
