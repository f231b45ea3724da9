//! An app that its owner switched off.

use crate::logins::{good_params, location, oauth_error, param};
use crate::support::{Coze, JWT_BEARER, sign};
use coze_emulator::{AppKind, ConsentMode};
use reqwest::Method;
use serde_json::{Value, json};

async fn switch(coze: &Coze, client_id: &str, disabled: bool) {
    let order = coze.request(Method::PUT, &format!("/_emulator/apps/{client_id}"));
    let response = order.json(&json!({"disabled": disabled})).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn app_that_is_off_gets_nothing_until_it_is_on_again() {
    let coze = Coze::start().await;
    let app = coze.app(AppKind::Web);
    let pair = coze.web_login().await;

    switch(&coze, &app.client_id, true).await;
    let refresh = coze.web_refresh(&pair.refresh).await;
    let accepted = coze.accepts(&pair.access).await;
    let page = coze.authorize(&good_params(&app)).await.text().await.unwrap();
    switch(&coze, &app.client_id, false).await;

    let message = "app: Demo Web is currently deactivated by the owner";
    assert_eq!(refresh, oauth_error(400, "access_deny", message));
    assert!(!accepted, "its tokens sleep too");
    assert!(page.contains(message));
    assert!(coze.accepts(&pair.access).await);
    assert_eq!(coze.web_refresh(&pair.refresh).await.0, 200);
}

#[tokio::test]
async fn service_app_can_be_off_as_well() {
    let coze = Coze::start().await;
    switch(&coze, &coze.emulator.jwt_app().client_id, true).await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());

    let response = coze.exchange(&jwt, json!({"grant_type": JWT_BEARER})).await;

    let refused = (response.status().as_u16(), response.json::<Value>().await.unwrap());
    let message = "app: Demo Service is currently deactivated by the owner";
    assert_eq!(refused, oauth_error(400, "access_deny", message));
}

#[tokio::test]
async fn app_that_went_off_while_its_user_decided_gets_no_code() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Ask);
    let app = coze.app(AppKind::Web);
    let asked = location(&coze.authorize(&good_params(&app)).await);
    let key = param(&asked, "authorize_key").unwrap();
    switch(&coze, &app.client_id, true).await;

    let answer = coze
        .submit("/oauth/consent", &[("authorize_key", &key), ("decision", "approve")])
        .await;

    assert_eq!(answer.status(), 400);
    assert!(answer.headers().get("location").is_none());
}
