//! One exchange with a host of files: look its name up, connect to an allowed address, ask, read the head.
//!
//! The name is looked up once, its addresses are judged, and the connection goes to exactly one of those: nothing below
//! this file resolves anything. That is why there is no general HTTP client here, with its resolver, its proxy variables
//! and its pool; files are few and not the hot path, so each has a connection of its own, which ends with it. With TLS the
//! certificate has to be the name's.

use super::super::connect::tls_connector;
use super::address;
use super::failure::FetchFailure;
use bytes::Bytes;
use cozegate_config::TimeoutsConfig;
use cozegate_core::dns::Resolve;
use cozegate_core::targets::FileTarget;
use http::header::{ACCEPT, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use tokio_util::task::AbortOnDropHandle;
use url::{Host, Url};

const OUR_USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("cozegate/", env!("CARGO_PKG_VERSION")));

/// The way to the hosts of files.
#[derive(Debug)]
pub(super) struct Hosts {
    resolver: Arc<dyn Resolve>,
    connect_timeout: Duration,
    head_timeout: Duration,
    /// Made for the first file that comes over TLS.
    tls: OnceCell<Connector>,
}

struct Connector(TlsConnector);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

/// An answer whose body is still to come, and the connection that it comes on.
pub(super) struct Exchange {
    pub(super) answer: Response<Incoming>,
    pub(super) connection: AbortOnDropHandle<()>,
}

impl Hosts {
    pub(super) fn new(resolver: Arc<dyn Resolve>, timeouts: &TimeoutsConfig) -> Self {
        Self {
            resolver,
            connect_timeout: timeouts.connect,
            head_timeout: timeouts.head,
            tls: OnceCell::new(),
        }
    }

    /// Asks for `target` with `fields` and nothing else: no credential, no cookie, no word of who asks us.
    pub(super) async fn exchange(
        &self,
        method: &Method,
        target: &FileTarget,
        fields: HeaderMap,
    ) -> Result<Exchange, FetchFailure> {
        let request = request(method, target.url(), fields)?;
        let stream = self.connect(target).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| FetchFailure::broken(&error))?;
        let connection = AbortOnDropHandle::new(tokio::runtime::Handle::current().spawn(async move {
            if let Err(error) = connection.await {
                // Whoever reads the answer is told by it.
                tracing::debug!(%error, "A connection to a host of files ended");
            }
        }));
        let answer = timeout(self.head_timeout, sender.send_request(request))
            .await
            .map_err(|_| FetchFailure::Overdue)?
            .map_err(|error| FetchFailure::broken(&error))?;
        super::super::framing::check_frame(&answer, false)
            .map_err(|_| FetchFailure::Broken("the answer is framed in two ways".to_owned()))?;
        Ok(Exchange { answer, connection })
    }

    async fn connect(
        &self,
        target: &FileTarget,
    ) -> Result<Either<TcpStream, tokio_rustls::client::TlsStream<TcpStream>>, FetchFailure> {
        let unusable = || FetchFailure::Unreachable("the URL has no host".to_owned());
        let host = target.url().host().ok_or_else(unusable)?;
        let port = target.url().port_or_known_default().ok_or_else(unusable)?;
        let addresses = self.addresses(&host, target.may_be_private()).await?;
        let tcp = self.connect_to_one_of(&addresses, port).await?;
        if target.url().scheme() != "https" {
            return Ok(Either::Left(tcp));
        }
        let name = match &host {
            Host::Domain(name) => ServerName::try_from((*name).to_owned()).map_err(|_| unusable())?,
            Host::Ipv4(address) => ServerName::from(IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::from(*address)),
        };
        let connector = self.tls.get_or_try_init(async || tls_connector().map(Connector)).await;
        let connector = connector.map_err(|error| FetchFailure::Unreachable(error.to_string()))?;
        let stream = timeout(self.connect_timeout, connector.0.connect(name, tcp)).await;
        stream
            .map_err(|_| FetchFailure::Overdue)?
            .map(Either::Right)
            .map_err(|error| FetchFailure::Unreachable(error.to_string()))
    }

    /// The addresses of `host` that may be connected to; at least one.
    async fn addresses(&self, host: &Host<&str>, may_be_private: bool) -> Result<Vec<IpAddr>, FetchFailure> {
        let mut addresses = match host {
            Host::Ipv4(address) => vec![IpAddr::from(*address)],
            Host::Ipv6(address) => vec![IpAddr::from(*address)],
            Host::Domain(name) => timeout(self.connect_timeout, self.resolver.resolve(name))
                .await
                .map_err(|_| FetchFailure::Overdue)?
                .map_err(|error| FetchFailure::Unreachable(error.to_string()))?,
        };
        if addresses.is_empty() {
            return Err(FetchFailure::Unreachable("the name has no address".to_owned()));
        }
        addresses.retain(|address| address::is_allowed(*address, may_be_private));
        if addresses.is_empty() {
            return Err(FetchFailure::AddressRefused);
        }
        Ok(addresses)
    }

    /// One after the other, so that an address that does not answer takes its share of the time and not all of it.
    async fn connect_to_one_of(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, FetchFailure> {
        let share = self.connect_timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = io::Error::from(io::ErrorKind::TimedOut);
        for address in addresses {
            match timeout(share, TcpStream::connect(SocketAddr::new(*address, port))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => {}
            }
        }
        Err(FetchFailure::Unreachable(last.to_string()))
    }
}

fn request(method: &Method, url: &Url, mut fields: HeaderMap) -> Result<Request<Empty<Bytes>>, FetchFailure> {
    let unusable = |_| FetchFailure::Unreachable("the URL is no request target".to_owned());
    // `Url` has taken the host and port apart; RFC 9112 3.2: the authority goes into `Host`.
    let authority = url.authority();
    fields.insert(
        HOST,
        HeaderValue::from_str(authority).map_err(|error| unusable(error.into()))?,
    );
    fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
    fields.insert(USER_AGENT, OUR_USER_AGENT);
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder().uri(target).body(Empty::new()).map_err(unusable)?;
    *request.method_mut() = method.clone();
    *request.headers_mut() = fields;
    Ok(request)
}
