//! Every count moves by exactly one for its cause, and what is open is counted while it is.

use crate::world::{RecordingUpstream, World, fixed_app, read_head, send};
use coze_auth::SystemRandom;
use coze_emulator::{Fault, FaultMatch, FaultRule};
use cozegate_config::StoreConfig;
use cozegate_gateway::store;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Every series of `GET /metrics` that counts.
pub async fn scrape(world: &World) -> BTreeMap<String, i64> {
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", world.auth);
    let answer = send(world.auth, &request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = answer.text();
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series
        .map(|line| line.rsplit_once(' ').unwrap())
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect()
}

/// The counters that `cause` moves, and by how much; looking at them, and bytes and seconds, aside.
pub async fn moved_by(world: &World, cause: impl Future<Output = ()>) -> Vec<(String, i64)> {
    let before = scrape(world).await;
    cause.await;
    let after = scrape(world).await;
    after
        .into_iter()
        .filter(|(name, _)| name.contains("_total") && !name.contains("route=\"metrics\""))
        .filter(|(name, _)| !name.starts_with("process_") && !name.contains("_bytes_"))
        // Counted by a task that reads every two seconds, whatever the test does.
        .filter(|(name, _)| !name.contains("purpose=\"revocations\""))
        .map(|(name, value)| {
            let moved = value - before.get(&name).copied().unwrap_or_default();
            (name, moved)
        })
        .filter(|(_, moved)| *moved != 0)
        .collect()
}

/// Each of these once.
pub fn once(names: &[&str]) -> Vec<(String, i64)> {
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

#[tokio::test]
async fn each_request_of_the_proxy_moves_its_counts_by_one() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let host = world.proxy;
    let ask = async |line: &str, credential: &str, fields: &str| {
        world.ask(line, credential, fields).await;
    };

    let about = moved_by(&world, async {
        send(host, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    });
    assert_eq!(
        about.await,
        once(&[r#"cozegate_requests_total{listener="proxy",route="about",method="GET",status="2xx"}"#])
    );
    assert_eq!(
        moved_by(&world, ask("GET /v1/users/me", &handle, "")).await,
        once(&[
            r#"cozegate_handle_lookups_total{found="memory"}"#,
            r#"cozegate_requests_total{listener="proxy",route="api",method="GET",status="2xx"}"#,
        ])
    );
    assert_eq!(
        moved_by(
            &world,
            ask("POST /v3/chat?stream=true", &handle, "Content-Length: 0\r\n")
        )
        .await,
        once(&[
            r#"cozegate_handle_lookups_total{found="memory"}"#,
            r#"cozegate_requests_total{listener="proxy",route="chat",method="POST",status="2xx"}"#,
        ])
    );
    let unknown = format!("cgh_{}", "x".repeat(43));
    assert_eq!(
        moved_by(&world, ask("GET /v1/users/me", &unknown, "")).await,
        once(&[
            r#"cozegate_handle_lookups_total{found="unknown"}"#,
            r#"cozegate_problems_total{problem="handle-unknown"}"#,
            r#"cozegate_requests_total{listener="proxy",route="api",method="GET",status="4xx"}"#,
        ])
    );
    assert_eq!(
        moved_by(&world, ask("BREW /v1/../api/75001", &handle, "")).await,
        once(&[
            r#"cozegate_problems_total{problem="path-refused"}"#,
            r#"cozegate_requests_total{listener="proxy",route="none",method="other",status="4xx"}"#,
        ])
    );
    assert_eq!(
        moved_by(
            &world,
            ask("GET /v1/users/me", &handle, "Origin: https://evil.example\r\n")
        )
        .await,
        once(&[
            r#"cozegate_problems_total{problem="origin-not-allowed"}"#,
            r#"cozegate_requests_total{listener="proxy",route="none",method="GET",status="4xx"}"#,
        ])
    );
    let preflight = "Origin: https://www.coze.com\r\nAccess-Control-Request-Method: POST\r\n";
    assert_eq!(
        moved_by(&world, ask("OPTIONS /v3/chat", &handle, preflight)).await,
        once(&[r#"cozegate_requests_total{listener="proxy",route="preflight",method="OPTIONS",status="2xx"}"#])
    );
    world.stop().await;
}

#[tokio::test]
async fn each_request_of_the_auth_service_moves_its_counts_by_one() {
    let (world, _emulator) = World::with_emulator().await;
    let auth = world.auth;
    let ask = async |line: &str, fields: &str| {
        send(auth, &format!("{line} HTTP/1.1\r\nHost: {auth}\r\n{fields}\r\n")).await;
    };
    let table = [
        ("GET /", "home", "GET", "2xx"),
        ("GET /chat?bot_id=7", "chat-page", "GET", "2xx"),
        ("POST /auth/session", "session", "POST", "2xx"),
        ("GET /callback", "callback", "GET", "2xx"),
        ("GET /login", "login", "GET", "3xx"),
        ("GET /livez", "health", "GET", "2xx"),
    ];

    for (line, route, method, status) in table {
        let name = format!(
            r#"cozegate_requests_total{{listener="auth",route="{route}",method="{method}",status="{status}"}}"#
        );
        assert_eq!(moved_by(&world, ask(line, "")).await, once(&[&name]), "{line}");
    }
    assert_eq!(
        moved_by(&world, ask("GET /nowhere/7500000000000000001", "")).await,
        once(&[
            r#"cozegate_problems_total{problem="no-such-endpoint"}"#,
            r#"cozegate_requests_total{listener="auth",route="none",method="GET",status="4xx"}"#,
        ])
    );
    // The legacy token service: the emulator is asked once, and only the first time.
    let script = "Accept: application/json\r\n";
    let callback = r#"cozegate_requests_total{listener="auth",route="callback",method="GET",status="2xx"}"#;
    assert_eq!(
        moved_by(&world, ask("GET /callback?session_name=a", script)).await,
        once(&[
            callback,
            r#"cozegate_token_requests_total{grant="jwt-bearer",outcome="issued"}"#,
        ])
    );
    assert_eq!(
        moved_by(&world, ask("GET /callback?session_name=a", script)).await,
        once(&[callback])
    );
    assert_eq!(
        moved_by(&world, ask("GET /callback?session_name=%00", script)).await,
        once(&[
            r#"cozegate_problems_total{problem="session-name-invalid"}"#,
            r#"cozegate_requests_total{listener="auth",route="callback",method="GET",status="4xx"}"#,
        ])
    );
    world.stop().await;
}

#[tokio::test]
async fn head_that_no_service_sees_moves_its_counts_by_one_at_either_listener() {
    let (world, _emulator) = World::with_emulator().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    for (listener, addr) in [("proxy", world.proxy), ("auth", world.auth)] {
        for (head, problem) in [
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "head-refused",
            ),
            ("GET /<script> HTTP/1.1\r\n\r\n", "head-refused"),
            ("\rGET / HTTP/1.1\r\n\r\n", "head-refused"),
            (&long, "head-too-large"),
        ] {
            let moved = moved_by(&world, async {
                let answer = send(addr, head).await;
                assert_eq!(
                    answer.json()["type"],
                    format!("urn:cozegate:problem:{problem}"),
                    "{head:.40}"
                );
            });

            let told = format!("cozegate_problems_total{{problem=\"{problem}\"}}");
            let ended = format!(
                "cozegate_requests_total{{listener=\"{listener}\",route=\"none\",method=\"other\",status=\"4xx\"}}"
            );
            assert_eq!(moved.await, once(&[&told, &ended]), "{listener} {head:.40}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn token_that_the_platform_refuses_is_counted_as_mended_or_as_told() {
    const PATH: &str = "/v1/conversation/create";
    const CHAT: &str = r#"cozegate_requests_total{listener="proxy",route="api",method="POST",status="#;
    let (world, emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    let fields = "Content-Type: application/json\r\nContent-Length: 0\r\n";
    let call = async || {
        world.ask(&format!("POST {PATH}"), &handle, fields).await;
    };
    let refuse = |nth| {
        let rule = FaultRule {
            matcher: FaultMatch {
                path: Some(PATH.to_owned()),
                nth,
                ..FaultMatch::default()
            },
            fault: Fault {
                status: Some(401),
                ..Fault::default()
            },
        };
        emulator.faults().set(vec![rule]).unwrap();
    };

    refuse(Some(1));
    let mended = moved_by(&world, call()).await;
    refuse(None);
    let told = moved_by(&world, call()).await;

    assert_eq!(
        mended,
        [
            ("cozegate_handle_lookups_total{found=\"memory\"}".to_owned(), 1),
            ("cozegate_refused_tokens_total{result=\"mended\"}".to_owned(), 1),
            (format!("{CHAT}\"2xx\"}}"), 1),
            // The first one, and the one that takes its place.
            (
                "cozegate_token_requests_total{grant=\"jwt-bearer\",outcome=\"issued\"}".to_owned(),
                2
            ),
        ]
    );
    let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"cozegate_refused_tokens_total{result=\"told\"}"),
        "{names:?}"
    );
    assert!(
        names.contains(&"cozegate_problems_total{problem=\"credential-refused\"}"),
        "{names:?}"
    );
    world.stop().await;
}

#[tokio::test]
async fn failures_of_the_platform_the_store_and_the_configuration_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let opened = store::open(&StoreConfig::default(), Some(folder.path()), Arc::new(SystemRandom)).await;
    let backend = opened.unwrap().backend;
    // Nobody can listen on port 0.
    let world = World::start_on(backend.clone(), fixed_app("main", "http://127.0.0.1:0"), |_| {});
    let handle = world.handle().await;
    let unknown = format!("cgh_{}", "x".repeat(43));
    let ask = async |credential: &str| {
        world.ask("GET /v1/users/me", credential, "").await;
    };

    assert_eq!(
        moved_by(&world, ask(&handle)).await,
        once(&[
            r#"cozegate_handle_lookups_total{found="memory"}"#,
            r#"cozegate_problems_total{problem="upstream-unreachable"}"#,
            r#"cozegate_requests_total{listener="proxy",route="api",method="GET",status="5xx"}"#,
            r#"cozegate_upstream_failures_total{kind="unreachable"}"#,
        ])
    );
    backend.close().await;
    assert_eq!(
        moved_by(&world, ask(&unknown)).await,
        once(&[
            r#"cozegate_handle_lookups_total{found="failed"}"#,
            r#"cozegate_problems_total{problem="store-unavailable"}"#,
            r#"cozegate_requests_total{listener="proxy",route="api",method="GET",status="5xx"}"#,
            r#"cozegate_store_errors_total{purpose="handles"}"#,
        ])
    );
    let apply = async {
        world.gateway.apply(&world.config).unwrap();
    };
    assert_eq!(
        moved_by(&world, apply).await,
        once(&[r#"cozegate_config_reloads_total{result="applied"}"#])
    );
    let without_app = async {
        let mut config = world.config.clone();
        config.default_app = "gone".to_owned();
        world.gateway.apply(&config).unwrap_err();
    };
    assert_eq!(
        moved_by(&world, without_app).await,
        once(&[r#"cozegate_config_reloads_total{result="refused"}"#])
    );
    world.stop().await;
}

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENT: &str = "9\r\ndata: 1\n\n\r\n";

/// Begins a stream and reads its first event.
async fn open_stream(world: &World, handle: &str) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head("POST /v3/chat", handle, "Content-Length: 0\r\n");
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    let (status, _) = read_head(&mut stream).await;
    assert_eq!(status, 200);
    let mut event = vec![0; EVENT.len()];
    stream.read_exact(&mut event).await.unwrap();
    stream
}

/// What is open at the proxy now: connections, requests, streams.
async fn open_now(world: &World) -> [i64; 3] {
    let series = scrape(world).await;
    [
        series[r#"cozegate_connections{listener="proxy"}"#],
        series[r#"cozegate_requests_in_progress{listener="proxy"}"#],
        series["cozegate_streams"],
    ]
}

#[tokio::test]
async fn stream_is_open_until_its_end_and_counted_then() {
    const ENDED: &str = r#"cozegate_requests_total{listener="proxy",route="chat",method="POST",status="2xx"}"#;
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    upstream.answer_in_steps(&[&format!("{STREAM}{EVENT}"), "0\r\n\r\n"]);
    let mut stream = open_stream(&world, &handle).await;

    assert_eq!(open_now(&world).await, [1, 1, 1]);
    assert!(!scrape(&world).await.contains_key(ENDED), "it has not ended");
    upstream.go_on();
    let mut end = [0; 5];
    stream.read_exact(&mut end).await.unwrap();
    assert_eq!(&end, b"0\r\n\r\n");

    assert_eq!(open_now(&world).await, [1, 0, 0]);
    let series = scrape(&world).await;
    assert_eq!(series[ENDED], 1);
    assert_eq!(
        series[r#"cozegate_body_bytes_total{listener="proxy",direction="out"}"#],
        9
    );
    for phase in ["ready", "connect", "upstream"] {
        let name = format!("cozegate_phase_duration_seconds_count{{phase=\"{phase}\"}}");
        assert_eq!(series[&name], 1, "{phase}");
    }
    drop(stream);
    world.stop().await;
}

#[tokio::test]
async fn caller_who_leaves_a_stream_is_counted_as_such() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    upstream.answer_in_steps(&[&format!("{STREAM}{EVENT}"), "0\r\n\r\n"]);
    let stream = open_stream(&world, &handle).await;

    drop(stream);
    // The upstream sees its connection end after the record of the request was dropped with the body.
    upstream.connection_gone().await;

    let series = scrape(&world).await;
    assert_eq!(series["cozegate_streams"], 0);
    assert_eq!(
        series[r#"cozegate_early_ends_total{listener="proxy",cause="caller-left"}"#],
        1
    );
    world.stop().await;
}

#[tokio::test]
async fn stream_whose_platform_dies_is_counted_as_cut() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    upstream.answer_and_close(&format!("{STREAM}{EVENT}"));

    let cut = moved_by(&world, async {
        world.ask("POST /v3/chat", &handle, "Content-Length: 0\r\n").await;
    });

    assert_eq!(
        cut.await,
        once(&[
            r#"cozegate_early_ends_total{listener="proxy",cause="answer-cut"}"#,
            r#"cozegate_handle_lookups_total{found="memory"}"#,
            r#"cozegate_requests_total{listener="proxy",route="chat",method="POST",status="2xx"}"#,
            r#"cozegate_upstream_failures_total{kind="body-broken"}"#,
        ])
    );
    world.stop().await;
}

#[tokio::test]
async fn metrics_hold_no_secret_and_no_name() {
    let (world, _emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    let auth = world.auth;
    let name = "Alice-Example";
    let script =
        format!("GET /callback?session_name={name} HTTP/1.1\r\nHost: {auth}\r\nAccept: application/json\r\n\r\n");
    let token = send(auth, &script).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .ask("GET /v1/conversations?conversation_id=75001", &handle, "")
        .await;

    let text = send(auth, &format!("GET /metrics HTTP/1.1\r\nHost: {auth}\r\n\r\n"))
        .await
        .text();

    for secret in [handle.as_str(), &token, name, "75001", "cgh_", "czs_"] {
        assert!(!text.contains(secret), "{secret}");
    }
    world.stop().await;
}
