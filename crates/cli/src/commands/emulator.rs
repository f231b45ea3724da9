//! `emulator`: the platform's double alone, with everything that a client needs to use it.

use super::running;
use crate::args::{self, EmulatorArguments, PlatformArguments};
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use crate::ports::{self, Holder};
use coze_emulator::{Emulator, EmulatorConfig, Isolation, StartError};
use cozegate_gateway::Service;
use std::io;
use std::net::SocketAddr;
use tempfile::TempDir;

/// Serves until Ctrl-C or SIGTERM.
pub(super) fn run(arguments: &EmulatorArguments, context: &Context) -> Result<(), Failure> {
    let runtime = context.runtime()?;
    let outcome = runtime.block_on(async {
        let mut signals = running::listen_for_signals(context)?;
        let addr = arguments.addr.unwrap_or(EmulatorConfig::default().addr);
        let emulator = start(context, config(&arguments.platform, addr), "--addr").await?;
        // The folder with the key is removed when this ends.
        let _key_folder = write_private_key(context, &emulator)?;
        announce(context, &emulator);
        signals.next().await;
        context.output.note(&context.output.text("cli-stopping", &[]));
        tokio::select! {
            () = emulator.shutdown() => {}
            () = signals.next() => {}
        }
        Ok(())
    });
    runtime.shutdown_background();
    outcome
}

/// The platform that the arguments describe.
pub(super) fn config(arguments: &PlatformArguments, addr: SocketAddr) -> EmulatorConfig {
    let permissions = arguments.app_permission.clone();
    EmulatorConfig {
        addr,
        isolation: match arguments.isolation {
            None | Some(args::Isolation::Session) => Isolation::Session,
            Some(args::Isolation::None) => Isolation::None,
        },
        enforce_scope: arguments.enforce_scope,
        permissions: Some(permissions).filter(|listed| !listed.is_empty()),
        ..EmulatorConfig::default()
    }
}

/// Starts the emulator; `flag` is the one that moves it elsewhere.
pub(super) async fn start(context: &Context, config: EmulatorConfig, flag: &str) -> Result<Emulator, Failure> {
    let output = &context.output;
    Emulator::start(config).await.map_err(|error| match &error {
        StartError::Listen { addr, source } if source.kind() == io::ErrorKind::AddrInUse => {
            // The emulator does not say that it is one; what is asked is who holds the address.
            let holder = match ports::find_holder(Service::Proxy, *addr) {
                Holder::Nobody => Holder::Stranger { process: None },
                holder => holder,
            };
            running::address_taken(context, &output.text("cli-service-emulator", &[]), *addr, &holder, flag)
        }
        StartError::Listen { addr, source } => {
            let message = output.text("cli-address-refused", &[("address", &addr.to_string())]);
            Failure::new(FailureKind::Configuration, message).because(source)
        }
        other => Failure::new(FailureKind::Fault, output.text("cli-start-failed", &[])).because(other),
    })
}

/// Writes the demo app's private key into a folder of its own, which goes when the answer is dropped.
pub(super) fn write_private_key(context: &Context, emulator: &Emulator) -> Result<TempDir, Failure> {
    let folder = TempDir::with_prefix("cozegate-");
    let written = folder.and_then(|folder| emulator.write_private_key(folder.path()).map(|_| folder));
    written.map_err(|source| {
        Failure::new(FailureKind::Fault, context.output.text("cli-key-file-failed", &[])).because(&source)
    })
}

fn announce(context: &Context, emulator: &Emulator) {
    let output = &context.output;
    let info = emulator.info();
    if output.is_json() {
        print_json(&info);
        return;
    }
    print_result(&output.text("cli-emulator-running", &[("version", env!("CARGO_PKG_VERSION"))]));
    print_result(&format!("    COZE_API_BASE={}", info.api_base));
    // The variables that seeds and SDKs use are those of a service app; the other kinds stand in `--json`.
    for (app, public_key_id) in info
        .apps
        .iter()
        .filter_map(|app| Some((app, app.public_key_id.as_ref()?)))
    {
        print_result(&format!("    COZE_CLIENT_ID={}", app.client_id));
        print_result(&format!("    COZE_PUBLIC_KEY={public_key_id}"));
        if let Some(file) = &app.private_key_file {
            print_result(&format!("    COZE_PRIVATE_KEY_PATH={}", file.display()));
        }
    }
    print_result(&output.text("cli-demo-bots", &[]));
    for bot in info.bots {
        let id = if bot.published {
            "cli-bot"
        } else {
            "cli-bot-unpublished"
        };
        print_result(&format!(
            "    {}",
            output.text(id, &[("id", bot.id), ("name", bot.name)])
        ));
    }
    output.note(&output.text("cli-how-to-stop", &[]));
}
