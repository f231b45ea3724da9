//! Who holds an address: nobody, we, or somebody else - and then who.
//!
//! `process` asks the operating system for the process, `identity` asks the address itself whether it is cozegate, be it
//! within TLS (`any_certificate`).

mod any_certificate;
mod identity;
mod process;

pub(crate) use process::Process;

use cozegate_core::guard::Scheme;
use cozegate_gateway::Service;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// What was found at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody listens.
    Nobody,
    /// Another run of ours, and how it is reached.
    Cozegate {
        scheme: Scheme,
        version: String,
        process: Option<Process>,
    },
    /// Somebody else; `None` when the system does not tell us who.
    Stranger { process: Option<Process> },
}

/// Finds out who holds `address`. May take two seconds when a stranger does not answer.
pub(crate) fn find_holder(service: Service, address: SocketAddr) -> Holder {
    match TcpListener::bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
        // Free, or not an address that anybody could hold.
        Ok(_) | Err(_) => return Holder::Nobody,
    }
    let process = process::find_listener(address);
    match identity::find(service, address) {
        Some((scheme, version)) => Holder::Cozegate {
            scheme,
            version,
            process,
        },
        None => Holder::Stranger { process },
    }
}
