//! Who may open a WebSocket, and how the others are told (protocol 6.11, 4.8).

use crate::realtime_client::{Socket, log_id};
use crate::support::{Coze, ECHO, JWT_BEARER, sign, string};
use coze_emulator::{AuthorizationKind, EmulatorConfig, Fault, FaultMatch, FaultRule};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

/// The answer to a handshake that fails.
async fn refused(coze: &Coze, token: Option<&str>, path: &str) -> (u16, Value, String) {
    match Socket::try_open(coze, token, path).await {
        Err(Error::Http(answer)) => {
            let body = serde_json::from_slice(answer.body().as_deref().unwrap()).unwrap();
            (answer.status().as_u16(), body, log_id(&answer))
        }
        Err(error) => panic!("no answer: {error}"),
        Ok(_) => panic!("{path} is open"),
    }
}

#[tokio::test]
async fn token_is_taken_from_the_header_and_from_the_query_in_both_spellings() {
    let coze = Coze::start().await;
    let token = coze.token("somebody").await;
    let tries = [
        (Some(token.as_str()), format!("/v1/chat?bot_id={ECHO}")),
        (None, format!("/v1/chat?bot_id={ECHO}&authorization=Bearer%20{token}")),
        (None, format!("/v1/chat?authorization=Bearer+{token}&bot_id={ECHO}")),
        // What @coze/api does in Node: the same twice.
        (
            Some(token.as_str()),
            format!("/v1/chat?bot_id={ECHO}&authorization=Bearer%20{token}"),
        ),
    ];
    for (header, path) in tries {
        coze.emulator.journal().clear();

        let mut socket = Socket::try_open(&coze, header, &path).await.unwrap();

        assert_eq!(socket.hear().await["event_type"], "chat.created");
        socket.close().await;
        let [line] = &coze.emulator.journal().entries()[..] else {
            panic!("one request, one line");
        };
        assert_eq!((line.method.as_str(), line.path.as_str()), ("GET", "/v1/chat"));
        assert_eq!(line.status, Some(101));
        assert_eq!(line.authorization_kind, AuthorizationKind::Czs);
        assert_eq!(line.session_name.as_deref(), Some("somebody"));
        assert!(
            !format!("{line:?}").contains(&token),
            "the journal keeps no token: {line:?}"
        );
        assert_eq!(line.query.contains("authorization=..."), path.contains("authorization"));
    }
}

#[tokio::test]
async fn handshake_without_a_good_token_is_401_with_a_log_id_and_json() {
    let coze = Coze::start().await;
    let tries = [
        (None, "/v1/chat?bot_id=1"),
        (Some(""), "/v1/chat?bot_id=1"),
        (Some("czs_unknown"), "/v1/audio/speech"),
        (None, "/v1/audio/transcriptions?authorization=Bearer%20czs_unknown"),
        (None, "/v1/audio/simult_interpretation?authorization=undefined"),
    ];
    for (token, path) in tries {
        let (status, body, log_id) = refused(&coze, token, path).await;

        assert_eq!((status, &body["code"]), (401, &json!(700_012_006)), "{path}");
        assert_eq!(body["detail"]["logid"], log_id, "{path}");
    }
    let lines = coze.emulator.journal().entries();
    assert!(lines.iter().all(|line| line.status == Some(401)) && lines.len() == tries.len());
}

#[tokio::test]
async fn account_that_is_not_admitted_is_a_403_on_order() {
    let coze = Coze::start().await;
    let rule = FaultRule {
        matcher: FaultMatch {
            path: Some("/v1/chat".to_owned()),
            ..FaultMatch::default()
        },
        fault: Fault {
            status: Some(403),
            body: Some(r#"{"code":4101,"msg":"no"}"#.to_owned()),
            ..Fault::default()
        },
    };
    coze.emulator.faults().set(vec![rule]).unwrap();

    let (status, body, log_id) = refused(&coze, Some(&coze.token("a").await), "/v1/chat").await;

    assert_eq!((status, &body["code"]), (403, &json!(4101)));
    assert!(!log_id.is_empty());
}

#[tokio::test]
async fn token_that_lacks_the_permission_is_told_on_the_open_connection() {
    let coze = Coze::start_with(EmulatorConfig {
        enforce_scope: true,
        ..EmulatorConfig::default()
    })
    .await;
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());
    let scope = json!({ "account_permission": { "permission_list": ["Connector.botChat"] } });
    let answer = coze
        .exchange(&jwt, json!({ "grant_type": JWT_BEARER, "scope": scope }))
        .await;
    let token = string(&answer.json::<Value>().await.unwrap()["access_token"]);

    let mut chat = Socket::open(&coze, &token, &format!("/v1/chat?bot_id={ECHO}")).await;
    assert_eq!(chat.hear().await["event_type"], "chat.created", "chat is part of it");
    for path in ["/v1/audio/speech", "/v1/audio/transcriptions"] {
        let mut socket = Socket::open(&coze, &token, path).await;
        let event = socket.hear().await;
        assert_eq!(
            (&event["event_type"], &event["data"]["code"]),
            (&json!("error"), &json!(4101))
        );
        assert_eq!(socket.closed().await, None);
    }
    chat.close().await;
}
