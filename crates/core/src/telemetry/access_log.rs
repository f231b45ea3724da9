//! One line for each request, when it has ended: what was asked, what came of it, how long it took. A request whose head
//! was refused has a line with nothing of that head.
//!
//! A line holds no secret, no handle and no name: whose request it was stands there as a keyed hash, which nobody can guess
//! back without the gateway's secret. What a caller wrote stands there in printable ASCII only, whatever it was: so a line
//! cannot be made to look like two, in text and in JSON, in a terminal and in a program.

use super::labels::{Early, Place};
use crate::problem::ReportedProblem;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What log filters call it.
const TARGET: &str = "access";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LOG_ID: HeaderName = HeaderName::from_static("x-tt-logid");

/// Longer texts are cut: nobody reads on, and a caller must not fill the disk.
const LONGEST_TEXT: usize = 512;

/// What a secret of ours or of the platform's begins with, if somebody puts one into a path.
const SECRET_PREFIXES: [&str; 5] = ["cgh_", "pat_", "sat_", "czs_", "czu_"];

/// Whether anybody writes the lines down.
pub fn is_wanted() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

/// Names for requests: ours, never the caller's, unique in this process and most likely elsewhere.
#[derive(Debug)]
pub struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            next: AtomicU64::new(0),
        }
    }

    /// 16 hexadecimal digits. They do not tell how many came before (`SplitMix64`, a bijection).
    fn next(&self) -> String {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let mut bits = self.seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        format!("{bits:016x}")
    }
}

/// What is known of a request before its end.
#[derive(Debug)]
pub struct Line {
    request_id: String,
    /// With the path; absent where the head was refused.
    method: Option<String>,
    path: Option<String>,
    caller: &'static str,
    app: Option<Arc<str>>,
    subject: Option<String>,
    log_id: Option<String>,
    problem: Option<&'static str>,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) place: Place,
    pub(super) status: Option<StatusCode>,
    pub(super) early: Option<Early>,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) took: Duration,
    /// Until the answer could be passed on, if the request was sent on.
    pub(super) upstream: Option<Duration>,
}

/// Whose request it was, for an answer that is made where no [`Line`] is at hand: an extension of the response.
#[derive(Clone, Debug)]
pub struct Whose {
    pub app: Arc<str>,
    pub subject: String,
}

/// The platform's name for what it did, from its answer or from what a problem tells.
pub(super) fn log_id(headers: &HeaderMap, told: Option<&ReportedProblem>) -> Option<String> {
    let log_id = headers.get(LOG_ID).and_then(|id| id.to_str().ok());
    let log_id = log_id.or_else(|| told.and_then(|told| told.log_id.as_deref()));
    log_id.map(printable)
}

impl Line {
    pub fn new(ids: &RequestIds, method: &Method, path: &str) -> Self {
        Self {
            method: Some(printable(method.as_str())),
            path: Some(path_for_log(path)),
            ..Self::of_refused(ids)
        }
    }

    /// Of a request whose head was refused: what it said is not to be believed, and not written down.
    pub fn of_refused(ids: &RequestIds) -> Self {
        Self {
            request_id: ids.next(),
            method: None,
            path: None,
            caller: "none",
            app: None,
            subject: None,
            log_id: None,
            problem: None,
        }
    }

    /// A holder of a handle, by its hash.
    pub fn of_visitor(&mut self, app: &Arc<str>, subject: String) {
        self.caller = "handle";
        self.app = Some(Arc::clone(app));
        self.subject = Some(subject);
    }

    /// A program with a token of its own.
    pub fn of_own_token(&mut self, app: &Arc<str>) {
        self.caller = "own-token";
        self.app = Some(Arc::clone(app));
    }

    /// Reads what the answer tells, and gives it the request's name.
    pub(super) fn answered(&mut self, headers: &mut HeaderMap, extensions: &http::Extensions) {
        let told = extensions.get::<ReportedProblem>();
        self.log_id = log_id(headers, told);
        self.problem = told.map(|told| told.kind.name());
        if let Some(whose) = extensions.get::<Whose>() {
            self.app = Some(Arc::clone(&whose.app));
            self.subject = Some(whose.subject.clone());
        }
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(REQUEST_ID, id);
        }
    }

    /// Writes it.
    pub(super) fn write(&self, end: &End) {
        let outcome = match end.early {
            None => "done",
            Some(Early::CallerLeft) => "left",
            Some(Early::AnswerCut) => "cut",
        };
        tracing::info!(
            target: TARGET,
            listener = end.place.listener.name(),
            method = self.method.as_deref(),
            path = self.path.as_deref(),
            route = end.place.route.name(),
            status = end.status.map(|status| status.as_u16()),
            outcome,
            problem = self.problem,
            bytes_in = end.bytes_in,
            bytes_out = end.bytes_out,
            duration_ms = milliseconds(end.took),
            upstream_ms = end.upstream.map(milliseconds),
            caller = self.caller,
            app = self.app.as_deref(),
            subject = self.subject.as_deref(),
            request_id = self.request_id.as_str(),
            log_id = self.log_id.as_deref(),
            "request"
        );
    }
}

/// With microseconds behind the point.
fn milliseconds(duration: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
    let microseconds = duration.as_micros() as f64;
    microseconds / 1_000.0
}

/// A path as it may stand in a log: no secret in it, of a file's address the host alone, printable.
pub fn path_for_log(path: &str) -> String {
    if let Some(host) = host_of_address(path) {
        return printable(&format!("/{host}/..."));
    }
    let hides_secret = |segment: &str| {
        let decoded = percent_decoded(segment).to_ascii_lowercase();
        SECRET_PREFIXES.iter().any(|prefix| decoded.contains(prefix))
    };
    if !hides_secret(path) {
        return printable(path);
    }
    let segments = path
        .split('/')
        .map(|segment| if hides_secret(segment) { "***" } else { segment });
    printable(&segments.collect::<Vec<_>>().join("/"))
}

/// `https://host`, when the path is an address, plain or percent-encoded. What is behind the host may be signed.
fn host_of_address(path: &str) -> Option<String> {
    let decoded = percent_decoded(path);
    let address = decoded.trim_start_matches('/');
    let (scheme, rest) = address.split_once(':')?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest
        .trim_start_matches(['/', '\\'])
        .split(['/', '\\', '?', '#'])
        .next()?;
    let host = authority.rsplit('@').next()?;
    is_http.then(|| format!("{}://{host}", scheme.to_ascii_lowercase()))
}

/// Decoded twice, as a sender may have encoded twice.
fn percent_decoded(text: &str) -> String {
    let decode = |text: &str| {
        let bytes: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    decode(&decode(text))
}

/// Printable ASCII without quotes and backslashes; every other byte percent-encoded (RFC 3986 2.1), and cut when long.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(LONGEST_TEXT) + 3);
    for byte in text.bytes() {
        if safe.len() >= LONGEST_TEXT {
            safe.push_str("...");
            break;
        }
        if byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' {
            safe.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _infallible = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_and_no_address_of_a_file_stands_in_a_path() {
        let table = [
            ("/v3/chat", "/v3/chat"),
            ("/v1/conversations/75001/clear", "/v1/conversations/75001/clear"),
            ("/v1/cgh_abc/x", "/v1/***/x"),
            ("/v1/x%63gh_abc", "/v1/***"),
            ("/v1/%2563zs_abc", "/v1/***"),
            ("/v1/PAT_abc?", "/v1/***"),
            ("/https://files.example/a/b?sign=1", "/https://files.example/..."),
            ("/https:/files.example/a", "/https://files.example/..."),
            (
                "/HTTPS%3A%2F%2Ffiles.example%2Fa%3Fsign%3D1",
                "/https://files.example/...",
            ),
            ("/https%253A%252F%252Ffiles.example%252Fa", "/https://files.example/..."),
            (
                "/https://user:pass@files.example:8443/a",
                "/https://files.example:8443/...",
            ),
            ("/\u{4f60}\n\u{1b}[2J\"\\", "/%E4%BD%A0%0A%1B[2J%22%5C"),
            ("/\u{2028}\u{85}\u{1f600}", "/%E2%80%A8%C2%85%F0%9F%98%80"),
        ];

        let wrong: Vec<_> = table
            .iter()
            .map(|(path, expected)| (path_for_log(path), *expected))
            .filter(|(written, expected)| written != expected)
            .collect();

        println!("paths: bad tried {} / let through {}", table.len() - 2, wrong.len());
        assert_eq!(wrong, vec![]);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(printable(&"a".repeat(10_000)).len(), LONGEST_TEXT + 3);
    }

    #[test]
    fn method_and_log_id_are_printable_and_short_too() {
        let long = "A".repeat(10_000);
        let method = Method::from_bytes(long.as_bytes()).unwrap();
        assert_eq!(
            Line::new(&RequestIds::new(7), &method, "/").method.unwrap().len(),
            LONGEST_TEXT + 3
        );

        let told = |id: &str| {
            log_id(
                &HeaderMap::from_iter([(LOG_ID, HeaderValue::from_str(id).unwrap())]),
                None,
            )
        };
        assert_eq!(
            told("20240708143040790E78F9").as_deref(),
            Some("20240708143040790E78F9")
        );
        assert_eq!(told(r#"1" status=200 \"#).as_deref(), Some("1%22%20status=200%20%5C"));
        assert_eq!(told(&long).map(|id| id.len()), Some(LONGEST_TEXT + 3));
    }

    #[test]
    fn requests_have_names_of_their_own() {
        let ids = RequestIds::new(7);
        let names: std::collections::HashSet<_> = (0..100_000).map(|_| ids.next()).collect();

        assert_eq!(names.len(), 100_000);
        assert!(names.iter().all(|name| name.len() == 16));
    }
}
