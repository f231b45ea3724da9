//! The JWT-bearer grant: an assertion becomes an access token (protocol 2.2, 2.3).

use super::assertion::Assertion;
use super::body::{OAuthBody, bearer};
use super::client;
use super::refusal::Refusal;
use super::token_answer::TokenAnswer;
use crate::apps::AppKind;
use crate::ids::random_text;
use crate::journal::OAuthStep;
use crate::platform::Platform;
use crate::tokens::{Grant, Identity, Scope, Tenant};
use http::HeaderMap;
use serde_json::Value;

const DEFAULT_SECONDS: i64 = 900;
const MOST_SECONDS: i64 = 86_399;

pub(super) fn exchange(
    platform: &Platform,
    tenant: Tenant,
    headers: &HeaderMap,
    body: &OAuthBody,
    step: &mut OAuthStep,
) -> Result<TokenAnswer, Refusal> {
    // Body before assertion: an assertion is not spent on a request that was bad anyway. The real order is unknown.
    let order = Order::read(body)?;
    step.duration_seconds = Some(order.duration_seconds);
    step.permissions.clone_from(&order.scope.permissions);
    step.bot_ids.clone_from(&order.scope.bot_ids);

    let assertion = Assertion::accept(platform, bearer(headers))?;
    step.client_id = Some(assertion.client_id.clone());
    step.device_id = assertion.device_id;
    step.custom_consumer = assertion.custom_consumer;
    client::find(platform, &assertion.client_id, &[AppKind::Jwt])?;

    let now = platform.clock.now();
    let access_token = random_text("czs_").map_err(|_| Refusal::Internal)?;
    let grant = Grant {
        identity: Identity {
            client_id: Some(assertion.client_id),
            session_name: assertion.session_name,
            tenant,
        },
        scope: order.scope,
        expires_at: now.saturating_add(order.duration_seconds),
    };
    let answer = TokenAnswer::new(access_token.clone(), None, grant.expires_at);
    platform.tokens.issue(access_token, grant, now);
    Ok(answer)
}

/// What the body orders.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    duration_seconds: i64,
    scope: Scope,
}

impl Order {
    fn read(body: &OAuthBody) -> Result<Self, Refusal> {
        Ok(Self {
            duration_seconds: duration(body.get("duration_seconds"))?,
            scope: scope(body.get("scope"))?,
        })
    }
}

fn duration(value: Option<&Value>) -> Result<i64, Refusal> {
    let Some(value) = value else {
        return Ok(DEFAULT_SECONDS);
    };
    let seconds = value.as_i64().filter(|seconds| (1..=MOST_SECONDS).contains(seconds));
    seconds.ok_or(Refusal::InvalidRequest("duration_seconds"))
}

fn scope(scope: Option<&Value>) -> Result<Scope, Refusal> {
    let Some(scope) = scope else {
        return Ok(Scope::default());
    };
    if !scope.is_object() {
        return Err(Refusal::InvalidRequest("scope"));
    }
    let texts = |path| {
        let listed = scope.pointer(path).and_then(Value::as_array)?;
        Some(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    Ok(Scope {
        permissions: texts("/account_permission/permission_list"),
        bot_ids: texts("/attribute_constraint/connector_bot_chat_attribute/bot_id_list"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;
    use serde_json::json;

    fn read(body: &Value) -> Result<Order, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        Order::read(&OAuthBody::read(&headers, body.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn null_counts_as_absent() {
        let order = read(&json!({"duration_seconds": null, "scope": null}));

        assert_eq!(
            order,
            Ok(Order {
                duration_seconds: 900,
                scope: Scope::default()
            })
        );
    }

    #[test]
    fn duration_lies_between_one_second_and_a_day_less_one() {
        for (seconds, accepted) in [(0, false), (1, true), (86_399, true), (86_400, false)] {
            let order = read(&json!({"duration_seconds": seconds}));
            assert_eq!(order.is_ok(), accepted, "{seconds}");
        }
    }

    #[test]
    fn permissions_and_bots_of_the_scope_are_read() {
        let scope = json!({"account_permission": {"permission_list": ["Connector.botChat"]},
            "attribute_constraint": {"connector_bot_chat_attribute": {"bot_id_list": ["1"]}}});

        let order = read(&json!({"scope": scope})).unwrap();

        assert_eq!(order.scope.permissions, Some(vec!["Connector.botChat".to_owned()]));
        assert_eq!(order.scope.bot_ids, Some(vec!["1".to_owned()]));
    }
}
