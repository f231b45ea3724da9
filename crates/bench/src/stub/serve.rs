//! The API's connections, and the service that nginx asks for a credential.

use super::answers::json_body;
use super::emitter::{self, Emitter};
use crate::certificates::Certificates;
use crate::wire::{content_length, field, head_end};
use anyhow::Context as _;
use coze_auth::{Clock as _, SystemClock};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The tokens that it gives and takes.
const TOKEN_PREFIX: &[u8] = b"Bearer czs_bench_";

/// How large a piece of a flood is: one event.
const FLOOD_PIECE: usize = 16 * 1024;

/// The running stub. Its threads end with the program.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) api: SocketAddr,
    /// The same with TLS, if there are certificates.
    pub(crate) api_tls: Option<SocketAddr>,
    /// Where nginx asks who a handle is.
    pub(crate) lookup: SocketAddr,
    /// The thread that answers there: its CPU time is part of what nginx needs.
    pub(crate) lookup_thread: u32,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    emitter: Emitter,
    /// Handle -> the whole `Authorization` that goes upstream.
    sessions: RwLock<HashMap<Vec<u8>, Vec<u8>>>,
    wrong_credentials: AtomicU64,
    tokens_given: AtomicU64,
    flood_bytes: AtomicU64,
}

impl Stub {
    pub(crate) fn start(certificates: Option<&Certificates>) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let acceptor = certificates.map(acceptor).transpose()?;
        let (api, _) = on_thread("stub", {
            let shared = Arc::clone(&shared);
            move |listener| serve_api(listener, None, shared)
        })?;
        let api_tls = acceptor
            .map(|acceptor| {
                let shared = Arc::clone(&shared);
                on_thread("stub-tls", move |listener| serve_api(listener, Some(acceptor), shared))
            })
            .transpose()?
            .map(|(addr, _)| addr);
        let (lookup, lookup_thread) = on_thread("lookup", {
            let shared = Arc::clone(&shared);
            move |listener| serve_lookup(listener, shared)
        })?;
        Ok(Self {
            api,
            api_tls,
            lookup,
            lookup_thread,
            shared,
        })
    }

    pub(crate) fn emitter(&self) -> &Emitter {
        &self.shared.emitter
    }

    /// Makes `handle` known to the service that nginx asks.
    pub(crate) fn know(&self, handle: &str, user: usize) {
        let mut sessions = self.shared.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(
            format!("Bearer {handle}").into_bytes(),
            format!("Bearer czs_bench_user_{user}").into_bytes(),
        );
    }

    /// Requests that came without a token of ours.
    pub(crate) fn wrong_credentials(&self) -> u64 {
        self.shared.wrong_credentials.load(Ordering::Relaxed)
    }

    /// What has left us of a flood.
    pub(crate) fn flood_bytes(&self) -> u64 {
        self.shared.flood_bytes.load(Ordering::Relaxed)
    }
}

/// Serves on a thread of its own; returns the address and the thread's number.
fn on_thread<F: Future<Output = ()>>(
    name: &str,
    serve: impl FnOnce(TcpListener) -> F + Send + 'static,
) -> anyhow::Result<(SocketAddr, u32)> {
    let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
    // The standard library lets 128 connections wait, where a measure opens thousands.
    rustix::net::listen(&socket, 4096)?;
    socket.set_nonblocking(true)?;
    let addr = socket.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let id = rustix::thread::gettid().as_raw_nonzero().get();
        // Whoever started us waits for it.
        let _waiting = sender.send(id);
        runtime.block_on(async {
            if let Ok(listener) = TcpListener::from_std(socket) {
                serve(listener).await;
            }
        });
    })?;
    let id = receiver.recv().context("a thread of the stub did not start")?;
    Ok((addr, u32::try_from(id)?))
}

fn acceptor(certificates: &Certificates) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(&certificates.server_chain)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&certificates.server_key)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve_api(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let answer: Arc<[u8]> = with_length(&json_body()).into();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let mut connection = Connection {
                    shared: Arc::clone(&shared),
                    answer: Arc::clone(&answer),
                    buffer: Vec::with_capacity(4096),
                };
                let acceptor = acceptor.clone();
                // How a connection ends is seen, and told, by the other end.
                connections.spawn(async move {
                    stream.set_nodelay(true)?;
                    match acceptor {
                        None => connection.serve_clear(stream).await,
                        Some(acceptor) => connection.serve(&mut acceptor.accept(stream).await?).await.map(drop),
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         X-Tt-Logid: 20261126000000bench\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

struct Connection {
    shared: Arc<Shared>,
    answer: Arc<[u8]>,
    buffer: Vec<u8>,
}

/// What a request is for.
enum Wanted {
    Json,
    Token,
    /// An event stream of this number.
    Stream(usize),
    /// As many bytes of events, as quickly as they go.
    Flood(u64),
}

impl Connection {
    async fn serve_clear(mut self, mut stream: TcpStream) -> anyhow::Result<()> {
        let Some(number) = self.serve(&mut stream).await? else {
            return Ok(());
        };
        stream.write_all(&emitter::opening()).await?;
        self.shared.emitter.take(number, stream.into_std()?);
        Ok(())
    }

    /// Answers until the connection ends, or until a stream is wanted: that is another's work.
    async fn serve(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> anyhow::Result<Option<usize>> {
        loop {
            let Some(length) = read_request(stream, &mut self.buffer).await? else {
                return Ok(None);
            };
            let wanted = self.wanted();
            self.buffer.drain(..length);
            match wanted {
                Wanted::Json => stream.write_all(&self.answer).await?,
                Wanted::Token => {
                    let number = self.shared.tokens_given.fetch_add(1, Ordering::Relaxed);
                    let ends_at = SystemClock.now().0 + 86_399;
                    let body = format!(
                        r#"{{"access_token":"czs_bench_token_{number:020}","expires_in":{ends_at},"token_type":"Bearer"}}"#
                    );
                    stream.write_all(&with_length(body.as_bytes())).await?;
                }
                Wanted::Stream(number) => return Ok(Some(number)),
                Wanted::Flood(bytes) => {
                    stream.write_all(emitter::HEAD).await?;
                    let piece = emitter::filler(FLOOD_PIECE);
                    let mut left = bytes;
                    while left > 0 {
                        stream.write_all(&piece).await?;
                        let sent = u64::try_from(FLOOD_PIECE)?.min(left);
                        self.shared.flood_bytes.fetch_add(sent, Ordering::Relaxed);
                        left -= sent;
                    }
                    stream.write_all(emitter::LAST_CHUNK).await?;
                    return Ok(None);
                }
            }
        }
    }

    fn wanted(&self) -> Wanted {
        let target = self.buffer.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        if target.starts_with(b"/api/permission/oauth2/") {
            return Wanted::Token;
        }
        let is_ours = field(&self.buffer, "authorization:").is_some_and(|value| value.starts_with(TOKEN_PREFIX));
        if !is_ours {
            self.shared.wrong_credentials.fetch_add(1, Ordering::Relaxed);
        }
        let number = |prefix: &str| -> Option<u64> {
            let digits = target.strip_prefix(prefix.as_bytes())?;
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        if let Some(stream) = number("/v3/chat?stream=") {
            Wanted::Stream(usize::try_from(stream).unwrap_or_default())
        } else if let Some(bytes) = number("/v3/chat?flood=") {
            Wanted::Flood(bytes)
        } else {
            Wanted::Json
        }
    }
}

/// Reads until a whole request stands at the beginning of `buffer`, and returns its length; `None` at the end.
async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<Option<usize>> {
    loop {
        if let Some(end) = head_end(buffer) {
            let whole = end + content_length(buffer.get(..end).unwrap_or_default());
            if buffer.len() >= whole {
                return Ok(Some(whole));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Tells nginx what to send upstream for a handle, in a field of the answer's head.
async fn serve_lookup(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((mut stream, _)) = listener.accept() => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    stream.set_nodelay(true)?;
                    let mut buffer = Vec::with_capacity(4096);
                    while let Some(length) = read_request(&mut stream, &mut buffer).await? {
                        let answer = shared.look_up(field(&buffer, "authorization:").unwrap_or_default());
                        buffer.drain(..length);
                        stream.write_all(&answer).await?;
                    }
                    std::io::Result::Ok(())
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Shared {
    fn look_up(&self, authorization: &[u8]) -> Vec<u8> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        match sessions.get(authorization) {
            None => b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Some(upstream) => {
                let start: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Upstream-Authorization: ";
                [start, upstream.as_slice(), b"\r\n\r\n"].concat()
            }
        }
    }
}
