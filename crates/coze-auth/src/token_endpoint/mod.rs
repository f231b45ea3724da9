//! The only module that talks to Coze's OAuth endpoints (protocol 2.2, 3.2, 3.4).
//!
//! Sends a JSON body with the proof as Bearer and turns whatever comes back into a [`TokenSet`] or a named error. Times
//! may be absolute or relative on the wire; they are absolute from here on.

mod answer;
mod values;

use crate::app::LoginClient;
use crate::clock::UnixSeconds;
use crate::error::{AnswerFlaw, AuthError};
use crate::grant::Grant;
use crate::grant::device_code::{DeviceLogin, Polling, USUAL_INTERVAL};
use crate::grant::refresh_token::REFRESH_LIFETIME;
use crate::quote::printable;
use crate::region::Endpoints;
use crate::secret::{AccessToken, DeviceCode, RefreshToken};
use crate::token_set::TokenSet;
use answer::{Answer, Success};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a device login lasts when the platform does not say (protocol 3.4).
const USUAL_DEVICE_LOGIN: Duration = Duration::from_mins(5);

/// What the token endpoint gave.
#[derive(Debug)]
pub(crate) struct Issued {
    /// To be saved in any case, where it has a refresh token: the one before is void.
    pub(crate) token_set: TokenSet,
    /// Why the access token in it cannot be used, although the refresh token can.
    pub(crate) flaw: Option<AuthError>,
}

/// Exchanges a grant for a token. `now` is the time before the request, so that a relative end is never too late.
pub(crate) async fn request_token(
    http: &reqwest::Client,
    endpoints: &Endpoints,
    grant: &Grant<'_>,
    now: UnixSeconds,
) -> Result<Issued, AuthError> {
    let segments = [grant.tenant_segments(), vec!["token"]].concat();
    let url = endpoints.oauth2_endpoint(&segments);
    let answer = post(http, url, endpoints, grant.proof(), &grant.body()).await?;
    let success = answer.into_success(&grant.secrets())?;
    // A service app has no refresh token; one in the answer would only tempt.
    let refresh_token = match grant {
        Grant::JwtBearer(_) => None,
        Grant::AuthorizationCode(_) | Grant::DeviceCode(_) => refresh_token(&success)?,
        // RFC 6749 section 6: an answer without a new one leaves the old one in force.
        Grant::RefreshToken(refresh) => refresh_token(&success)?.or_else(|| Some(refresh.refresh_token.clone())),
    };
    issued(&success, refresh_token, now)
}

/// Asks for a device code and the user's half of it. Without any proof (protocol 3.4).
pub(crate) async fn request_device_code(
    http: &reqwest::Client,
    client: &LoginClient,
    now: UnixSeconds,
) -> Result<DeviceLogin, AuthError> {
    let segments = [client.segments(), vec!["device", "code"]].concat();
    let url = client.endpoints.oauth2_endpoint(&segments);
    let body = json!({ "client_id": client.client_id });
    let answer = post(http, url, &client.endpoints, None, &body).await?;
    device_login(&answer.into_success(&[])?, now)
}

async fn post(
    http: &reqwest::Client,
    url: Url,
    endpoints: &Endpoints,
    proof: Option<&str>,
    body: &Value,
) -> Result<Answer, AuthError> {
    let host = endpoints.audience();
    let request = http.post(url).json(body);
    let request = match proof {
        Some(proof) => request.bearer_auth(proof),
        None => request,
    };
    let response = request.send().await.map_err(|error| transport_error(&host, error))?;
    Answer::read(response, host).await
}

/// Reads an answer to a login's renewal whose bytes are there.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn issued_by(status: u16, body: &[u8], secrets: &[&str], now: UnixSeconds) -> Result<Issued, AuthError> {
    let success = Answer::of_bytes(status, body).into_success(secrets)?;
    let refresh_token = refresh_token(&success)?;
    issued(&success, refresh_token, now)
}

/// The same for the beginning of a device login.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn device_login_by(status: u16, body: &[u8], now: UnixSeconds) -> Result<DeviceLogin, AuthError> {
    device_login(&Answer::of_bytes(status, body).into_success(&[])?, now)
}

fn transport_error(host: &str, error: reqwest::Error) -> AuthError {
    let host = host.to_owned();
    if error.is_timeout() {
        return AuthError::TimedOut { host };
    }
    // The URL may hold a password (`https://user:password@proxy`), and the host is named already.
    AuthError::Unreachable {
        host,
        source: Arc::new(Box::new(error.without_url())),
    }
}

fn refresh_token(success: &Success) -> Result<Option<RefreshToken>, AuthError> {
    match success.text("refresh_token").filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match RefreshToken::parse(text) {
            Ok(token) => Ok(Some(token)),
            Err(reason) => Err(success.malformed(AnswerFlaw::UnusableToken(reason))),
        },
    }
}

/// Reads the other members of a token answer. A wrong end spoils the access token, but not the refresh token beside it,
/// which is the only one that works from now on.
fn issued(success: &Success, refresh_token: Option<RefreshToken>, now: UnixSeconds) -> Result<Issued, AuthError> {
    let access_token = success.text("access_token").ok_or(AnswerFlaw::NoAccessToken);
    let access_token = access_token
        .and_then(|text| AccessToken::parse(text).map_err(AnswerFlaw::UnusableToken))
        .map_err(|flaw| success.malformed(flaw))?;
    let token_type = values::token_type(success.get("token_type")).map_err(|flaw| success.malformed(flaw))?;
    let (expires_at, flaw) = match values::expires_at(success.get("expires_in"), now) {
        Ok(expires_at) if expires_at > now => (expires_at, None),
        Ok(expires_at) => {
            let flaw = AuthError::ExpiredOnArrival {
                expires_at,
                now,
                log_id: success.log_id.clone(),
            };
            (expires_at, Some(flaw))
        }
        Err(flaw) => (now, Some(success.malformed(flaw))),
    };
    match (flaw, refresh_token) {
        (Some(flaw), None) => Err(flaw),
        (flaw, refresh_token) => Ok(Issued {
            token_set: TokenSet {
                access_token,
                token_type,
                issued_at: now,
                expires_at: Some(expires_at),
                refresh_expires_at: refresh_token.as_ref().map(|_| now + REFRESH_LIFETIME),
                refresh_token,
            },
            flaw,
        }),
    }
}

/// Reads the answer of RFC 8628 section 3.2. Its `expires_in` is a duration (protocol 3.4).
fn device_login(success: &Success, now: UnixSeconds) -> Result<DeviceLogin, AuthError> {
    let device_code = success.text("device_code").ok_or(AnswerFlaw::NoDeviceCode);
    let device_code = device_code
        .and_then(|text| DeviceCode::parse(text).map_err(AnswerFlaw::UnusableToken))
        .map_err(|flaw| success.malformed(flaw))?;
    // The platform's table says integer, its example shows letters (protocol 3.4).
    let user_code = match success.get("user_code") {
        Some(Value::String(text)) if !text.trim().is_empty() => printable(text.trim()),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(success.malformed(AnswerFlaw::NoUserCode)),
    };
    let page = |name| success.text(name).and_then(page_address);
    let verification_uri = page("verification_uri").ok_or_else(|| success.malformed(AnswerFlaw::NoVerificationUri))?;
    let verification_uri_complete = page("verification_uri_complete").unwrap_or_else(|| {
        let mut url = verification_uri.clone();
        url.query_pairs_mut().append_pair("user_code", &user_code);
        url
    });
    let seconds = |name| success.get(name).and_then(values::whole_number);
    let positive = |name| {
        seconds(name)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
    };
    let expires_at = match success.get("expires_in") {
        None => now + USUAL_DEVICE_LOGIN,
        given => values::expires_at(given, now).map_err(|flaw| success.malformed(flaw))?,
    };
    Ok(DeviceLogin {
        device_code,
        polling: Polling {
            interval: positive("interval").map_or(USUAL_INTERVAL, Duration::from_secs),
            expires_at,
        },
        user_code,
        verification_uri,
        verification_uri_complete,
        expires_at,
    })
}

/// Takes an address that a person may be sent to: a page, and no `javascript:` or `file:`.
fn page_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}
