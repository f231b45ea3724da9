//! Public mode as strangers see it: nobody names whose history they want, nobody gets a token, nobody asks how we are.

use crate::world::{Answer, SITE, World, published_bot, send};
use serde_json::json;
use std::net::SocketAddr;

async fn ask(addr: SocketAddr, line: &str, fields: &str, body: &str) -> Answer {
    let length = body.len();
    send(
        addr,
        &format!("{line} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n{body}"),
    )
    .await
}

/// A page of the site opens a session, through a reverse proxy.
async fn open(world: &World, fields: &str, body: &str) -> Answer {
    let fields = format!("Host: chat.example\r\nX-Forwarded-For: 203.0.113.7\r\n{fields}");
    ask(world.auth, "POST /auth/session", &fields, body).await
}

#[tokio::test]
async fn page_of_the_site_gets_a_session_at_the_public_addresses() {
    let (world, emulator) = World::public().await;
    let bot_id = published_bot(&emulator);

    let answer = open(
        &world,
        &format!("Origin: {SITE}\r\nSec-Fetch-Site: cross-site\r\n"),
        "{}",
    )
    .await;

    let json = answer.json();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(json["api_base"], "https://api.chat.example");
    assert_eq!(json["ws_base"], "wss://api.chat.example");
    assert_eq!(answer.header("access-control-allow-origin"), Some(SITE));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-cozegate_visitor_") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    let handle = json["handle"].as_str().unwrap();
    let fields = format!("Host: api.chat.example\r\nOrigin: {SITE}\r\nAuthorization: Bearer {handle}\r\n");
    let bot = ask(world.proxy, &format!("GET /v1/bots/{bot_id}"), &fields, "").await;
    assert_eq!(bot.status, 200, "{}", bot.text());
    world.stop().await;
}

#[tokio::test]
async fn what_one_person_may_do_at_home_nobody_may_here() {
    let (world, emulator) = World::public().await;
    let before = emulator.journal().entries().len();
    let own_token = format!("pat_{}", "x".repeat(40));
    let at_auth = "Host: chat.example\r\n";
    let from_site = "Host: chat.example\r\nOrigin: https://www.shop.example\r\n";
    let scripted = "Host: chat.example\r\nX-Requested-With: XMLHttpRequest\r\nAccept: application/json\r\n";
    let of_coze = "Host: chat.example\r\nOrigin: https://www.coze.cn\r\n";
    let forwarded = "Host: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.7\r\n";
    let (auth, proxy) = (world.auth, world.proxy);
    let at_proxy = format!("Host: api.chat.example\r\nAuthorization: Bearer {own_token}\r\n");
    let loopback = format!("Host: {auth}\r\nX-Forwarded-For: 203.0.113.7\r\n");
    let tries = [
        (auth, "GET /callback", scripted, "", 403, "local-mode-only"),
        (
            auth,
            "GET /callback?session_name=alice",
            scripted,
            "",
            403,
            "local-mode-only",
        ),
        (auth, "GET /callback", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /login", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /logout", at_auth, "", 403, "local-mode-only"),
        (auth, "POST /logout", at_auth, "app=main", 403, "local-mode-only"),
        (auth, "GET /device", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /playground", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /playground/preview", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /cozegate.user.js", at_auth, "", 403, "local-mode-only"),
        (auth, "GET /metrics", at_auth, "", 200, ""),
        (auth, "GET /metrics", &loopback, "", 403, "local-mode-only"),
        (auth, "GET /metrics", forwarded, "", 403, "host-not-allowed"),
        (
            auth,
            "POST /auth/session",
            from_site,
            r#"{"session_name":"alice"}"#,
            403,
            "session-name-refused",
        ),
        (auth, "POST /auth/session", of_coze, "{}", 403, "origin-not-allowed"),
        (
            auth,
            "POST /auth/session",
            "Host: chat.example.evil.example\r\n",
            "{}",
            403,
            "host-not-allowed",
        ),
        (
            auth,
            "POST /auth/session",
            "Host: api.chat.example\r\n",
            "{}",
            403,
            "host-not-allowed",
        ),
        (proxy, "GET /v1/users/me", &at_proxy, "", 401, "credential-not-accepted"),
        (
            proxy,
            "GET /v1/users/me",
            "Host: chat.example\r\n",
            "",
            403,
            "host-not-allowed",
        ),
    ];

    let mut let_through = Vec::new();
    for (addr, line, fields, body, status, problem) in tries {
        let answer = ask(addr, line, fields, body).await;
        let is_as_wanted = answer.status == status
            && (problem.is_empty() || answer.json()["type"] == format!("urn:cozegate:problem:{problem}"));
        if !is_as_wanted {
            let_through.push(format!("{line} {fields:?}: {} {}", answer.status, answer.text()));
        }
    }

    let refused = i32::from(open(&world, &format!("Origin: {SITE}\r\n"), "{}").await.status != 200);
    println!(
        "liberties in public mode: bad tried {} / let through {}; good tried 1 / refused {refused}",
        tries.len() - 1,
        let_through.len()
    );
    assert_eq!((let_through, refused), (vec![], 0));
    assert_eq!(
        emulator.journal().entries().len(),
        before,
        "nothing was minted or asked"
    );
    world.stop().await;
}

#[tokio::test]
async fn two_visitors_without_cookies_keep_their_histories_apart() {
    let (world, emulator) = World::public().await;
    let bot_id = published_bot(&emulator);
    let origin = format!("Origin: {SITE}\r\nSec-Fetch-Site: cross-site\r\n");
    let one = open(&world, &origin, "{}").await.json();
    let other = open(&world, &origin, "{}").await.json();
    let fields = |handle: &serde_json::Value| {
        format!(
            "Host: api.chat.example\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            handle.as_str().unwrap()
        )
    };
    let body = json!({"bot_id": bot_id}).to_string();
    ask(
        world.proxy,
        "POST /v1/conversation/create",
        &fields(&one["handle"]),
        &body,
    )
    .await;

    let back = open(&world, &origin, &json!({"visitor": one["visitor"]}).to_string())
        .await
        .json();

    let list = format!("GET /v1/conversations?bot_id={bot_id}&page_num=1&page_size=10");
    let mut counts = Vec::new();
    for handle in [&back["handle"], &other["handle"]] {
        let answer = ask(world.proxy, &list, &fields(handle), "").await.json();
        counts.push(answer["data"]["conversations"].as_array().unwrap().len());
    }
    assert_eq!(counts, [1, 0]);
    world.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_each_address_has_its_own_limit() {
    let (world, _emulator) = World::public().await;
    let from = async |address: &str| {
        let fields = format!("Host: chat.example\r\nOrigin: {SITE}\r\nX-Forwarded-For: {address}\r\n");
        ask(world.auth, "POST /auth/session", &fields, "").await.status
    };

    let mut statuses = Vec::new();
    for _ in 0..31 {
        statuses.push(from("203.0.113.7").await);
    }

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 30);
    assert_eq!(statuses.last(), Some(&429));
    assert_eq!(from("203.0.113.8").await, 200);
    world.stop().await;
}
