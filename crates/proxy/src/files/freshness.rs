//! How long a stored file may be used: RFC 9111 for a shared cache. Pure.
//!
//! The arithmetic of ages and lifetimes is `http-cache-semantics`'; here stands what it leaves open: what we keep of an
//! answer, how an answer 304 renews it, and when a stale one is better than none (RFC 5861, RFC 9111 4.2.4).

use super::answer::KEPT;
use coze_auth::UnixSeconds;
use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, PRAGMA, VARY,
};
use http::{Request, Response, Uri};
use http_cache_semantics::{CacheOptions, CachePolicy};
use std::time::{Duration, SystemTime};

/// How long a file whose path holds no version outlives its freshness while its host is away.
const STALE_WITHOUT_VERSION: Duration = Duration::from_hours(24);
/// RFC 9111 1.2.2: what a number of seconds that is too large counts as.
const LARGEST_AGE: u64 = 1 << 31;
/// The shortest run of hexadecimal digits that is taken for a hash.
const SHORTEST_HASH: usize = 8;

/// Takes over what is kept of an answer's fields: each once, and what decides about caching in lower case.
pub(super) fn kept_fields(answer: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in KEPT.iter().chain([&VARY]) {
        let values: Vec<&str> = answer
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        if values.is_empty() {
            continue;
        }
        let mut text = values.join(", ");
        if *name == CACHE_CONTROL {
            text.make_ascii_lowercase();
            text = with_readable_numbers(&text);
        } else if *name == AGE {
            text = values.first().and_then(|age| seconds_of(age)).unwrap_or(0).to_string();
        }
        if let Ok(value) = HeaderValue::from_str(&text) {
            kept.insert(name, value);
        }
    }
    kept
}

/// A number of seconds; one that is too large counts as [`LARGEST_AGE`].
fn seconds_of(text: &str) -> Option<u64> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(LARGEST_AGE).min(LARGEST_AGE))
}

/// `Cache-Control` with every number of seconds in the range that all readers take.
fn with_readable_numbers(text: &str) -> String {
    let directives = text.split(',').map(|directive| {
        let parts = directive.split_once('=');
        let seconds = parts.and_then(|(name, value)| Some((name, seconds_of(value.trim().trim_matches('"'))?)));
        match seconds {
            Some((name, seconds)) => format!("{name}={seconds}"),
            None => directive.to_owned(),
        }
    });
    directives.collect::<Vec<_>>().join(",")
}

/// Whether an answer with these kept fields may be stored (RFC 9111 3).
pub(super) fn is_storable(fields: &HeaderMap) -> bool {
    let is_for_one_request = fields.get(VARY).is_some_and(|vary| vary.as_bytes().contains(&b'*'));
    !is_for_one_request && policy(fields, UnixSeconds(0)).is_storable()
}

/// Whether a file that came at `received` is still fresh at `now` (RFC 9111 4.2).
pub(super) fn is_fresh(fields: &HeaderMap, received: UnixSeconds, now: UnixSeconds) -> bool {
    !policy(fields, received).is_stale(instant(now))
}

/// Its age at `now` (RFC 9111 4.2.3).
pub(super) fn age(fields: &HeaderMap, received: UnixSeconds, now: UnixSeconds) -> Duration {
    policy(fields, received).age(instant(now))
}

/// Whether it may be handed out although it is stale, because its host is away or slow.
///
/// Not where the host forbids it. For how long is the host's word (`stale-if-error`); a file with a version in its path
/// does not change, so it is good for as long as it is here.
pub(super) fn may_be_served_stale(fields: &HeaderMap, path: &str, received: UnixSeconds, now: UnixSeconds) -> bool {
    let forbidden = ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage"];
    if forbidden.iter().any(|name| directive(fields, name).is_some()) {
        return false;
    }
    if has_version(path) {
        return true;
    }
    let lifetime = policy(fields, received).time_to_live(instant(received));
    let stale_for = now.since(received).saturating_sub(lifetime);
    let seconds = directive(fields, "stale-if-error").and_then(|seconds| seconds.parse().ok());
    stale_for <= seconds.map_or(STALE_WITHOUT_VERSION, Duration::from_secs)
}

/// Whether the caller wants to have it asked for anew (a reload; RFC 9111 5.2.1).
pub(super) fn is_reload(request: &HeaderMap) -> bool {
    let fields = kept_fields(request);
    if fields.contains_key(CACHE_CONTROL) {
        directive(&fields, "no-cache").is_some() || directive(&fields, "max-age") == Some("0")
    } else {
        // What it said before there was `Cache-Control` (RFC 9111 5.4).
        request
            .get(PRAGMA)
            .is_some_and(|pragma| pragma.as_bytes().eq_ignore_ascii_case(b"no-cache"))
    }
}

/// The fields that ask whether the stored file is still the one (RFC 9111 4.3.1).
pub(super) fn validators(stored: &HeaderMap) -> HeaderMap {
    let pairs = [(IF_NONE_MATCH, ETAG), (IF_MODIFIED_SINCE, LAST_MODIFIED)];
    let found = pairs
        .into_iter()
        .filter_map(|(condition, validator)| Some((condition, stored.get(validator)?.clone())));
    found.collect()
}

/// The fields of a stored file after its host has said that it is still the one; `None` when it speaks of another
/// (RFC 9111 4.3.4).
pub(super) fn renewed(stored: &HeaderMap, not_modified: &HeaderMap) -> Option<HeaderMap> {
    let mut news = kept_fields(not_modified);
    let differs = |name: &HeaderName| news.get(name).is_some_and(|new| stored.get(name) != Some(new));
    if differs(&ETAG) || (!news.contains_key(ETAG) && differs(&LAST_MODIFIED)) {
        return None;
    }
    // These belong to the bytes that are here.
    for name in [CONTENT_ENCODING, CONTENT_TYPE] {
        news.remove(name);
    }
    let mut renewed = stored.clone();
    renewed.remove(AGE);
    for (name, value) in &news {
        renewed.insert(name, value.clone());
    }
    Some(renewed)
}

/// Every file is asked for in the same words, but for the coding, which is part of its key. So nothing of a request
/// decides, and all that an answer may vary on is constant.
fn policy(fields: &HeaderMap, received: UnixSeconds) -> CachePolicy {
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from_static("/");
    let mut response = Response::new(());
    *response.headers_mut() = fields.clone();
    let options = CacheOptions {
        shared: true,
        ..CacheOptions::default()
    };
    CachePolicy::new_options(&request, &response, instant(received), options)
}

/// A directive of `Cache-Control`, in lower case: `None` when it is not there, else what stands behind `=`, or nothing.
fn directive<'f>(fields: &'f HeaderMap, name: &str) -> Option<&'f str> {
    let text = fields.get(CACHE_CONTROL)?.to_str().ok()?;
    text.split(',').find_map(|part| {
        let (found, value) = match part.split_once('=') {
            Some((found, value)) => (found, value.trim().trim_matches('"')),
            None => (part, ""),
        };
        (found.trim() == name).then_some(value)
    })
}

/// Whether `path` names one version of a file: three numbers with dots between them, or a hash.
fn has_version(path: &str) -> bool {
    let is_hash = |word: &str| {
        word.len() >= SHORTEST_HASH
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    has_version_number(path) || path.split(|c: char| !c.is_ascii_alphanumeric()).any(is_hash)
}

/// Whether `path` holds a version of three numbers. A hash alone is not enough here: hosts of pictures sign the query of
/// such paths.
pub(super) fn has_version_number(path: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    words.any(|word| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.windows(3).any(|three| match three {
            // "v1" and "0rc1" are numbers as well.
            [first, middle, last] => {
                is_number(first.trim_start_matches(['v', 'V']))
                    && is_number(middle)
                    && last.starts_with(|c: char| c.is_ascii_digit())
            }
            _ => false,
        })
    })
}

fn instant(at: UnixSeconds) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const PLAIN: &str = "/libs/cn/index.js";
    const VERSIONED: &str = "/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";

    fn fields(lines: &[(&str, &str)]) -> HeaderMap {
        let mut answer = HeaderMap::new();
        for (name, value) in lines {
            answer.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        kept_fields(&answer)
    }

    fn cache_control(value: &str) -> HeaderMap {
        fields(&[("cache-control", value)])
    }

    #[test]
    fn what_may_be_stored_and_how_long_it_is_fresh() {
        // Storable; seconds of freshness.
        let modified = ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT");
        for (lines, storable, lifetime) in [
            (vec![("cache-control", "max-age=100")], true, 100),
            (vec![("cache-control", "MAX-AGE=100")], true, 100),
            (
                vec![("cache-control", "public"), ("cache-control", "max-age=100")],
                true,
                100,
            ),
            (vec![("cache-control", "max-age=100, s-maxage=10")], true, 10),
            (vec![("cache-control", "max-age=100"), ("age", "90")], true, 10),
            (
                vec![("cache-control", "max-age=100"), ("age", "18446744073709551615")],
                true,
                0,
            ),
            (
                vec![("cache-control", "max-age=100"), ("age", "999999999999999999999")],
                true,
                0,
            ),
            (
                vec![("cache-control", "max-age=999999999999999999999")],
                true,
                i64::from(i32::MAX),
            ),
            (
                vec![("cache-control", "max-age=\"999999999999999999999\", public")],
                true,
                i64::from(i32::MAX),
            ),
            (
                vec![("cache-control", "max-age=18446744073709551615")],
                true,
                i64::from(i32::MAX),
            ),
            (
                vec![("cache-control", "max-age=100"), ("vary", "Accept-Encoding, Origin")],
                true,
                100,
            ),
            (vec![("cache-control", "max-age=100"), ("set-cookie", "a=b")], true, 100),
            (vec![("cache-control", "immutable")], true, DAY),
            (vec![("cache-control", "no-cache, max-age=100")], true, 0),
            (vec![("cache-control", "max-age=10, max-age=100")], true, 10),
            (vec![("cache-control", "max-age=x")], true, 0),
            (
                vec![
                    ("expires", "Fri, 02 Jan 1970 00:00:10 GMT"),
                    ("date", "Fri, 02 Jan 1970 00:00:00 GMT"),
                ],
                true,
                10,
            ),
            (vec![("expires", "0")], true, 0),
            (
                vec![modified, ("date", "Fri, 02 Jan 1970 00:00:00 GMT")],
                true,
                DAY / 10,
            ),
            (vec![], true, 0),
            (vec![("cache-control", "no-store")], false, 0),
            (vec![("cache-control", "private, max-age=100")], false, 0),
            (vec![("cache-control", "max-age=100"), ("vary", "*")], false, 0),
        ] {
            let fields = fields(&lines);
            let received = UnixSeconds(DAY);
            assert_eq!(is_storable(&fields), storable, "{lines:?}");
            if lifetime > 0 {
                assert!(
                    is_fresh(&fields, received, UnixSeconds(DAY + lifetime - 1)),
                    "{lines:?}"
                );
            }
            if lifetime < i64::from(i32::MAX) && storable {
                assert!(!is_fresh(&fields, received, UnixSeconds(DAY + lifetime)), "{lines:?}");
            }
        }
    }

    #[test]
    fn stale_file_is_served_where_its_host_allows_it() {
        for (control, path, stale_for, expected) in [
            ("max-age=10", PLAIN, DAY, true),
            ("max-age=10", PLAIN, DAY + 1, false),
            ("max-age=10, stale-if-error=60", PLAIN, 60, true),
            ("max-age=10, stale-if-error=60", PLAIN, 61, false),
            ("max-age=10, stale-if-error=60", VERSIONED, 900 * DAY, true),
            ("max-age=10", VERSIONED, 900 * DAY, true),
            ("max-age=10, must-revalidate", VERSIONED, 1, false),
            ("max-age=10, Proxy-Revalidate", VERSIONED, 1, false),
            ("s-maxage=10", VERSIONED, 1, false),
            ("max-age=10, no-cache", VERSIONED, 1, false),
        ] {
            let now = UnixSeconds(DAY + 10 + stale_for);
            let found = may_be_served_stale(&cache_control(control), path, UnixSeconds(DAY), now);
            assert_eq!(found, expected, "{control} {path} {stale_for}");
        }
    }

    #[test]
    fn version_is_told_from_other_numbers() {
        for path in [
            "/a/1.2.0/x.js",
            "/v1.2.0/x",
            "/x@18.2.0.min.js",
            "/main.3f9a8c21.js",
            "/1.2.0-beta.19/x",
            "/0.1.0rc1/x",
        ] {
            assert!(has_version(path), "{path}");
        }
        for path in [
            "/",
            "/libs/cn/index.js",
            "/v1/x.js",
            "/1.2/x.js",
            "/20240101/x.js",
            "/deadbeef/x.js",
            "/a.b.c/x",
        ] {
            assert!(!has_version(path), "{path}");
        }
    }

    #[test]
    fn confirmation_renews_the_fields_and_another_file_does_not() {
        let stored = fields(&[
            ("etag", "\"1\""),
            ("last-modified", "x"),
            ("cache-control", "max-age=1"),
            ("content-type", "text/css"),
            ("age", "7"),
        ]);
        let news = fields(&[
            ("etag", "\"1\""),
            ("cache-control", "max-age=9"),
            ("content-type", "text/html"),
        ]);

        let renewed_fields = renewed(&stored, &news).unwrap();

        assert_eq!(renewed_fields.get(CACHE_CONTROL).unwrap(), "max-age=9");
        assert_eq!(renewed_fields.get(CONTENT_TYPE).unwrap(), "text/css");
        assert_eq!(renewed_fields.get(AGE), None);
        assert!(renewed(&stored, &fields(&[])).is_some());
        assert!(renewed(&stored, &fields(&[("last-modified", "x")])).is_some());
        assert!(renewed(&stored, &fields(&[("last-modified", "y")])).is_none());
        assert!(renewed(&stored, &fields(&[("etag", "\"2\"")])).is_none());
    }

    #[test]
    fn reload_is_told_from_an_ordinary_request() {
        let request =
            |name: HeaderName, value: &'static str| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);

        assert!(is_reload(&request(CACHE_CONTROL, "No-Cache")));
        assert!(is_reload(&request(CACHE_CONTROL, "max-age=0")));
        assert!(is_reload(&request(PRAGMA, "no-cache")));
        assert!(!is_reload(&request(CACHE_CONTROL, "max-age=60")));
        assert!(!is_reload(&HeaderMap::new()));
    }
}
