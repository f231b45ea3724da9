//! The device flow, from both sides.

use crate::logins::{Pair, oauth_error};
use crate::support::{Coze, string};
use coze_emulator::{AppKind, ConsentMode, EmulatorConfig};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(coze: &Coze, path: &str) -> (u16, Value) {
    let client_id = coze.app(AppKind::Device).client_id;
    let request = coze.request(Method::POST, path).json(&json!({"client_id": client_id}));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn begin(coze: &Coze) -> Value {
    start(coze, "/api/permission/oauth2/device/code").await.1
}

async fn poll(coze: &Coze, begun: &Value) -> (u16, Value) {
    let body = json!({"grant_type": DEVICE_CODE, "client_id": coze.app(AppKind::Device).client_id,
        "device_code": begun["device_code"]});
    coze.token_request(None, body).await
}

fn outcome(code: &str, description: &str) -> (u16, Value) {
    (
        400,
        json!({"error": code, "error_code": code, "error_message": "", "error_description": description}),
    )
}

#[tokio::test]
async fn device_learns_where_its_user_goes() {
    let coze = Coze::start().await;

    let begun = begin(&coze).await;

    assert!(string(&begun["device_code"]).starts_with("dc_"));
    assert_eq!(string(&begun["user_code"]).len(), 9);
    assert_eq!(
        begun["verification_uri"],
        format!("{}/device", coze.emulator.www_base())
    );
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(300), &json!(5)));
}

#[tokio::test]
async fn approval_on_the_page_gives_the_device_its_tokens() {
    let coze = Coze::start().await;
    let begun = begin(&coze).await;
    let user_code = string(&begun["user_code"]);
    let waiting = poll(&coze, &begun).await;

    let typed = user_code.replace('-', "").to_lowercase();
    let page = coze.request(Method::GET, &format!("/device?user_code={typed}"));
    let page = page.send().await.unwrap().text().await.unwrap();
    let done = coze
        .submit("/device", &[("user_code", &user_code), ("decision", "approve")])
        .await;
    let (status, answer) = poll(&coze, &begun).await;

    assert_eq!(waiting, outcome("authorization_pending", "waiting for user"));
    assert!(page.contains("Demo Device") && page.contains(&user_code), "{page}");
    assert_eq!(done.status(), 200);
    assert_eq!(status, 200, "{answer}");
    assert!(coze.accepts(&Pair::of(&answer).access).await);
    assert_eq!(
        poll(&coze, &begun).await,
        oauth_error(400, "invalid_request", "invalid request: device_code")
    );
}

#[tokio::test]
async fn device_token_is_refreshed_without_a_secret() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let pair = Pair::of(&poll(&coze, &begin(&coze).await).await.1);
    let body = json!({"grant_type": "refresh_token", "client_id": coze.app(AppKind::Device).client_id,
        "refresh_token": pair.refresh});

    assert_eq!(coze.token_request(None, body).await.0, 200);
}

#[tokio::test]
async fn impatient_device_is_slowed_down_for_good() {
    let coze = Coze::start().await;
    let begun = begin(&coze).await;
    let at = async |seconds| {
        coze.emulator.clock().set_offset_seconds(seconds);
        poll(&coze, &begun).await
    };

    let pending = outcome("authorization_pending", "waiting for user");
    let slow_down = outcome("slow_down", "polling too often");
    assert_eq!(at(0).await, pending);
    assert_eq!(at(2).await, slow_down, "5 seconds are the interval");
    assert_eq!(at(9).await, slow_down, "now 10");
    assert_eq!(at(25).await, pending, "now 15");
    assert_eq!(at(36).await, slow_down);
}

#[tokio::test]
async fn denial_and_expiry_are_told_apart() {
    let coze = Coze::start_with(EmulatorConfig {
        device_life: Duration::from_mins(1),
        ..EmulatorConfig::default()
    })
    .await;
    let (denied, late) = (begin(&coze).await, begin(&coze).await);
    let user_code = string(&denied["user_code"]);

    coze.submit("/device", &[("user_code", &user_code), ("decision", "deny")])
        .await;
    let refused = poll(&coze, &denied).await;
    coze.emulator.clock().set_offset_seconds(61);
    let expired = poll(&coze, &late).await;
    let late_code = string(&late["user_code"]);
    let too_late = coze
        .submit("/device", &[("user_code", &late_code), ("decision", "approve")])
        .await;

    assert_eq!(refused, outcome("access_denied", "the user denied the request"));
    assert_eq!(expired, outcome("expired_token", "the device code has expired"));
    assert_eq!(too_late.status(), 404);
}

#[tokio::test]
async fn demo_user_answers_devices_that_wait() {
    let coze = Coze::start().await;
    let begun = begin(&coze).await;
    let pending = poll(&coze, &begun).await;

    coze.emulator.set_consent(ConsentMode::Deny);

    assert_eq!(pending, outcome("authorization_pending", "waiting for user"));
    assert_eq!(
        poll(&coze, &begun).await,
        outcome("access_denied", "the user denied the request")
    );
}

#[tokio::test]
async fn workspace_form_starts_the_flow_too() {
    let coze = Coze::start().await;
    let workspace_id = coze.emulator.info().workspace_id;

    let ours = start(
        &coze,
        &format!("/api/permission/oauth2/workspace_id/{workspace_id}/device/code"),
    )
    .await;
    let strange = start(&coze, "/api/permission/oauth2/workspace_id/1/device/code").await;

    assert_eq!(ours.0, 200);
    assert_eq!(
        strange,
        oauth_error(400, "invalid_request", "invalid request: workspace_id")
    );
}

#[tokio::test]
async fn other_apps_can_not_start_it() {
    let coze = Coze::start().await;
    for kind in [AppKind::Web, AppKind::Pkce, AppKind::Jwt] {
        let request = coze
            .request(Method::POST, "/api/permission/oauth2/device/code")
            .json(&json!({"client_id": coze.app(kind).client_id}));

        let response = request.send().await.unwrap();

        let refused = (response.status().as_u16(), response.json().await.unwrap());
        assert_eq!(refused, oauth_error(400, "access_deny", "invalid app type"), "{kind:?}");
    }
}
