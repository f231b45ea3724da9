//! The assertion and the request that carries it (protocol 2.1, 2.2).

use crate::keys;
use crate::world::{NOW, World, builder, jwt_app, text, user};
use coze_auth::{App, JwtApp, MemoryStore, Region, Scope, SeededRandom, SessionContext, Subject, SystemRandom};
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Verifies with another implementation than the one that signed.
fn verified(jwt: &str, audience: &str) -> TokenData<Value> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    // The tests' time is not today's.
    validation.validate_exp = false;
    decode(jwt, &DecodingKey::from_rsa_der(&keys::pkcs1_public_der()), &validation).unwrap()
}

fn china_app() -> JwtApp {
    let App::Jwt(mut app) = jwt_app(&Region::China.endpoints().api_base) else {
        panic!("a JWT app")
    };
    app.endpoints = Region::China.endpoints();
    app
}

#[test]
fn assertion_has_the_documented_header_and_claims_and_a_good_signature() {
    let user = user("user-42");

    let assertion = china_app().assertion(&user, NOW, &SystemRandom).unwrap();

    let TokenData { header, claims, .. } = verified(assertion.expose(), "api.coze.cn");
    assert_eq!(header.alg, Algorithm::RS256);
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    assert_eq!(header.kid.as_deref(), Some("key-id"));
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 43);
    assert_eq!(
        claims,
        json!({
            "iss": "1100000000001",
            "aud": "api.coze.cn",
            "iat": NOW.0,
            "exp": NOW.0 + 180,
            "jti": jti,
            "session_name": "user-42",
        })
    );
}

#[test]
fn app_itself_signs_no_session_name() {
    let assertion = china_app().assertion(&Subject::app(), NOW, &SystemRandom).unwrap();

    let claims = verified(assertion.expose(), "api.coze.cn").claims;
    assert_eq!(claims.get("session_name"), None);
}

#[test]
fn every_assertion_has_a_jti_of_its_own() {
    let app = china_app();
    let random = SeededRandom::new(7);

    let ids: HashSet<String> = (0..50)
        .map(|_| app.assertion(&Subject::app(), NOW, &random).unwrap())
        .map(|assertion| verified(assertion.expose(), "api.coze.cn").claims["jti"].to_string())
        .collect();

    assert_eq!(ids.len(), 50);
}

#[test]
fn assertion_depends_on_nothing_but_what_it_was_handed() {
    let make = || {
        china_app()
            .assertion(&Subject::app(), NOW, &SeededRandom::new(7))
            .unwrap()
            .expose()
            .to_owned()
    };

    assert_eq!(make(), make());
}

#[tokio::test]
async fn request_carries_the_assertion_as_bearer_and_a_json_body() {
    let world = World::start().await;

    let token = world.token(&user("user-42")).await;

    let asked = &world.platform.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.uri.path()),
        ("POST", "/api/permission/oauth2/token")
    );
    assert_eq!(asked.content_type, "application/json");
    assert_eq!(
        asked.body,
        json!({ "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "duration_seconds": 900 })
    );
    let audience = format!("127.0.0.1:{}", world.platform.base.port().unwrap());
    assert_eq!(verified(asked.assertion(), &audience).claims["session_name"], "user-42");
    assert_eq!(text(&token), "czs_1");
    assert_eq!(
        (token.token_type(), token.expires_at().unwrap().0),
        ("Bearer", NOW.0 + 900)
    );
}

#[tokio::test]
async fn subject_decides_about_duration_and_scope() {
    let world = World::start().await;
    let mut subject = Subject::app();
    subject.duration_seconds = Some(100_000);
    subject.scope = Scope::new(["Connector.botChat".to_owned()], ["7".to_owned()]);

    world.token(&subject).await;

    let body = &world.platform.asked()[0].body;
    assert_eq!(body["duration_seconds"], 86_399);
    assert_eq!(
        body["scope"]["account_permission"]["permission_list"],
        json!(["Connector.botChat"])
    );
    assert_eq!(
        body["scope"]["attribute_constraint"]["connector_bot_chat_attribute"]["bot_id_list"],
        json!(["7"])
    );
}

/// An app that is narrowed and bills a device.
fn narrowed(base: &url::Url) -> App {
    let App::Jwt(mut app) = jwt_app(base) else {
        panic!("a JWT app")
    };
    app.scope = Scope::new(["Connector.botChat".to_owned()], ["7".to_owned()]);
    app.session_context = SessionContext::new(Some("till-4".to_owned()), None);
    App::Jwt(app)
}

#[tokio::test]
async fn app_decides_about_scope_and_device_where_the_subject_does_not() {
    let world = World::of(narrowed, Arc::new(MemoryStore::default())).await;
    let mut wider = user("a");
    wider.scope = Scope::new(["Connector.botManage".to_owned()], []);

    world.token(&user("a")).await;
    world.token(&wider).await;

    let asked = world.platform.asked();
    let permissions = |number: usize| asked[number].body["scope"]["account_permission"]["permission_list"].clone();
    assert_eq!(permissions(0), json!(["Connector.botChat"]));
    assert_eq!(permissions(1), json!(["Connector.botManage"]));
    assert_eq!(
        asked[0].claim("session_context"),
        json!({ "device_info": { "device_id": "till-4" } })
    );
}

#[tokio::test]
async fn token_from_before_the_app_was_narrowed_is_not_served_after_it() {
    let store = Arc::new(MemoryStore::default());
    let wide = World::with_store(Arc::clone(&store) as _).await;
    let first = wide.token(&user("a")).await;

    // The same app at the same platform, with another configuration.
    let narrow = builder(narrowed(&wide.platform.base), &wide.clock).store(store);
    let narrow = narrow.build().unwrap();
    let second = narrow.access_token(&user("a")).await.unwrap();

    assert_ne!(text(&first), text(&second));
    assert_eq!(text(&narrow.access_token(&user("a")).await.unwrap()), text(&second));
    assert_eq!(wide.platform.times_asked(), 2);
}

#[tokio::test]
async fn refused_token_of_a_narrowed_app_is_replaced_and_not_taken_from_the_store_again() {
    let world = World::of(narrowed, Arc::new(MemoryStore::default())).await;
    let token = world.token(&user("a")).await;

    world.tokens.refused(&user("a"), &token);

    assert_ne!(text(&world.token(&user("a")).await), text(&token));
}
