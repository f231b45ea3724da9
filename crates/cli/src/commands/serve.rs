//! `serve`: both services, or one of them, on the configuration at hand.

use super::{running, state};
use crate::args::{OnlyService, ServeArguments};
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::print_json;
use cozegate_config::{Config, ConfigSource, ReloadOutcome, Reloader};
use cozegate_gateway::{Running, Services};
use serde::Serialize;
use std::time::Duration;

/// How often is spoken of tokens that end soon.
const REMIND_EVERY: Duration = Duration::from_hours(24);

/// The first line of stdout with `--json`; `null` for a service that was not started.
#[derive(Debug, Serialize)]
struct Announcement<'a> {
    proxy: Option<&'a str>,
    auth: Option<&'a str>,
    /// Where visitors reach them, in public mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<PublicAddresses<'a>>,
}

#[derive(Debug, Serialize)]
struct PublicAddresses<'a> {
    proxy: &'a str,
    auth: &'a str,
}

/// Serves until Ctrl-C or SIGTERM.
pub(super) fn run(arguments: &ServeArguments, context: &Context) -> Result<(), Failure> {
    // Before the first secret is read.
    cozegate_core::hardening::forbid_core_dumps();
    let loaded = context.load_aloud(&arguments.source, running::flags(&arguments.addresses))?;
    let secret = state::load_secret(context, &loaded.config)?;
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
        let backend = state::open_store(context, &loaded.config).await?;
        let files = state::files_folder(context, &loaded.config);
        let (running, mut signals) = running::start(context, loaded.config.clone(), services, secret, backend, files)?;
        announce(context, &loaded.config, &running);
        tokio::select! {
            () = signals.next() => {}
            () = remind_daily(context, &running) => {}
            () = follow(context, &running, reloader) => {}
        }
        running::stop_in_order(context, running, signals).await;
        Ok(())
    });
    // After a second signal nobody waits for what is still running.
    runtime.shutdown_background();
    outcome
}

/// Speaks of tokens that end soon, at the start and every day. Goes on for ever.
async fn remind_daily(context: &Context, running: &Running) {
    loop {
        running::remind(context, &running.config());
        tokio::time::sleep(REMIND_EVERY).await;
    }
}

/// Puts every new configuration in force and says what came of it. Goes on for ever; a bad one leaves the old in force.
async fn follow(context: &Context, running: &Running, mut reloader: Reloader) {
    let output = &context.output;
    loop {
        let loaded = match reloader.next().await {
            ReloadOutcome::Loaded(loaded) => loaded,
            ReloadOutcome::Refused(errors) => {
                running.refused_config();
                say_refused(context, context.config_failure(&errors));
                continue;
            }
        };
        context.show_notices(&loaded);
        match running.apply(&loaded.config) {
            Ok(needs_restart) => {
                context.logging.write_as(loaded.config.log.format);
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
    let proxy = running.proxy_addr().map(|addr| running.url_of(addr));
    let auth = running.auth_addr().map(|addr| running.url_of(addr));
    let public = running.public_urls();
    if output.is_json() {
        print_json(&Announcement {
            proxy: proxy.as_deref(),
            auth: auth.as_deref(),
            public: public.as_ref().map(|[proxy, auth]| PublicAddresses { proxy, auth }),
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
        if let Some([_, auth]) = &public {
            output.note(&output.text("cli-public-at", &[("url", auth)]));
        }
        let auth = public.as_ref().map_or(auth, |[_, auth]| auth);
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
