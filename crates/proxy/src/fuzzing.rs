//! What must hold of the proxy's parsers, whatever a stranger sends. Each oracle is written without the code it judges.

use super::body::WholeEvents;
use super::request;
use super::route::{self, Route};
use bytes::Bytes;
use cozegate_config::FileHost;
use cozegate_core::fuzzing::fields;
use cozegate_core::targets::Allowed;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use url::Url;

/// What a request that goes upstream must never hold: whole names, and beginnings that end in a dash. `_` counts as `-`.
const FORBIDDEN: [&str; 17] = [
    "authorization",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "sec-fetch-",
    "x-forwarded-",
];

/// The filter lets no forbidden field pass, loses none of the listed ones that `Connection` does not name, alters none,
/// and has nothing left to do after the first time.
///
/// # Panics
///
/// When that does not hold.
pub fn header_filter(data: &[u8]) {
    let before = fields(data);
    let mut after = before.clone();
    request::clean(&mut after, &[]);

    for name in after.keys() {
        let plain = name.as_str().replace('_', "-");
        let is_forbidden = |listed: &str| plain == listed || (listed.ends_with('-') && plain.starts_with(listed));
        assert!(!FORBIDDEN.iter().any(|listed| is_forbidden(listed)), "{name} passes");
        let values = |headers: &HeaderMap| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert!(values(&after) == values(&before), "{name} is altered");
    }
    for name in [
        "accept",
        "content-length",
        "content-type",
        "user-agent",
        "x-coze-client-user-agent",
    ] {
        let is_named = before.get_all("connection").iter().any(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            text.split(',').any(|one| one.trim() == name)
        });
        let is_there = before.contains_key(name) && (!is_named || name == "content-length");
        assert!(!is_there || after.contains_key(name), "{name} is lost");
    }
    let mut twice = after.clone();
    request::clean(&mut twice, &[]);
    assert!(twice == after, "the filter is not done at once");
}

/// A path that is served stays below its prefix, however often a server decodes and however it resolves.
///
/// # Panics
///
/// When that does not hold.
pub fn path(data: &[u8]) {
    let Ok(path) = std::str::from_utf8(data) else { return };
    if !matches!(route::find_path(path), Ok(Route::Api(_))) {
        return;
    }
    let mut spelled = data.to_vec();
    for round in 0..4 {
        let resolved = resolved(&spelled);
        let is_below = [&b"/v1/"[..], b"/v3/", b"/open_api/"]
            .iter()
            .any(|prefix| resolved.starts_with(prefix));
        assert!(
            is_below,
            "{path:?} leads to {:?} after {round} rounds",
            String::from_utf8_lossy(&resolved)
        );
        spelled = decoded(&spelled);
    }
}

/// RFC 3986 5.2.4 by a server that takes backslashes for slashes and cuts parameters off.
fn resolved(path: &[u8]) -> Vec<u8> {
    let mut stack: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment.split(|byte| *byte == b';').next().unwrap_or_default() {
            b".." => {
                stack.pop();
            }
            b"." => {}
            _ => stack.push(segment),
        }
    }
    // Several slashes at the beginning are one (protocol 1.2).
    let begins_at = stack
        .iter()
        .position(|segment| !segment.is_empty())
        .unwrap_or(stack.len());
    let mut resolved = vec![b'/'];
    resolved.extend(stack.split_off(begins_at).join(&b'/'));
    resolved
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let digits = text
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let hidden = digits
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(hidden.unwrap_or(*byte));
        at += if hidden.is_some() { 3 } else { 1 };
    }
    decoded
}

/// A URL that a request names is fetched only where it is listed, whole, and without credentials; at an API it is judged
/// like its path.
///
/// # Panics
///
/// When that does not hold.
pub fn url_target(data: &[u8]) {
    const FILES: &str = "https://files.example";
    let api = Url::parse("https://api.example/").ok();
    let hosts = FileHost::public("files.example").into_iter().collect();
    let allowed = Allowed::new(hosts, api.as_ref());
    let Ok(uri) = std::str::from_utf8(data).unwrap_or_default().parse::<Uri>() else {
        return;
    };
    match route::find(&uri, &allowed) {
        Ok((Route::File(target), None)) => {
            let url = target.url();
            let is_listed = url.origin().ascii_serialization() == FILES && url.as_str().starts_with(FILES);
            let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            assert!(is_listed && is_bare, "{uri} leads to {url}");
        }
        Ok((Route::File(_), Some(plain))) => assert!(plain.path().is_empty(), "{uri} is a file and a path"),
        Ok((Route::Api(_), plain)) => path(plain.as_ref().map_or(uri.path(), PathAndQuery::path).as_bytes()),
        Ok((Route::About, _)) | Err(_) => {}
    }
}

/// An event stream passes unaltered, in whole events, however it is cut. The first byte seeds the cuts.
///
/// # Panics
///
/// When that does not hold.
pub fn events(data: &[u8]) {
    let Some((seed, stream)) = data.split_first() else {
        return;
    };
    let (mut cut, mut rest, mut passed) = (usize::from(*seed), stream, Vec::new());
    let mut scanner = WholeEvents::default();
    while !rest.is_empty() {
        cut = (cut * 75 + 74) % 65_537;
        let (piece, left) = rest.split_at((cut % 24 + 1).min(rest.len()));
        if let Some(whole) = scanner.push(Bytes::copy_from_slice(piece)) {
            passed.extend_from_slice(&whole);
            assert!(is_border(stream, passed.len()), "a part of an event passes: {whole:?}");
        }
        rest = left;
    }
    let end = scanner.finish().unwrap_or_default();
    // Judged alone: a line end that belongs to the event before is no event.
    let is_whole = (1..=end.len()).any(|at| is_border(&end, at));
    assert!(!is_whole, "a whole event was kept back: {end:?}");
    passed.extend_from_slice(&end);
    assert!(passed == stream, "{passed:?} instead of {stream:?}");
}

/// Whether an event ends before the byte at `at`: behind an empty line (WHATWG HTML 9.2.6). A CR behind LF may be the first
/// half of CRLF, so it ends an event once another byte follows.
fn is_border(stream: &[u8], at: usize) -> bool {
    let (before, after) = stream.split_at(at);
    let is_lone_cr = before.ends_with(b"\n\r") && after.first().is_some_and(|next| *next != b'\n');
    is_lone_cr
        || [&b"\n\n"[..], b"\r\r", b"\n\r\n"]
            .iter()
            .any(|end| before.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_test_support::property::holds_for;

    #[test]
    fn filter_of_fields_keeps_its_promises() {
        holds_for(
            header_filter,
            &[
                "connection:",
                "Connection: close, ",
                "x-named",
                ", ",
                "\n",
                "x-named: 1\n",
                "cookie: a=b\n",
                "accept: */*\n",
                "Authorization: Bearer x\n",
                "x_forwarded_for: 1\n",
                "X-Forwarded-Host: x\n",
                "content-length: 3\n",
                "content-length",
                "accept",
                "te: trailers\n",
                "host: x\n",
                "keep_alive: 1\n",
            ],
        );
    }

    #[test]
    fn served_paths_stay_below_their_prefixes() {
        holds_for(
            path,
            &[
                "/v1/",
                "/v3/",
                "/open_api/",
                "/",
                "..",
                ".",
                "%2e",
                "%2E",
                "%252e",
                "%25",
                "25",
                "2e",
                "%2f",
                "%5c",
                "\\",
                ";",
                "%3b",
                "a",
                "api",
                "%",
                "%00",
                "//",
            ],
        );
    }

    #[test]
    fn urls_lead_to_listed_hosts_only() {
        holds_for(
            url_target,
            &[
                "/https://files.example",
                "/https://api.example",
                "/?url=",
                "https%3A%2F%2F",
                "files.example",
                "/",
                "/v1/x",
                "/v1/",
                "..",
                "%2e",
                "@",
                "user:x@",
                ":443",
                ":80",
                "#",
                "?",
                "a=b",
                "&",
                "%",
                "%23",
                "%40",
                "\\",
                ".evil",
                "/HTTPS:",
                "/http:",
                "%252f",
                "api.example",
                "%0a",
                "/https%3a",
            ],
        );
    }

    #[test]
    fn event_streams_pass_whole() {
        holds_for(
            events,
            &[
                "data:1", "event:a", "\n", "\r", "\r\n", "\n\n", "\r\r", ":", " ", "id: 0",
            ],
        );
    }
}
