//! Which `Host` values mean us.
//!
//! The comparison is with whole spellings, port included: no suffix, no pattern, no parsing of numbers. What is not
//! spelled exactly like one of ours is not us, so `127.0.0.1.evil.example`, `2130706433` and `[::ffff:127.0.0.1]` need
//! no rule of their own.

use crate::asked::{Asked, Once};
use std::net::SocketAddr;
use url::Url;

/// The names under which people reach a listener on their own machine.
const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How we are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In clear.
    Http,
    /// With a certificate of ours.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The accepted `Host` values of one listener, lower case.
#[derive(Clone, Debug)]
pub struct OwnHosts {
    hosts: Vec<String>,
    scheme: Scheme,
}

impl OwnHosts {
    /// The loopback names with the port of `addr`, and `addr` itself (for 127.0.0.2 and the like).
    pub fn loopback(addr: SocketAddr, scheme: Scheme) -> Self {
        let port = addr.port();
        let mut hosts: Vec<String> = LOOPBACK_NAMES.iter().map(|name| format!("{name}:{port}")).collect();
        hosts.push(addr.to_string());
        if port == scheme.default_port() {
            hosts.extend(LOOPBACK_NAMES.map(str::to_owned));
        }
        Self { hosts, scheme }
    }

    /// The host of the address at which visitors reach us, and the loopback names of the listener at `addr`, by which the
    /// operator and a reverse proxy on the same machine do.
    pub fn public(url: &Url, addr: SocketAddr, scheme: Scheme) -> Self {
        let mut own = Self::loopback(addr, scheme);
        let name = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(scheme.default_port());
        own.hosts.push(format!("{name}:{port}"));
        if port == scheme.default_port() {
            own.hosts.push(name.to_owned());
        }
        own
    }

    /// The origins of our own pages on these hosts.
    pub fn origins(&self) -> impl Iterator<Item = String> + '_ {
        self.hosts.iter().map(|host| format!("{}://{host}", self.scheme))
    }

    /// Whether the request is meant for us. RFC 9112 3.2: exactly one `Host`, and in absolute form the target's
    /// authority counts as well; HTTP/1.0 without `Host` is refused like any other unnamed target.
    pub(super) fn allow(&self, asked: &Asked<'_>) -> bool {
        let named_by_field = matches!(asked.host, Once::One(host) if self.contains(host));
        let named_by_target = asked
            .authority
            .is_none_or(|authority| self.contains(authority.as_bytes()));
        named_by_field && named_by_target
    }

    fn contains(&self, host: &[u8]) -> bool {
        self.hosts.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(host))
    }
}
