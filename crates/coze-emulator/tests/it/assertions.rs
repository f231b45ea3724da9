//! Which assertions buy a token, and how the others are refused.

use crate::support::{Coze, JWT_BEARER, sign};
use coze_emulator::{Emulator, EmulatorConfig};
use reqwest::Method;
use serde_json::{Value, json};

async fn refusal(coze: &Coze, jwt: &str) -> (u16, Value) {
    let response = coze.exchange(jwt, json!({"grant_type": JWT_BEARER})).await;
    assert!(response.headers().contains_key("x-tt-logid"));
    (response.status().as_u16(), response.json().await.unwrap())
}

fn invalid_client(message: &str) -> (u16, Value) {
    (
        401,
        json!({"error_code": "invalid_client", "error_message": message, "error": "invalid_client"}),
    )
}

#[tokio::test]
async fn good_assertion_buys_a_token_that_ends_at_an_absolute_time() {
    let coze = Coze::start().await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());

    let response = coze
        .exchange(&jwt, json!({"grant_type": JWT_BEARER, "duration_seconds": 60}))
        .await;

    let now = coze.emulator.clock().now();
    let body = response.text().await.unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let expires_in = answer["expires_in"].as_i64().unwrap();
    assert!((now + 55..=now + 60).contains(&expires_in));
    assert_eq!(
        body,
        format!(r#"{{"access_token":"{token}","expires_in":{expires_in},"token_type":"Bearer"}}"#)
    );
    assert_eq!(coze.get(token, "/v1/users/me").await["code"], 0);
}

#[tokio::test]
async fn wrong_claims_are_refused_one_by_one() {
    let coze = Coze::start().await;
    let now = coze.emulator.clock().now();
    for (claim, value, message) in [
        ("iss", json!("999"), "invalid jwt: invalid iss"),
        ("aud", json!("api.coze.cn"), "invalid jwt: invalid aud"),
        ("aud", json!(null), "invalid jwt: invalid aud"),
        ("exp", json!(now - 1), "invalid jwt: token is expired, check exp"),
        ("iat", json!(now + 500), "invalid jwt: iat is in the future"),
        ("iat", json!(now * 1000), "invalid jwt: exp must be after iat"),
        ("jti", json!(""), "invalid jwt: jti is empty"),
        ("exp", json!("soon"), "invalid jwt: claims can not be read"),
    ] {
        let mut claims = coze.claims();
        claims[claim] = value;

        let refused = refusal(&coze, &sign(&coze.emulator.jwt_app(), &claims)).await;

        assert_eq!(refused, invalid_client(message), "{claims}");
    }
}

#[tokio::test]
async fn assertion_is_refused_the_second_time() {
    let coze = Coze::start().await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());
    assert_eq!(
        coze.exchange(&jwt, json!({"grant_type": JWT_BEARER})).await.status(),
        200
    );

    let refused = refusal(&coze, &jwt).await;

    assert_eq!(refused, invalid_client("invalid jwt: jti has been used"));
}

#[tokio::test]
async fn key_of_somebody_else_is_refused() {
    let coze = Coze::start().await;
    let stranger = Emulator::start(EmulatorConfig::default()).await.unwrap().jwt_app();

    let unknown_kid = refusal(&coze, &sign(&stranger, &coze.claims())).await;
    let mut forged = stranger.clone();
    forged.public_key_id = coze.emulator.jwt_app().public_key_id;
    let wrong_signature = refusal(&coze, &sign(&forged, &coze.claims())).await;

    assert_eq!(unknown_kid, invalid_client("invalid jwt: kid not been registred"));
    assert_eq!(wrong_signature, invalid_client("invalid jwt: invalid signature"));
}

#[tokio::test]
async fn unsigned_assertion_is_refused() {
    let coze = Coze::start().await;
    let signed = sign(&coze.emulator.jwt_app(), &coze.claims());
    let claims = signed.split('.').nth(1).unwrap();
    let header = "eyJhbGciOiJub25lIn0"; // {"alg":"none"}

    let refused = refusal(&coze, &format!("{header}.{claims}.")).await;

    assert_eq!(refused, invalid_client("invalid jwt: alg must be RS256"));
}

#[tokio::test]
async fn missing_assertion_is_an_empty_one() {
    let coze = Coze::start().await;

    for bearer in ["", "not-a-jwt", "pat_x"] {
        assert_eq!(
            refusal(&coze, bearer).await,
            invalid_client("verify jwt empty error"),
            "{bearer}"
        );
    }
}

#[tokio::test]
async fn bad_body_is_refused_before_the_assertion_is_spent() {
    let coze = Coze::start().await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());
    for (body, code, message) in [
        (json!({}), "invalid_request", "invalid request: grant_type"),
        (
            json!({"grant_type": "client_credentials"}),
            "unsupported_grant_type",
            "not supported grant type: client_credentials",
        ),
        (
            json!({"grant_type": JWT_BEARER, "duration_seconds": 86_400}),
            "invalid_request",
            "invalid request: duration_seconds",
        ),
        (
            json!({"grant_type": JWT_BEARER, "scope": "all"}),
            "invalid_request",
            "invalid request: scope",
        ),
    ] {
        let response = coze.exchange(&jwt, body).await;

        assert_eq!(response.status(), 400);
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            body,
            json!({"error_code": code, "error_message": message, "error": code})
        );
    }

    let accepted = coze
        .exchange(&jwt, json!({"grant_type": JWT_BEARER, "scope": null}))
        .await;

    assert_eq!(accepted.status(), 200);
}

#[tokio::test]
async fn form_encoded_body_is_refused() {
    let coze = Coze::start().await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());

    let request = coze
        .request(Method::POST, "/api/permission/oauth2/token")
        .bearer_auth(jwt);
    let form = format!("grant_type={JWT_BEARER}");
    let response = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 400);
    assert_eq!(response.json::<Value>().await.unwrap()["error_code"], "invalid_request");
}

#[tokio::test]
async fn official_audience_is_accepted_when_allowed() {
    let coze = Coze::start_with(EmulatorConfig {
        accept_official_audience: true,
        ..EmulatorConfig::default()
    })
    .await;
    let mut claims = coze.claims();
    claims["aud"] = json!("api.coze.cn");

    let response = coze
        .exchange(
            &sign(&coze.emulator.jwt_app(), &claims),
            json!({"grant_type": JWT_BEARER}),
        )
        .await;

    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn token_ends_when_the_platforms_clock_passes_its_time() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    coze.emulator.clock().set_offset_seconds(901);
    let response = coze
        .request(Method::GET, "/v1/users/me")
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 401);
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        (&body["code"], &body["msg"]),
        (&json!(700_012_006), &json!("access token invalid"))
    );
}

#[tokio::test]
async fn account_and_enterprise_paths_exchange_too() {
    let coze = Coze::start().await;
    for path in [
        "/api/permission/oauth2/account/1/token",
        "/api/permission/oauth2/enterprise_id/volcano_2/token",
    ] {
        let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());

        let request = coze
            .request(Method::POST, path)
            .bearer_auth(jwt)
            .json(&json!({"grant_type": JWT_BEARER}));

        assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(coze.emulator.journal().token_requests(), 2);
}
