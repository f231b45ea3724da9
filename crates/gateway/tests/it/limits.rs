//! What a caller may use: every refusal as the outside sees it, and that nothing of it reaches the platform.

use crate::metrics::scrape;
use crate::world::{Answer, RecordingUpstream, World, read_head, send};
use coze_auth::SeededRandom;
use coze_auth::random::base64url;
use cozegate_config::{ForwardedField, LimitsConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

async fn world(upstream: &RecordingUpstream, change: impl FnOnce(&mut LimitsConfig)) -> World {
    World::with_upstream_and(&upstream.api_base(), |config| change(&mut config.limits)).await
}

fn own_token(seed: u64) -> String {
    format!("pat_{}", base64url(&SeededRandom::new(seed), 32))
}

/// A problem of this name, and the setting that it names.
fn is_refusal(answer: &Answer, name: &str, limit: &str) -> bool {
    let problem = answer.json();
    answer.status == 429
        && problem["type"] == format!("urn:cozegate:problem:{name}")
        && problem["code"] == 990_429
        && problem["limit"] == limit
        && problem["detail"].as_str().unwrap().contains(limit)
}

/// Opens a session for `name` from this machine; `fields` are further header fields.
async fn session(world: &World, name: &str, fields: &str) -> Answer {
    let body = format!("{{\"session_name\":\"{name}\"}}");
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: {}\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        world.auth,
        body.len()
    );
    send(world.auth, &request).await
}

async fn handle_of(world: &World, name: &str) -> String {
    session(world, name, "").await.json()["handle"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn caller_that_asks_too_often_is_told_when_to_come_again() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream, |limits| {
        (limits.requests_per_minute, limits.burst) = (1, 2);
    })
    .await;
    // Two handles of one visitor, and one of another.
    let (first, second) = (handle_of(&world, "a").await, handle_of(&world, "a").await);
    let other = handle_of(&world, "b").await;
    let own = own_token(1);
    for handle in [&first, &second, &other, &own] {
        assert_eq!(world.ask("GET /v1/users/me", handle, "").await.status, 200);
        upstream.request().await;
    }

    for (language, title) in [("en", "Too many requests"), ("zh-CN", "请求太频繁")] {
        let fields = format!("Accept-Language: {language}\r\nOrigin: https://www.coze.cn\r\n");
        let answer = world.ask("GET /v1/users/me", &first, &fields).await;

        assert!(
            is_refusal(&answer, "rate-limited", "limits.requests_per_minute"),
            "{answer:?}"
        );
        assert_eq!(answer.json()["title"], title);
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(
            answer.header("ratelimit"),
            Some(&*format!("\"caller\";r=0;t={seconds}"))
        );
        assert_eq!(answer.header("ratelimit-policy"), Some("\"caller\";q=1;w=60"));
        // A page can read all of it.
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://www.coze.cn")
        );
        let exposed = answer.header("access-control-expose-headers").unwrap();
        for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    for (caller, status) in [(&second, 429), (&other, 200), (&own, 200), (&own_token(2), 200)] {
        assert_eq!(world.ask("GET /v1/users/me", caller, "").await.status, status);
    }
    assert_eq!(world.ask("GET /v1/users/me", &own, "").await.status, 429);
    for _ in 0..3 {
        upstream.request().await;
    }
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn answers_that_pass_say_what_remains_when_it_is_little() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream, |limits| {
        (limits.requests_per_minute, limits.burst) = (1, 8);
    })
    .await;
    let handle = world.handle().await;
    let mut told = Vec::new();

    for _ in 0..8 {
        let answer = world.ask("GET /v1/users/me", &handle, "").await;
        told.push(answer.header("ratelimit").map(|field| field[..12].to_owned()));
    }

    let little = [Some("\"caller\";r=1".to_owned()), Some("\"caller\";r=0".to_owned())];
    assert_eq!(told[..6], [const { None }; 6]);
    assert_eq!(told[6..], little);
    world.stop().await;
}

#[tokio::test]
async fn forged_addresses_share_a_bucket_and_noted_ones_have_their_own() {
    // Nobody is trusted: what a thousand requests say of themselves changes nothing.
    let mut upstream = RecordingUpstream::start().await;
    let stranger = world(&upstream, |limits| {
        (limits.address_requests_per_minute, limits.burst) = (1, 5);
    })
    .await;
    let addresses: Vec<String> = (0..1_000_u32)
        .map(|n| format!("198.18.{}.{}", n / 256, n % 256))
        .collect();
    let token = own_token(1);
    let mut passed_forged = 0;
    for (n, address) in addresses.iter().enumerate() {
        let fields = match n % 2 {
            0 => format!("X-Forwarded-For: {address}\r\nX-Real-IP: {address}\r\n"),
            _ => format!("Forwarded: for={address}\r\n"),
        };
        let answer = stranger.ask("GET /v1/users/me", &token, &fields).await;
        if answer.status == 200 {
            passed_forged += 1;
            upstream.request().await;
        } else {
            assert!(
                is_refusal(&answer, "rate-limited", "limits.address_requests_per_minute"),
                "{answer:?}"
            );
        }
    }
    assert!(upstream.is_untouched());
    stranger.stop().await;

    // A listed proxy notes whom it speaks for, behind whatever a caller has written.
    let proxied = World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        (config.limits.address_requests_per_minute, config.limits.burst) = (1, 1);
    })
    .await;
    let mut refused_noted = 0;
    for (number, address) in addresses.iter().take(100).enumerate() {
        let fields = format!("X-Forwarded-For: 127.0.0.1, 192.0.2.1, {address}\r\n");
        let first = proxied.ask("GET /v1/users/me", &token, &fields).await.status;
        // The field that is not configured gives no second account.
        let other = format!("{fields}Forwarded: for=203.0.113.{number}\r\n");
        let again = proxied.ask("GET /v1/users/me", &token, &other).await.status;
        refused_noted += u32::from(first != 200);
        assert_eq!(again, 429, "{address} with another field");
        assert!(!upstream.request().await.contains("198.18."), "never sent upstream");
    }
    println!(
        "addresses over HTTP: bad tried 1000 / let through {}; good tried 100 / refused {refused_noted}",
        passed_forged - 5
    );
    assert_eq!((passed_forged, refused_noted), (5, 0));
    proxied.stop().await;
}

#[tokio::test]
async fn uploads_of_an_address_are_counted_in_bytes() {
    const LENGTH: usize = 256 * 1024;
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits.upload_bytes = 512 * 1024;
        config.limits.upload_mib_per_minute = 1;
    })
    .await;
    let upload = async |address: &str, seed: u64, body: &str| {
        let fields = format!("X-Forwarded-For: {address}\r\n{body}");
        // A new credential each time: the address counts.
        let head = world.head("POST /v1/files/upload", &own_token(seed), &fields);
        send(world.proxy, &head).await
    };
    let stated = format!("Content-Length: {LENGTH}\r\n\r\n{}", "x".repeat(LENGTH));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
    let mut passed = 0;
    let mut refused = None;
    for seed in 0..9 {
        let answer = upload("192.0.2.1", seed, &stated).await;
        match answer.status {
            200 => passed += 1,
            _ => refused = Some(answer),
        }
    }
    // One that does not say how long it is counts as the longest.
    let unstated = [
        upload("192.0.2.2", 1, chunked).await,
        upload("192.0.2.2", 2, chunked).await,
    ];
    let third = upload("192.0.2.2", 3, chunked).await;
    // A chat is no upload.
    let chat = world
        .ask("GET /v1/users/me", &own_token(1), "X-Forwarded-For: 192.0.2.1\r\n")
        .await;

    let refused = refused.unwrap();
    println!(
        "bytes of uploads: bad tried 5 / let through {}; good tried 4 / refused {}",
        passed - 4,
        4 - passed
    );
    assert_eq!(passed, 4);
    assert!(
        is_refusal(&refused, "rate-limited", "limits.upload_mib_per_minute"),
        "{refused:?}"
    );
    assert!(refused.header("retry-after").is_some());
    assert_eq!(unstated.map(|answer| answer.status), [200, 200]);
    assert!(
        is_refusal(&third, "rate-limited", "limits.upload_mib_per_minute"),
        "{third:?}"
    );
    assert_eq!(chat.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn configured_field_counts_and_the_other_does_not() {
    let upstream = RecordingUpstream::start().await;
    let token = own_token(1);
    for (configured, noted, other) in [
        (
            ForwardedField::XForwardedFor,
            "X-Forwarded-For: {}",
            "Forwarded: for={}",
        ),
        (ForwardedField::Forwarded, "Forwarded: for={}", "X-Forwarded-For: {}"),
    ] {
        let world = World::with_upstream_and(&upstream.api_base(), |config| {
            config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.server.forwarded_field = configured;
            (config.limits.address_requests_per_minute, config.limits.burst) = (1, 1);
        })
        .await;
        let ask = async |field: &str, address: &str| {
            let fields = format!("{}\r\n", field.replace("{}", address));
            world.ask("GET /v1/users/me", &token, &fields).await.status
        };
        let by_the_field = [ask(noted, "192.0.2.1").await, ask(noted, "192.0.2.2").await];
        let by_the_other = [ask(other, "192.0.2.3").await, ask(other, "192.0.2.4").await];

        assert_eq!((by_the_field, by_the_other), ([200, 200], [200, 429]), "{configured:?}");
        world.stop().await;
    }
}

#[tokio::test]
async fn ipv6_network_has_sixteen_times_what_an_address_has() {
    let upstream = RecordingUpstream::start().await;
    let token = own_token(1);
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        (config.limits.address_requests_per_minute, config.limits.burst) = (1, 1);
    })
    .await;
    let ask = async |address: String| {
        let fields = format!("X-Forwarded-For: {address}\r\n");
        world.ask("GET /v1/users/me", &token, &fields).await.status == 200
    };
    let (mut in_64, mut in_48, mut apart) = (0, 0, 0);
    for number in 0..60 {
        in_64 += u32::from(ask(format!("2001:db8:1:1::{number:x}")).await);
        in_48 += u32::from(ask(format!("2001:db8:2:{number:x}::1")).await);
        apart += u32::from(ask(format!("2001:db8:{:x}::1", 0x100 + number)).await);
    }

    println!(
        "IPv6 addresses over HTTP: bad tried {} / let through {}; good tried 77 / refused {}",
        59 + 44,
        (in_64 - 1) + (in_48 - 16),
        60 - apart
    );
    assert_eq!((in_64, in_48, apart), (1, 16, 60));
    world.stop().await;
}

/// F6: uploads of strangers that stand still, through the operator's own proxy.
#[tokio::test]
async fn strangers_behind_a_trusted_proxy_do_not_keep_a_visitor_out() {
    const STRANGERS: usize = 17;
    const UPLOADS: usize = 31;
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits.connections_per_address = 32;
    })
    .await;
    let upload = async |stranger: usize| {
        let token = own_token(u64::try_from(stranger).unwrap() + 100);
        let fields = format!("X-Forwarded-For: 198.51.100.{stranger}\r\nContent-Length: 100000\r\n");
        let head = world.head("POST /v1/files/upload", &token, &fields);
        let mut stream = TcpStream::connect(world.proxy).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut held = Vec::new();
    for number in 0..STRANGERS * UPLOADS {
        held.push(upload(number % STRANGERS).await);
    }
    let all_are_under_way = async |count: usize| {
        let series = "cozegate_requests_in_progress{listener=\"proxy\"}";
        while scrape(&world).await[series] < i64::try_from(count).unwrap() {
            tokio::task::yield_now().await;
        }
    };
    all_are_under_way(held.len()).await;

    let visitor = own_token(1);
    let mut refused = 0;
    for _ in 0..10 {
        let fields = "X-Forwarded-For: 203.0.113.7\r\n";
        refused += u32::from(world.ask("GET /v1/users/me", &visitor, fields).await.status != 200);
    }
    // One of the strangers wants more than its share.
    held.push(upload(0).await);
    all_are_under_way(held.len()).await;
    let greedy = world
        .ask("GET /v1/users/me", &visitor, "X-Forwarded-For: 198.51.100.0\r\n")
        .await;

    println!(
        "strangers behind a proxy: {} uploads; good tried 10 / refused {refused}",
        held.len() - 1
    );
    assert_eq!(refused, 0);
    assert!(
        is_refusal(&greedy, "too-many-streams", "limits.connections_per_address"),
        "{greedy:?}"
    );
    drop(held);
    world.stop().await;
}

#[tokio::test]
async fn sessions_and_tokens_for_scripts_are_counted_by_address() {
    let (world, emulator) = World::with_emulator_and(|config| {
        config.limits.sessions_per_minute = 2;
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let script = |accept: &str| {
        let fields = "X-Forwarded-For: 192.0.2.1\r\n";
        format!(
            "GET /callback?session_name=x HTTP/1.1\r\nHost: {}\r\n{fields}Accept: {accept}\r\n\r\n",
            world.auth
        )
    };
    assert_eq!(session(&world, "a", "X-Forwarded-For: 192.0.2.1\r\n").await.status, 200);
    assert_eq!(send(world.auth, &script("application/json")).await.status, 200);
    emulator.journal().clear();

    let refused = session(&world, "b", "X-Forwarded-For: 192.0.2.1\r\n").await;
    let legacy = send(world.auth, &script("application/json")).await;

    assert!(
        is_refusal(&refused, "rate-limited", "limits.sessions_per_minute"),
        "{refused:?}"
    );
    assert_eq!(refused.header("ratelimit-policy"), Some("\"sessions\";q=2;w=60"));
    assert_eq!(
        (legacy.status, legacy.json()["error_type"].as_str()),
        (429, Some("rate-limited"))
    );
    assert!(legacy.header("retry-after").is_some());
    assert_eq!(emulator.journal().entries().len(), 0, "nothing was minted");
    // The page costs nothing, and others are not concerned.
    assert_eq!(send(world.auth, &script("text/html")).await.status, 200);
    assert_eq!(session(&world, "b", "X-Forwarded-For: 192.0.2.2\r\n").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn logins_are_counted_where_they_begin() {
    let (mut world, _emulator) = World::with_logins().await;
    world.config.limits.logins_per_minute = 1;
    world.gateway.apply(&world.config).unwrap();
    let login = |app: &str| {
        format!(
            "GET /{app} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n\r\n",
            world.auth
        )
    };
    assert_eq!(send(world.auth, &login("login?app=web")).await.status, 302);

    for path in ["login?app=pkce", "device?app=device"] {
        let page = send(world.auth, &login(path)).await;

        assert_eq!(page.status, 429, "{path}");
        assert!(page.text().contains("limits.logins_per_minute"), "{path}");
        assert!(page.header("retry-after").is_some(), "{path}");
        assert_eq!(page.header("ratelimit-policy"), Some("\"logins\";q=1;w=60"), "{path}");
    }
    world.stop().await;
}

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENT: &str = "10\r\nevent:x\ndata:1\n\n\r\n";

/// Opens a stream that goes on until the upstream is told otherwise, and reads its head.
async fn open_stream(world: &World, upstream: &mut RecordingUpstream, handle: &str) -> BufReader<TcpStream> {
    upstream.answer_in_steps(&[&format!("{STREAM}{EVENT}"), "0\r\n\r\n"]);
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head("POST /v3/chat", handle, "Content-Length: 2\r\n") + "{}";
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut stream).await.0, 200);
    upstream.request().await;
    stream
}

#[tokio::test]
async fn streams_of_a_caller_are_bounded_until_one_ends_or_is_left() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream, |limits| limits.streams_per_caller = 2).await;
    let (handle, again) = (handle_of(&world, "a").await, handle_of(&world, "a").await);
    let other = handle_of(&world, "b").await;
    let mut first = open_stream(&world, &mut upstream, &handle).await;
    let second = open_stream(&world, &mut upstream, &again).await;

    for (language, title) in [
        ("en", "Too many requests at the same time"),
        ("zh", "同时进行的请求太多"),
    ] {
        let fields = format!("Accept-Language: {language}\r\n");
        let refused = world.ask("GET /v1/users/me", &handle, &fields).await;

        assert!(
            is_refusal(&refused, "too-many-streams", "limits.streams_per_caller"),
            "{refused:?}"
        );
        assert_eq!(refused.json()["title"], title);
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    assert!(upstream.is_untouched());
    assert_eq!(world.ask("GET /v1/users/me", &other, "").await.status, 200);
    upstream.request().await;

    // One ends as it should: its last chunk is there, so its leave is back.
    upstream.go_on();
    let mut rest = [0; EVENT.len() + 5];
    first.read_exact(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"));
    let third = open_stream(&world, &mut upstream, &handle).await;
    // One is left.
    drop(second);
    upstream.connection_gone().await;
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    drop((first, third));
    world.stop().await;
}

#[tokio::test]
async fn exchanges_of_all_callers_are_bounded_together() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream, |limits| limits.exchanges = 2).await;
    let mut open = Vec::new();
    for name in ["a", "b"] {
        let handle = handle_of(&world, name).await;
        open.push(open_stream(&world, &mut upstream, &handle).await);
    }
    let third = handle_of(&world, "c").await;

    let refused = world.ask("GET /v1/users/me", &third, "").await;

    assert!(
        is_refusal(&refused, "too-many-streams", "limits.exchanges"),
        "{refused:?}"
    );
    assert!(upstream.is_untouched());
    drop(open);
    world.stop().await;
}

#[tokio::test]
async fn what_was_used_is_kept_by_a_new_configuration_with_the_same_limits() {
    let upstream = RecordingUpstream::start().await;
    let mut world = world(&upstream, |limits| {
        (limits.requests_per_minute, limits.burst) = (1, 1);
    })
    .await;
    let handle = world.handle().await;
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);

    assert_eq!(world.gateway.apply(&world.config).unwrap(), Vec::<&str>::new());
    let kept = world.ask("GET /v1/users/me", &handle, "").await;
    world.config.limits.burst = 2;
    assert_eq!(world.gateway.apply(&world.config).unwrap(), Vec::<&str>::new());
    let anew = world.ask("GET /v1/users/me", &handle, "").await;

    assert_eq!((kept.status, anew.status), (429, 200));
    world.stop().await;
}
