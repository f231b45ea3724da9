//! The HTTP client for everything but proxied traffic: one policy for time, redirects and proxies.
//!
//! No redirects: the token endpoint never answers with one, and following one would carry the assertion elsewhere. The
//! environment's proxies (`HTTPS_PROXY`, `NO_PROXY`) are honoured, except on the way to this machine.

use crate::region::Endpoints;
use std::time::Duration;

/// How long a connection (name, TCP, TLS) may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request may take altogether, until the last byte of its answer.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds the client that fits a platform.
///
/// For a platform on this machine without TLS (the emulator) it does not load the system's certificates, which is most of
/// the time that building a client takes (10 ms).
pub fn http_client_for(endpoints: &Endpoints, user_agent: &str) -> Result<reqwest::Client, TransportError> {
    if !endpoints.is_loopback() {
        http_client(user_agent)
    } else if endpoints.api_base.scheme() == "http" {
        build(policy(user_agent).no_proxy().tls_certs_only([]))
    } else {
        loopback_http_client(user_agent)
    }
}

/// Builds a client for any address out in the world.
pub fn http_client(user_agent: &str) -> Result<reqwest::Client, TransportError> {
    build(policy(user_agent))
}

/// Builds a client for addresses on this machine. It asks no proxy, since a proxy elsewhere would take `127.0.0.1` for
/// itself.
pub fn loopback_http_client(user_agent: &str) -> Result<reqwest::Client, TransportError> {
    build(policy(user_agent).no_proxy())
}

fn policy(user_agent: &str) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
}

fn build(policy: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    policy.build().map_err(|source| TransportError { source })
}

/// The client could not be built: the user agent cannot stand in a header, or TLS is not available.
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
