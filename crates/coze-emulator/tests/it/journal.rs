//! What the journal tells about requests.

use crate::support::{Coze, ECHO, JWT_BEARER};
use coze_emulator::{AuthorizationKind, Entry};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn exchange_and_call_are_told_with_their_session() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    coze.get(&token, &format!("/v1/conversations?bot_id={ECHO}")).await;

    let [exchange, call]: [Entry; 2] = coze.emulator.journal().entries().try_into().unwrap();

    assert!(exchange.is_token_request());
    assert_eq!((exchange.seq, exchange.status), (1, Some(200)));
    assert_eq!(exchange.authorization_kind, AuthorizationKind::Jwt);
    assert_eq!(exchange.session_name.as_deref(), Some("anna"));
    assert_eq!(exchange.token_prefix, None);
    assert_eq!(
        exchange.body_bytes,
        json!({"grant_type": JWT_BEARER}).to_string().len() as u64
    );
    assert_eq!((call.method.as_str(), call.path.as_str()), ("GET", "/v1/conversations"));
    assert_eq!(call.query, format!("bot_id={ECHO}"));
    assert_eq!(call.authorization_kind, AuthorizationKind::Czs);
    assert_eq!(call.token_prefix.as_deref(), token.get(..10));
    assert_eq!(call.session_name.as_deref(), Some("anna"));
}

#[tokio::test]
async fn journal_is_read_from_a_point_and_emptied_over_http() {
    let coze = Coze::start().await;
    for path in ["/a", "/b", "/c"] {
        coze.request(Method::GET, path).send().await.unwrap();
    }
    let read = async |query: &str| -> Vec<Value> {
        let request = coze.request(Method::GET, &format!("/_emulator/journal{query}"));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["requests"].as_array().unwrap().clone()
    };

    let all = read("").await;
    let later = read("?since=2").await;
    coze.request(Method::DELETE, "/_emulator/journal").send().await.unwrap();
    let none = read("").await;

    assert_eq!(all.len(), 3, "the control side itself is not journalled");
    assert_eq!((later.len(), &later[0]["path"]), (1, &json!("/c")));
    assert_eq!(later[0]["authorization_kind"], "none");
    assert!(none.is_empty());
}

#[tokio::test]
async fn clients_are_told_apart_by_their_user_agents() {
    let coze = Coze::start().await;
    for user_agent in ["cozepy/0.20.0", "coze-js/1.3.9"] {
        let request = coze
            .request(Method::GET, "/v1/users/me")
            .header("user-agent", user_agent);
        request.send().await.unwrap();
    }
    coze.request(Method::GET, "/v1/users/me").send().await.unwrap();

    let seen: Vec<Option<String>> = coze
        .emulator
        .journal()
        .entries()
        .into_iter()
        .map(|entry| entry.user_agent)
        .collect();

    assert_eq!(
        seen,
        [Some("cozepy/0.20.0".to_owned()), Some("coze-js/1.3.9".to_owned()), None]
    );
}

#[tokio::test]
async fn no_token_stands_in_the_journal() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let pat = coze.emulator.personal_access_token();
    coze.get(&token, "/v1/users/me").await;
    coze.get(&pat, "/v1/users/me").await;

    let journal = serde_json::to_string(&coze.emulator.journal().entries()).unwrap();

    assert!(!journal.contains(&token) && !journal.contains(&pat));
}
