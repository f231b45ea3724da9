//! Who may open a WebSocket through the proxy, and what the platform sees of it.

use crate::world::websocket::{KEY, Platform, bearer, handshake_fields, open};
use crate::world::{RecordingUpstream, World, send};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

#[tokio::test]
async fn handle_is_swapped_for_the_token_wherever_it_came() {
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let handle = world.handle().await;
    let rest = "bot_id=7&x=%E4%BD%A0+%20";
    let tries = [
        (bearer(&handle), format!("/v1/chat?{rest}"), format!("/v1/chat?{rest}")),
        (
            handshake_fields(),
            format!("/v1/chat?{rest}&authorization=Bearer%20{handle}"),
            format!("/v1/chat?{rest}"),
        ),
        (
            handshake_fields(),
            format!("/v1/chat?bot_id=7&authorization=Bearer+{handle}&x=%E4%BD%A0+%20"),
            format!("/v1/chat?{rest}"),
        ),
        (
            handshake_fields(),
            format!("//v1/audio/speech?%61uthorization=bearer%20{handle}"),
            "/v1/audio/speech".to_owned(),
        ),
        // What @coze/api does in Node: the same twice.
        (
            bearer(&handle),
            format!("/v1/audio/transcriptions?authorization=Bearer%20{handle}&entity_id=7"),
            "/v1/audio/transcriptions?entity_id=7".to_owned(),
        ),
    ];
    for (fields, target, upstream_target) in tries {
        let fields = format!(
            "{fields}Origin: https://www.coze.cn\r\nCookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\n\
             Sec-WebSocket-Protocol: one, two\r\nSec-WebSocket-Extensions: permessage-deflate\r\nUser-Agent: cozepy\r\n"
        );
        let answered = "Sec-WebSocket-Protocol: two\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
                        X-Tt-Logid: log-7\r\nSet-Cookie: a=b\r\n";

        let (caller, knock) = tokio::join!(open(world.proxy, &target, &fields), async {
            let knock = platform.knock().await;
            let (head, key) = (knock.head.clone(), knock.field("sec-websocket-key").map(str::to_owned));
            knock.accept(answered).await;
            (head, key)
        });

        let (headers, _line) = caller.unwrap();
        let (head, key) = knock;
        assert!(
            head.starts_with(&format!("GET {upstream_target} HTTP/1.1\r\n")),
            "{target}: {head}"
        );
        let lower = head.to_ascii_lowercase();
        for field in [
            "authorization: bearer pat_",
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
            "sec-websocket-protocol: one, two",
            "sec-websocket-extensions: permessage-deflate",
            "user-agent: cozepy",
        ] {
            assert_eq!(lower.matches(field).count(), 1, "{field} in {head}");
        }
        for gone in ["cgh_", "cookie", "origin", "1.2.3.4"] {
            assert!(!lower.contains(gone), "{gone} in {head}");
        }
        assert_eq!(
            key.as_deref(),
            Some(KEY),
            "the caller's key, so that the platform proves itself to the caller"
        );
        let value = |name: &str| {
            let mut found = headers
                .iter()
                .filter(|(n, _)| n == name)
                .map(|(_, value)| value.as_str());
            (found.next(), found.next())
        };
        let accept = derive_accept_key(KEY.as_bytes());
        assert_eq!(value("sec-websocket-accept"), (Some(accept.as_str()), None));
        assert_eq!(value("sec-websocket-protocol"), (Some("two"), None));
        assert_eq!(value("sec-websocket-extensions"), (Some("permessage-deflate"), None));
        assert_eq!(value("upgrade"), (Some("websocket"), None));
        assert_eq!(value("x-tt-logid"), (Some("log-7"), None));
        assert_eq!(value("set-cookie"), (None, None));
    }
    world.stop().await;
}

#[tokio::test]
async fn callers_without_one_good_credential_are_refused_and_reach_nobody() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let other = world.handle().await;
    let unknown = format!("cgh_{}", "A".repeat(handle.len() - 4));
    let (header, none) = (bearer(&handle), handshake_fields());
    let bad = [
        (none.clone(), "/v1/chat?bot_id=7".to_owned()),
        (bearer(&unknown), "/v1/chat".to_owned()),
        (none.clone(), format!("/v1/chat?authorization=Bearer%20{unknown}")),
        (none.clone(), "/v1/chat?authorization=".to_owned()),
        (none.clone(), "/v1/chat?authorization=undefined".to_owned()),
        (none.clone(), format!("/v1/chat?authorization={handle}")),
        (none.clone(), format!("/v1/chat?authorization=Basic%20{handle}")),
        (none.clone(), format!("/v1/chat?token=Bearer%20{handle}")),
        (
            none.clone(),
            format!("/v1/chat?authorization=Bearer%20{handle}&authorization=Bearer%20{handle}"),
        ),
        (none, format!("/v1/chat?authorization=Bearer%20{handle}%0D%0AX:%20y")),
        (header.clone(), format!("/v1/chat?authorization=Bearer%20{other}")),
        (header.clone(), "/v1/chat?authorization=".to_owned()),
        (header.clone(), format!("/v1/chat?authorization=bearer%20{handle}")),
        (
            format!("{header}Authorization: Bearer {other}\r\n"),
            "/v1/chat".to_owned(),
        ),
    ];
    let mut let_through = Vec::new();
    for (fields, target) in &bad {
        match open(world.proxy, target, fields).await {
            Err(answer) if answer.status == 401 && answer.json()["code"] == 4100 => {
                assert!(!answer.text().contains("cgh_"), "{}", answer.text());
            }
            other => let_through.push(format!("{target}: {other:?}")),
        }
    }

    println!(
        "credentials: bad tried {} / let through {}",
        bad.len(),
        let_through.len()
    );
    assert_eq!(let_through, Vec::<String>::new());
    assert_eq!(upstream.connections(), 0);
    world.stop().await;
}

#[tokio::test]
async fn pages_that_are_not_listed_are_refused_and_reach_nobody() {
    let platform = Platform::start().await;
    let upstream = RecordingUpstream::start().await;
    let (good_world, world) = (
        World::with_upstream(&platform.api_base()).await,
        World::with_upstream(&upstream.api_base()).await,
    );
    let handle = world.handle().await;
    let bad = [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1:3000\r\n",
        "Origin: https://www.coze.cn.evil.example\r\n",
        "Origin: https://www.coze.cn\r\nOrigin: https://evil.example\r\n",
        "Origin: https://evil.example\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Dest: empty\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Host: evil.example\r\n",
    ];
    let own = format!("Origin: http://{}\r\nSec-Fetch-Site: same-site\r\n", good_world.auth);
    let good = [
        "",
        "Origin: https://www.coze.cn\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\n",
        "Sec-Fetch-Site: none\r\n",
        &own,
    ];
    let (mut let_through, mut refused) = (Vec::new(), Vec::new());
    let mut bad_tried = 0;
    for path in ["/v1/chat", "/v1/audio/speech", "/v1/audio/transcriptions"] {
        for fields in bad {
            bad_tried += 1;
            let target = format!("{path}?authorization=Bearer%20{handle}");
            match open(world.proxy, &target, &format!("{}{fields}", handshake_fields())).await {
                Err(answer) if answer.status == 403 => {}
                other => let_through.push(format!("{path} {fields:?}: {other:?}")),
            }
        }
    }
    let handle = good_world.handle().await;
    for fields in good {
        let fields = format!("{}{fields}", bearer(&handle));
        let opened = open(good_world.proxy, "/v1/chat", &fields);
        let (opened, _platform) = tokio::join!(opened, async { platform.knock().await.accept("").await });
        if let Err(answer) = opened {
            refused.push(format!("{fields:?}: {answer:?}"));
        }
    }

    println!(
        "pages: bad tried {bad_tried} / let through {}; good tried {} / refused {}",
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (vec![], vec![]));
    assert_eq!(upstream.connections(), 0);
    world.stop().await;
    good_world.stop().await;
}

#[tokio::test]
async fn malformed_handshakes_are_refused_and_reach_nobody() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let (upgrade, connection) = ("Upgrade: websocket\r\n", "Connection: Upgrade\r\n");
    let key = format!("Sec-WebSocket-Key: {KEY}\r\n");
    let version = "Sec-WebSocket-Version: 13\r\n";
    let all = handshake_fields();
    let mut bad: Vec<(&str, String)> = Vec::new();
    // A field that is missing.
    bad.push(("GET", format!("{connection}{key}{version}")));
    bad.push(("GET", format!("{upgrade}{key}{version}")));
    bad.push(("GET", format!("{upgrade}{connection}{version}")));
    bad.push(("GET", format!("{upgrade}{connection}{key}")));
    bad.push(("GET", format!("{upgrade}{connection}")));
    // Another method, or a body.
    for method in ["POST", "PUT", "DELETE", "HEAD", "PATCH"] {
        bad.push((method, all.clone()));
    }
    bad.push(("GET", format!("{all}Content-Length: 2\r\n\r\n{{}}")));
    bad.push(("GET", format!("{all}Transfer-Encoding: chunked\r\n\r\n0\r\n")));
    // A wish for something else.
    for other in ["websockets", "web socket", "h2c", "websocket/13", "websocket;", ""] {
        bad.push(("GET", format!("Upgrade: {other}\r\n{connection}{key}{version}")));
    }
    for other in ["keep-alive", "close", "upgrade;q=1", "up-grade", ""] {
        bad.push(("GET", format!("{upgrade}Connection: {other}\r\n{key}{version}")));
    }
    // A key that is none, or two of them.
    for other in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZ SBub25jZQ==",
        "-_hlIHNhbXBsZSBub25jZQ==",
        "你好",
    ] {
        bad.push((
            "GET",
            format!("{upgrade}{connection}Sec-WebSocket-Key: {other}\r\n{version}"),
        ));
    }
    bad.push(("GET", format!("{all}{key}")));
    // Another version, or two of them.
    for other in ["8", "12", "14", "013", "13.0", "13, 8", "", "thirteen"] {
        bad.push((
            "GET",
            format!("{upgrade}{connection}{key}Sec-WebSocket-Version: {other}\r\n"),
        ));
    }
    bad.push(("GET", format!("{all}{version}")));
    // Subprotocols that are none.
    for other in ["a,,b", "a, a", "a b", "a\"b", ""] {
        bad.push(("GET", format!("{all}Sec-WebSocket-Protocol: {other}\r\n")));
    }
    let mut let_through = Vec::new();
    let mut tried = 0;
    for (method, fields) in &bad {
        for path in ["/v1/chat", "/v1/audio/speech"] {
            tried += 1;
            let answer = send(
                world.proxy,
                &world.head(&format!("{method} {path}?bot_id=7"), &handle, fields),
            )
            .await;
            if !matches!(answer.status, 400 | 426) || upstream.connections() > 0 {
                let_through.push(format!("{method} {path} {fields:?}: {answer:?}"));
            }
        }
    }
    // HTTP/1.0 knows no upgrade (RFC 9110 7.8).
    let head = world
        .head("GET /v1/chat", &handle, &all)
        .replace("HTTP/1.1", "HTTP/1.0");
    tried += 1;
    let old = send(world.proxy, &head).await;
    if old.status != 400 {
        let_through.push(format!("HTTP/1.0: {old:?}"));
    }

    println!("handshakes: bad tried {tried} / let through {}", let_through.len());
    assert_eq!(let_through, Vec::<String>::new());
    assert_eq!(upstream.connections(), 0);
    world.stop().await;
}

#[tokio::test]
async fn who_speaks_another_version_is_told_which_one_is_spoken() {
    let world = World::with_upstream("http://127.0.0.1:9").await;
    let fields = bearer(&world.handle().await).replace("Version: 13", "Version: 8");

    let answer = open(world.proxy, "/v1/chat", &fields).await.unwrap_err();

    assert_eq!(answer.status, 426);
    assert_eq!(answer.json()["type"], "urn:cozegate:problem:websocket-version");
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    world.stop().await;
}

#[tokio::test]
async fn elsewhere_the_wish_is_ignored() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    for path in [
        "/v1/users/me",
        "/v3/chat",
        "/v1/chats",
        "/v1/chat/x",
        "/v1/audio",
        "/v1/%63hat",
    ] {
        let answer = world.ask(&format!("GET {path}"), &handle, &handshake_fields()).await;

        assert_eq!(answer.status, 200, "{path}");
        let request = upstream.request().await.to_ascii_lowercase();
        assert!(
            !request.contains("upgrade") && !request.contains("connection:"),
            "{request}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn websocket_base_of_the_app_is_where_it_goes() {
    let (api, platform) = (RecordingUpstream::start().await, Platform::start().await);
    let world = World::with_upstream_and(&api.api_base(), |config| {
        for app in config.apps.values_mut() {
            app.endpoints.ws_base = platform.api_base().replace("http", "ws").parse().unwrap();
        }
    })
    .await;
    let fields = bearer(&world.handle().await);

    let (opened, _line) = tokio::join!(open(world.proxy, "/v1/chat", &fields), async {
        platform.knock().await.accept("").await
    });

    assert!(opened.is_ok(), "{opened:?}");
    assert_eq!(api.connections(), 0);
    drop(opened);
    world.stop().await;
}
