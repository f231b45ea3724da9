//! The token endpoint: an assertion becomes an access token (protocol 2.2, 2.3).

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    assertion::Assertion,
    refusal::{Refusal, json},
};
use crate::{
    ids::random_text,
    platform::Platform,
    tokens::{Grant, Identity},
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEFAULT_SECONDS: i64 = 900;
const MOST_SECONDS: i64 = 86_399;
const BODY_LIMIT: usize = 64 * 1024;

#[derive(Debug, Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    /// A point in time, not a duration (protocol 2.3).
    expires_in: i64,
    token_type: &'a str,
}

/// `POST /api/permission/oauth2/token`
pub(super) async fn exchange(State(platform): State<Arc<Platform>>, request: Request) -> Result<Response, Refusal> {
    // Body before assertion: which grant it is decides what the header means, and an assertion is not spent on a
    // request that was bad anyway. The real order is unknown.
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| Refusal::InvalidRequest("body"))?;
    let order = Order::read(&parts.headers, &body)?;
    let assertion = Assertion::accept(&platform, bearer(&parts.headers))?;

    let now = platform.clock.now();
    let token = random_text("czs_").map_err(|_| Refusal::Internal)?;
    let grant = Grant {
        identity: Identity {
            client_id: Some(assertion.client_id),
            session_name: assertion.session_name,
        },
        bot_ids: order.bot_ids,
        expires_at: now.saturating_add(order.duration_seconds),
    };
    let answer = TokenAnswer {
        access_token: &token,
        expires_in: grant.expires_at,
        token_type: "Bearer",
    };
    let response = json(StatusCode::OK, &answer);
    platform.tokens.issue(token, grant, now);
    Ok(response)
}

/// What the body orders.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    duration_seconds: i64,
    bot_ids: Option<Vec<String>>,
}

impl Order {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !content_type
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("application/json")
        {
            return Err(Refusal::InvalidRequest("content-type")); // invented
        }
        let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Refusal::InvalidRequest("body"))?; // invented
        match body.get("grant_type").and_then(Value::as_str) {
            Some(JWT_BEARER) => {}
            Some(other) => return Err(Refusal::UnsupportedGrantType(other.to_owned())),
            None => return Err(Refusal::InvalidRequest("grant_type")),
        }
        Ok(Self {
            duration_seconds: duration(body.get("duration_seconds"))?,
            bot_ids: bot_ids(body.get("scope"))?,
        })
    }
}

/// cozepy sends `null` for what is not set (protocol 2.2).
fn duration(value: Option<&Value>) -> Result<i64, Refusal> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(DEFAULT_SECONDS);
    };
    let seconds = value.as_i64().filter(|seconds| (1..=MOST_SECONDS).contains(seconds));
    seconds.ok_or(Refusal::InvalidRequest("duration_seconds"))
}

fn bot_ids(scope: Option<&Value>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(scope) = scope.filter(|scope| !scope.is_null()) else {
        return Ok(None);
    };
    if !scope.is_object() {
        return Err(Refusal::InvalidRequest("scope"));
    }
    let listed = scope.pointer("/attribute_constraint/connector_bot_chat_attribute/bot_id_list");
    let ids = listed.and_then(Value::as_array).map(|ids| {
        let ids = ids.iter().filter_map(Value::as_str).map(str::to_owned);
        ids.collect()
    });
    Ok(ids)
}

/// Returns what stands after `Bearer`; empty when nothing does.
fn bearer(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix("Bearer"))
        .unwrap_or_default()
        .trim()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Order, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        Order::read(&headers, body.to_string().as_bytes())
    }

    #[test]
    fn null_counts_as_absent() {
        let order = read(&json!({"grant_type": JWT_BEARER, "duration_seconds": null, "scope": null}));

        assert_eq!(
            order,
            Ok(Order {
                duration_seconds: 900,
                bot_ids: None
            })
        );
    }

    #[test]
    fn duration_lies_between_one_second_and_a_day_less_one() {
        for (seconds, accepted) in [(0, false), (1, true), (86_399, true), (86_400, false)] {
            let order = read(&json!({"grant_type": JWT_BEARER, "duration_seconds": seconds}));
            assert_eq!(order.is_ok(), accepted, "{seconds}");
        }
    }

    #[test]
    fn bots_of_the_scope_are_read() {
        let scope = json!({"account_permission": {"permission_list": ["Connector.botChat"]},
            "attribute_constraint": {"connector_bot_chat_attribute": {"bot_id_list": ["1"]}}});

        let order = read(&json!({"grant_type": JWT_BEARER, "scope": scope})).unwrap();

        assert_eq!(order.bot_ids, Some(vec!["1".to_owned()]));
    }
}
