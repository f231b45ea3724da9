//! The device flow: its start, and the page on which a person enters the code (protocol 3.4, RFC 8628).
//!
//! The device's poll is a grant like the others: `user_grants`.

use super::authorize::check_workspace;
use super::body::OAuthBody;
use super::refusal::{Refusal, json};
use super::{client, page};
use crate::apps::AppKind;
use crate::ids::{random_text, user_code};
use crate::journal::{OAuthEndpoint, OAuthStep, Seq};
use crate::logins::{Decision, DeviceAnswer, DeviceAuthorization, DevicePace};
use crate::platform::Platform;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The real page's path is unknown (protocol 3.4).
pub(super) const PAGE_PATH: &str = "/device";

#[derive(Debug, Serialize)]
struct DeviceCodeAnswer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    /// Here a duration, in seconds (protocol 3.4).
    expires_in: u64,
    /// Seconds.
    interval: u64,
}

/// `POST /api/permission/oauth2/device/code`
pub(super) async fn start(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    respond(&platform, request, None).await
}

/// `POST /api/permission/oauth2/workspace_id/{workspace_id}/device/code`
pub(super) async fn start_in_workspace(
    State(platform): State<Arc<Platform>>,
    Path(workspace_id): Path<String>,
    request: Request,
) -> Response {
    respond(&platform, request, Some(workspace_id)).await
}

async fn respond(platform: &Platform, request: Request, workspace_id: Option<String>) -> Response {
    let seq = request.extensions().get::<Seq>().copied();
    let mut step = OAuthStep::at(OAuthEndpoint::DeviceCode);
    let response = match begin(platform, request, workspace_id, &mut step).await {
        Ok(answer) => {
            "issued".clone_into(&mut step.outcome);
            json(StatusCode::OK, &answer)
        }
        Err(refusal) => {
            refusal.tell(&mut step);
            refusal.into_response()
        }
    };
    if let Some(seq) = seq {
        platform.journal.note(seq, step);
    }
    response
}

async fn begin(
    platform: &Platform,
    request: Request,
    workspace_id: Option<String>,
    step: &mut OAuthStep,
) -> Result<DeviceCodeAnswer, Refusal> {
    let (parts, body) = request.into_parts();
    let body = OAuthBody::receive(&parts.headers, body).await?;
    step.client_id = body.text("client_id").map(str::to_owned);
    check_workspace(workspace_id.as_deref())?;
    let app = client::find(platform, body.required("client_id")?, &[AppKind::Device])?;

    let (interval, life) = (platform.config.device_interval, platform.config.device_life);
    let pace = DevicePace {
        interval_millis: i64::try_from(interval.as_millis()).unwrap_or(i64::MAX),
        life_millis: i64::try_from(life.as_millis()).unwrap_or(i64::MAX),
    };
    let device_code = random_text("dc_").map_err(|_| Refusal::Internal)?;
    let user_code = user_code().map_err(|_| Refusal::Internal)?;
    let now = platform.clock.now_millis();
    let waiting = DeviceAuthorization::new(app.client_id, user_code.clone(), pace, now);
    platform.logins.await_device(device_code.clone(), waiting, now);
    Ok(DeviceCodeAnswer {
        device_code,
        user_code,
        verification_uri: format!("http://{}{PAGE_PATH}", platform.addr),
        expires_in: life.as_secs(),
        interval: interval.as_secs(),
    })
}

#[derive(Debug, Deserialize)]
struct CodeParams {
    user_code: Option<String>,
}

/// What the device page sends.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    user_code: String,
    decision: Decision,
}

#[derive(Debug, Template)]
#[template(path = "device.html")]
struct EnterPage<'a> {
    user_code: &'a str,
    unknown: bool,
}

#[derive(Debug, Template)]
#[template(path = "device_confirm.html")]
struct ConfirmPage<'a> {
    app_name: &'a str,
    user_code: &'a str,
}

#[derive(Debug, Template)]
#[template(path = "device_done.html")]
struct DonePage {
    approved: bool,
}

/// `GET /device`: asks for the code; with `?user_code=`, whether that device may (RFC 8628 section 3.3.1).
pub(super) async fn show(State(platform): State<Arc<Platform>>, uri: Uri) -> Response {
    let entered = match page::query(&uri) {
        Ok(CodeParams { user_code }) => user_code.unwrap_or_default(),
        Err(refusal) => return page::refused(&refusal),
    };
    let user_code = as_shown(&entered);
    if user_code.is_empty() {
        return enter(&user_code, false);
    }
    let Some(waiting) = platform.logins.waiting_device(&user_code, platform.clock.now_millis()) else {
        return enter(&user_code, true);
    };
    match client::find(&platform, &waiting.client_id, &[AppKind::Device]) {
        Ok(app) => {
            let confirm = ConfirmPage {
                app_name: app.name,
                user_code: &user_code,
            };
            page::page(StatusCode::OK, &confirm)
        }
        Err(refusal) => page::refused(&refusal),
    }
}

/// `POST /device`: the person has decided.
pub(super) async fn decide(
    State(platform): State<Arc<Platform>>,
    Extension(seq): Extension<Seq>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    let mut step = OAuthStep::at(OAuthEndpoint::Device);
    let response = note_answer(&platform, &headers, form, &mut step).unwrap_or_else(|refusal| {
        refusal.tell(&mut step);
        page::refused(&refusal)
    });
    platform.journal.note(seq, step);
    response
}

fn note_answer(
    platform: &Platform,
    headers: &HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
    step: &mut OAuthStep,
) -> Result<Response, Refusal> {
    page::same_origin(headers)?;
    let Form(form) = form.map_err(|_| Refusal::InvalidRequest("form"))?;
    let user_code = as_shown(&form.user_code);
    let now = platform.clock.now_millis();
    if let Some(waiting) = platform.logins.waiting_device(&user_code, now) {
        client::find(platform, &waiting.client_id, &[AppKind::Device])?;
        step.client_id = Some(waiting.client_id);
    }
    match platform.logins.answer_device(&user_code, form.decision, now) {
        DeviceAnswer::Noted => {
            let approved = form.decision == Decision::Approve;
            if approved { "approved" } else { "denied" }.clone_into(&mut step.outcome);
            Ok(page::page(StatusCode::OK, &DonePage { approved }))
        }
        DeviceAnswer::Unknown => {
            Refusal::InvalidRequest("user_code").tell(step);
            Ok(enter(&user_code, true))
        }
    }
}

fn enter(user_code: &str, unknown: bool) -> Response {
    let status = if unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
    page::page(status, &EnterPage { user_code, unknown })
}

/// People type what they like: small letters, spaces, no hyphen (RFC 8628 section 6.1).
fn as_shown(entered: &str) -> String {
    let mut code: String = entered
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    if code.len() > 4 {
        code.insert(4, '-');
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_understood_however_it_is_typed() {
        for entered in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB–MJHT"] {
            assert_eq!(as_shown(entered), "WDJB-MJHT", "{entered}");
        }
        assert_eq!(as_shown("<b>"), "B");
    }
}
