//! The tokens of one app, as commands use them: found by name, got, and explained when there are none.

use super::{running, state};
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use coze_auth::{AuthError, LoginFailure, RefusalKind, Subject, SystemClock, SystemRandom, TokenSource};
use cozegate_config::{AppConfig, Config};
use cozegate_core::apps::TokenMeans;
use cozegate_store::{Backend, HandleRegister};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The source of one app's tokens. To be closed, since a renewal may still be saving what it got.
pub(super) struct AppTokens {
    pub(super) source: TokenSource,
    tasks: TaskTracker,
    backend: Backend,
}

impl AppTokens {
    /// Opens the store if a person has logged in to this app, or may: a login has to be found where it was left. Other
    /// tokens are had anew at any time.
    pub(super) async fn open(context: &Context, config: &Config, app: &AppConfig) -> Result<Self, Failure> {
        let backend = if app.credentials.kind().needs_login() {
            state::open_store(context, config).await?
        } else {
            state::open_memory(context).await?
        };
        let means = TokenMeans::over(&backend, Arc::new(SystemClock), Arc::new(SystemRandom));
        let tasks = means.tasks.clone();
        let source =
            cozegate_core::apps::token_source(app, means).map_err(|error| running::explain(context, &error.into()))?;
        Ok(Self { source, tasks, backend })
    }

    /// Ends every session that was opened with the app's login, also at gateways that run: a page must not go on with
    /// another person's login.
    pub(super) async fn end_sessions(&self, context: &Context, app: &AppConfig) {
        let register = HandleRegister::new(self.backend.clone());
        if register.revoke_all_of(&app.name, &Subject::app()).await.is_err() {
            let output = &context.output;
            output.warning(&output.text("cli-sessions-not-ended", &[]));
        }
    }

    /// Waits for what is under way, then closes the store.
    pub(super) async fn close(self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.backend.close().await;
    }
}

/// Finds the app called `name`, or the default one.
pub(super) fn find_app<'a>(
    context: &Context,
    config: &'a Config,
    name: Option<&str>,
) -> Result<&'a AppConfig, Failure> {
    config.app(name).map_err(|unknown| {
        let args = [("name", unknown.name.as_str()), ("known", &unknown.known.join(", "))];
        let failure = Failure::new(FailureKind::Usage, context.output.text("cli-unknown-app", &args));
        match &unknown.suggestion {
            Some(meant) => failure.with_hint(context.output.text("cli-hint-did-you-mean", &[("meant", meant)])),
            None => failure,
        }
    })
}

/// The failure of a request for a token.
pub(super) fn explain(context: &Context, app: &AppConfig, error: &AuthError) -> Failure {
    let output = &context.output;
    let host = app.endpoints.audience();
    let kind = kind_of(error);
    let message = match error.original() {
        AuthError::LoginRequired { .. } => "cli-login-required",
        AuthError::LoginFailed(LoginFailure::TooLate) => "cli-login-not-finished",
        AuthError::LoginFailed(_) => "cli-login-denied",
        _ => message_of(kind),
    };
    let mut failure = Failure::new(kind, output.text(message, &[("host", &host), ("app", &app.name)])).because(error);
    if let AuthError::Refused(refusal) = error.original()
        && let Some(hint) = refusal_hint(refusal.hint)
    {
        failure = failure.with_hint(output.text(hint, &[("host", &host)]));
    }
    if error.needs_login() {
        failure = failure.with_hint(output.text("cli-hint-login", &[("app", &app.name)]));
    }
    match error.log_id() {
        Some(log_id) => failure.with_hint(output.text("cli-hint-log-id", &[("log_id", log_id)])),
        None => failure,
    }
}

const fn message_of(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Authorization => "cli-token-refused",
        FailureKind::Network => "cli-token-unreachable",
        _ => "cli-token-failed",
    }
}

fn kind_of(error: &AuthError) -> FailureKind {
    match error.original() {
        AuthError::Refused(refusal) => match refusal.hint {
            RefusalKind::Internal | RefusalKind::Other => FailureKind::Upstream,
            _ => FailureKind::Authorization,
        },
        AuthError::PersonalAccessTokenExpired { .. }
        | AuthError::LoginRequired { .. }
        | AuthError::LoginFailed { .. } => FailureKind::Authorization,
        AuthError::Unreachable { .. } | AuthError::TimedOut { .. } => FailureKind::Network,
        AuthError::Unavailable { .. } | AuthError::NotTheApi { .. } | AuthError::MalformedAnswer { .. } => {
            FailureKind::Upstream
        }
        AuthError::ExpiredOnArrival { .. }
        | AuthError::SigningFailed(_)
        | AuthError::LoginUnsupported
        | AuthError::RenewalUnfinished
        | AuthError::Store(_)
        | AuthError::Interrupted
        | AuthError::RecentFailure { .. } => FailureKind::Fault,
    }
}

/// What to do about a refusal; nothing where we do not know better than the platform's own words.
const fn refusal_hint(kind: RefusalKind) -> Option<&'static str> {
    match kind {
        RefusalKind::KeyIdUnknown => Some("cli-hint-key-id-unknown"),
        RefusalKind::ClientIdUnknown => Some("cli-hint-client-id-unknown"),
        RefusalKind::Audience => Some("cli-hint-audience"),
        RefusalKind::Signature => Some("cli-hint-signature"),
        RefusalKind::Expired | RefusalKind::NotYetValid => Some("cli-hint-clock"),
        RefusalKind::AppType | RefusalKind::UnsupportedGrant | RefusalKind::ClientSecret => Some("cli-hint-app-type"),
        RefusalKind::AppDisabled => Some("cli-hint-app-disabled"),
        RefusalKind::EmptyAssertion
        | RefusalKind::AssertionReused
        | RefusalKind::InvalidGrant
        | RefusalKind::InvalidRequest
        | RefusalKind::Internal
        | RefusalKind::Other => None,
    }
}
