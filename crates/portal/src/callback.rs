//! `GET /callback`: the legacy contract of the token services that cozegate replaces.
//!
//! Scripts (`X-Requested-With: XMLHttpRequest` or `Accept: application/json`) get a Coze token as JSON; people get a
//! page, which never holds one. Local mode only, by the guard's rules: a page reads this from a listed origin, a
//! program from this machine. The same address is the usual redirect URI of apps in which people log in; what the
//! platform brings there goes to `login`.

use super::language::Reader;
use super::login::finish;
use super::query::parameter;
use super::redirect_uri::is_answer;
use super::respond;
use axum::Extension;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use coze_auth::{SessionName, Subject, Token, UnixSeconds};
use cozegate_core::caller::ClientAddress;
use cozegate_core::guard::Passage;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::Shared;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a token without a stated end may be used before asking again. The contract has a number there.
const ASK_AGAIN: Duration = Duration::from_mins(15);

/// What scripts get.
#[derive(Serialize)]
struct LegacyToken<'a> {
    token_type: &'a str,
    access_token: &'a str,
    /// Always empty: the JWT flow has none (protocol 2.3).
    refresh_token: &'static str,
    /// `"<unix> (<YYYY-MM-DD HH:MM:SS>)"`, in the machine's time zone.
    expires_in: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<&'a str>,
}

/// What scripts get when it fails, with a true status.
#[derive(Serialize)]
struct LegacyError<'a> {
    error: String,
    error_type: &'static str,
    details: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_id: Option<&'a str>,
    /// Where a person logs in, if that is what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_url: Option<&'a str>,
}

/// `GET /callback`.
pub(super) async fn callback(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    Extension(address): Extension<ClientAddress>,
    reader: Reader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if is_answer(query.as_deref()) {
        return finish::finish(&shared, &reader, query.as_deref()).await;
    }
    if passage.foreign_navigation || !wants_json(&headers) {
        // A name that cannot be one is told by the script's request; the page shows it escaped.
        let session_name = requested_name(query.as_deref(), &headers).ok().flatten();
        let session_name = session_name.as_ref().map(SessionName::as_str);
        return respond::callback(
            &reader,
            &shared,
            parameter(query.as_deref(), "app").as_deref(),
            session_name,
        );
    }
    match token_for(&shared, address, query.as_deref(), &headers).await {
        Ok((token, session_name)) => {
            legacy_token(&token, session_name.as_ref(), shared.means.clock.now()).into_response()
        }
        Err(problem) => legacy_error(&problem, &reader),
    }
}

/// Whether a script asks.
fn wants_json(headers: &HeaderMap) -> bool {
    let by_script = headers
        .get("x-requested-with")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest"));
    let accepts_json = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("application/json"));
    by_script || accepts_json
}

async fn token_for(
    shared: &Shared,
    address: ClientAddress,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<(Token, Option<SessionName>), Problem> {
    let live = shared.live();
    live.limits.check_session(address)?;
    let app = live
        .apps
        .find(parameter(query, "app").as_deref())
        .ok_or(ProblemKind::AppUnknown)?;
    let name = requested_name(query, headers)?;
    let subject = name.clone().map_or_else(Subject::app, |name| app.subject(name));
    let token = app
        .tokens
        .access_token(&subject)
        .await
        .map_err(|error| Problem::from_auth_error(&error).with_login_url(|| shared.login_url(app)))?;
    Ok((token, name))
}

/// The `session_name` of the query, else of `X-Session-Name`; an empty one counts as none.
fn requested_name(query: Option<&str>, headers: &HeaderMap) -> Result<Option<SessionName>, Problem> {
    let in_query = parameter(query, "session_name");
    let name = match (in_query, headers.get("x-session-name")) {
        (Some(name), _) => name,
        (None, Some(field)) => String::from_utf8(field.as_bytes().to_vec())
            .map_err(|error| Problem::with_inside(ProblemKind::SessionNameInvalid, error.utf8_error()))?,
        (None, None) => return Ok(None),
    };
    if name.is_empty() {
        return Ok(None);
    }
    SessionName::parse(&name)
        .map(Some)
        .map_err(|error| Problem::with_inside(ProblemKind::SessionNameInvalid, error))
}

fn legacy_token(token: &Token, session_name: Option<&SessionName>, now: UnixSeconds) -> Response {
    let answer = LegacyToken {
        token_type: token.token_type(),
        access_token: token.access_token().expose(),
        refresh_token: "",
        expires_in: legacy_instant(token.expires_at().unwrap_or(now + ASK_AGAIN), &TimeZone::system()),
        session_name: session_name.map(SessionName::as_str),
    };
    Json(answer).into_response()
}

fn legacy_instant(instant: UnixSeconds, zone: &TimeZone) -> String {
    let date = Timestamp::from_second(instant.0).map(|timestamp| {
        timestamp
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    });
    format!("{} ({})", instant.0, date.unwrap_or_default())
}

fn legacy_error(problem: &Problem, reader: &Reader) -> Response {
    problem.log(&reader.request);
    let language = reader.language;
    let answer = LegacyError {
        error: problem.kind.title(language),
        error_type: problem.kind.name(),
        details: problem.detail(language),
        log_id: problem.log_id.as_deref(),
        login_url: problem.login_url.as_deref(),
    };
    let mut response = (problem.kind.status(), Json(answer)).into_response();
    problem.write_fields(response.headers_mut());
    problem.mark(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_historic_expiry_is_the_second_and_the_local_time() {
        let shanghai = TimeZone::fixed(jiff::tz::offset(8));

        assert_eq!(
            legacy_instant(UnixSeconds(1_893_456_000), &shanghai),
            "1893456000 (2030-01-01 08:00:00)"
        );
    }

    #[test]
    fn scripts_are_told_from_people() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )])
        };

        assert!(wants_json(&with("x-requested-with", "XMLHttpRequest")));
        assert!(wants_json(&with("accept", "application/json, text/plain, */*")));
        assert!(!wants_json(&with(
            "accept",
            "text/html,application/xhtml+xml,*/*;q=0.8"
        )));
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn the_query_names_the_session_before_the_field_and_an_empty_name_is_none() {
        let field = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-session-name"),
            http::HeaderValue::from_bytes("小明".as_bytes()).unwrap(),
        )]);
        let name = |query, headers: &HeaderMap| requested_name(query, headers).unwrap().map(|n| n.as_str().to_owned());

        assert_eq!(name(Some("session_name=a%20b"), &field).as_deref(), Some("a b"));
        assert_eq!(name(Some("session_name="), &field).as_deref(), Some("小明"));
        assert_eq!(name(None, &HeaderMap::new()), None);
        assert_eq!(
            requested_name(Some("session_name=%0a"), &field).unwrap_err().kind,
            ProblemKind::SessionNameInvalid
        );
    }
}
