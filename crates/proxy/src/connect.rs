//! Opens connections to the configured API and WebSocket bases, in clear or with TLS.
//!
//! HTTP/1.1 only: one connection carries one exchange, so a slow stream never stands in another's way
//! (`docs/decisions/0003-proxy-on-plain-hyper.md`).

use super::pool::Connection;
use super::upload::Upload;
use cozegate_core::connections::probe_when_silent;
use futures_util::FutureExt as _;
use http::header::HeaderValue;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use tokio_util::task::TaskTracker;
use url::Url;

/// What a connection may hold in memory, each way: a quick platform is not to fill it for a caller who reads slowly. The
/// head of an answer has to fit in. The least that hyper takes.
pub(super) const MAX_BUFFER_BYTES: usize = 8 * 1024;

/// Where requests go: the parts of the API base, taken apart once.
#[derive(Clone)]
pub(super) struct Target {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    host_field: HeaderValue,
    base_path: String,
}

/// Why an API base cannot be connected to, whatever the network does.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Neither `http`, `https`, `ws` nor `wss`, or without a host.
    #[error("{0} is no http, https, ws or wss address")]
    NotHttp(String),
    /// TLS cannot be set up (no trusted certificates on this system, for example).
    #[error("TLS cannot be set up on this system")]
    Tls(#[from] rustls::Error),
}

impl Target {
    /// Takes `api_base` apart.
    pub(super) fn new(api_base: &Url) -> Result<Self, TargetError> {
        let not_http = || TargetError::NotHttp(api_base.to_string());
        let host = api_base.host_str().ok_or_else(not_http)?;
        let port = api_base.port_or_known_default().ok_or_else(not_http)?;
        let tls = match api_base.scheme() {
            "http" | "ws" => None,
            "https" | "wss" => Some((tls_connector()?, server_name(host).ok_or_else(not_http)?)),
            _ => return Err(not_http()),
        };
        let authority = match api_base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            // A literal IPv6 address stands in brackets in a URL and without them in a socket address.
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            tls,
            host_field: HeaderValue::from_str(&authority).map_err(|_| not_http())?,
            base_path: api_base.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The value of `Host`.
    pub(super) fn host_field(&self) -> &HeaderValue {
        &self.host_field
    }

    /// What stands before every path; empty for the official bases.
    pub(super) fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether it is spoken to in clear.
    pub(super) fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Opens a connection. Its task runs on `tasks`, on the runtime of the caller, until either side closes.
    pub(super) async fn connect(&self, tasks: &TaskTracker) -> io::Result<Connection> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        probe_when_silent(&tcp)?;
        let stream = match &self.tls {
            None => Either::Left(tcp),
            Some((connector, name)) => Either::Right(connector.connect(name.clone(), tcp).await?),
        };
        let (sender, connection) = http1()
            .handshake::<_, Upload>(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // Not in an async block, which would have room for the connection twice.
        let task = tasks.spawn(connection.with_upgrades().map(|outcome| {
            if let Err(error) = outcome {
                // The exchange that was on it has told its caller; an idle one concerns nobody.
                tracing::debug!(%error, "An upstream connection ended");
            }
        }));
        Ok(Connection::new(sender, task))
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("host_field", &self.host_field)
            .field("base_path", &self.base_path)
            .finish_non_exhaustive()
    }
}

/// How HTTP/1.1 is spoken with the platform.
pub(super) fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_BUFFER_BYTES);
    builder
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()
}

/// TLS with the operating system's trust, so that a company's own certificate authority works as everywhere else.
pub(super) fn tls_connector() -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
