//! The token endpoint, where every grant ends (protocol 2.2, 3.2).

use super::body::OAuthBody;
use super::refusal::{Refusal, json};
use super::token_answer::TokenAnswer;
use super::{jwt_bearer, user_grants};
use crate::journal::{OAuthEndpoint, OAuthStep, Seq};
use crate::platform::Platform;
use crate::tokens::Tenant;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::sync::Arc;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// `POST /api/permission/oauth2/token`
pub(super) async fn for_own_account(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    respond(&platform, Tenant::Own, request).await
}

/// `POST /api/permission/oauth2/account/{account_id}/token`
pub(super) async fn for_account(
    State(platform): State<Arc<Platform>>,
    Path(account_id): Path<String>,
    request: Request,
) -> Response {
    respond(&platform, Tenant::Account(account_id), request).await
}

/// `POST /api/permission/oauth2/enterprise_id/{enterprise_id}/token`
pub(super) async fn for_enterprise(
    State(platform): State<Arc<Platform>>,
    Path(enterprise_id): Path<String>,
    request: Request,
) -> Response {
    respond(&platform, Tenant::Enterprise(enterprise_id), request).await
}

async fn respond(platform: &Platform, tenant: Tenant, request: Request) -> Response {
    let seq = request.extensions().get::<Seq>().copied();
    let mut step = OAuthStep::at(OAuthEndpoint::Token);
    let outcome = exchange(platform, tenant, request, &mut step).await;
    match &outcome {
        Ok(_) => "issued".clone_into(&mut step.outcome),
        Err(refusal) => refusal.tell(&mut step),
    }
    if let Some(seq) = seq {
        platform.journal.note(seq, step);
    }
    match outcome {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

/// Nothing waits after the body was read: whether the client stays for the answer does not change what happens.
async fn exchange(
    platform: &Platform,
    tenant: Tenant,
    request: Request,
    step: &mut OAuthStep,
) -> Result<TokenAnswer, Refusal> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let body = OAuthBody::receive(headers, body).await?;
    step.client_id = body.text("client_id").map(str::to_owned);
    let grant_type = body.required("grant_type")?;
    step.grant_type = Some(grant_type.to_owned());
    match (grant_type, &tenant) {
        (JWT_BEARER, _) => jwt_bearer::exchange(platform, tenant, headers, &body, step),
        // The account and enterprise forms are documented for assertions only (protocol 2.2).
        ("authorization_code", Tenant::Own) => user_grants::code(platform, headers, &body, step),
        ("refresh_token", Tenant::Own) => user_grants::refresh(platform, headers, &body, step),
        (DEVICE_CODE, Tenant::Own) => user_grants::device(platform, headers, &body, step),
        (other, _) => Err(Refusal::UnsupportedGrantType(other.to_owned())),
    }
}
