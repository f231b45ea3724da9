//! The control side under `/_emulator/`: what a test asks and orders over HTTP.
//!
//! Not journalled, not struck by faults, and closed to web pages: the `Host` has to be a loopback name (against DNS
//! rebinding), and a request with an `Origin` is refused, since only browsers send one.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Json, Response},
    routing::{get, put},
};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    accounts::{USER_ID, WORKSPACE_ID},
    bots::BOTS,
    faults::FaultRule,
    journal::Entry,
    platform::Platform,
};

/// What a client needs to know of a running emulator; the JSON of `GET /_emulator/info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// Base of the REST API, without a trailing slash.
    pub api_base: String,
    /// Base of the console's pages; the same server.
    pub www_base: String,
    /// Base of WebSocket connections; the same server.
    pub ws_base: String,
    /// Apps that may ask for tokens.
    pub apps: Vec<AppInfo>,
    /// The workspace's bots, published or not.
    pub bots: Vec<BotInfo>,
    /// The account's only workspace.
    pub workspace_id: String,
    /// The account's user.
    pub user_id: String,
    /// File with a personal access token, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_access_token_file: Option<PathBuf>,
}

/// One app, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppInfo {
    /// `jwt`.
    pub kind: &'static str,
    /// OAuth app id.
    pub client_id: String,
    /// Fingerprint of the registered public key.
    pub public_key_id: String,
    /// File with the private key, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_file: Option<PathBuf>,
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotInfo {
    /// Bot id.
    pub id: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Whether it may be chatted with.
    pub published: bool,
}

impl Info {
    pub(crate) fn of(platform: &Platform) -> Self {
        let (addr, app, files) = (platform.addr, &platform.accounts.app, platform.secret_files().clone());
        Self {
            api_base: format!("http://{addr}"),
            www_base: format!("http://{addr}"),
            ws_base: format!("ws://{addr}"),
            apps: vec![AppInfo {
                kind: "jwt",
                client_id: app.client_id.clone(),
                public_key_id: app.public_key_id.clone(),
                private_key_file: files.private_key,
            }],
            bots: BOTS
                .iter()
                .map(|bot| BotInfo {
                    id: bot.id,
                    name: bot.name,
                    published: bot.published,
                })
                .collect(),
            workspace_id: WORKSPACE_ID.to_owned(),
            user_id: USER_ID.to_owned(),
            personal_access_token_file: files.personal_access_token,
        }
    }
}

/// Routes below `/_emulator`.
pub(crate) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/info", get(info))
        .route("/journal", get(journal).delete(clear_journal))
        .route("/faults", put(set_faults))
        .route("/clock", put(set_clock))
        .route("/pace", put(set_pace))
        .fallback(|| async { Refused::Unknown })
        .method_not_allowed_fallback(|| async { Refused::Unknown })
        .layer(middleware::from_fn(guard))
}

/// Why the control side does not do what it was told.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the control side answers to 127.0.0.1, localhost and [::1] only")]
    Host,
    #[error("the control side does not answer web pages")]
    Origin,
    #[error("the control side has /info, /journal, /faults, /clock and /pace; see the reference for their methods")]
    Unknown,
    #[error("{0}")]
    Input(String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Host | Self::Origin => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Input(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

async fn guard(request: Request, next: Next) -> Result<Response, Refused> {
    if !is_loopback(request.headers()) {
        return Err(Refused::Host);
    }
    if request.headers().contains_key(header::ORIGIN) {
        return Err(Refused::Origin);
    }
    Ok(next.run(request).await)
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|loopback| name.eq_ignore_ascii_case(loopback))
}

async fn info(State(platform): State<Arc<Platform>>) -> Json<Info> {
    Json(Info::of(&platform))
}

#[derive(Debug, Deserialize)]
struct JournalParams {
    since: Option<u64>,
}

#[derive(Debug, Serialize)]
struct JournalAnswer {
    requests: Vec<Entry>,
}

async fn journal(State(platform): State<Arc<Platform>>, request: Request) -> Result<Json<JournalAnswer>, Refused> {
    let Query(params): Query<JournalParams> =
        Query::try_from_uri(request.uri()).map_err(|error| Refused::Input(error.to_string()))?;
    Ok(Json(JournalAnswer {
        requests: platform.journal.since(params.since.unwrap_or(0)),
    }))
}

async fn clear_journal(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.journal.clear();
    StatusCode::NO_CONTENT
}

async fn set_faults(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
    let rules: Vec<FaultRule> = read(&body)?;
    let count = rules.len();
    platform
        .faults
        .set(rules)
        .map_err(|error| Refused::Input(error.to_string()))?;
    Ok(Json(json!({ "rules": count })).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    offset_seconds: i64,
}

async fn set_clock(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
    let ClockOrder { offset_seconds } = read(&body)?;
    platform.clock.set_offset_seconds(offset_seconds);
    Ok(Json(json!({ "offset_seconds": offset_seconds, "now": platform.clock.now() })).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceOrder {
    delta_spacing_ms: u64,
}

async fn set_pace(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
    let PaceOrder { delta_spacing_ms } = read(&body)?;
    platform.set_delta_spacing(Duration::from_millis(delta_spacing_ms));
    Ok(Json(json!({ "delta_spacing_ms": delta_spacing_ms })).into_response())
}

/// Reads JSON whatever the content type says, since curl says "form" unless told otherwise.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::Input(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_hosts() {
        for (host, accepted) in [
            ("127.0.0.1:80", true),
            ("LOCALHOST", true),
            ("[::1]:9", true),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:80", false),
            ("evil.example:127", false),
            ("localhost:", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(is_loopback(&headers), accepted, "{host}");
        }
    }
}
