//! `serve`: both services, or one of them, on the configuration at hand.

use super::running;
use crate::args::{OnlyService, ServeArguments};
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::print_json;
use coze_auth::SystemRandom;
use cozegate_gateway::config::{Config, ConfigSource, Environment, ReloadOutcome, Reloader};
use cozegate_gateway::{Running, Services};
use cozegate_store::GatewaySecret;
use serde::Serialize;
use std::path::PathBuf;

/// The first line of stdout with `--json`; `null` for a service that was not started.
#[derive(Debug, Serialize)]
struct Announcement<'a> {
    proxy: Option<&'a str>,
    auth: Option<&'a str>,
}

/// Serves until Ctrl-C or SIGTERM.
pub(super) fn run(arguments: &ServeArguments, context: &Context) -> Result<(), Failure> {
    let loaded = context.load_aloud(&arguments.source, running::flags(&arguments.addresses))?;
    let secret = load_secret(context, &loaded.config)?;
    let services = match arguments.only {
        None => Services::Both,
        Some(OnlyService::Proxy) => Services::Proxy,
        Some(OnlyService::Auth) => Services::Auth,
    };
    let runtime = context.runtime()?;
    let outcome = runtime.block_on(async {
        // Before the first line is out: who reads it may send a hangup at once.
        let request = context.load_request(&arguments.source, running::flags(&arguments.addresses));
        let reloader = Reloader::new(request, &loaded).map_err(|source| {
            Failure::new(FailureKind::Fault, context.output.text("cli-signals-failed", &[])).because(&source)
        })?;
        let (running, mut signals) = running::start(context, loaded.config.clone(), services, secret)?;
        announce(context, &loaded.config, &running);
        tokio::select! {
            () = signals.next() => {}
            () = follow(context, &running, reloader) => {}
        }
        running::stop_in_order(context, running, signals).await;
        Ok(())
    });
    // After a second signal nobody waits for what is still running.
    runtime.shutdown_background();
    outcome
}

/// Puts every new configuration in force and says what came of it. Goes on for ever; a bad one leaves the old in force.
async fn follow(context: &Context, running: &Running, mut reloader: Reloader) {
    let output = &context.output;
    loop {
        let loaded = match reloader.next().await {
            ReloadOutcome::Loaded(loaded) => loaded,
            ReloadOutcome::Refused(errors) => {
                say_refused(context, context.config_failure(&errors));
                continue;
            }
        };
        context.show_notices(&loaded);
        match running.apply(&loaded.config) {
            Ok(needs_restart) => {
                output.note(&output.text("cli-reloaded", &[]));
                if !needs_restart.is_empty() {
                    let sections = needs_restart.join(", ");
                    output.warning(&output.text("cli-reload-needs-restart", &[("sections", &sections)]));
                }
            }
            Err(error) => say_refused(context, running::explain(context, &error)),
        }
    }
}

/// Says why a new configuration is not in force. With `--json` this goes to nobody's result: the services go on.
fn say_refused(context: &Context, failure: Failure) {
    let hint = context.output.text("cli-reload-refused", &[]);
    context.output.failure(&failure.with_hint(hint).said_in_result());
}

/// Says what listens where; with `--json` as the first line of stdout.
fn announce(context: &Context, config: &Config, running: &Running) {
    let output = &context.output;
    let proxy = running.proxy_addr().map(running::url);
    let auth = running.auth_addr().map(running::url);
    if output.is_json() {
        print_json(&Announcement {
            proxy: proxy.as_deref(),
            auth: auth.as_deref(),
        });
    }
    let source = source_text(context, &config.source);
    let api_base = config
        .app(None)
        .map(|app| app.endpoints.api_base.to_string())
        .unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let args = [
        ("version", version),
        ("source", &source),
        ("app", &config.default_app),
        ("api_base", &api_base),
    ];
    output.note(&output.text("cli-serve-running", &args));
    if let Some(proxy) = &proxy {
        output.note(&output.text("cli-listens-proxy", &[("url", proxy)]));
    }
    if let Some(auth) = &auth {
        output.note(&output.text("cli-listens-auth", &[("url", auth)]));
        output.note(&output.text("cli-open-next", &[("url", &format!("{auth}/chat"))]));
    }
    output.note(&output.text("cli-how-to-stop", &[]));
}

/// Where a configuration comes from, in words.
pub(super) fn source_text(context: &Context, source: &ConfigSource) -> String {
    match source {
        ConfigSource::File { path, .. } => path.display().to_string(),
        ConfigSource::Environment => context.output.text("cli-source-environment", &[]),
        ConfigSource::Demo => context.output.text("cli-source-demo", &[]),
    }
}

/// Reads the secret from which visitors are derived, or makes it. Without a place to keep one, visitors start anew with
/// every start; that is said and served.
fn load_secret(context: &Context, config: &Config) -> Result<GatewaySecret, Failure> {
    let output = &context.output;
    let Some(path) = config
        .visitors
        .secret_file
        .clone()
        .or_else(|| state_directory(&context.environment))
    else {
        output.warning(&output.text("cli-no-state-directory", &[]));
        return Ok(GatewaySecret::throw_away(&SystemRandom));
    };
    GatewaySecret::load_or_create(&path, &SystemRandom).map_err(|source| {
        let path = path.display().to_string();
        Failure::new(
            FailureKind::Configuration,
            output.text("cli-secret-file-failed", &[("path", &path)]),
        )
        .because(&source)
        .with_hint(output.text("cli-hint-secret-file", &[]))
    })
}

/// Where programs keep what must outlive them: the XDG base directories, and their counterpart on Windows.
fn state_directory(environment: &Environment) -> Option<PathBuf> {
    let from = |name: &str| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = from("XDG_STATE_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| from("LOCALAPPDATA"))?;
    Some(base.join("cozegate").join("visitors.secret"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory_with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        state_directory(
            &variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[cfg(unix)]
    #[test]
    fn the_secret_rests_where_programs_keep_their_state() {
        let in_home = directory_with(&[("HOME", "/home/me")]);
        let in_xdg = directory_with(&[("HOME", "/home/me"), ("XDG_STATE_HOME", "/state")]);

        assert_eq!(
            in_home,
            Some(PathBuf::from("/home/me/.local/state/cozegate/visitors.secret"))
        );
        assert_eq!(in_xdg, Some(PathBuf::from("/state/cozegate/visitors.secret")));
        assert_eq!(directory_with(&[("XDG_STATE_HOME", "relative")]), None);
    }
}
