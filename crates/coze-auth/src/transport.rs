//! The HTTP client for everything but proxied traffic: one policy for time, redirects and proxies.
//!
//! No redirects: the token endpoint never answers with one, and following one would carry the assertion elsewhere. The
//! environment's proxies (`HTTPS_PROXY`, `NO_PROXY`) are honoured, except on the way to this machine.

use crate::region::Endpoints;
use std::time::Duration;

/// When we stop waiting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ends {
    /// How long a connection (name, TCP, TLS) may take.
    pub connect: Duration,
    /// How long a request may take altogether, until the last byte of its answer.
    pub total: Duration,
}

impl Default for Ends {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

impl Ends {
    /// Returns the earlier ones of the two.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            connect: self.connect.min(other.connect),
            total: self.total.min(other.total),
        }
    }
}

/// Builds the client that fits a platform.
///
/// For a platform on this machine without TLS (the emulator) it does not load the system's certificates, which is most
/// of the time that building a client takes (10 ms).
pub fn http_client_for(endpoints: &Endpoints, user_agent: &str) -> Result<reqwest::Client, TransportError> {
    http_client_within(Ends::default(), endpoints, user_agent)
}

/// The same with ends of one's own.
pub fn http_client_within(
    ends: Ends,
    endpoints: &Endpoints,
    user_agent: &str,
) -> Result<reqwest::Client, TransportError> {
    let policy = policy(ends, user_agent);
    build(if !endpoints.is_loopback() {
        policy
    } else if endpoints.api_base.scheme() == "http" {
        policy.no_proxy().tls_certs_only([])
    } else {
        policy.no_proxy()
    })
}

/// Builds a client for any address out in the world.
pub fn http_client(user_agent: &str) -> Result<reqwest::Client, TransportError> {
    build(policy(Ends::default(), user_agent))
}

/// Builds a client for addresses on this machine. It asks no proxy, since a proxy elsewhere would take `127.0.0.1` for
/// itself.
pub fn loopback_http_client(user_agent: &str) -> Result<reqwest::Client, TransportError> {
    build(policy(Ends::default(), user_agent).no_proxy())
}

fn policy(ends: Ends, user_agent: &str) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(ends.connect)
        .timeout(ends.total)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
}

fn build(policy: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    policy.build().map_err(|source| TransportError { source })
}

/// The client could not be built: a header field cannot hold the user agent, or TLS is not available.
#[derive(Debug, thiserror::Error)]
#[error("could not set up the HTTP client")]
pub struct TransportError {
    #[source]
    source: reqwest::Error,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Region;
    use url::Url;

    #[test]
    fn clients_can_be_built_for_every_kind_of_platform() {
        for base in [
            "http://127.0.0.1:4010",
            "https://localhost:8443",
            "http://coze.internal",
        ] {
            let endpoints = Endpoints::from_api_base(&Url::parse(base).unwrap());
            assert!(http_client_for(&endpoints, "test/1").is_ok(), "{base}");
        }
        assert!(http_client_for(&Region::China.endpoints(), "test/1").is_ok());
    }

    #[test]
    fn user_agent_that_would_break_a_header_is_refused() {
        assert!(http_client("test/1\r\nX-Injected: 1").is_err());
    }
}
