//! What `serve` and `demo` share: starting the services, explaining why they do not start, waiting for the end.

use crate::args::AddressArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::ports::{self, Holder, Process};
use crate::stop_signal::StopSignal;
use coze_auth::{Clock as _, SystemClock, SystemRandom};
use cozegate_config::{Config, Credentials, Flag};
use cozegate_core::dns::SystemResolver;
use cozegate_core::reminder;
use cozegate_gateway::{Running, Service, Services, StartError, StartRequest};
use cozegate_store::{Backend, GatewaySecret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The flags that set addresses.
pub(super) const PROXY_FLAG: &str = "--proxy-addr";
pub(super) const AUTH_FLAG: &str = "--auth-addr";

/// The addresses that were typed, as settings over everything else.
pub(super) fn flags(addresses: &AddressArguments) -> Vec<Flag> {
    let flag = |name, key, value: Option<SocketAddr>| {
        value.map(|value| Flag {
            name,
            key,
            value: value.to_string(),
        })
    };
    [
        flag(PROXY_FLAG, "server.proxy_addr", addresses.proxy_addr),
        flag(AUTH_FLAG, "server.auth_addr", addresses.auth_addr),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Starts the services. The signals listen already when this returns, so that an early Ctrl-C is an orderly one.
pub(super) fn start(
    context: &Context,
    config: Config,
    services: Services,
    secret: GatewaySecret,
    backend: Backend,
    files_folder: Option<PathBuf>,
) -> Result<(Running, StopSignal), Failure> {
    context.logging.write_as(config.log.format);
    let signals = listen_for_signals(context)?;
    let request = StartRequest {
        config,
        services,
        secret,
        backend,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        resolver: Arc::new(SystemResolver),
        files_folder,
    };
    let running = cozegate_gateway::start(request).map_err(|error| explain(context, &error))?;
    Ok((running, signals))
}

/// Speaks of every fixed token that ends within a week, or has ended: nobody can renew it.
pub(super) fn remind(context: &Context, config: &Config) {
    let now = SystemClock.now();
    for app in config.apps.values() {
        let end = match &app.credentials {
            Credentials::PersonalAccessToken { expires_at, .. }
            | Credentials::ServiceAccessToken { expires_at, .. } => *expires_at,
            Credentials::Jwt { .. }
            | Credentials::Web { .. }
            | Credentials::Pkce { .. }
            | Credentials::Device { .. } => None,
        };
        let Some(end) = reminder::ending_soon(end, now) else {
            continue;
        };
        let days = reminder::days_left(end, now).to_string();
        let id = if now >= end {
            "cli-token-ended"
        } else {
            "cli-token-ends-soon"
        };
        let args = [("app", app.name.as_str()), ("days", days.as_str())];
        context.output.warning(&context.output.text(id, &args));
    }
}

/// Begins to listen for Ctrl-C and SIGTERM.
pub(super) fn listen_for_signals(context: &Context) -> Result<StopSignal, Failure> {
    StopSignal::listen().map_err(|source| {
        Failure::new(FailureKind::Fault, context.output.text("cli-signals-failed", &[])).because(&source)
    })
}

/// Lets running answers end; a second signal ends at once.
pub(super) async fn stop_in_order(context: &Context, running: Running, mut signals: StopSignal) {
    context.output.note(&context.output.text("cli-stopping", &[]));
    running.stop();
    tokio::select! {
        () = running.stopped() => {}
        () = signals.next() => {}
    }
}

/// The failure of a start.
pub(super) fn explain(context: &Context, error: &StartError) -> Failure {
    match error {
        StartError::AddressTaken { service, addr } => {
            let (name, flag) = match service {
                Service::Proxy => ("cli-service-proxy", PROXY_FLAG),
                Service::Auth => ("cli-service-auth", AUTH_FLAG),
            };
            let holder = ports::find_holder(*service, *addr);
            address_taken(context, &context.output.text(name, &[]), *addr, &holder, flag)
        }
        StartError::AddressRefused { addr, source, .. } => {
            let message = context
                .output
                .text("cli-address-refused", &[("address", &addr.to_string())]);
            Failure::new(FailureKind::Configuration, message).because(source)
        }
        StartError::FilesFolder(source) => Failure::new(
            FailureKind::Configuration,
            context.output.text("cli-files-folder-refused", &[]),
        )
        .because(source),
        other => Failure::new(FailureKind::Fault, context.output.text("cli-start-failed", &[])).because(other),
    }
}

/// The failure of an address that somebody else holds: who, and how to move out of the way.
pub(super) fn address_taken(
    context: &Context,
    service: &str,
    address: SocketAddr,
    holder: &Holder,
    flag: &str,
) -> Failure {
    let output = &context.output;
    let failure = taken(context, service, address, holder);
    let failure = match holder {
        Holder::Cozegate { .. } => failure.with_hint(output.text("cli-hint-already-running", &[])),
        Holder::Nobody | Holder::Stranger { .. } => failure,
    };
    failure.with_hint(output.text("cli-hint-other-address", &[("flag", flag)]))
}

/// The failure of an address that somebody else holds: who.
pub(super) fn taken(context: &Context, service: &str, address: SocketAddr, holder: &Holder) -> Failure {
    let output = &context.output;
    let address = address.to_string();
    let who = holder_text(context, holder);
    let args = [
        ("service", service),
        ("address", address.as_str()),
        ("holder", who.as_str()),
    ];
    Failure::new(FailureKind::PortTaken, output.text("cli-address-taken", &args))
}

/// Who holds an address, in words.
pub(super) fn holder_text(context: &Context, holder: &Holder) -> String {
    let output = &context.output;
    let process_text = |process: &Process| {
        let pid = process.pid.to_string();
        let id = if process.name.is_empty() {
            "cli-process-by-pid"
        } else {
            "cli-process"
        };
        output.text(id, &[("name", process.name.as_str()), ("pid", pid.as_str())])
    };
    match holder {
        Holder::Nobody => output.text("cli-holder-nobody", &[]),
        Holder::Cozegate {
            version, process: None, ..
        } => output.text("cli-holder-cozegate", &[("version", version)]),
        Holder::Cozegate {
            version,
            process: Some(process),
            ..
        } => {
            let pid = process.pid.to_string();
            output.text("cli-holder-cozegate-process", &[("version", version), ("pid", &pid)])
        }
        Holder::Stranger { process: None } => output.text("cli-holder-unknown", &[]),
        Holder::Stranger { process: Some(process) } => process_text(process),
    }
}
