//! What the control side tells and does: one handler per path, each a call of the platform's own handles.

use super::info::Info;
use super::refused::Refused;
use crate::apps::InvalidAppChange;
use crate::faults::FaultRule;
use crate::journal::Entry;
use crate::logins::{ConsentMode, RefreshPolicy};
use crate::platform::Platform;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Json, Response};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn info(State(platform): State<Arc<Platform>>) -> Json<Info> {
    Json(Info::of(&platform))
}

#[derive(Debug, Deserialize)]
struct JournalParams {
    since: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct JournalAnswer {
    requests: Vec<Entry>,
}

pub(super) async fn journal(
    State(platform): State<Arc<Platform>>,
    request: Request,
) -> Result<Json<JournalAnswer>, Refused> {
    let Query(params): Query<JournalParams> =
        Query::try_from_uri(request.uri()).map_err(|error| Refused::Input(error.to_string()))?;
    Ok(Json(JournalAnswer {
        requests: platform.journal.since(params.since.unwrap_or(0)),
    }))
}

pub(super) async fn clear_journal(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.journal.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn set_faults(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
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

pub(super) async fn set_clock(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
    let ClockOrder { offset_seconds } = read(&body)?;
    platform.clock.set_offset_seconds(offset_seconds);
    Ok(Json(json!({ "offset_seconds": offset_seconds, "now": platform.clock.now() })).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceOrder {
    /// Unchanged when absent.
    delta_spacing_ms: Option<u64>,
    /// Absent, no answer is held.
    hold_after: Option<usize>,
}

pub(super) async fn set_pace(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Refused> {
    let PaceOrder {
        delta_spacing_ms,
        hold_after,
    } = read(&body)?;
    if let Some(delta_spacing_ms) = delta_spacing_ms {
        platform.set_delta_spacing(Duration::from_millis(delta_spacing_ms));
    }
    platform.hold_answers_after(hold_after);
    let delta_spacing_ms = u64::try_from(platform.delta_spacing().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(json!({ "delta_spacing_ms": delta_spacing_ms, "hold_after": hold_after })).into_response())
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentOrder {
    mode: ConsentMode,
}

pub(super) async fn set_consent(
    State(platform): State<Arc<Platform>>,
    body: Bytes,
) -> Result<Json<ConsentOrder>, Refused> {
    let order: ConsentOrder = read(&body)?;
    platform.logins.set_consent(order.mode);
    Ok(Json(order))
}

pub(super) async fn set_refresh_policy(
    State(platform): State<Arc<Platform>>,
    body: Bytes,
) -> Result<Json<RefreshPolicy>, Refused> {
    let policy: RefreshPolicy = read(&body)?;
    platform.logins.set_policy(policy);
    Ok(Json(policy))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppOrder {
    disabled: Option<bool>,
    redirect_uris: Option<Vec<String>>,
}

pub(super) async fn change_app(
    State(platform): State<Arc<Platform>>,
    Path(client_id): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let AppOrder {
        disabled,
        redirect_uris,
    } = read(&body)?;
    if let Some(redirect_uris) = redirect_uris {
        platform.apps.set_redirect_uris(&client_id, redirect_uris)?;
    }
    if let Some(disabled) = disabled {
        platform.apps.set_disabled(&client_id, disabled)?;
    }
    let app = platform
        .apps
        .find(&client_id)
        .ok_or(InvalidAppChange::UnknownApp(client_id))?;
    let now = json!({ "client_id": app.client_id, "disabled": app.disabled, "redirect_uris": app.redirect_uris });
    Ok(Json(now).into_response())
}

impl From<InvalidAppChange> for Refused {
    fn from(refusal: InvalidAppChange) -> Self {
        Self::Input(refusal.to_string())
    }
}

/// Reads JSON whatever the content type says, since curl says "form" unless told otherwise.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::Input(error.to_string()))
}
