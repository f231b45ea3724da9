//! `ports`: who holds the addresses of the two services, and is it us.

use super::running;
use crate::args::PortsArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use crate::ports::{self, Holder, Process};
use cozegate_config::{ConfigErrors, MistakeKind, ServerConfig};
use cozegate_gateway::Service;
use serde::Serialize;
use serde_json::json;
use std::net::SocketAddr;

/// Looks at both addresses; fails with "port taken" when a stranger holds one.
pub(super) fn run(arguments: &PortsArguments, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let server = addresses(arguments, context)?;
    let found = [
        ("proxy", Service::Proxy, server.proxy_addr),
        ("auth", Service::Auth, server.auth_addr),
    ]
    .map(|(name, service, address)| (name, address, ports::find_holder(service, address)));
    if output.is_json() {
        let ports: Vec<PortAnswer<'_>> = found.iter().map(PortAnswer::new).collect();
        print_json(&json!({ "ports": ports }));
    } else {
        for (name, address, holder) in &found {
            print_result(&format!(
                "{name:<6} {address}  {}",
                running::holder_text(context, holder)
            ));
        }
    }
    let strangers: Vec<String> = found
        .iter()
        .filter(|(_, _, holder)| matches!(holder, Holder::Stranger { .. }))
        .map(|(_, address, _)| address.to_string())
        .collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let message = output.text("cli-ports-taken", &[("addresses", &strangers.join(", "))]);
    Err(Failure::new(FailureKind::PortTaken, message)
        .with_hint(output.text("cli-hint-other-addresses", &[]))
        .said_in_result())
}

/// The configured addresses; where nothing is configured, or not yet rightly, our usual ones.
fn addresses(arguments: &PortsArguments, context: &Context) -> Result<ServerConfig, Failure> {
    match context.load(&arguments.source, vec![]) {
        Ok(loaded) => Ok(loaded.config.server),
        Err(errors) if arguments.source.config.is_some() => Err(context.config_failure(&errors)),
        Err(errors) => {
            if !is_absent(&errors) {
                context
                    .output
                    .warning(&context.output.text("cli-ports-usual-addresses", &[]));
            }
            Ok(ServerConfig::default())
        }
    }
}

fn is_absent(errors: &ConfigErrors) -> bool {
    errors
        .mistakes()
        .iter()
        .all(|mistake| matches!(mistake.kind, MistakeKind::NoConfiguration { .. }))
}

/// One address in the result with `--json`.
#[derive(Debug, Serialize)]
struct PortAnswer<'a> {
    service: &'a str,
    address: SocketAddr,
    /// `free`, `cozegate` or `taken`.
    state: &'static str,
    version: Option<&'a str>,
    process: Option<&'a Process>,
}

impl<'a> PortAnswer<'a> {
    fn new((service, address, holder): &'a (&'a str, SocketAddr, Holder)) -> Self {
        let (state, version, process) = match holder {
            Holder::Nobody => ("free", None, None),
            Holder::Cozegate { version, process, .. } => ("cozegate", Some(version.as_str()), process.as_ref()),
            Holder::Stranger { process } => ("taken", None, process.as_ref()),
        };
        Self {
            service,
            address: *address,
            state,
            version,
            process,
        }
    }
}
