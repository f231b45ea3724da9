//! Pages and assets as a browser receives them.

use crate::world::{Answer, World, send};
use std::net::SocketAddr;

async fn get(addr: SocketAddr, path: &str, fields: &str) -> Answer {
    send(
        addr,
        &format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nAccept: text/html\r\n{fields}\r\n"),
    )
    .await
}

#[tokio::test]
async fn every_page_is_protected_and_speaks_the_readers_language() {
    let (world, _emulator) = World::with_emulator().await;
    for path in ["/", "/chat", "/callback", "/playground", "/nowhere"] {
        let page = get(world.auth, path, "Accept-Language: zh-CN\r\n").await;

        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains("<html lang=\"zh-CN\""), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn the_chat_page_may_reach_the_proxy_under_the_name_that_the_browser_used() {
    let (world, _emulator) = World::with_emulator().await;
    let port = world.auth.port();

    let page = send(
        world.auth,
        &format!("GET /chat HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
    )
    .await;

    let proxy = format!("http://localhost:{}", world.proxy.port());
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains(&format!("connect-src 'self' {proxy};"))
    );
    assert!(page.text().contains(&format!("\"api_base\":\"{proxy}\"")));
    world.stop().await;
}

#[tokio::test]
async fn the_preview_may_be_framed_by_the_playground_and_ask_for_sessions_alone() {
    let (world, _emulator) = World::with_emulator().await;
    let (auth, proxy) = (world.auth, world.proxy);

    for (query, style) in [("", "'self' 'unsafe-inline'"), ("?ui=cozegate", "'self';")] {
        let page = get(auth, &format!("/playground/preview{query}"), "").await;

        let policy = page.header("content-security-policy").unwrap();
        assert_eq!(page.header("x-frame-options"), Some("SAMEORIGIN"));
        assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
        assert!(policy.contains(&format!("style-src {style}")), "{policy}");
        let sources = policy.split("connect-src ").nth(1).unwrap();
        assert!(sources.starts_with(&format!("http://{proxy} ")), "{policy}");
        assert!(sources.contains(&format!(" http://{auth}/auth/session")), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe"), "{policy}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_chosen_language_is_remembered() {
    let (world, _emulator) = World::with_emulator().await;

    let chosen = get(world.auth, "/chat?lang=zh-CN", "Accept-Language: en\r\n").await;

    let cookie = chosen.header("set-cookie").unwrap().split(';').next().unwrap();
    let later = get(world.auth, "/", &format!("Accept-Language: en\r\nCookie: {cookie}\r\n")).await;
    assert!(later.text().contains("<html lang=\"zh-CN\""));
    world.stop().await;
}

#[tokio::test]
async fn an_asset_is_sent_once_and_confirmed_afterwards() {
    let (world, _emulator) = World::with_emulator().await;

    let first = get(world.auth, "/assets/chat/main.js", "").await;
    let tag = first.header("etag").unwrap();
    let again = get(world.auth, "/assets/chat/main.js", &format!("If-None-Match: {tag}\r\n")).await;
    let missing = get(world.auth, "/assets/../Cargo.toml", "").await;

    assert_eq!(
        (first.status, first.header("content-type")),
        (200, Some("text/javascript; charset=utf-8"))
    );
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(missing.status, 404);
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_method_names_the_right_one() {
    let (world, _emulator) = World::with_emulator().await;

    let answer = send(
        world.auth,
        &format!("GET /auth/session HTTP/1.1\r\nHost: {}\r\n\r\n", world.auth),
    )
    .await;

    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    world.stop().await;
}
