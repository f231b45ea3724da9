//! `demo`: both services in front of the built-in emulator. No account, no network, no file that stays.

use super::{emulator, running, state};
use crate::args::DemoArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::print_json;
use coze_auth::{Endpoints, JwtApp, SigningKey, SystemRandom};
use coze_emulator::{Emulator, EmulatorConfig, Info};
use cozegate_gateway::config::{self, AppConfig, ChatBot, Config, Credentials, JwtOptions};
use cozegate_gateway::{Running, Services};
use cozegate_store::GatewaySecret;
use serde::Serialize;
use std::error::Error;

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
    let emulator = emulator::start(context, addr, "--emulator-addr").await?;
    let app = demo_app(&emulator).map_err(|source| {
        Failure::new(FailureKind::Fault, context.output.text("cli-start-failed", &[])).because(source.as_ref())
    })?;
    let flags = running::flags(&arguments.addresses);
    let loaded = config::load_demo(app, &context.directory, &context.environment, &flags)
        .map_err(|errors| context.config_failure(&errors))?;
    context.show_notices(&loaded);
    let config = with_demo_bots(loaded.config, &emulator);

    let secret = GatewaySecret::throw_away(&SystemRandom);
    let backend = state::open_memory(context).await?;
    let (running, mut signals) = running::start(context, config.clone(), Services::Both, secret, backend)?;
    // The folder with the key is removed when this ends.
    let _key_folder = announce(context, &config, &running, &emulator)?;
    signals.next().await;
    running::stop_in_order(context, running, signals).await;
    emulator.shutdown().await;
    Ok(())
}

/// The emulator's app, as if somebody had configured it.
fn demo_app(emulator: &Emulator) -> Result<AppConfig, Box<dyn Error>> {
    let app = emulator.jwt_app();
    let (signing_key, _) = SigningKey::parse(&app.private_key_pem)?;
    Ok(AppConfig {
        name: "demo".to_owned(),
        credentials: Credentials::Jwt {
            client_id: app.client_id,
            public_key_id: app.public_key_id,
            signing_key,
            options: JwtOptions::default(),
        },
        endpoints: Endpoints::from_api_base(&emulator.api_base().parse()?),
        duration_seconds: JwtApp::DEFAULT_DURATION_SECONDS,
    })
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
    let proxy = running.proxy_addr().map(running::url).unwrap_or_default();
    let auth = running.auth_addr().map(running::url).unwrap_or_default();
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
