//! What fuzzers and property tests ask of the code that reads strangers' bytes. Each function takes any bytes, and panics
//! when something that must always hold does not. No part of the API; behind the feature `fuzzing`.

use crate::asked::{Asked, Once};
use crate::caller::session_name::VisitorKeys;
use crate::caller::{
    ClientAddress, IssuedVisitor, Presented, ShownVisitor, TrustedProxies, VisitorCookie, VisitorId, presented,
};
use crate::guard::{Guard, OriginList, OwnHosts, Scheme};
use coze_auth::{SeededRandom, UnixSeconds};
use cozegate_config::{ForwardedField, Mode};
use cozegate_store::GatewaySecret;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue, ORIGIN};
use http::{HeaderMap, HeaderName, Method, Uri};
use ipnet::IpNet;
use std::net::IpAddr;

/// Field lines, as far as they are any.
pub fn fields(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(100) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
            continue;
        };
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

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
    let shown = presented(Once::of(&headers, &AUTHORIZATION), Mode::Local);
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
    let target = Uri::from_static("/");
    let asked = Asked::of(method.unwrap_or(&Method::GET), &target, &headers);
    let verdict = guard.check(&origins, &asked);
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
    use cozegate_test_support::property::holds_for;

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
