//! Which app is asking, and whether it is the one (protocol 3.2, 4.2).

use super::body::{OAuthBody, bearer};
use super::refusal::Refusal;
use crate::apps::{AppKind, OAuthApp};
use crate::platform::Platform;
use http::HeaderMap;

/// Returns the app that `client_id` names, if it is switched on and one of `kinds`.
pub(super) fn find(platform: &Platform, client_id: &str, kinds: &[AppKind]) -> Result<OAuthApp, Refusal> {
    let app = platform.apps.find(client_id).ok_or(Refusal::UnknownClient)?;
    if app.disabled {
        return Err(Refusal::AppDisabled(app.name));
    }
    if !kinds.contains(&app.kind) {
        return Err(Refusal::AppType);
    }
    Ok(app)
}

/// Returns the app that sends a token request, after it has proven itself: a web app by its secret in the
/// `Authorization` header, a public one by nothing.
pub(super) fn authenticate(
    platform: &Platform,
    headers: &HeaderMap,
    body: &OAuthBody,
    kinds: &[AppKind],
) -> Result<OAuthApp, Refusal> {
    let app = find(platform, body.required("client_id")?, kinds)?;
    if let Some(secret) = &app.client_secret {
        match bearer(headers) {
            // The answer to a web app that was taken for a public one (protocol 3.3).
            "" => return Err(Refusal::InvalidRequest("client_secret")),
            shown if shown == secret.expose() => {}
            _ => return Err(Refusal::ClientSecret),
        }
    }
    Ok(app)
}
