//! `token`: a Coze access token on stdout, and nothing else there.

use super::running;
use super::tokens::{self, AppTokens};
use crate::args::TokenArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use coze_auth::{Clock as _, Scope, SessionName, Subject, SystemClock, Token};
use cozegate_config::{AppConfig, Credentials};
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
    let app = tokens::find_app(context, &loaded.config, arguments.app.as_deref())?;
    let subject = subject(context, arguments)?;
    running::remind(context, &loaded.config);
    let subject = if takes_no_options(&app.credentials) && subject != Subject::app() {
        context
            .output
            .warning(&context.output.text("cli-token-options-unused", &[]));
        Subject::app()
    } else {
        subject
    };
    let runtime = context.runtime()?;
    let token = runtime.block_on(async {
        let tokens = AppTokens::open(context, &loaded.config, app).await?;
        let token = tokens.source.access_token(&subject).await;
        tokens.close().await;
        token.map_err(|error| tokens::explain(context, app, &error))
    });
    runtime.shutdown_background();
    print(context, app, &subject, &token?);
    Ok(())
}

/// Nobody can ask for such a token to be another one: it is a fixed one, or that of the person who has logged in.
const fn takes_no_options(credentials: &Credentials) -> bool {
    match credentials {
        Credentials::PersonalAccessToken { .. }
        | Credentials::ServiceAccessToken { .. }
        | Credentials::Web { .. }
        | Credentials::Pkce { .. }
        | Credentials::Device { .. } => true,
        Credentials::Jwt { .. } => false,
    }
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
