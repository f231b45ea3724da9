//! The authorize redirect and the consent page behind it (protocol 3.1, RFC 6749 section 4.1.1).
//!
//! A request whose app or redirect URI is in doubt ends on an error page. Later mistakes and the person's "no" go back
//! to the app as `error=…`, in the form of RFC 6749 section 4.1.2.1; the platform's own is unknown.

use super::refusal::Refusal;
use super::{client, page};
use crate::accounts::WORKSPACE_ID;
use crate::apps::{AppKind, OAuthApp};
use crate::ids::random_text;
use crate::journal::{OAuthEndpoint, OAuthStep, Seq};
use crate::logins::{Challenge, Decision, Question};
use crate::platform::Platform;
use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// Where a web app's user decides, and where a PKCE app's does (protocol 3.1).
pub(super) const CONSENT_PATH: &str = "/oauth/consent";
pub(super) const PKCE_CONSENT_PATH: &str = "/oauth2/authorize";

#[derive(Debug, Deserialize)]
struct Params {
    response_type: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

#[derive(Debug, Deserialize)]
struct KeyParams {
    authorize_key: Option<String>,
}

/// What the consent page sends.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    authorize_key: String,
    decision: Decision,
}

#[derive(Debug, Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    app_name: &'a str,
    redirect_uri: &'a str,
    authorize_key: &'a str,
}

/// `GET /api/permission/oauth2/authorize`
pub(super) async fn authorize(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    respond(&platform, &request, None)
}

/// `GET /api/permission/oauth2/workspace_id/{workspace_id}/authorize`
pub(super) async fn authorize_in_workspace(
    State(platform): State<Arc<Platform>>,
    Path(workspace_id): Path<String>,
    request: Request,
) -> Response {
    respond(&platform, &request, Some(&workspace_id))
}

fn respond(platform: &Platform, request: &Request, workspace_id: Option<&str>) -> Response {
    let mut step = OAuthStep::at(OAuthEndpoint::Authorize);
    let response = ask(platform, request.uri(), workspace_id, &mut step).unwrap_or_else(|refusal| {
        refusal.tell(&mut step);
        page::refused(&refusal)
    });
    if let Some(seq) = request.extensions().get::<Seq>() {
        platform.journal.note(*seq, step);
    }
    response
}

/// Checks a request and asks the person; the demo user is always logged in.
fn ask(platform: &Platform, uri: &Uri, workspace_id: Option<&str>, step: &mut OAuthStep) -> Result<Response, Refusal> {
    let params: Params = page::query(uri)?;
    step.client_id.clone_from(&params.client_id);
    check_workspace(workspace_id)?;
    let client_id = params.client_id.as_deref().unwrap_or_default();
    let app = client::find(platform, client_id, &[AppKind::Web, AppKind::Pkce])?;
    // Compared as text, port and slash included (protocol 3.1).
    let redirect_uri = params.redirect_uri.clone().unwrap_or_default();
    if !app.redirect_uris.contains(&redirect_uri) {
        return Err(Refusal::InvalidRequest("redirect_uri"));
    }

    let now = platform.clock.now();
    let state = params.state.clone().unwrap_or_default();
    let question = match question(params, &app, redirect_uri.clone(), now) {
        Ok(question) => question,
        Err(refusal) => {
            refusal.tell(step);
            return back_with_error(StatusCode::FOUND, &redirect_uri, &state, &refusal);
        }
    };
    if let Some(decision) = platform.logins.consent().decision() {
        return answer(platform, StatusCode::FOUND, question, decision, step);
    }
    let authorize_key = random_text("").map_err(|_| Refusal::Internal)?;
    let path = match app.kind {
        AppKind::Pkce => PKCE_CONSENT_PATH,
        AppKind::Web | AppKind::Jwt | AppKind::Device => CONSENT_PATH,
    };
    let location = format!("http://{}{path}?authorize_key={authorize_key}", platform.addr);
    platform.logins.ask(authorize_key, question);
    "asked".clone_into(&mut step.outcome);
    Ok(page::redirect(StatusCode::FOUND, &location))
}

/// The double has one workspace; a request for another is refused so that the mistake is noticed (invented).
pub(super) fn check_workspace(workspace_id: Option<&str>) -> Result<(), Refusal> {
    if workspace_id.is_some_and(|id| id != WORKSPACE_ID) {
        return Err(Refusal::InvalidRequest("workspace_id"));
    }
    Ok(())
}

fn question(params: Params, app: &OAuthApp, redirect_uri: String, now: i64) -> Result<Question, Refusal> {
    if params.response_type.as_deref() != Some("code") {
        return Err(Refusal::InvalidRequest("response_type"));
    }
    // Documented as required; the official clients send an empty one when they have none.
    let state = params.state.ok_or(Refusal::InvalidRequest("state"))?;
    let method = params.code_challenge_method.as_deref();
    let challenge = match params.code_challenge.filter(|challenge| !challenge.is_empty()) {
        Some(challenge) => {
            let read = Challenge::read(challenge, method);
            Some(read.ok_or(Refusal::InvalidRequest("code_challenge_method"))?)
        }
        None if app.kind == AppKind::Pkce => return Err(Refusal::InvalidRequest("code_challenge")),
        None => None,
    };
    Ok(Question {
        client_id: app.client_id.clone(),
        redirect_uri,
        state,
        challenge,
        asked_at: now,
    })
}

/// `GET` on the consent page: who asks, and two buttons.
pub(super) async fn show(State(platform): State<Arc<Platform>>, uri: Uri) -> Response {
    let shown = page::query(&uri).and_then(|params: KeyParams| {
        let authorize_key = params.authorize_key.unwrap_or_default();
        let question = platform.logins.question(&authorize_key, platform.clock.now());
        let question = question.ok_or(Refusal::InvalidRequest("authorize_key"))?;
        let app = client::find(&platform, &question.client_id, &[AppKind::Web, AppKind::Pkce])?;
        let consent = ConsentPage {
            app_name: app.name,
            redirect_uri: &question.redirect_uri,
            authorize_key: &authorize_key,
        };
        Ok(page::page(StatusCode::OK, &consent))
    });
    shown.unwrap_or_else(|refusal| page::refused(&refusal))
}

/// `POST` on the consent page: the person has decided.
pub(super) async fn decide(
    State(platform): State<Arc<Platform>>,
    axum::Extension(seq): axum::Extension<Seq>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    let mut step = OAuthStep::at(OAuthEndpoint::Consent);
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
    let question = platform.logins.take_question(&form.authorize_key, platform.clock.now());
    let question = question.ok_or(Refusal::InvalidRequest("authorize_key"))?;
    step.client_id = Some(question.client_id.clone());
    client::find(platform, &question.client_id, &[AppKind::Web, AppKind::Pkce])?;
    answer(platform, StatusCode::SEE_OTHER, question, form.decision, step)
}

/// Sends the browser back to the app, with a code or without.
fn answer(
    platform: &Platform,
    status: StatusCode,
    question: Question,
    decision: Decision,
    step: &mut OAuthStep,
) -> Result<Response, Refusal> {
    let (redirect_uri, state) = (question.redirect_uri.clone(), question.state.clone());
    match decision {
        Decision::Approve => {
            "approved".clone_into(&mut step.outcome);
            let code = random_text("code_").map_err(|_| Refusal::Internal)?;
            let back = back_to(&redirect_uri, &[("code", &code), ("state", &state)])?;
            platform.logins.grant_code(code, question, platform.clock.now());
            Ok(page::redirect(status, &back))
        }
        Decision::Deny => {
            "denied".clone_into(&mut step.outcome);
            back_with_error(status, &redirect_uri, &state, &Refusal::Denied)
        }
    }
}

fn back_with_error(
    status: StatusCode,
    redirect_uri: &str,
    state: &str,
    refusal: &Refusal,
) -> Result<Response, Refusal> {
    let description = refusal.to_string();
    let answer = [
        ("error", refusal.code()),
        ("error_description", &description),
        ("state", state),
    ];
    Ok(page::redirect(status, &back_to(redirect_uri, &answer)?))
}

/// Adds the answer to the redirect URI's own query (RFC 6749 section 4.1.2).
fn back_to(redirect_uri: &str, answer: &[(&str, &str)]) -> Result<String, Refusal> {
    let mut url = Url::parse(redirect_uri).map_err(|_| Refusal::InvalidRequest("redirect_uri"))?;
    url.query_pairs_mut().extend_pairs(answer);
    Ok(url.into())
}
