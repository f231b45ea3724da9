//! What the platform refuses at the door, and what is no WebSocket at all.

use crate::world::World;
use crate::world::websocket::{Platform, bearer, open};
use coze_emulator::{Fault, FaultMatch, FaultRule};

#[tokio::test]
async fn refusals_of_the_platform_come_back_as_http() {
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let handle = world.handle().await;
    let body = r#"{"code":4101,"msg":"no permission"}"#;
    let refusal = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nX-Tt-Logid: log-9\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let tries = [
        (refusal.as_str(), 403, body),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
    ];
    for (bytes, status, text) in tries {
        let fields = format!("{}Origin: https://www.coze.cn\r\n", bearer(&handle));

        let (answer, _line) = tokio::join!(open(world.proxy, "/v1/chat", &fields), async {
            platform.knock().await.answer(bytes).await
        });

        let answer = answer.unwrap_err();
        assert_eq!((answer.status, answer.text().as_str()), (status, text));
        if status == 403 {
            assert_eq!(answer.header("x-tt-logid"), Some("log-9"));
            let readable_for = answer.header("access-control-allow-origin");
            assert_eq!(readable_for, Some("https://www.coze.cn"));
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_is_no_websocket_is_a_problem_of_the_way() {
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let handle = world.handle().await;
    let tries = [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ];
    for bytes in tries {
        let fields = bearer(&handle);

        let (answer, _line) = tokio::join!(open(world.proxy, "/v1/chat", &fields), async {
            platform.knock().await.answer(bytes).await
        });

        let answer = answer.unwrap_err();
        assert_eq!(answer.status, 502, "{bytes}");
        assert_eq!(answer.json()["type"], "urn:cozegate:problem:upstream-broken");
    }
    world.stop().await;
}

#[tokio::test]
async fn token_that_is_refused_at_the_door_is_renewed_unseen() {
    let (world, emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    let rule = FaultRule {
        matcher: FaultMatch {
            path: Some("/v1/chat".to_owned()),
            nth: Some(1),
            ..FaultMatch::default()
        },
        fault: Fault {
            status: Some(401),
            body: Some(r#"{"code":700012006,"msg":"access token invalid"}"#.to_owned()),
            ..Fault::default()
        },
    };
    emulator.faults().set(vec![rule]).unwrap();

    let opened = open(world.proxy, "/v1/chat?bot_id=7500000000000000001", &bearer(&handle)).await;

    assert!(opened.is_ok(), "{opened:?}");
    let entries = emulator.journal().entries();
    let statuses: Vec<_> = entries
        .iter()
        .filter(|entry| entry.path == "/v1/chat")
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [Some(401), Some(101)]);
    assert_eq!(emulator.journal().token_requests(), 2);
    drop(opened);
    world.stop().await;
}

#[tokio::test]
async fn fixed_token_that_is_refused_at_the_door_is_a_problem_that_no_client_acts_upon() {
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let fields = bearer(&world.handle().await);
    let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nX-Tt-Logid: log-7\r\n\r\n";

    let (answer, _line) = tokio::join!(open(world.proxy, "/v1/chat", &fields), async {
        platform.knock().await.answer(refusal).await
    });

    let answer = answer.unwrap_err();
    assert_eq!((answer.status, &answer.json()["log_id"]), (502, &"log-7".into()));
    assert_eq!(answer.json()["type"], "urn:cozegate:problem:credential-refused");
    world.stop().await;
}

#[tokio::test]
async fn an_open_websocket_is_one_of_the_exchanges_that_a_caller_may_have() {
    let platform = Platform::start().await;
    let world = World::with_upstream_and(&platform.api_base(), |config| config.limits.streams_per_caller = 1).await;
    let handle = world.handle().await;
    let fields = bearer(&handle);
    let tunnel = platform.tunnel(&world, &handle).await;

    let second = open(world.proxy, "/v1/chat", &fields).await.unwrap_err();
    drop(tunnel);
    // As soon as the gateway has seen it end, the platform hears of the next one.
    let next = loop {
        tokio::select! {
            refused = open(world.proxy, "/v1/chat", &fields) => assert_eq!(refused.unwrap_err().status, 429),
            knock = platform.knock() => break knock,
        }
    };

    assert_eq!(second.status, 429);
    assert_eq!(second.json()["type"], "urn:cozegate:problem:too-many-streams");
    assert!(next.head.starts_with("GET /v1/chat HTTP/1.1\r\n"));
    drop(next);
    world.stop().await;
}
