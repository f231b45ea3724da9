//! `login`: a person's agreement, kept and renewed from then on; or a login that was made elsewhere.

use super::login_file::{self, LoginFile};
use super::tokens::{self, AppTokens};
use super::{browser, running};
use crate::args::{LoginArguments, LoginFlow};
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_request, print_result};
use crate::ports::{self, Holder};
use coze_auth::{AuthError, Clock as _, Subject, SystemClock, SystemRandom, Token};
use cozegate_config::{AppConfig, AppKind, Config, Credentials, Loaded};
use cozegate_gateway::Service;
use cozegate_portal::login::loopback::{LoopbackError, LoopbackListener};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::Path;
use url::Url;

/// The result with `--json`.
#[derive(Serialize)]
struct LoginAnswer<'a> {
    app: &'a str,
    host: String,
    /// Unix seconds: when the first access token ends. The login itself goes on.
    access_expires_at: Option<i64>,
    /// Unix seconds: until when the login can be renewed without having been used.
    login_expires_at: Option<i64>,
}

/// What a device without `--json` tells on the way; with it, the first line of stdout.
#[derive(Serialize)]
struct DeviceAnswer<'a> {
    user_code: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: &'a str,
    expires_at: i64,
}

/// Logs in, and says until when.
pub(super) fn run(arguments: &LoginArguments, context: &Context) -> Result<(), Failure> {
    let loaded = context.load_aloud(&arguments.source, vec![])?;
    let app = find_login_app(context, &loaded.config, arguments.app.as_deref(), arguments.flow)?;
    let runtime = context.runtime()?;
    let outcome = runtime.block_on(async {
        let tokens = AppTokens::open(context, &loaded.config, app).await?;
        let browser = Browser {
            context,
            loaded: &loaded,
            is_wanted: !arguments.no_browser,
        };
        let logged_in = match &arguments.import {
            Some(path) => import(context, app, &tokens, path).await,
            None => log_in(context, app, &tokens, &browser).await,
        };
        let answer = match &logged_in {
            Ok(token) => {
                tokens.end_sessions(context, app).await;
                Some(answer(app, &tokens, token).await)
            }
            Err(_) => None,
        };
        tokens.close().await;
        logged_in.map(|_| answer)
    });
    runtime.shutdown_background();
    if let Some(answer) = outcome? {
        show(context, &answer);
    }
    Ok(())
}

async fn log_in(
    context: &Context,
    app: &AppConfig,
    tokens: &AppTokens,
    browser: &Browser<'_>,
) -> Result<Token, Failure> {
    match &app.credentials {
        Credentials::Web { redirect_uri, .. } | Credentials::Pkce { redirect_uri, .. } => {
            with_browser(context, app, tokens, redirect_uri, browser).await
        }
        _ => on_another_device(context, app, tokens, browser).await,
    }
}

/// The authorization code grant, with the answer to a listener of ours (RFC 8252 7.3).
async fn with_browser(
    context: &Context,
    app: &AppConfig,
    tokens: &AppTokens,
    redirect_uri: &Url,
    browser: &Browser<'_>,
) -> Result<Token, Failure> {
    let explain = |error: AuthError| tokens::explain(context, app, &error);
    // Before anything opens: an answer must not find the door closed.
    let listener = LoopbackListener::listen(redirect_uri).await;
    let listener = listener.map_err(|error| cannot_listen(context, &browser.loaded.config, app, &error))?;
    let pending = tokens.source.begin_login(redirect_uri.as_str()).map_err(explain)?;
    let url = listener.start_url();
    print_request(&context.output.text("cli-login-open", &[("url", &url)]));
    browser.open(&url);
    let language = context.output.language;
    listener
        .finish(&tokens.source, &Subject::app(), pending, &SystemRandom, language)
        .await
        .map_err(explain)
}

/// The device code grant (RFC 8628).
async fn on_another_device(
    context: &Context,
    app: &AppConfig,
    tokens: &AppTokens,
    browser: &Browser<'_>,
) -> Result<Token, Failure> {
    let explain = |error: AuthError| tokens::explain(context, app, &error);
    let login = tokens.source.begin_device_login().await.map_err(explain)?;
    let (address, code) = (login.verification_uri.as_str(), login.user_code.as_str());
    if context.output.is_json() {
        print_json(&DeviceAnswer {
            user_code: code,
            verification_uri: address,
            verification_uri_complete: login.verification_uri_complete.as_str(),
            expires_at: login.expires_at.0,
        });
    }
    let args = [("url", address), ("code", code)];
    print_request(&context.output.text("cli-login-device", &args));
    browser.open(address);
    tokens
        .source
        .finish_device_login(&Subject::app(), login)
        .await
        .map_err(explain)
}

/// The browser of this machine.
struct Browser<'a> {
    context: &'a Context,
    loaded: &'a Loaded,
    /// Whether the person wants it opened.
    is_wanted: bool,
}

impl Browser<'_> {
    /// Opens it, or leaves that to the person.
    fn open(&self, url: &str) {
        let Self { context, loaded, .. } = self;
        if self.is_wanted && !browser::open(url, loaded.secret_variables(&context.environment)) {
            context.output.note(&context.output.text("cli-login-no-browser", &[]));
        }
    }
}

async fn import(context: &Context, app: &AppConfig, tokens: &AppTokens, path: &Path) -> Result<Token, Failure> {
    let file =
        LoginFile::read(&context.directory.join(path)).map_err(|error| login_file::failure(context, path, &error))?;
    let client_id = app.credentials.client_id().unwrap_or_default();
    let token_set = file
        .into_token_set(client_id, SystemClock.now())
        .map_err(|error| login_file::failure(context, path, &error))?;
    let imported = tokens.source.import_login(&Subject::app(), token_set).await;
    imported.map_err(|error| tokens::explain(context, app, &error))
}

/// Finds the app to log in to: the named one; else the default one, or the only one, in which people log in (in this way).
pub(super) fn find_login_app<'a>(
    context: &Context,
    config: &'a Config,
    name: Option<&str>,
    flow: Option<LoginFlow>,
) -> Result<&'a AppConfig, Failure> {
    let output = &context.output;
    let fits = |app: &&AppConfig| {
        let kind = app.credentials.kind();
        kind.needs_login() && flow.is_none_or(|flow| AppKind::from(flow) == kind)
    };
    if name.is_some() {
        let app = tokens::find_app(context, config, name)?;
        if fits(&app) {
            return Ok(app);
        }
        let args = [("app", app.name.as_str()), ("kind", app.credentials.kind().word())];
        let failure = Failure::new(FailureKind::Usage, output.text("cli-login-other-kind", &args));
        return Err(failure.with_hint(output.text("cli-hint-login-kinds", &[])));
    }
    let default = config.apps.get(&config.default_app).filter(fits);
    let mut others = config.apps.values().filter(fits);
    match (default, others.next(), others.next()) {
        (Some(app), _, _) | (None, Some(app), None) => Ok(app),
        (None, None, _) => {
            let failure = Failure::new(FailureKind::Usage, output.text("cli-login-no-app", &[]));
            Err(failure.with_hint(output.text("cli-hint-login-kinds", &[])))
        }
        (None, Some(_), Some(_)) => {
            let names: Vec<&str> = config.apps.values().filter(fits).map(|app| app.name.as_str()).collect();
            let args = [("names", names.join(", "))];
            let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Err(Failure::new(
                FailureKind::Usage,
                output.text("cli-login-which-app", &args),
            ))
        }
    }
}

/// Why nobody can listen where the platform sends people back to, and what to do instead.
fn cannot_listen(context: &Context, config: &Config, app: &AppConfig, error: &LoopbackError) -> Failure {
    let output = &context.output;
    match error {
        LoopbackError::Taken(addr) => taken(context, config, app, *addr),
        LoopbackError::Refused { addr, source } => {
            let args = [("address", &*addr.to_string())];
            Failure::new(FailureKind::Configuration, output.text("cli-address-refused", &args)).because(source)
        }
        other => {
            let failure = Failure::new(FailureKind::Configuration, output.text("cli-login-elsewhere", &[]));
            let failure = failure.because(other);
            match page_within_tls(config, app, other) {
                Some(url) => failure.with_hint(output.text("cli-hint-login-page-within-tls", &[("url", &url)])),
                None => failure.with_hint(output.text("cli-hint-login-elsewhere", &[])),
            }
        }
    }
}

/// The auth service's page that begins a login, where only the service with its certificate can take the answer.
fn page_within_tls(config: &Config, app: &AppConfig, error: &LoopbackError) -> Option<String> {
    let LoopbackError::Elsewhere(redirect_uri) = error else {
        return None;
    };
    let is_ours = config.server.tls.is_some()
        && redirect_uri.scheme() == "https"
        && redirect_uri.port_or_known_default() == Some(config.server.auth_addr.port());
    let origin = redirect_uri.origin().ascii_serialization();
    is_ours.then(|| format!("{origin}/login?app={}", app.name))
}

/// The port is held: by our own service, whose pages do the same, or by somebody else.
fn taken(context: &Context, config: &Config, app: &AppConfig, addr: SocketAddr) -> Failure {
    let output = &context.output;
    let holder = ports::find_holder(Service::Auth, addr);
    let name = output.text("cli-login-listener", &[]);
    let failure = running::taken(context, &name, addr, &holder);
    if let Holder::Cozegate { scheme, .. } = holder {
        let url = format!("{scheme}://{addr}/login?app={}", app.name);
        return failure.with_hint(output.text("cli-hint-login-page", &[("url", &url)]));
    }
    let has_device = config
        .apps
        .values()
        .any(|app| app.credentials.kind() == AppKind::Device);
    let hint = if has_device {
        "cli-hint-login-use-device"
    } else {
        "cli-hint-login-port"
    };
    failure.with_hint(output.text(hint, &[]))
}

async fn answer<'a>(app: &'a AppConfig, tokens: &AppTokens, token: &Token) -> LoginAnswer<'a> {
    // The login was saved a moment ago; without its end the rest is still worth saying.
    let status = tokens.source.login_status(&Subject::app()).await.ok().flatten();
    LoginAnswer {
        app: &app.name,
        host: app.endpoints.audience(),
        access_expires_at: token.expires_at().map(|end| end.0),
        login_expires_at: status.and_then(|status| status.refresh_expires_at).map(|end| end.0),
    }
}

fn show(context: &Context, answer: &LoginAnswer<'_>) {
    let output = &context.output;
    if output.is_json() {
        print_json(answer);
        return;
    }
    let args = [("app", answer.app), ("host", answer.host.as_str())];
    print_result(&output.text("cli-login-done", &args));
    output.note(&output.text("cli-login-next", &args));
}

impl From<LoginFlow> for AppKind {
    fn from(flow: LoginFlow) -> Self {
        match flow {
            LoginFlow::Web => Self::Web,
            LoginFlow::Pkce => Self::Pkce,
            LoginFlow::Device => Self::Device,
        }
    }
}
