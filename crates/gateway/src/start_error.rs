//! Why the services could not start, or could not take a new configuration.

use cozegate_core::apps::AppError;
#[cfg(feature = "otel")]
use cozegate_core::telemetry::traces::TracesError;
use cozegate_proxy::workers::WorkerError;
use cozegate_store::PrivateFileError;
use std::io;
use std::net::SocketAddr;

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// 8080.
    Proxy,
    /// 8081.
    Auth,
}

/// Why the services could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens there already.
    #[error("{addr} is taken")]
    AddressTaken {
        /// Whose address it is.
        service: Service,
        /// Which.
        addr: SocketAddr,
    },
    /// The address cannot be listened on (no such address here, no permission).
    #[error("{addr} cannot be listened on")]
    AddressRefused {
        /// Whose address it is.
        service: Service,
        /// Which.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An app cannot serve.
    #[error(transparent)]
    App(#[from] AppError),
    /// The proxy's threads could not be started.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// Traces cannot be sent where they are to go.
    #[cfg(feature = "otel")]
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// The folder of fetched files cannot be used, or others can change it.
    #[error("fetched files cannot be kept")]
    FilesFolder(#[from] PrivateFileError),
    /// TLS cannot be set up for the listeners.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

impl StartError {
    /// The error of a listener that could not take its address.
    pub(crate) fn of_address(service: Service, addr: SocketAddr, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::AddressTaken { service, addr }
        } else {
            Self::AddressRefused { service, addr, source }
        }
    }
}
