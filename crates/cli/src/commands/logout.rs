//! `logout`: a login is forgotten here, and may be taken elsewhere first.

use super::login::find_login_app;
use super::login_file::{LoginFile, LoginFileError};
use super::tokens::{self, AppTokens};
use crate::args::LogoutArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use coze_auth::{AuthError, Subject, TokenSet};
use cozegate_config::AppConfig;
use serde::Serialize;
use std::path::Path;

/// The result with `--json`.
#[derive(Serialize)]
struct LogoutAnswer<'a> {
    app: &'a str,
    /// Whether somebody was logged in.
    was_logged_in: bool,
    exported_to: Option<&'a Path>,
}

/// Forgets a login. The platform cannot be told (protocol 3.5), and the person is.
pub(super) fn run(arguments: &LogoutArguments, context: &Context) -> Result<(), Failure> {
    let loaded = context.load_aloud(&arguments.source, vec![])?;
    let app = find_login_app(context, &loaded.config, arguments.app.as_deref(), None)?;
    let runtime = context.runtime()?;
    let outcome = runtime.block_on(async {
        let tokens = AppTokens::open(context, &loaded.config, app).await?;
        let ended = log_out(arguments, context, app, &tokens).await;
        if matches!(ended, Ok(true)) {
            tokens.end_sessions(context, app).await;
        }
        tokens.close().await;
        ended
    });
    runtime.shutdown_background();
    let was_logged_in = outcome?;
    let output = &context.output;
    if output.is_json() {
        print_json(&LogoutAnswer {
            app: &app.name,
            was_logged_in,
            exported_to: arguments.export.as_deref().filter(|_| was_logged_in),
        });
        return Ok(());
    }
    if let Some(path) = arguments.export.as_deref().filter(|_| was_logged_in) {
        let args = [("path", &*path.display().to_string())];
        print_result(&output.text("cli-logout-exported", &args));
    }
    let id = if was_logged_in {
        "cli-logout-done"
    } else {
        "cli-logout-nobody"
    };
    print_result(&output.text(id, &[("app", &app.name)]));
    if was_logged_in {
        output.note(&output.text("cli-logout-what-stays", &[]));
    }
    Ok(())
}

/// Returns whether there was a login.
async fn log_out(
    arguments: &LogoutArguments,
    context: &Context,
    app: &AppConfig,
    tokens: &AppTokens,
) -> Result<bool, Failure> {
    let explain = |error: AuthError| tokens::explain(context, app, &error);
    let subject = Subject::app();
    let Some(path) = &arguments.export else {
        return tokens.source.log_out(&subject).await.map_err(explain);
    };
    let client_id = app.credentials.client_id().unwrap_or_default();
    let file = context.directory.join(path);
    let written = |token_set: &TokenSet| LoginFile::of(token_set, client_id).write(&file);
    let handed_over = tokens.source.hand_over_login(&subject, written).await;
    handed_over
        .map_err(explain)?
        .map_err(|error| not_written(context, path, &error))
}

/// The failure of a login that could not be put into a file.
fn not_written(context: &Context, path: &Path, error: &LoginFileError) -> Failure {
    let args = [("path", &*path.display().to_string())];
    let message = context.output.text("cli-logout-not-written", &args);
    Failure::new(FailureKind::Usage, message).because(error)
}
