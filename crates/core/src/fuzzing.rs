//! What fuzzers and property tests ask of the code that reads strangers' bytes. Each function takes any bytes, and panics
//! when something that must always hold does not. No part of the API; behind the feature `fuzzing`.

pub use crate::config::fuzzing::config_file;
pub use crate::proxy::fuzzing::{events, header_filter, path, url_target};

use crate::caller::session_name::VisitorKeys;
use crate::caller::{
    ClientAddress, IssuedVisitor, Presented, ShownVisitor, TrustedProxies, VisitorCookie, VisitorId, presented,
};
use crate::config::{ForwardedField, Mode};
use crate::guard::{Guard, OriginList, OwnHosts, Scheme};
use crate::proxy::fuzzing::fields;
use coze_auth::{SeededRandom, UnixSeconds};
use cozegate_store::GatewaySecret;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue, ORIGIN};
use http::{HeaderMap, HeaderName, Method, Uri};
use ipnet::IpNet;
use std::net::IpAddr;

/// A visitor is found only by the cookie that we signed; and no cookie of somebody else hides it.
///
/// # Panics
///
/// When that does not hold.
pub fn cookies(data: &[u8]) {
    let random = SeededRandom::new(1);
    let keys = VisitorKeys::derive(&GatewaySecret::throw_away(&random));
    let cookie = VisitorCookie::for_tenant("app");
    let visitor = IssuedVisitor {
        id: VisitorId::generate(&random),
        issued_at: UnixSeconds(1_800_000_000),
        generation: 1,
    };
    let Some(written) = cookie.write(&visitor, None, Scheme::Http, &keys) else {
        return;
    };
    let signed = written
        .as_bytes()
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    let with = |value: &[u8]| {
        let value = HeaderValue::from_bytes(value).ok()?;
        Some(HeaderMap::from_iter([(COOKIE, value)]))
    };

    if let Some(headers) = with(data) {
        let is_there = data.windows(signed.len()).any(|window| window == signed);
        assert!(
            cookie.read(&headers, Scheme::Http, &keys).is_none() || is_there,
            "a visitor without a signature"
        );
    }
    if let Some(headers) = with(&[data, b"; ", signed].concat()) {
        assert!(
            cookie.read(&headers, Scheme::Http, &keys) == Some(ShownVisitor::Dated(visitor)),
            "a cookie of ours is hidden"
        );
    }
}

/// A credential is taken only from one field, only if it looks like one, and never printed.
///
/// # Panics
///
/// When that does not hold.
pub fn credential(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for value in data.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(value.trim_ascii()) {
            headers.append(AUTHORIZATION, value);
        }
    }
    let shown = presented(&headers, Mode::Local);
    assert!(
        shown.is_err() || headers.len() == 1,
        "one of several credentials is taken"
    );
    match shown {
        Ok(Presented::Handle(handle)) => {
            let random = handle.strip_prefix("cgh_").unwrap_or_default();
            let is_base64url = random
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            assert!(random.len() == 43 && is_base64url, "{handle:?} is no handle");
        }
        Ok(Presented::OwnToken(field)) => {
            assert!(field.is_sensitive(), "a token would be printed");
            let text = String::from_utf8_lossy(field.as_bytes()).to_ascii_lowercase();
            let token = text.strip_prefix("bearer ").map(str::trim_start);
            assert!(
                token.is_some_and(|token| !token.starts_with("cgh_")),
                "{text:?} passes as a token"
            );
        }
        Err(_) => {}
    }
}

/// Whoever passes the guard has named us, and has no origin or one that is listed.
///
/// # Panics
///
/// When that does not hold.
pub fn guard(data: &[u8]) {
    const ORIGINS: [&str; 2] = ["https://www.coze.cn", "http://127.0.0.1:8081"];
    let Some((choice, lines)) = data.split_first() else {
        return;
    };
    let methods = [Method::GET, Method::POST, Method::OPTIONS, Method::HEAD];
    let method = methods.iter().cycle().nth(usize::from(*choice % 4));
    let headers = fields(lines);
    let guard = Guard::new(OwnHosts::loopback(([127, 0, 0, 1], 8081).into(), Scheme::Http));
    let origins: OriginList = ORIGINS.map(str::to_owned).into_iter().collect();
    let verdict = guard.check(
        &origins,
        method.unwrap_or(&Method::GET),
        &Uri::from_static("/"),
        &headers,
    );
    let Ok(passage) = verdict else { return };
    let all = |name| {
        headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect::<Vec<_>>()
    };
    let hosts: Vec<String> = all(HOST)
        .into_iter()
        .map(|host| String::from_utf8_lossy(host).to_ascii_lowercase())
        .collect();
    let is_ours = ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"]
        .iter()
        .any(|own| *own == hosts.concat());
    assert!(hosts.len() == 1 && is_ours, "{hosts:?} pass");
    match (all(ORIGIN).as_slice(), passage.origin) {
        ([], None) => {
            let site = all(HeaderName::from_static("sec-fetch-site")).concat();
            let is_own = site.is_empty() || site == b"none" || site == b"same-origin";
            assert!(is_own || passage.foreign_navigation, "another site passes");
        }
        ([origin], Some(readable)) => {
            let is_listed = ORIGINS.iter().any(|listed| listed.as_bytes() == *origin);
            assert!(is_listed && readable.as_bytes() == *origin, "{readable:?} may read");
        }
        (sent, readable) => assert!(sent.is_empty() && readable.is_none(), "{sent:?} became {readable:?}"),
    }
}

/// Who is behind a proxy of ours is what that proxy wrote, or nobody; whatever a stranger wrote before names no one.
///
/// # Panics
///
/// When that does not hold.
pub fn forwarded(data: &[u8]) {
    let ours = |field| TrustedProxies::new(vec![IpNet::from(IpAddr::from([10, 0, 0, 1]))], field);
    let (proxy, caller) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([203, 0, 113, 7]));
    let nothing = HeaderMap::new();
    for (configured, field, noted) in [
        (ForwardedField::XForwardedFor, "x-forwarded-for", "203.0.113.7"),
        (ForwardedField::Forwarded, "forwarded", "for=203.0.113.7"),
    ] {
        let ours = ours(configured);
        let of = |peer, headers: &HeaderMap| ClientAddress::of(peer, headers, &ours);
        let Ok(field) = HeaderName::from_bytes(field.as_bytes()) else {
            return;
        };
        // The proxy adds to the field that came, or adds a field.
        let added = HeaderValue::from_bytes(&[data, b", ", noted.as_bytes()].concat());
        let apart = HeaderValue::from_bytes(data).map(|came| [came, HeaderValue::from_static(noted)]);
        let written = added.map(|value| vec![value]).into_iter().chain(apart.map(Vec::from));
        for values in written {
            let mut headers = fields(data);
            headers.remove(&field);
            for value in values {
                headers.append(&field, value);
            }
            let named = of(proxy, &headers);
            let is_honest = named == of(caller, &nothing) || named == of(proxy, &nothing);
            assert!(is_honest, "{headers:?} names {named:?}");
            assert!(of(caller, &headers) == of(caller, &nothing), "a stranger is believed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    /// Texts made of these words and of any bytes: by chance alone nobody finds the interesting ones.
    fn texts(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let word = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
        let piece = prop_oneof![4 => word, 1 => proptest::collection::vec(any::<u8>(), 0..6)];
        proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    /// The same cases on every run.
    fn holds_for(check: fn(&[u8]), words: &'static [&'static str]) {
        let config = Config {
            cases: 3_000,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let outcome = runner.run(&texts(words), |text| {
            check(&text);
            Ok(())
        });
        outcome.unwrap();
    }

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

    #[test]
    fn configuration_files_are_read_or_their_mistakes_told() {
        holds_for(
            config_file,
            &[
                "\u{0}{\"client_id\":\"1\"",
                "\u{1}coze:\n  client-id: 1\n",
                "\u{2}COZE_CLIENT_ID=\"1\"\n",
                "\u{3}[apps.main]\nkind = \"jwt\"\n",
                "{",
                "}",
                "[",
                "]",
                "\"",
                "'",
                ":",
                ",",
                "\n",
                "\r\n",
                "  ",
                "- ",
                "&a ",
                "*a",
                "<<: ",
                "${X:y}",
                "export ",
                "=",
                "#",
                "\\",
                "\t",
                "null",
                "1e9",
                "\"a\":1",
                "---\n",
                "\u{feff}",
                "private_key",
                "apps",
                "\u{4f60}",
            ],
        );
    }

    #[test]
    fn visitors_are_known_by_our_signature_only() {
        holds_for(
            cookies,
            &[
                "cozegate_visitor_",
                "=",
                "; ",
                ";",
                ".",
                "\"",
                " ",
                ",",
                "a",
                "caf\u{e9}",
                "cozegate_visitor_f4ba3f8e=a.b",
            ],
        );
    }

    #[test]
    fn credentials_are_taken_from_one_field_only() {
        holds_for(
            credential,
            &[
                "Bearer ",
                "bearer ",
                "Basic ",
                "cgh_",
                "pat_",
                "czs_",
                "\n",
                " ",
                ",",
                "x",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "\t",
            ],
        );
    }

    #[test]
    fn nobody_passes_the_guard_under_another_name() {
        holds_for(
            guard,
            &[
                "Ghost: ",
                "host: 127.0.0.1:8081\n",
                "host:localhost:8081\n",
                "host: LOCALHOST:8081\n",
                "host: evil\n",
                "origin: https://www.coze.cn\n",
                "origin: null\n",
                "origin: ",
                "https://www.coze.cn",
                "\n",
                ".evil",
                "sec-fetch-site: cross-site\n",
                "sec-fetch-site: none\n",
                "sec-fetch-mode: navigate\n",
                "sec-fetch-dest: document\n",
                "127.0.0.1",
                ":8081",
            ],
        );
    }

    #[test]
    fn strangers_before_a_proxy_name_nobody() {
        holds_for(
            forwarded,
            &[
                "1.2.3.4",
                "10.0.0.1",
                ", ",
                ",",
                "for=",
                "For=",
                "\"",
                "[2001:db8::1]",
                "\"[2001:db8::1]:80\"",
                ";",
                "\\",
                "proto=http",
                "unknown",
                "_hidden",
                ":80",
                " ",
                "\n",
                "forwarded: for=1.2.3.4\n",
                "x-forwarded-for: 1.2.3.4\n",
            ],
        );
    }
}
