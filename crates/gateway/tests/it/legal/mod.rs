//! Two hundred legal ways to ask: each is served, and the platform sees method, target, body and the application's
//! fields as the caller sent them. A wall that refuses everything is no wall.
//!
//! `recorded/` holds what the platform's own clients really send: cozepy and `@coze/api` called once against a socket that
//! wrote everything down, and the Chat SDK's calls. Placeholders stand where hosts and credentials were.

mod recorded;
mod request;
mod variants;

use crate::world::{ExactUpstream, Wire, World};

/// What goes to the platform without being asked for (docs/reference/http.md).
const PASSED: [&str; 8] = [
    "accept",
    "accept-language",
    "agw-js-conv",
    "content-encoding",
    "content-type",
    "user-agent",
    "x-coze-client-user-agent",
    "x-tt-logid",
];

/// What the operator of this gateway lets pass beside it, in any spelling that RFC 9110 allows.
const PASSED_ON_REQUEST: [&str; 17] = [
    "!#$%&'*+-.^_`|~",
    "cache-control",
    "dnt",
    "idempotency-key",
    "if-none-match",
    "pragma",
    "priority",
    "range",
    "sec-gpc",
    "x-empty",
    "x-latin",
    "x-long",
    "x-quoted",
    "x-spaces",
    "x-text",
    "x-twice",
    "x_underscore",
];

/// The application's fields, sorted by name; those of one name stay in their order.
fn applications(fields: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut kept: Vec<(String, Vec<u8>)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_ascii().to_vec()))
        .filter(|(name, _)| PASSED.contains(&name.as_str()) || PASSED_ON_REQUEST.contains(&name.as_str()))
        .collect();
    kept.sort_by(|one, other| one.0.cmp(&other.0));
    kept
}

#[tokio::test]
async fn every_legal_request_is_served_and_arrives_as_it_was_sent() {
    let mut upstream = ExactUpstream::start().await;
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.pass_fields = PASSED_ON_REQUEST.map(|name| name.parse().unwrap()).to_vec();
    })
    .await;
    let handle = world.handle().await;
    let places = request::Places {
        host: world.proxy.to_string(),
        credential: handle,
        origin: "https://www.coze.cn".to_owned(),
    };
    let recorded = recorded::all();
    let variants = variants::all(world.proxy.port());
    println!(
        "legal requests: {} recorded, {} made up",
        recorded.len(),
        variants.len()
    );
    let (mut tried, mut refused) = (0, Vec::new());
    let mut wire = Wire::to(world.proxy);
    for request in recorded.iter().chain(&variants) {
        tried += 1;
        let answer = wire.exchange(&request.wire(&places)).await;
        match &answer {
            Some(answer) if answer.status == 200 => {}
            other => {
                refused.push(format!("{request} -> {other:?}"));
                continue;
            }
        }
        let arrived = upstream.request().await;
        let sent = applications(request.filled_fields(&places));
        let credential = arrived.fields.iter().find(|(name, _)| name == "authorization");
        let is_swapped = credential.is_some_and(|(_, value)| request.is_credential_of(value));
        let line = (arrived.method.as_str(), arrived.target.as_str());
        if line != (request.method.as_str(), request.arrives_as()) || arrived.body != request.body || !is_swapped {
            refused.push(format!(
                "{request} arrived as {line:?} with {} bytes",
                arrived.body.len()
            ));
        }
        let passed = applications(arrived.fields);
        if passed != sent {
            refused.push(format!("{request}: {sent:?} arrived as {passed:?}"));
        }
    }

    println!(
        "legal requests: bad tried 0 / let through 0; good tried {tried} / refused {}",
        refused.len()
    );
    assert_eq!(refused, Vec::<String>::new());
    assert!(tried >= 200, "{tried}");
    world.stop().await;
}

/// Every page of a listed origin asks first, and with these fields (chat-sdk.md 3.4).
#[tokio::test]
async fn every_preflight_of_the_sdks_is_answered_and_reaches_nobody() {
    let mut upstream = ExactUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let asked_for = [
        "authorization",
        "authorization,x-coze-client-user-agent",
        "authorization,content-type",
        "authorization,content-type,x-coze-client-user-agent",
        "agw-js-conv,authorization,content-type",
    ];
    let (mut tried, mut refused) = (0, Vec::new());
    let mut wire = Wire::to(world.proxy);
    for origin in ["https://www.coze.cn".to_owned(), format!("http://{}", world.auth)] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            for fields in asked_for {
                tried += 1;
                let request = format!(
                    "OPTIONS /v1/conversations?bot_id=7 HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\n\
                     Access-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: {fields}\r\n\r\n",
                    world.proxy
                );
                let answer = wire.exchange(request.as_bytes()).await.unwrap();
                let allows = |name: &str, wanted: &str| {
                    let allowed = answer.header(name).unwrap_or_default().to_ascii_lowercase();
                    let allowed: Vec<&str> = allowed.split(", ").collect();
                    wanted
                        .split(',')
                        .all(|one| allowed.contains(&one.to_ascii_lowercase().as_str()))
                };
                let is_answered = answer.status == 204
                    && answer.header("access-control-allow-origin") == Some(origin.as_str())
                    && allows("access-control-allow-methods", method)
                    && allows("access-control-allow-headers", fields);
                if !is_answered {
                    refused.push(format!("{request} -> {answer:?}"));
                }
            }
        }
    }

    println!(
        "preflights: bad tried 0 / let through 0; good tried {tried} / refused {}",
        refused.len()
    );
    assert_eq!(refused, Vec::<String>::new());
    assert!(upstream.is_untouched());
    world.stop().await;
}
