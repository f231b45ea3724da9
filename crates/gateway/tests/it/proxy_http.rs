//! What reaches the platform, what comes back, and what never leaves.

use crate::world::{Answer, RecordingUpstream, World, send, vacant};
use std::time::Duration;

#[tokio::test]
async fn the_handle_is_swapped_for_the_token_and_the_rest_travels_unchanged() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;

    let answer = send(
        world.proxy,
        &format!(
            "POST /v1/conversation/create?x=%E4%BD%A0&y HTTP/1.1\r\nHost: {}\r\nauthorization: Bearer {handle}\r\n\
             Content-Type: application/json\r\nCookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\nX_Forwarded_Host: evil\r\n\
             Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Coze-Client-User-Agent: {{}}\r\nContent-Length: 14\r\n\r\n{{\"bot_id\":\"7\"}}",
            world.proxy
        ),
    )
    .await;

    let request = upstream.request().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "{}");
    assert!(
        request.starts_with("POST /v1/conversation/create?x=%E4%BD%A0&y HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\n{\"bot_id\":\"7\"}"), "{request}");
    let head = request.to_ascii_lowercase();
    assert!(head.contains("authorization: bearer pat_"), "{request}");
    assert!(
        head.contains(&format!(
            "host: {}\r\n",
            upstream.api_base().trim_start_matches("http://")
        )),
        "{request}"
    );
    assert!(head.contains("x-coze-client-user-agent: {}"), "{request}");
    assert!(head.contains("accept-encoding: identity"), "{request}");
    for gone in ["cgh_", "cookie", "forwarded", "x-hop", "connection:", "1.2.3.4"] {
        assert!(!head.contains(gone), "{gone} in {request}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_streamed_up_in_chunks() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;

    let answer = send(
        world.proxy,
        &format!(
            "POST /v1/files/upload HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {handle}\r\n\
             Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            world.proxy
        ),
    )
    .await;

    let request = upstream.request().await;
    assert_eq!(answer.status, 200);
    assert!(request.contains("transfer-encoding: chunked"), "{request}");
    assert!(request.contains("abc") && request.contains("de"), "{request}");
    world.stop().await;
}

#[tokio::test]
async fn upstream_permissions_and_cookies_are_replaced_by_ours() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nSet-Cookie: a=b\r\n\
         X-Tt-Logid: 2026\r\nKeep-Alive: timeout=5\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\n{}",
    );
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;

    let answer = world
        .ask("GET /v1/users/me", &handle, "Origin: https://www.coze.cn\r\n")
        .await;

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://www.coze.cn")
    );
    assert!(
        answer
            .header("access-control-expose-headers")
            .unwrap()
            .contains("x-tt-logid")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("x-tt-logid"), Some("2026"));
    for gone in ["access-control-allow-credentials", "set-cookie", "keep-alive", "x-hop"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_preflight_needs_no_caller_and_reaches_nobody() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;

    let answer = send(
        world.proxy,
        &format!(
            "OPTIONS /v3/chat HTTP/1.1\r\nHost: {}\r\nOrigin: https://www.coze.cn\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: authorization,content-type,x-coze-client-user-agent\r\n\r\n",
            world.proxy
        ),
    )
    .await;

    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://www.coze.cn")
    );
    let allowed = answer.header("access-control-allow-headers").unwrap();
    for name in [
        "authorization",
        "content-type",
        "x-coze-client-user-agent",
        "agw-js-conv",
    ] {
        assert!(allowed.contains(name), "{name} not in {allowed}");
    }
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn what_the_proxy_does_not_serve_goes_nowhere() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let unknown = "cgh_0000000000000000000000000000000000000000000";
    let cases = [
        (
            "/api/permission/oauth2/token",
            format!("Bearer {handle}"),
            404,
            "no-such-endpoint",
        ),
        (
            "/v1/../api/permission/oauth2/token",
            format!("Bearer {handle}"),
            400,
            "path-refused",
        ),
        (
            "/v1/%2e%2e/api/permission/oauth2/token",
            format!("Bearer {handle}"),
            400,
            "path-refused",
        ),
        ("/v1/users/me", format!("Bearer {unknown}"), 401, "handle-unknown"),
        (
            "/v1/users/me",
            "Bearer something".to_owned(),
            401,
            "credential-not-accepted",
        ),
        (
            "/v1/users/me",
            format!("Basic {handle}"),
            401,
            "credential-not-accepted",
        ),
        ("/v1/users/me", "Bearer ".to_owned(), 401, "credential-missing"),
    ];

    for (path, authorization, status, problem) in cases {
        let answer = send(
            world.proxy,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\n\r\n",
                world.proxy
            ),
        )
        .await;
        assert_eq!(answer.status, status, "{path} {authorization}: {answer:?}");
        assert_eq!(answer.json()["type"], format!("urn:cozegate:problem:{problem}"));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn a_coze_token_of_the_callers_own_passes_in_local_mode() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let own = format!(
        "czs_{}",
        coze_auth::random::base64url(&coze_auth::SeededRandom::new(5), 32)
    );

    let answer = world.ask("GET /v1/users/me", &own, "").await;

    assert_eq!(answer.status, 200);
    assert!(
        upstream
            .request()
            .await
            .contains(&format!("authorization: Bearer {own}"))
    );
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_of_the_callers_own_token_is_the_callers_to_read() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let own = format!("pat_{}", "a".repeat(64));
    let refusal = "{\"code\":4100,\"msg\":\"authentication is invalid\"}";
    upstream.answer(&format!(
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{refusal}",
        refusal.len()
    ));

    let answer = world.ask("GET /v1/users/me", &own, "").await;

    assert_eq!((answer.status, answer.text().as_str()), (401, refusal));
    upstream.request().await;
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn a_small_body_that_does_not_come_reaches_nobody() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.timeouts.idle = Duration::from_secs(1);
    })
    .await;
    let handle = world.handle().await;
    let request = world.head("POST /v3/chat", &handle, "Content-Length: 10\r\n") + "{\"bot";

    let answer = send(world.proxy, &request).await;

    assert_eq!(answer.status, 408);
    assert_eq!(answer.json()["type"], "urn:cozegate:problem:body-overdue");
    assert!(upstream.is_untouched());
    assert_eq!(upstream.connections(), 0);
    world.stop().await;
}

#[tokio::test]
async fn one_upstream_connection_serves_exchange_after_exchange() {
    let upstream = RecordingUpstream::start().await;
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let request = world.head("GET /v1/users/me", &handle, "");
    // However the platform frames its answer: with a length, in chunks, without a body.
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        upstream.answer(answer);
        send(world.proxy, &request).await;
    }

    assert_eq!(upstream.connections(), 1);
    world.stop().await;
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_costs_no_request() {
    let mut upstream = RecordingUpstream::start().await;
    // One worker, so that both requests meet the same pool.
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let request = world.head("POST /v3/chat", &handle, "Content-Length: 2\r\n") + "{}";
    upstream.answer_and_close("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(send(world.proxy, &request).await.status, 200);
    upstream.connection_gone().await;

    let answer = send(world.proxy, &request).await;

    assert_eq!(answer.status, 200);
    upstream.request().await;
    upstream.request().await;
    assert!(upstream.is_untouched(), "each request arrived once");
    world.stop().await;
}

#[tokio::test]
async fn what_may_have_begun_is_not_sent_twice_and_what_only_reads_is() {
    let cases = [
        ("POST /v3/chat", "Content-Length: 2\r\n\r\n{}", 502, 1),
        // Without a body it could be repeated, but not by its method.
        ("POST /v1/conversations/7/clear", "Content-Length: 0\r\n\r\n", 502, 1),
        ("DELETE /v1/conversations/7", "\r\n", 502, 1),
        ("GET /v1/users/me", "\r\n", 200, 2),
    ];
    for (line, rest, status, arrivals) in cases {
        let mut upstream = RecordingUpstream::start().await;
        let world =
            World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
        let handle = world.handle().await;
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {handle}\r\n{rest}",
            world.proxy
        );
        assert_eq!(send(world.proxy, &request).await.status, 200, "{line}");
        upstream.request().await;
        // The connection is reused, takes the request, and ends without a byte.
        upstream.answer_and_close("");

        let answer = send(world.proxy, &request).await;

        assert_eq!(answer.status, status, "{line}");
        for _ in 0..arrivals {
            assert!(upstream.request().await.starts_with(line), "{line}");
        }
        assert!(upstream.is_untouched(), "{line}");
        world.stop().await;
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_bad_gateway() {
    let (_held, unused) = vacant();
    let world = World::with_upstream(&format!("http://{unused}")).await;
    let handle = world.handle().await;

    let answer = world
        .ask("GET /v1/users/me", &handle, "Accept-Language: zh-CN\r\n")
        .await;

    assert_eq!(answer.status, 502);
    let problem = answer.json();
    assert_eq!(
        (problem["code"].as_u64(), problem["title"].as_str()),
        (Some(990_502), Some("无法连接 Coze 的 API"))
    );
    world.stop().await;
}

#[tokio::test]
async fn the_proxy_tells_about_itself() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;

    let answer = send(
        world.proxy,
        &format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.proxy.port()),
    )
    .await;

    let about = answer.json();
    assert_eq!((answer.status, about["service"].as_str()), (200, Some("cozegate")));
    assert_eq!(
        about["usage"]["base_url"],
        format!("http://localhost:{}", world.proxy.port())
    );
    assert_eq!(
        about["endpoints"]["auth"],
        format!("http://localhost:{}", world.auth.port())
    );
    assert!(about["version"].is_string());
    world.stop().await;
}

#[tokio::test]
async fn who_asks_is_told_where_the_time_went_and_coze_hears_nothing_of_it() {
    let (world, _emulator) = World::with_emulator().await;
    let handle = world.handle().await;

    let first = world
        .ask("GET /v1/users/me", &handle, "X-Cozegate-Inspect: 1\r\n")
        .await;
    let second = world
        .ask("GET /v1/users/me", &handle, "X-Cozegate-Inspect: 1\r\n")
        .await;
    let unasked = world.ask("GET /v1/users/me", &handle, "").await;

    let told = |answer: &Answer| answer.header("server-timing").map(str::to_owned).unwrap_or_default();
    assert!(
        told(&first).starts_with("token;desc=\"awaited\";dur="),
        "{}",
        told(&first)
    );
    assert!(
        told(&second).starts_with("token;desc=\"at hand\";dur=0.0, upstream;dur="),
        "{}",
        told(&second)
    );
    assert_eq!(told(&unasked), "");
    world.stop().await;
}
