//! One fault rule: whom it strikes, what it does, and whether it makes sense.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Strikes requests that fit `match` with `fault`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which requests; `{}` means all.
    #[serde(rename = "match")]
    pub matcher: FaultMatch,
    /// What happens to them.
    pub fault: Fault,
}

/// Conditions of a rule; all that are given have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// Path without query; a trailing `*` stands for any rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// HTTP method, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only the nth request that fits path and method since the rule was put, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// What a rule does; at least one field is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Waits so long before anything else, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Answers with this status instead of asking the platform (200 to 599). The endpoint does not see the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Body of that answer; empty when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Its `Content-Type`; `application/json` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Further headers of that answer, for example `Retry-After`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Breaks the connection after so many bytes of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_after_bytes: Option<usize>,
    /// Lets the platform act, then waits so long before its answer leaves, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_delay_ms: Option<u64>,
    /// Lets the platform act, then closes the connection without a byte: a refresh token is rotated and nobody knows
    /// the new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_answer: bool,
    /// Answers by a clock that is wrong by so many seconds; negative is slow. The `Date` header follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<i64>,
}

/// Why a rule was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFault {
    /// A path that no request can have.
    #[error("match.path {0:?} does not start with \"/\"")]
    Path(String),
    /// Not a method, or not in upper case.
    #[error("match.method {0:?} is not an HTTP method in upper case")]
    Method(String),
    /// Requests are counted from 1.
    #[error("match.nth counts from 1")]
    NthZero,
    /// A rule that would do nothing.
    #[error(
        "fault is empty: give delay_ms, status, cut_after_bytes, answer_delay_ms, drop_answer or clock_skew_seconds"
    )]
    Nothing,
    /// Not a final HTTP status.
    #[error("fault.status {0} is not between 200 and 599")]
    Status(u16),
    /// An answer that is both lost and cut.
    #[error("fault.drop_answer leaves nothing to cut: give it or cut_after_bytes")]
    DroppedAndCut,
    /// Parts of an answer without its status.
    #[error("fault.body, fault.content_type and fault.headers need fault.status")]
    BodyWithoutStatus,
    /// Not a header that can be sent.
    #[error("fault.headers: {0:?} is not a valid header")]
    Header(String),
}

impl FaultRule {
    pub(super) fn check(&self) -> Result<(), InvalidFault> {
        self.matcher.check()?;
        self.fault.check()
    }

    pub(super) fn fits(&self, method: &Method, path: &str) -> bool {
        let path_fits = self
            .matcher
            .path
            .as_deref()
            .is_none_or(|wanted| match wanted.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => path == wanted,
            });
        path_fits
            && self
                .matcher
                .method
                .as_deref()
                .is_none_or(|wanted| method.as_str() == wanted)
    }
}

impl FaultMatch {
    fn check(&self) -> Result<(), InvalidFault> {
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(InvalidFault::Path(path.clone()));
        }
        if let Some(method) = self.method.as_ref().filter(|method| !is_method(method)) {
            return Err(InvalidFault::Method(method.clone()));
        }
        if self.nth == Some(0) {
            return Err(InvalidFault::NthZero);
        }
        Ok(())
    }
}

impl Fault {
    /// The platform is ill: a 5xx in its own shape for the OAuth family (protocol 4.2).
    pub fn unavailable(status: u16) -> Self {
        let body =
            r#"{"error_code":"internal_error","error_message":"Service internal error.","error":"internal_error"}"#;
        Self {
            status: Some(status),
            body: Some(body.to_owned()),
            ..Self::default()
        }
    }

    /// Something else answers: a captive portal, a proxy, the console's web server (protocol 4.2).
    pub fn html(status: u16) -> Self {
        Self {
            status: Some(status),
            body: Some("<!doctype html><html><body>Please sign in to this network</body></html>".to_owned()),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            ..Self::default()
        }
    }

    /// The platform acts and the answer is lost: see [`Fault::drop_answer`].
    pub fn lost_answer() -> Self {
        Self {
            drop_answer: true,
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), InvalidFault> {
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return Err(InvalidFault::Status(status));
        }
        let shapes_an_answer = self.body.is_some() || self.content_type.is_some() || !self.headers.is_empty();
        if shapes_an_answer && self.status.is_none() {
            return Err(InvalidFault::BodyWithoutStatus);
        }
        if self.drop_answer && self.cut_after_bytes.is_some() {
            return Err(InvalidFault::DroppedAndCut);
        }
        if *self == Self::default() {
            return Err(InvalidFault::Nothing);
        }
        let content_type = self.content_type.as_deref().map(|value| ("content-type", value));
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers.chain(content_type) {
            if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                return Err(InvalidFault::Header(name.to_owned()));
            }
        }
        Ok(())
    }

    /// Returns the status of the answer that replaces the platform's, if the fault has one.
    pub(super) fn replaced_status(&self) -> Option<StatusCode> {
        self.status.and_then(|status| StatusCode::from_u16(status).ok())
    }
}

fn is_method(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase()) && Method::try_from(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<(), InvalidFault> {
        serde_json::from_str::<FaultRule>(json).unwrap().check()
    }

    #[test]
    fn senseless_rules_are_refused_by_name() {
        for (rule, refusal) in [
            (
                r#"{"match":{"path":"v3"},"fault":{"status":500}}"#,
                InvalidFault::Path("v3".to_owned()),
            ),
            (
                r#"{"match":{"method":"post"},"fault":{"status":500}}"#,
                InvalidFault::Method("post".to_owned()),
            ),
            (r#"{"match":{"nth":0},"fault":{"status":500}}"#, InvalidFault::NthZero),
            (r#"{"match":{},"fault":{}}"#, InvalidFault::Nothing),
            (
                r#"{"match":{},"fault":{"drop_answer":true,"cut_after_bytes":1}}"#,
                InvalidFault::DroppedAndCut,
            ),
            (r#"{"match":{},"fault":{"status":100}}"#, InvalidFault::Status(100)),
            (
                r#"{"match":{},"fault":{"delay_ms":1,"body":"x"}}"#,
                InvalidFault::BodyWithoutStatus,
            ),
            (
                r#"{"match":{},"fault":{"status":429,"headers":{"a b":"1"}}}"#,
                InvalidFault::Header("a b".to_owned()),
            ),
        ] {
            assert_eq!(check(rule), Err(refusal), "{rule}");
        }
    }

    #[test]
    fn star_at_the_end_of_a_path_stands_for_any_rest() {
        let rule: FaultRule = serde_json::from_str(r#"{"match":{"path":"/v1/*"},"fault":{"delay_ms":1}}"#).unwrap();

        assert!(rule.fits(&Method::GET, "/v1/bots/1"));
        assert!(!rule.fits(&Method::GET, "/v3/chat"));
    }
}
