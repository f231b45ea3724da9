//! The opening handshake (RFC 6455 4.2.1), judged strictly before anything is asked of the platform, and its answer.
//!
//! The caller's key goes upstream and the platform's `Sec-WebSocket-Accept` comes back: so it is the platform itself that
//! proves to the caller that it speaks WebSocket, and no answer of something in between can. The same holds for
//! subprotocols and extensions: the two ends agree on them, and we carry bytes that we do not read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cozegate_core::problem::ProblemKind;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{Method, Response, Version};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const VERSION: HeaderValue = HeaderValue::from_static("13");
/// As most servers spell it. Names are compared in any case, but not by every client.
const SWITCH: HeaderValue = HeaderValue::from_static("Upgrade");
/// Bytes of a key (RFC 6455 4.1, item 7).
const KEY_BYTES: usize = 16;

/// Whether this asks for a WebSocket, well or badly.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
        || headers.contains_key(SEC_WEBSOCKET_KEY)
        || headers.contains_key(SEC_WEBSOCKET_VERSION)
}

/// A handshake that keeps all the rules.
#[derive(Debug)]
pub(super) struct Handshake {
    key: HeaderValue,
    /// Subprotocols and extensions, which the two ends agree on.
    offers: Vec<(HeaderName, HeaderValue)>,
}

impl Handshake {
    /// Judges the head of a request, and whether a body comes with it.
    pub(super) fn check(head: &Parts, has_body: bool) -> Result<Self, ProblemKind> {
        let headers = &head.headers;
        let keeps_the_rules = head.method == Method::GET
            && head.version == Version::HTTP_11
            && has_token(headers, &UPGRADE, "websocket")
            && has_token(headers, &CONNECTION, "upgrade")
            && names_subprotocols_once(headers)
            && !has_body;
        let key = only(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key));
        let version = only(headers, &SEC_WEBSOCKET_VERSION);
        match (keeps_the_rules, key, version) {
            (true, Some(key), Some(version)) if version == VERSION => Ok(Self {
                key: key.clone(),
                offers: offers(headers),
            }),
            // RFC 6455 4.4: who speaks another version is told which one we speak.
            (true, Some(_), Some(_)) => Err(ProblemKind::WebSocketVersion),
            _ => Err(ProblemKind::WebSocketHandshake),
        }
    }

    /// Makes the handshake of a head that was cleaned of everything between the caller and us.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(SEC_WEBSOCKET_KEY, self.key);
        headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        for (name, value) in self.offers {
            headers.append(name, value);
        }
        switch(headers);
    }
}

/// Whether the head of a 101 agrees (RFC 6455 4.1). The proof is the caller's to check: only the caller knows the key.
pub(super) fn is_agreed<B>(answer: &Response<B>) -> bool {
    let headers = answer.headers();
    // HTTP/1.0 has no way to another protocol (RFC 9110 7.8).
    answer.version() == Version::HTTP_11
        && has_token(headers, &UPGRADE, "websocket")
        && has_token(headers, &CONNECTION, "upgrade")
        && only(headers, &SEC_WEBSOCKET_ACCEPT).is_some()
}

/// Says on our own hop that the protocol changes (RFC 9110 7.8).
pub(super) fn switch(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, SWITCH);
    headers.insert(UPGRADE, WEBSOCKET);
}

fn offers(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let lines = |name: HeaderName| {
        headers
            .get_all(&name)
            .iter()
            .map(move |value| (name.clone(), value.clone()))
    };
    lines(SEC_WEBSOCKET_PROTOCOL)
        .chain(lines(SEC_WEBSOCKET_EXTENSIONS))
        .collect()
}

/// Base64 of 16 bytes, in its one spelling.
fn is_key(key: &HeaderValue) -> bool {
    STANDARD
        .decode(key.as_bytes())
        .is_ok_and(|bytes| bytes.len() == KEY_BYTES)
}

/// The only field of this name.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut fields = headers.get_all(name).iter();
    fields.next().filter(|_| fields.next().is_none())
}

/// Whether a list field holds `token`, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    members(headers, name).any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
}

/// RFC 6455 4.1, item 10: each one a token, and none twice.
fn names_subprotocols_once(headers: &HeaderMap) -> bool {
    let mut seen: Vec<&[u8]> = Vec::new();
    for name in members(headers, &SEC_WEBSOCKET_PROTOCOL) {
        let is_token = !name.is_empty() && name.iter().all(|byte| is_token_byte(*byte));
        if !is_token || seen.contains(&name) {
            return false;
        }
        seen.push(name);
    }
    true
}

/// RFC 9110 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn members<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|field| field.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn head(method: &str, version: Version, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).version(version).uri("/v1/chat");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn handshakes_of_real_clients_pass() {
        let tries: [&[(&str, &str)]; 3] = [
            &[
                ("upgrade", "websocket"),
                ("connection", "Upgrade"),
                ("sec-websocket-version", "13"),
            ],
            &[
                ("upgrade", "WebSocket"),
                ("connection", "keep-alive, upgrade"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
            ],
            &[
                ("upgrade", "h2c, websocket"),
                ("connection", "keep-alive"),
                ("connection", "Upgrade"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-protocol", "chat, superchat"),
                ("content-length", "0"),
            ],
        ];
        for fields in tries {
            let mut fields = fields.to_vec();
            fields.push(("sec-websocket-key", KEY));
            let head = head("GET", Version::HTTP_11, &fields);

            assert!(is_meant(&head.headers));
            assert!(Handshake::check(&head, false).is_ok(), "{fields:?}");
            assert_eq!(
                Handshake::check(&head, true).unwrap_err(),
                ProblemKind::WebSocketHandshake
            );
        }
    }

    #[test]
    fn what_goes_upstream_is_one_clean_handshake_with_the_callers_key() {
        let fields = [
            ("upgrade", "h2c, websocket"),
            ("connection", "keep-alive, upgrade, sec-websocket-key"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
            ("sec-websocket-accept", "x"),
        ];
        let head = head("GET", Version::HTTP_11, &fields);
        let handshake = Handshake::check(&head, false).unwrap();
        let mut headers = HeaderMap::new();

        handshake.write(&mut headers);

        let mut written: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        written.sort();
        let key = format!("sec-websocket-key: {KEY}");
        let wanted = [
            "connection: Upgrade",
            &key,
            "sec-websocket-version: 13",
            "upgrade: websocket",
        ];
        assert_eq!(written, wanted);
    }
}
