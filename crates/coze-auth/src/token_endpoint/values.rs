//! Single values of the platform's answers, read with distrust (protocol 2.3, 4.1).

use crate::clock::UnixSeconds;
use crate::error::AnswerFlaw;
use crate::quote::printable;
use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::{Map, Value};
use std::time::Duration;

/// `expires_in` from here on is an instant, below a duration: 10^9 s are 2001 as one and 31 years as the other
/// (protocol 2.3).
const FIRST_INSTANT: i64 = 1_000_000_000;

/// No token lives longer than this; what claims to is milliseconds or nonsense.
const LONGEST_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// Takes a missing `token_type` for `Bearer` (protocol 2.3: not every document has it).
pub(super) fn token_type(value: Option<&Value>) -> Result<String, AnswerFlaw> {
    match value {
        None | Some(Value::Null) => Ok("Bearer".to_owned()),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("bearer") => Ok("Bearer".to_owned()),
        Some(_) => Err(AnswerFlaw::UnknownTokenType),
    }
}

/// Makes an instant of `expires_in`, which is one on the wire, but a duration in older answers (protocol 2.3).
pub(super) fn expires_at(value: Option<&Value>, now: UnixSeconds) -> Result<UnixSeconds, AnswerFlaw> {
    let expires_in = value.and_then(whole_number).ok_or(AnswerFlaw::NoExpiry)?;
    let expires_at = UnixSeconds(if expires_in >= FIRST_INSTANT {
        expires_in
    } else {
        now.0.saturating_add(expires_in)
    });
    if expires_at > now + LONGEST_LIFE {
        return Err(AnswerFlaw::AbsurdExpiry);
    }
    Ok(expires_at)
}

/// Reads a whole number, also out of a string, as gateways make them of 64-bit integers (protocol 8.1).
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Finds the log id where the API's own envelope and its older form have it (protocol 4.1).
pub(super) fn log_id_in_body(members: &Map<String, Value>) -> Option<String> {
    let text = ["detail", "error"]
        .iter()
        .find_map(|name| members.get(*name)?.get("logid")?.as_str())?;
    Some(printable(text))
}

pub(super) fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(printable)
}

/// Reads `Retry-After` in seconds (RFC 9110 section 10.2.3). The date form is left aside: it needs a clock we trust.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

    #[test]
    fn expires_in_is_an_instant_or_a_duration_by_its_size() {
        let ten_years = 10 * 365 * 86_400;
        let table = [
            (json!(1_790_000_900), Ok(1_790_000_900)),
            (json!("1790000900"), Ok(1_790_000_900)),
            (json!(" 900 "), Ok(1_790_000_900)),
            (json!(900), Ok(1_790_000_900)),
            (json!(1), Ok(1_790_000_001)),
            (json!(0), Ok(1_790_000_000)),
            (json!(-1), Ok(1_789_999_999)),
            (json!(i64::MIN), Ok(i64::MIN + 1_790_000_000)),
            (json!(1_000_000_000), Ok(1_000_000_000)),
            (json!(NOW.0 + ten_years), Ok(NOW.0 + ten_years)),
            (json!(NOW.0 + ten_years + 1), Err(AnswerFlaw::AbsurdExpiry)),
            (json!(999_999_999), Err(AnswerFlaw::AbsurdExpiry)),
            (json!(1_790_000_900_000_i64), Err(AnswerFlaw::AbsurdExpiry)),
            (json!(u64::MAX), Err(AnswerFlaw::AbsurdExpiry)),
            (json!(900.5), Err(AnswerFlaw::NoExpiry)),
            (json!("soon"), Err(AnswerFlaw::NoExpiry)),
            (json!(true), Err(AnswerFlaw::NoExpiry)),
            (json!(null), Err(AnswerFlaw::NoExpiry)),
        ];

        for (value, expected) in table {
            assert_eq!(expires_at(Some(&value), NOW), expected.map(UnixSeconds), "{value}");
        }
        assert_eq!(expires_at(None, NOW), Err(AnswerFlaw::NoExpiry));
    }
}
