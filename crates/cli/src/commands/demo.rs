//! `demo`: both services in front of the built-in emulator. No account, no network, no file that stays.

use super::{emulator, running, state};
use crate::args::DemoArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::print_json;
use coze_auth::{ChallengeMethod, Endpoints, JwtApp, SigningKey, SystemRandom};
use coze_emulator::{Emulator, EmulatorConfig, Info};
use cozegate_config::{AppConfig, AppKind, ChatBot, Config, Credentials, JwtOptions, SecretText};
use cozegate_gateway::{Running, Services};
use cozegate_store::GatewaySecret;
use serde::Serialize;
use std::error::Error;
use url::Url;

/// Until the auth service has its address.
const REDIRECT_URI: &str = "http://127.0.0.1:8081/callback";

/// The first line of stdout with `--json`.
#[derive(Debug, Serialize)]
struct Announcement<'a> {
    proxy: &'a str,
    auth: &'a str,
    emulator: Info,
}

/// Serves until Ctrl-C or SIGTERM.
pub(super) fn run(arguments: &DemoArguments, context: &Context) -> Result<(), Failure> {
    let runtime = context.runtime()?;
    let outcome = runtime.block_on(serve(arguments, context));
    runtime.shutdown_background();
    outcome
}

async fn serve(arguments: &DemoArguments, context: &Context) -> Result<(), Failure> {
    let addr = arguments.emulator_addr.unwrap_or(EmulatorConfig::default().addr);
    let platform = emulator::config(&arguments.platform, addr);
    let emulator = emulator::start(context, platform, "--emulator-addr").await?;
    let apps = demo_apps(&emulator).map_err(|source| {
        Failure::new(FailureKind::Fault, context.output.text("cli-start-failed", &[])).because(source.as_ref())
    })?;
    let flags = running::flags(&arguments.addresses);
    let loaded = cozegate_config::load_demo(apps, &context.directory, &context.environment, &flags)
        .map_err(|errors| context.config_failure(&errors))?;
    context.show_notices(&loaded);
    let mut config = with_demo_bots(loaded.config, &emulator);

    let secret = GatewaySecret::throw_away(&SystemRandom);
    let backend = state::open_memory(context).await?;
    let (running, mut signals) = running::start(context, config.clone(), Services::Both, secret, backend, None)?;
    bring_logins_back(context, &mut config, &running, &emulator)?;
    // The folder with the key is removed when this ends.
    let _key_folder = announce(context, &config, &running, &emulator)?;
    signals.next().await;
    running::stop_in_order(context, running, signals).await;
    emulator.shutdown().await;
    Ok(())
}

/// The emulator's apps, as if somebody had configured them: the service app first, then one for each way to log in.
fn demo_apps(emulator: &Emulator) -> Result<Vec<AppConfig>, Box<dyn Error>> {
    let endpoints = Endpoints::from_api_base(&emulator.api_base().parse()?);
    let redirect_uri: Url = REDIRECT_URI.parse()?;
    let mut apps = Vec::new();
    for app in emulator.apps().list() {
        let client_id = app.client_id.clone();
        let (name, credentials) = match app.kind {
            coze_emulator::AppKind::Jwt => ("demo", jwt_credentials(emulator)?),
            coze_emulator::AppKind::Web => {
                let client_secret = app.client_secret.as_ref().map_or("", |secret| secret.expose());
                let credentials = Credentials::Web {
                    client_id,
                    client_secret: SecretText::new(client_secret),
                    redirect_uri: redirect_uri.clone(),
                    workspace_id: None,
                };
                ("demo-web", credentials)
            }
            coze_emulator::AppKind::Pkce => {
                let credentials = Credentials::Pkce {
                    client_id,
                    redirect_uri: redirect_uri.clone(),
                    workspace_id: None,
                    challenge_method: ChallengeMethod::S256,
                };
                ("demo-pkce", credentials)
            }
            coze_emulator::AppKind::Device => {
                let credentials = Credentials::Device {
                    client_id,
                    workspace_id: None,
                };
                ("demo-device", credentials)
            }
        };
        apps.push(AppConfig {
            name: name.to_owned(),
            credentials,
            endpoints: endpoints.clone(),
            duration_seconds: JwtApp::DEFAULT_DURATION_SECONDS,
        });
    }
    apps.sort_by_key(|app| app.credentials.kind() != AppKind::Jwt);
    Ok(apps)
}

fn jwt_credentials(emulator: &Emulator) -> Result<Credentials, Box<dyn Error>> {
    let app = emulator.jwt_app();
    let (signing_key, _) = SigningKey::parse(&app.private_key_pem)?;
    Ok(Credentials::Jwt {
        client_id: app.client_id,
        public_key_id: app.public_key_id,
        signing_key,
        options: JwtOptions::default(),
    })
}

/// Registers the address that the auth service was given, and sends logins back there: the port may be any.
fn bring_logins_back(
    context: &Context,
    config: &mut Config,
    running: &Running,
    emulator: &Emulator,
) -> Result<(), Failure> {
    let failure = |source: &dyn Error| {
        Failure::new(FailureKind::Fault, context.output.text("cli-start-failed", &[])).because(source)
    };
    let auth = running.auth_addr().map(|addr| running.url_of(addr)).unwrap_or_default();
    let own: Url = format!("{auth}/callback").parse().map_err(|source| failure(&source))?;
    for app in config.apps.values_mut() {
        if let Credentials::Web {
            client_id,
            redirect_uri,
            ..
        }
        | Credentials::Pkce {
            client_id,
            redirect_uri,
            ..
        } = &mut app.credentials
        {
            redirect_uri.clone_from(&own);
            let registered = emulator.apps().set_redirect_uris(client_id, vec![own.to_string()]);
            registered.map_err(|source| failure(&source))?;
        }
    }
    running.apply(config).map(drop).map_err(|error| failure(&error))
}

/// The chat page offers the emulator's bots.
fn with_demo_bots(mut config: Config, emulator: &Emulator) -> Config {
    let published = emulator.info().bots.into_iter().filter(|bot| bot.published);
    config.chat.bots = published
        .map(|bot| ChatBot {
            id: bot.id.to_owned(),
            name: bot.name.to_owned(),
        })
        .collect();
    config
}

/// Says what listens where and what to try; with `--json` as the first line of stdout.
fn announce(
    context: &Context,
    config: &Config,
    running: &Running,
    emulator: &Emulator,
) -> Result<Option<tempfile::TempDir>, Failure> {
    let output = &context.output;
    let proxy = running
        .proxy_addr()
        .map(|addr| running.url_of(addr))
        .unwrap_or_default();
    let auth = running.auth_addr().map(|addr| running.url_of(addr)).unwrap_or_default();
    let mut key_folder = None;
    if output.is_json() {
        key_folder = Some(emulator::write_private_key(context, emulator)?);
        print_json(&Announcement {
            proxy: &proxy,
            auth: &auth,
            emulator: emulator.info(),
        });
    }
    output.note(&output.text("cli-demo-running", &[("version", env!("CARGO_PKG_VERSION"))]));
    output.note(&output.text("cli-listens-proxy", &[("url", &proxy)]));
    output.note(&output.text("cli-listens-auth", &[("url", &auth)]));
    output.note(&output.text("cli-listens-emulator", &[("url", &emulator.api_base())]));
    output.note(&output.text("cli-open-next", &[("url", &format!("{auth}/chat"))]));
    output.note(&output.text("cli-demo-bots", &[]));
    for bot in &config.chat.bots {
        output.note(&format!("    {}  {}", bot.id, bot.name));
    }
    if let Some(bot) = config.chat.bots.first() {
        output.note(&output.text(
            "cli-demo-try",
            &[("proxy", &proxy), ("auth", &auth), ("bot_id", &bot.id)],
        ));
    }
    output.note(&output.text("cli-how-to-stop", &[]));
    Ok(key_folder)
}
