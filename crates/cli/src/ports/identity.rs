//! Asks an address whether cozegate listens there, in clear and then within TLS: both services say
//! `"service": "cozegate"` about themselves.

use super::any_certificate;
use cozegate_core::guard::Scheme;
use cozegate_gateway::Service;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A stranger may accept and say nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Our answers are far shorter; a stranger may send without end.
const LONGEST_ANSWER_BYTES: u64 = 64 * 1024;

/// Returns the version of the cozegate at `address` and how it is reached; `None` when something else answers, or nothing.
pub(super) fn find(service: Service, address: SocketAddr) -> Option<(Scheme, String)> {
    let path = match service {
        Service::Proxy => "/",
        Service::Auth => "/livez",
    };
    [Scheme::Http, Scheme::Https].into_iter().find_map(|scheme| {
        let version = version_in(&ask(scheme, address, path)?)?;
        Some((scheme, version))
    })
}

fn ask(scheme: Scheme, address: SocketAddr, path: &str) -> Option<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    match scheme {
        Scheme::Http => exchange(stream, address, path),
        Scheme::Https => {
            let name = ServerName::from(address.ip());
            let connection = ClientConnection::new(any_certificate::client_config().ok()?, name).ok()?;
            exchange(StreamOwned::new(connection, stream), address, path)
        }
    }
}

fn exchange(mut stream: impl Read + Write, address: SocketAddr, path: &str) -> Option<String> {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // What came before a time-out or a reset may be the whole answer.
    drop(stream.take(LONGEST_ANSWER_BYTES).read_to_end(&mut answer));
    String::from_utf8(answer).ok()
}

/// Looks for our JSON in the body; chunk sizes around it do not matter.
fn version_in(answer: &str) -> Option<String> {
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let json = body.get(body.find('{')?..=body.rfind('}')?)?;
    let about: Value = serde_json::from_str(json).ok()?;
    let is_us = about.get("service")?.as_str()? == "cozegate";
    is_us.then(|| about.get("version").and_then(Value::as_str).unwrap_or("?").to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn our_own_answer_is_recognised_plain_and_in_chunks() {
        let plain = "HTTP/1.1 200 OK\r\n\r\n{\"service\":\"cozegate\",\"version\":\"1.2.3\"}";
        let chunked = "HTTP/1.1 200 OK\r\n\r\n2a\r\n{\"service\":\"cozegate\",\"version\":\"1.2.3\"}\r\n0\r\n\r\n";

        assert_eq!(version_in(plain).as_deref(), Some("1.2.3"));
        assert_eq!(version_in(chunked).as_deref(), Some("1.2.3"));
    }

    #[test]
    fn anything_else_is_a_stranger() {
        for answer in [
            "",
            "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\n\r\n{\"service\":\"other\"}",
            "HTTP/1.1 200 OK\r\n\r\n}{",
        ] {
            assert_eq!(version_in(answer), None, "{answer}");
        }
    }
}
