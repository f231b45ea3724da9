//! What the two listeners share: one value, made at the start, read by every request.

use crate::apps::Apps;
use crate::caller::VisitorKeys;
use crate::config::{ChatConfig, Mode};
use coze_auth::{Clock, Random};
use cozegate_store::HandleTable;
use http::HeaderMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The shared state. Everything in it is read-only or made for many threads.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) mode: Mode,
    /// The app is the emulator's, and nothing is kept.
    pub(crate) is_demo: bool,
    pub(crate) apps: Apps,
    pub(crate) chat: ChatConfig,
    pub(crate) handles: HandleTable,
    pub(crate) handle_lifetime: Duration,
    pub(crate) visitor_keys: VisitorKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Where the proxy listens; when another process runs it, where the configuration says it does.
    pub(crate) proxy_addr: SocketAddr,
    /// The same for the auth service.
    pub(crate) auth_addr: SocketAddr,
    /// Cancelled when we begin to stop.
    pub(crate) stop: CancellationToken,
}

impl Shared {
    /// The proxy's base URL under the name by which the caller reached us, so that a page of `localhost` is sent to
    /// `localhost`. The guard has checked `Host` before.
    pub(crate) fn proxy_base_for(&self, request: &HeaderMap) -> String {
        base_under_the_same_name(request, self.proxy_addr)
    }

    /// The same for the auth service.
    pub(crate) fn auth_base_for(&self, request: &HeaderMap) -> String {
        base_under_the_same_name(request, self.auth_addr)
    }
}

fn base_under_the_same_name(request: &HeaderMap, addr: SocketAddr) -> String {
    let name = request
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse::<http::uri::Authority>().ok())
        .map_or_else(|| addr.ip().to_string(), |authority| authority.host().to_owned());
    format!("http://{name}:{}", addr.port())
}
