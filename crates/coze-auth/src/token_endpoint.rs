//! The only file that talks to Coze's token endpoint (protocol 2.2, 2.3, 4.1).
//!
//! Sends a JSON body with the proof as Bearer, reads at most 64 KiB, and turns whatever comes back into a [`TokenSet`] or a
//! named error. Nothing is trusted: success may be an error (`code != 0` under HTTP 200), times may be absolute or
//! relative, and the answer may come from another service altogether.

use crate::clock::UnixSeconds;
use crate::error::{AnswerFlaw, AuthError};
use crate::grant::Grant;
use crate::refusal::{Refusal, RefusalKind};
use crate::region::Endpoints;
use crate::secret::AccessToken;
use crate::token_set::TokenSet;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// The largest answer that is read, in bytes. A real one has less than two thousand.
const LARGEST_ANSWER: usize = 64 * 1024;

/// `expires_in` from here on is an instant, below a duration: 10^9 s are 2001 as one and 31 years as the other
/// (protocol 2.3).
const FIRST_INSTANT: i64 = 1_000_000_000;

/// No token lives longer than this; what claims to is milliseconds or nonsense.
const LONGEST_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// The longest text of an answer that is kept in an error, in characters.
const LONGEST_QUOTE: usize = 300;

/// Every answer of the platform carries its name for the request there (protocol 4.1).
const LOG_ID: HeaderName = HeaderName::from_static("x-tt-logid");

/// Exchanges a grant for a token. `now` is the time before the request, so that a relative end is never too late.
pub(crate) async fn request_token(
    http: &reqwest::Client,
    endpoints: &Endpoints,
    grant: &Grant<'_>,
    now: UnixSeconds,
) -> Result<TokenSet, AuthError> {
    let host = endpoints.audience();
    let response = http
        .post(endpoints.token_endpoint())
        .bearer_auth(grant.proof())
        .json(&grant.body())
        .send()
        .await
        .map_err(|error| transport_error(&host, error))?;
    let answer = Answer::read(response, host).await?;
    answer.into_token_set(grant.proof(), now)
}

fn transport_error(host: &str, error: reqwest::Error) -> AuthError {
    let host = host.to_owned();
    if error.is_timeout() {
        return AuthError::TimedOut { host };
    }
    // The URL may hold a password (`https://user:password@proxy`), and the host is named already.
    AuthError::Unreachable {
        host,
        source: Arc::new(Box::new(error.without_url())),
    }
}

/// An answer that was read to its end.
struct Answer {
    host: String,
    status: u16,
    content_type: Option<String>,
    retry_after: Option<Duration>,
    log_id: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    async fn read(mut response: reqwest::Response, host: String) -> Result<Self, AuthError> {
        let mut answer = Self {
            host,
            status: response.status().as_u16(),
            content_type: header(response.headers(), &CONTENT_TYPE),
            retry_after: retry_after(response.headers()),
            log_id: header(response.headers(), &LOG_ID),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len() + chunk.len() > LARGEST_ANSWER => {
                    return Err(answer.malformed(AnswerFlaw::TooLarge));
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => return Ok(answer),
                Err(error) if error.is_timeout() => return Err(AuthError::TimedOut { host: answer.host }),
                Err(_) => return Err(answer.malformed(AnswerFlaw::Incomplete)),
            }
        }
    }

    fn into_token_set(mut self, proof: &str, now: UnixSeconds) -> Result<TokenSet, AuthError> {
        let members = match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => members,
            Ok(_) if self.is_success() => return Err(self.malformed(AnswerFlaw::NotAnObject)),
            Ok(_) | Err(_) => return Err(self.not_json()),
        };
        self.log_id = self.log_id.or_else(|| log_id_in_body(&members));
        if let Some(refusal) = self.refusal(&members, proof) {
            return Err(AuthError::Refused(Box::new(refusal)));
        }
        if !self.is_success() {
            return Err(self.not_json());
        }
        self.token_set(&members, now)
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Finds an error of either family (protocol 4.1), under any status.
    fn refusal(&self, members: &Map<String, Value>, proof: &str) -> Option<Refusal> {
        let text = |names: &[&str]| {
            let found = names
                .iter()
                .find_map(|name| members.get(*name)?.as_str().filter(|text| !text.is_empty()))?;
            Some(quote(found, proof))
        };
        let error_code = text(&["error_code", "error"]);
        let error_message = text(&["error_message", "error_description"]);
        let code = members.get("code").and_then(whole_number).filter(|code| *code != 0);
        if error_code.is_none() && error_message.is_none() && code.is_none() {
            return None;
        }
        let msg = text(&["msg"]);
        let hint = RefusalKind::of(
            self.status,
            error_code.as_deref(),
            error_message.as_deref().or(msg.as_deref()),
        );
        Some(Refusal {
            status: self.status,
            error_code,
            error_message,
            code,
            msg,
            log_id: self.log_id.clone(),
            hint,
        })
    }

    fn token_set(&self, members: &Map<String, Value>, now: UnixSeconds) -> Result<TokenSet, AuthError> {
        let access_token = members
            .get("access_token")
            .and_then(Value::as_str)
            .ok_or(AnswerFlaw::NoAccessToken);
        let access_token = access_token
            .and_then(|text| AccessToken::parse(text).map_err(AnswerFlaw::UnusableAccessToken))
            .map_err(|flaw| self.malformed(flaw))?;
        let token_type = token_type(members.get("token_type")).map_err(|flaw| self.malformed(flaw))?;
        let expires_at = expires_at(members.get("expires_in"), now).map_err(|flaw| self.malformed(flaw))?;
        if expires_at <= now {
            return Err(AuthError::ExpiredOnArrival {
                expires_at,
                now,
                log_id: self.log_id.clone(),
            });
        }
        Ok(TokenSet {
            access_token,
            token_type,
            issued_at: now,
            expires_at: Some(expires_at),
        })
    }

    fn malformed(&self, flaw: AnswerFlaw) -> AuthError {
        AuthError::MalformedAnswer {
            host: self.host.clone(),
            flaw,
            log_id: self.log_id.clone(),
        }
    }

    /// Names an answer without a word of the platform in it: a server that is down, or another service.
    fn not_json(self) -> AuthError {
        let Self {
            host,
            status,
            content_type,
            retry_after,
            log_id,
            ..
        } = self;
        match status {
            429 | 500.. => AuthError::Unavailable {
                host,
                status,
                retry_after,
                log_id,
            },
            _ => AuthError::NotTheApi {
                host,
                status,
                content_type,
                log_id,
            },
        }
    }
}

/// Takes a missing `token_type` for `Bearer` (protocol 2.3: not every document has it).
fn token_type(value: Option<&Value>) -> Result<String, AnswerFlaw> {
    match value {
        None | Some(Value::Null) => Ok("Bearer".to_owned()),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("bearer") => Ok("Bearer".to_owned()),
        Some(_) => Err(AnswerFlaw::UnknownTokenType),
    }
}

/// Makes an instant of `expires_in`, which is one on the wire, but a duration in older answers (protocol 2.3).
fn expires_at(value: Option<&Value>, now: UnixSeconds) -> Result<UnixSeconds, AnswerFlaw> {
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
fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Finds the log id where the API's own envelope and its older form have it (protocol 4.1).
fn log_id_in_body(members: &Map<String, Value>) -> Option<String> {
    let text = ["detail", "error"]
        .iter()
        .find_map(|name| members.get(*name)?.get("logid")?.as_str())?;
    Some(printable(text))
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(printable)
}

/// Reads `Retry-After` in seconds (RFC 9110 section 10.2.3). The date form is left aside: it needs a clock we trust.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// Makes a foreign text fit for an error: our credential taken out, should somebody have sent it back to us.
fn quote(text: &str, proof: &str) -> String {
    let signature = proof.rsplit('.').next().unwrap_or(proof);
    let mut text = text.replace(proof, "(..)");
    if !signature.is_empty() {
        text = text.replace(signature, "(..)");
    }
    printable(&text)
}

fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(LONGEST_QUOTE)
        .collect()
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

    #[test]
    fn credential_that_was_sent_back_is_taken_out_of_the_text() {
        let proof = "eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl";

        assert_eq!(
            quote("bad token eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl!", proof),
            "bad token (..)!"
        );
        assert_eq!(
            quote("signature c2lnbmF0dXJl is wrong", proof),
            "signature (..) is wrong"
        );
    }

    #[test]
    fn quoted_text_is_one_short_line() {
        assert_eq!(quote("a\r\nb\u{1b}[31m", "x.y.z"), "ab[31m");
        assert_eq!(quote(&"界".repeat(1_000), "x.y.z").chars().count(), LONGEST_QUOTE);
    }
}
