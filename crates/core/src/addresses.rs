//! At which addresses we are reached, and which origins are those of our own pages.
//!
//! On one person's machine that is loopback, under each of its names; in public mode it is what the operator says, since a
//! reverse proxy may stand in front. Pure.

use crate::guard::{COZE_ORIGINS, OriginList, OwnHosts, Scheme};
use crate::telemetry::labels::Listener;
use cozegate_config::{Config, Mode, Origin};
use http::HeaderMap;
use std::net::SocketAddr;
use url::Url;

/// Configured origins and those of our own pages; on one person's machine these under each of our names, and Coze's, too.
pub fn origins(config: &Config, listeners: [SocketAddr; 2]) -> OriginList {
    foreign_origins(config)
        .iter()
        .chain(own_origins(config, listeners).iter())
        .map(str::to_owned)
        .collect()
}

/// The origins of our own pages.
pub fn own_origins(config: &Config, [proxy, auth]: [SocketAddr; 2]) -> OriginList {
    if let Some(public) = &config.server.public {
        return [&public.proxy, &public.auth]
            .map(|url| url.origin().ascii_serialization())
            .into_iter()
            .collect();
    }
    [(Listener::Proxy, proxy), (Listener::Auth, auth)]
        .into_iter()
        .flat_map(|(listener, addr)| own_hosts(config, listener, addr).origins().collect::<Vec<_>>())
        .collect()
}

/// The origins of pages that are not ours: those of all sites, or on one person's machine the configured ones and Coze's.
pub fn foreign_origins(config: &Config) -> OriginList {
    let coze = match config.mode {
        Mode::Local => COZE_ORIGINS.as_slice(),
        Mode::Public => &[],
    };
    let of_sites = config.sites.values().flat_map(|site| &site.origins);
    let configured = config.cors.origins.iter().chain(of_sites).map(Origin::as_str);
    configured.chain(coze.iter().copied()).map(str::to_owned).collect()
}

/// The names of a listener that is bound to `addr`.
pub fn own_hosts(config: &Config, listener: Listener, addr: SocketAddr) -> OwnHosts {
    let scheme = scheme(config);
    match (&config.server.public, listener) {
        (Some(public), Listener::Proxy) => OwnHosts::public(&public.proxy, addr, scheme),
        (Some(public), Listener::Auth) => OwnHosts::public(&public.auth, addr, scheme),
        (None, _) => OwnHosts::loopback(addr, scheme),
    }
}

/// How browsers reach us: in public mode as the operator says, since a reverse proxy may speak TLS for us.
pub fn scheme(config: &Config) -> Scheme {
    let speaks_https = match &config.server.public {
        Some(public) => public.auth.scheme() == "https",
        None => config.server.tls.is_some(),
    };
    if speaks_https { Scheme::Https } else { Scheme::Http }
}

/// An address without a path, as it stands before one.
pub fn base_of(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The base URL of the listener at `addr` under the name by which a request reached us. The guard has checked `Host` before.
pub fn base_under_the_same_name(request: &HeaderMap, scheme: Scheme, addr: SocketAddr) -> String {
    let name = request
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse::<http::uri::Authority>().ok())
        .map_or_else(|| addr.ip().to_string(), |authority| authority.host().to_owned());
    format!("{scheme}://{name}:{}", addr.port())
}
