//! `token`: a Coze access token on stdout, and nothing else there.

use super::running;
use crate::args::TokenArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use coze_auth::{AuthError, Clock as _, RefusalKind, Scope, SessionName, Subject, SystemClock, Token};
use cozegate_gateway::config::{AppConfig, Config, Credentials};
use serde::Serialize;

/// The result with `--json`. The end is unknown for a personal access token about which nothing is written.
#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    /// A duration in seconds, as RFC 6749 5.1 says; the instant stands beside it.
    expires_in: Option<u64>,
    /// Unix seconds.
    expires_at: Option<i64>,
    app: &'a str,
    session_name: Option<&'a str>,
}

/// Gets a token and prints it.
pub(super) fn run(arguments: &TokenArguments, context: &Context) -> Result<(), Failure> {
    let loaded = context.load_aloud(&arguments.source, vec![])?;
    let app = find_app(context, &loaded.config, arguments.app.as_deref())?;
    let subject = subject(context, arguments)?;
    if is_fixed_token(&app.credentials) && subject != Subject::app() {
        context
            .output
            .warning(&context.output.text("cli-token-options-unused", &[]));
    }
    let runtime = context.runtime()?;
    let token = runtime.block_on(async {
        let tokens = cozegate_gateway::token_source(app, running::token_means());
        let tokens = tokens.map_err(|error| running::explain(context, &error))?;
        tokens
            .access_token(&subject)
            .await
            .map_err(|error| explain(context, app, &error))
    });
    runtime.shutdown_background();
    print(context, app, &subject, &token?);
    Ok(())
}

/// Nobody can ask for such a token to be another one.
const fn is_fixed_token(credentials: &Credentials) -> bool {
    match credentials {
        Credentials::PersonalAccessToken { .. } | Credentials::ServiceAccessToken { .. } => true,
        Credentials::Jwt { .. } | Credentials::Web { .. } | Credentials::Pkce { .. } | Credentials::Device { .. } => {
            false
        }
    }
}

fn find_app<'a>(context: &Context, config: &'a Config, name: Option<&str>) -> Result<&'a AppConfig, Failure> {
    config.app(name).map_err(|unknown| {
        let args = [("name", unknown.name.as_str()), ("known", &unknown.known.join(", "))];
        let failure = Failure::new(FailureKind::Usage, context.output.text("cli-unknown-app", &args));
        match &unknown.suggestion {
            Some(meant) => failure.with_hint(context.output.text("cli-hint-did-you-mean", &[("meant", meant)])),
            None => failure,
        }
    })
}

/// For whom, for how long and for what.
fn subject(context: &Context, arguments: &TokenArguments) -> Result<Subject, Failure> {
    let usage = |id: &str, source: &dyn std::error::Error| {
        Failure::new(FailureKind::Usage, context.output.text(id, &[])).because(source)
    };
    let session_name = arguments.session_name.as_deref().map(SessionName::parse).transpose();
    let session_name = session_name.map_err(|source| usage("cli-token-session-name", &source))?;
    let scope = Scope::new(arguments.permissions.clone(), arguments.bots.clone());
    Ok(Subject {
        session_name,
        duration_seconds: arguments.duration,
        scope,
        session_context: None,
    })
}

fn print(context: &Context, app: &AppConfig, subject: &Subject, token: &Token) {
    let output = &context.output;
    let secret = token.access_token().expose();
    if !output.is_json() {
        print_result(secret);
        return;
    }
    let expires_at = token.expires_at();
    print_json(&TokenAnswer {
        access_token: secret,
        token_type: token.token_type(),
        expires_in: expires_at.map(|end| end.since(SystemClock.now()).as_secs()),
        expires_at: expires_at.map(|end| end.0),
        app: &app.name,
        session_name: subject.session_name.as_ref().map(SessionName::as_str),
    });
}

/// The failure of a request for a token.
fn explain(context: &Context, app: &AppConfig, error: &AuthError) -> Failure {
    let output = &context.output;
    let host = app.endpoints.audience();
    let kind = kind_of(error);
    let message = match kind {
        FailureKind::Authorization => "cli-token-refused",
        FailureKind::Network => "cli-token-unreachable",
        _ => "cli-token-failed",
    };
    let mut failure = Failure::new(kind, output.text(message, &[("host", &host), ("app", &app.name)])).because(error);
    if let AuthError::Refused(refusal) = error.original()
        && let Some(hint) = refusal_hint(refusal.hint)
    {
        failure = failure.with_hint(output.text(hint, &[("host", &host)]));
    }
    match error.log_id() {
        Some(log_id) => failure.with_hint(output.text("cli-hint-log-id", &[("log_id", log_id)])),
        None => failure,
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
