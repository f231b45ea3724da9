//! Tokens in the name of other accounts and of enterprises, and what narrows a token.

use crate::logins::oauth_error;
use crate::support::{Coze, ECHO, JWT_BEARER, MEMORY, sign, string};
use coze_emulator::{AppKind, EmulatorConfig};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const ACCOUNT: &str = "/api/permission/oauth2/account/7511/token";
const ENTERPRISE: &str = "/api/permission/oauth2/enterprise_id/volcano_2/token";

pub(crate) async fn buy(coze: &Coze, path: &str, body: Value) -> String {
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());
    let request = coze.request(Method::POST, path).bearer_auth(jwt).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    string(&answer["access_token"])
}

#[tokio::test]
async fn each_account_has_its_own_conversations() {
    let coze = Coze::start().await;
    let grant = json!({"grant_type": JWT_BEARER});
    let own = buy(&coze, "/api/permission/oauth2/token", grant.clone()).await;
    let account = buy(&coze, ACCOUNT, grant.clone()).await;
    let enterprise = buy(&coze, ENTERPRISE, grant).await;

    coze.say(&account, MEMORY, "", "hello").await;

    let list = format!("/v1/conversations?bot_id={MEMORY}");
    let mut counts = Vec::new();
    for token in [&own, &account, &enterprise] {
        let answer = coze.get(token, &list).await;
        counts.push(answer["data"]["conversations"].as_array().unwrap().len());
    }
    assert_eq!(counts, [0, 1, 0]);
    assert_eq!(coze.get(&account, "/v1/users/me").await["data"]["user_id"], "7511");
    let user_id = coze.emulator.info().user_id;
    assert_eq!(coze.get(&own, "/v1/users/me").await["data"]["user_id"], user_id);
}

#[tokio::test]
async fn other_grants_have_no_account_form() {
    let coze = Coze::start().await;
    let body = json!({"grant_type": "refresh_token", "client_id": coze.app(AppKind::Pkce).client_id,
        "refresh_token": "x"});

    let response = coze.request(Method::POST, ACCOUNT).json(&body).send().await.unwrap();

    let refused = (response.status().as_u16(), response.json().await.unwrap());
    let message = "not supported grant type: refresh_token";
    assert_eq!(refused, oauth_error(400, "unsupported_grant_type", message));
}

#[tokio::test]
async fn session_context_and_scope_are_accepted_and_journalled() {
    let coze = Coze::start().await;
    let mut claims = coze.claims();
    claims["session_context"] = json!({"device_info": {"device_id": "d-1", "custom_consumer": "c-1"}});
    let scope = json!({"account_permission": {"permission_list": ["Connector.botChat"]},
        "attribute_constraint": {"connector_bot_chat_attribute": {"bot_id_list": [ECHO]}}});
    let body = json!({"grant_type": JWT_BEARER, "duration_seconds": 60, "scope": scope});

    let response = coze.exchange(&sign(&coze.emulator.jwt_app(), &claims), body).await;

    assert_eq!(response.status(), 200);
    let step = coze.emulator.journal().entries().pop().unwrap().oauth.unwrap();
    assert_eq!(step.device_id.as_deref(), Some("d-1"));
    assert_eq!(step.custom_consumer.as_deref(), Some("c-1"));
    assert_eq!(step.duration_seconds, Some(60));
    assert_eq!(step.permissions, Some(vec!["Connector.botChat".to_owned()]));
    assert_eq!(step.bot_ids, Some(vec![ECHO.to_owned()]));
}

#[tokio::test]
async fn scope_narrows_a_token_where_it_is_enforced() {
    let coze = Coze::start_with(EmulatorConfig {
        enforce_scope: true,
        ..EmulatorConfig::default()
    })
    .await;
    let scope = json!({"account_permission": {"permission_list": ["Connector.botChat"]},
        "attribute_constraint": {"connector_bot_chat_attribute": {"bot_id_list": [ECHO]}}});
    let token = buy(
        &coze,
        "/api/permission/oauth2/token",
        json!({"grant_type": JWT_BEARER, "scope": scope}),
    )
    .await;

    let allowed = coze.post(&token, "/v1/conversation/create", json!({})).await;
    let other_bot = coze
        .stream(&token, MEMORY, "", "x")
        .await
        .json::<Value>()
        .await
        .unwrap();
    let other_permission = coze.get(&token, "/v1/workspaces").await;

    assert_eq!(allowed["code"], 0);
    for (refused, access) in [
        (other_bot, format!("bot_id={MEMORY} chat")),
        (
            other_permission,
            "space_id=7500000000000000100 listWorkspace".to_owned(),
        ),
    ] {
        assert_eq!(refused["code"], 4101);
        let start = format!("Your token does not have permission to access {access}. Please verify");
        assert!(string(&refused["msg"]).starts_with(&start), "{refused}");
    }
}

#[tokio::test]
async fn app_without_a_permission_is_refused_whatever_the_scope() {
    let permissions = vec!["chat".to_owned(), "createConversation".to_owned()];
    let coze = Coze::start_with(EmulatorConfig {
        permissions: Some(permissions.clone()),
        delta_spacing: Duration::ZERO,
        ..EmulatorConfig::default()
    })
    .await;
    let scope = json!({"account_permission": {"permission_list": ["listWorkspace"]}});
    let body = json!({"grant_type": JWT_BEARER, "scope": scope});
    let token = buy(&coze, "/api/permission/oauth2/token", body).await;
    let ask = async |path: &str| coze.get(&token, path).await["code"].clone();

    assert_eq!(coze.say(&token, ECHO, "", "hi").await.0, "hi");
    for path in [
        "/v1/workspaces",
        "/v1/bots",
        &format!("/v1/conversations?bot_id={ECHO}"),
    ] {
        assert_eq!(ask(path).await, 4101, "{path}");
    }
    assert_eq!(ask("/v1/users/me").await, 0, "any valid token will do");
    let app = coze.emulator.app(AppKind::Jwt).unwrap();
    assert_eq!(app.permissions, Some(permissions));

    coze.emulator.apps().set_permissions(&app.client_id, None).unwrap();
    assert_eq!(ask("/v1/workspaces").await, 0);
}
