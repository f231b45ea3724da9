//! At which addresses we are reached, and which origins are those of our own pages.
//!
//! On one person's machine that is loopback, under each of its names; in public mode it is what the operator says, since a
//! reverse proxy may stand in front. Pure.

use crate::config::Config;
use crate::guard::{COZE_ORIGINS, OriginList, OwnHosts, Scheme};
use crate::telemetry::labels::Listener;
use http::HeaderMap;
use std::net::SocketAddr;
use url::Url;

/// Configured origins and those of our own pages; on one person's machine these under each of our names, and Coze's, too.
pub(crate) fn origins(config: &Config, [proxy, auth]: [SocketAddr; 2]) -> OriginList {
    let configured = config.cors.origins.iter().map(|origin| origin.as_str().to_owned());
    if let Some(public) = &config.server.public {
        let own = [&public.proxy, &public.auth].map(|url| url.origin().ascii_serialization());
        return configured.chain(own).collect();
    }
    let own = [(Listener::Proxy, proxy), (Listener::Auth, auth)]
        .into_iter()
        .flat_map(|(listener, addr)| own_hosts(config, listener, addr).origins().collect::<Vec<_>>());
    configured.chain(own).chain(COZE_ORIGINS.map(str::to_owned)).collect()
}

/// The names of a listener that is bound to `addr`.
pub(crate) fn own_hosts(config: &Config, listener: Listener, addr: SocketAddr) -> OwnHosts {
    let scheme = scheme(config);
    match (&config.server.public, listener) {
        (Some(public), Listener::Proxy) => OwnHosts::public(&public.proxy, addr, scheme),
        (Some(public), Listener::Auth) => OwnHosts::public(&public.auth, addr, scheme),
        (None, _) => OwnHosts::loopback(addr, scheme),
    }
}

/// How browsers reach us: in public mode as the operator says, since a reverse proxy may speak TLS for us.
pub(crate) fn scheme(config: &Config) -> Scheme {
    let speaks_https = match &config.server.public {
        Some(public) => public.auth.scheme() == "https",
        None => config.server.tls.is_some(),
    };
    if speaks_https { Scheme::Https } else { Scheme::Http }
}

/// An address without a path, as it stands before one.
pub(crate) fn base_of(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The base URL of the listener at `addr` under the name by which a request reached us. The guard has checked `Host` before.
pub(crate) fn base_under_the_same_name(request: &HeaderMap, scheme: Scheme, addr: SocketAddr) -> String {
    let name = request
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse::<http::uri::Authority>().ok())
        .map_or_else(|| addr.ip().to_string(), |authority| authority.host().to_owned());
    format!("{scheme}://{name}:{}", addr.port())
}
