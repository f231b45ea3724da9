//! What a code buys, and for whom.

use crate::logins::{CHALLENGE, Pair, REDIRECT, VERIFIER, good_params, location, oauth_error, param};
use crate::support::Coze;
use coze_emulator::{AppKind, ConsentMode};
use serde_json::{Value, json};

fn claim(client_id: &str, code: &str) -> Value {
    json!({"grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": REDIRECT})
}

#[tokio::test]
async fn web_app_buys_a_pair_with_its_secret() {
    let coze = Coze::start().await;
    let client_id = coze.app(AppKind::Web).client_id;
    let code = coze.code(AppKind::Web).await;

    let (status, answer) = coze
        .token_request(Some(&coze.web_secret()), claim(&client_id, &code))
        .await;

    assert_eq!(status, 200);
    assert!(Pair::of(&answer).access.starts_with("czu_"));
    assert_eq!(answer["token_type"], "Bearer");
    let life = answer["expires_in"].as_i64().unwrap() - coze.emulator.clock().now();
    assert!(
        (890..=900).contains(&life),
        "an absolute time, 15 minutes ahead: {answer}"
    );
    assert!(coze.accepts(&Pair::of(&answer).access).await);
}

#[tokio::test]
async fn web_app_without_its_secret_is_refused() {
    let coze = Coze::start().await;
    let client_id = coze.app(AppKind::Web).client_id;
    let code = coze.code(AppKind::Web).await;

    let missing = coze.token_request(None, claim(&client_id, &code)).await;
    let empty = coze.token_request(Some(""), claim(&client_id, &code)).await;
    let wrong = coze.token_request(Some("wrong"), claim(&client_id, &code)).await;

    assert_eq!(
        missing,
        oauth_error(400, "invalid_request", "invalid request: client_secret")
    );
    assert_eq!(empty, missing);
    assert_eq!(wrong, oauth_error(401, "invalid_client", "invalid client_secret"));
}

#[tokio::test]
async fn code_is_used_once() {
    let coze = Coze::start().await;
    let client_id = coze.app(AppKind::Web).client_id;
    let code = coze.code(AppKind::Web).await;
    let redeem = async || {
        coze.token_request(Some(&coze.web_secret()), claim(&client_id, &code))
            .await
    };

    let (first, second) = (redeem().await, redeem().await);

    assert_eq!(first.0, 200);
    assert_eq!(second, oauth_error(400, "invalid_request", "invalid request: code"));
    assert!(coze.accepts(&Pair::of(&first.1).access).await);
}

#[tokio::test]
async fn code_is_short_lived() {
    let coze = Coze::start().await;
    let client_id = coze.app(AppKind::Web).client_id;
    let code = coze.code(AppKind::Web).await;

    coze.emulator.clock().set_offset_seconds(301);
    let late = coze
        .token_request(Some(&coze.web_secret()), claim(&client_id, &code))
        .await;

    assert_eq!(late, oauth_error(400, "invalid_request", "invalid request: code"));
}

#[tokio::test]
async fn code_is_bound_to_redirect_uri_and_app() {
    let coze = Coze::start().await;
    let (web, pkce) = (coze.app(AppKind::Web).client_id, coze.app(AppKind::Pkce).client_id);
    let code = coze.code(AppKind::Web).await;
    let mut elsewhere = claim(&web, &code);
    elsewhere["redirect_uri"] = json!("http://127.0.0.1:8081/callback/");

    let elsewhere = coze.token_request(Some(&coze.web_secret()), elsewhere).await;
    let other_app = coze.token_request(None, claim(&pkce, &code)).await;

    assert_eq!(
        elsewhere,
        oauth_error(400, "invalid_request", "invalid request: redirect_uri")
    );
    assert_eq!(other_app, oauth_error(400, "invalid_request", "invalid request: code"));
}

#[tokio::test]
async fn public_app_proves_itself_with_the_verifier() {
    let coze = Coze::start().await;
    let client_id = coze.app(AppKind::Pkce).client_id;
    let code = coze.code(AppKind::Pkce).await;
    let redeem = async |verifier: Option<&str>| {
        let mut body = claim(&client_id, &code);
        body["code_verifier"] = json!(verifier);
        // JS and GO send an empty token.
        coze.token_request(Some(""), body).await
    };

    let none = redeem(None).await;
    let challenge_itself = redeem(Some(CHALLENGE)).await;
    let right = redeem(Some(VERIFIER)).await;

    let refusal = oauth_error(400, "invalid_request", "invalid request: code_verifier");
    assert_eq!((&none, &challenge_itself), (&refusal, &refusal));
    assert_eq!(right.0, 200, "what did not fit has not spent the code");
}

#[tokio::test]
async fn plain_is_the_method_when_none_is_named() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let app = coze.app(AppKind::Pkce);
    let mut params = good_params(&app);
    params.push(("code_challenge", VERIFIER));
    let code = param(&location(&coze.authorize(&params).await), "code").unwrap();
    let mut body = claim(&app.client_id, &code);
    body["code_verifier"] = json!(VERIFIER);

    assert_eq!(coze.token_request(None, body).await.0, 200);
}

#[tokio::test]
async fn verifier_for_a_code_without_a_challenge_is_refused() {
    let coze = Coze::start().await;
    let code = coze.code(AppKind::Web).await;
    let mut body = claim(&coze.app(AppKind::Web).client_id, &code);
    body["code_verifier"] = json!(VERIFIER);

    let refused = coze.token_request(Some(&coze.web_secret()), body).await;

    assert_eq!(
        refused,
        oauth_error(400, "invalid_request", "invalid request: code_verifier")
    );
}

#[tokio::test]
async fn apps_of_the_wrong_kind_are_refused() {
    let coze = Coze::start().await;
    let code = coze.code(AppKind::Web).await;
    let device_grant = "urn:ietf:params:oauth:grant-type:device_code";
    for (client_id, grant_type) in [
        (coze.emulator.jwt_app().client_id, "authorization_code"),
        (coze.app(AppKind::Device).client_id, "authorization_code"),
        (coze.app(AppKind::Web).client_id, device_grant),
        (coze.app(AppKind::Pkce).client_id, device_grant),
        (coze.emulator.jwt_app().client_id, "refresh_token"),
    ] {
        let mut body = claim(&client_id, &code);
        body["grant_type"] = json!(grant_type);

        let refused = coze.token_request(None, body).await;

        assert_eq!(
            refused,
            oauth_error(400, "access_deny", "invalid app type"),
            "{client_id} {grant_type}"
        );
    }
    let unknown = coze.token_request(None, claim("nobody", &code)).await;
    assert_eq!(unknown, oauth_error(401, "invalid_client", "invalid client_id"));
}
