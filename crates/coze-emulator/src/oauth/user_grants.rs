//! The grants in which a person has allowed an app to act: authorization code, refresh, device code (protocol 3.2).
//!
//! Duration and scope cannot be asked for here.

use super::body::OAuthBody;
use super::client;
use super::refusal::{DeviceOutcome, Refusal};
use super::token_answer::TokenAnswer;
use crate::apps::AppKind;
use crate::ids::random_text;
use crate::journal::OAuthStep;
use crate::logins::{BadCode, CodeClaim, Issued, Poll, Refreshed};
use crate::platform::Platform;
use crate::tokens::{Grant, Identity, Scope, Tenant};
use http::HeaderMap;

/// Life of a user's access token.
const ACCESS_SECONDS: i64 = 15 * 60;
/// Life of a refresh token, counted anew at each rotation.
const REFRESH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// `authorization_code`: a web app shows its secret, a public one the verifier.
pub(super) fn code(
    platform: &Platform,
    headers: &HeaderMap,
    body: &OAuthBody,
    step: &mut OAuthStep,
) -> Result<TokenAnswer, Refusal> {
    let app = client::authenticate(platform, headers, body, &[AppKind::Web, AppKind::Pkce])?;
    let claim = CodeClaim {
        client_id: &app.client_id,
        code: body.required("code")?,
        redirect_uri: body.required("redirect_uri")?,
        verifier: body.text("code_verifier"),
    };
    let tokens = NewTokens::make(platform)?;
    let login = platform
        .logins
        .redeem(&claim, tokens.now)
        .map_err(|bad| bad_code(platform, bad, step))?;
    Ok(begin(platform, &app.client_id, login, tokens, step))
}

/// `refresh_token`: the old one is dead when this returns, whether or not the answer arrives.
pub(super) fn refresh(
    platform: &Platform,
    headers: &HeaderMap,
    body: &OAuthBody,
    step: &mut OAuthStep,
) -> Result<TokenAnswer, Refusal> {
    let kinds = [AppKind::Web, AppKind::Pkce, AppKind::Device];
    let app = client::authenticate(platform, headers, body, &kinds)?;
    let old = body.required("refresh_token")?;
    let tokens = NewTokens::make(platform)?;
    let refreshed = platform
        .logins
        .refresh(&app.client_id, old, tokens.issued(), tokens.now);
    match refreshed {
        Refreshed::Rotated { login, rotation, void } => {
            (step.login, step.rotation) = (Some(login), Some(rotation));
            end(platform, void);
            Ok(tokens.hand_over(platform, &app.client_id))
        }
        Refreshed::Reused { login, void } => {
            (step.login, step.reuse) = (Some(login), true);
            end(platform, void);
            Err(Refusal::InvalidRequest("refresh_token"))
        }
        Refreshed::Unknown => Err(Refusal::InvalidRequest("refresh_token")),
    }
}

/// The device's poll.
pub(super) fn device(
    platform: &Platform,
    headers: &HeaderMap,
    body: &OAuthBody,
    step: &mut OAuthStep,
) -> Result<TokenAnswer, Refusal> {
    let app = client::authenticate(platform, headers, body, &[AppKind::Device])?;
    let device_code = body.required("device_code")?;
    let tokens = NewTokens::make(platform)?;
    let poll = platform
        .logins
        .poll_device(&app.client_id, device_code, platform.clock.now_millis());
    match poll {
        Poll::Approved { login } => Ok(begin(platform, &app.client_id, login, tokens, step)),
        Poll::Pending => Err(Refusal::Device(DeviceOutcome::Pending)),
        Poll::SlowDown => Err(Refusal::Device(DeviceOutcome::SlowDown)),
        Poll::Denied => Err(Refusal::Device(DeviceOutcome::Denied)),
        Poll::Expired => Err(Refusal::Device(DeviceOutcome::Expired)),
        Poll::Unknown => Err(Refusal::InvalidRequest("device_code")),
    }
}

/// A pair of tokens that nobody has seen yet.
struct NewTokens {
    access_token: String,
    refresh_token: String,
    /// Unix seconds.
    now: i64,
}

impl NewTokens {
    fn make(platform: &Platform) -> Result<Self, Refusal> {
        Ok(Self {
            access_token: random_text("czu_").map_err(|_| Refusal::Internal)?,
            // No source shows how a real one begins.
            refresh_token: random_text("").map_err(|_| Refusal::Internal)?,
            now: platform.clock.now(),
        })
    }

    fn issued(&self) -> Issued {
        Issued {
            access_token: self.access_token.clone(),
            refresh_token: self.refresh_token.clone(),
            refresh_expires_at: self.now.saturating_add(REFRESH_SECONDS),
        }
    }

    /// Lets the access token be accepted from now on, and answers with the pair.
    fn hand_over(self, platform: &Platform, client_id: &str) -> TokenAnswer {
        let grant = Grant {
            identity: Identity {
                client_id: Some(client_id.to_owned()),
                session_name: None,
                tenant: Tenant::Own,
            },
            scope: Scope::default(),
            expires_at: self.now.saturating_add(ACCESS_SECONDS),
        };
        let answer = TokenAnswer::new(self.access_token.clone(), Some(self.refresh_token), grant.expires_at);
        platform.tokens.issue(self.access_token, grant, self.now);
        answer
    }
}

fn begin(platform: &Platform, client_id: &str, login: u64, tokens: NewTokens, step: &mut OAuthStep) -> TokenAnswer {
    step.login = Some(login);
    platform.logins.hand_out(login, tokens.issued());
    tokens.hand_over(platform, client_id)
}

fn end(platform: &Platform, access_token: Option<String>) {
    if let Some(token) = access_token {
        platform.tokens.revoke(&token);
    }
}

/// The sheet's table has no `invalid_grant`: what does not fit is an invalid parameter (protocol 4.2).
fn bad_code(platform: &Platform, bad: BadCode, step: &mut OAuthStep) -> Refusal {
    match bad {
        BadCode::Code => Refusal::InvalidRequest("code"),
        BadCode::Spent { login, void } => {
            (step.login, step.reuse) = (Some(login), true);
            end(platform, void);
            Refusal::InvalidRequest("code")
        }
        BadCode::RedirectUri => Refusal::InvalidRequest("redirect_uri"),
        BadCode::Verifier => Refusal::InvalidRequest("code_verifier"),
    }
}
