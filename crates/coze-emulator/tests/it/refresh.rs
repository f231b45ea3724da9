//! Rotation of refresh tokens.

use crate::logins::{Pair, oauth_error};
use crate::support::Coze;
use coze_emulator::{AppKind, RefreshPolicy};
use reqwest::Method;
use serde_json::json;

const DAY: i64 = 86_400;

fn dead() -> (u16, serde_json::Value) {
    oauth_error(400, "invalid_request", "invalid request: refresh_token")
}

#[tokio::test]
async fn refresh_replaces_both_tokens() {
    let coze = Coze::start().await;
    let old = coze.web_login().await;

    let (status, answer) = coze.web_refresh(&old.refresh).await;
    let new = Pair::of(&answer);
    let again = coze.web_refresh(&old.refresh).await;

    assert_eq!(status, 200);
    assert_ne!(old.refresh, new.refresh);
    assert!(coze.accepts(&new.access).await);
    assert_eq!(again, dead(), "the old one is void");
    assert_eq!(
        coze.web_refresh(&new.refresh).await.0,
        200,
        "and its reuse harms nobody by default"
    );
}

#[tokio::test]
async fn reuse_ends_the_login_where_it_is_ordered() {
    let coze = Coze::start().await;
    let order = coze
        .request(Method::PUT, "/_emulator/refresh")
        .json(&json!({"revoke_family_on_reuse": true}));
    assert_eq!(order.send().await.unwrap().status(), 200);
    let (old, other) = (coze.web_login().await, coze.web_login().await);
    let new = Pair::of(&coze.web_refresh(&old.refresh).await.1);

    let reuse = coze.web_refresh(&old.refresh).await;

    assert_eq!(reuse, dead());
    assert_eq!(coze.web_refresh(&new.refresh).await, dead());
    assert!(!coze.accepts(&new.access).await);
    assert!(coze.accepts(&other.access).await, "another login goes on");
}

#[tokio::test]
async fn old_access_token_lives_on_unless_it_is_ordered_otherwise() {
    let coze = Coze::start().await;
    let first = coze.web_login().await;

    let second = Pair::of(&coze.web_refresh(&first.refresh).await.1);
    coze.emulator.set_refresh_policy(RefreshPolicy {
        void_access_token: true,
        ..RefreshPolicy::default()
    });
    coze.web_refresh(&second.refresh).await;

    assert!(coze.accepts(&first.access).await);
    assert!(!coze.accepts(&second.access).await);
}

#[tokio::test]
async fn access_ends_after_15_minutes_and_refresh_after_30_days() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;

    coze.emulator.clock().set_offset_seconds(901);
    let accepted = coze.accepts(&pair.access).await;
    coze.emulator.clock().set_offset_seconds(30 * DAY - 60);
    let (in_time, answer) = coze.web_refresh(&pair.refresh).await;
    coze.emulator.clock().set_offset_seconds(60 * DAY);
    let late = coze.web_refresh(&Pair::of(&answer).refresh).await;

    assert!(!accepted);
    assert_eq!(in_time, 200);
    assert_eq!(late, dead());
}

#[tokio::test]
async fn refresh_token_is_bound_to_its_app() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;
    let client_id = coze.app(AppKind::Pkce).client_id;
    let body = json!({"grant_type": "refresh_token", "client_id": client_id, "refresh_token": pair.refresh});

    assert_eq!(coze.token_request(None, body).await, dead());
    assert_eq!(coze.web_refresh(&pair.refresh).await.0, 200);
}

#[tokio::test]
async fn of_fifty_refreshes_at_once_one_succeeds() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;

    let refreshes = (0..50).map(|_| coze.web_refresh(&pair.refresh));
    let answers = futures_util::future::join_all(refreshes).await;

    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1);
    let entries = coze.emulator.journal().entries();
    assert_eq!(entries.iter().filter(|entry| entry.is_refresh()).count(), 1);
    let reuses = entries
        .iter()
        .filter(|entry| entry.oauth.as_ref().is_some_and(|step| step.reuse));
    assert_eq!(reuses.count(), 49);
}
