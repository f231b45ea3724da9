//! The legacy contract: what userscripts and scripts of the services before us ask for, and what they get.

use crate::world::{Answer, World, send, vacant};
use std::net::SocketAddr;

const SCRIPT: &str = "X-Requested-With: XMLHttpRequest\r\n";

async fn get(addr: SocketAddr, path: &str, fields: &str) -> Answer {
    send(addr, &format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n{fields}\r\n")).await
}

#[tokio::test]
async fn one_name_keeps_one_token_and_another_name_gets_another() {
    let (world, emulator) = World::with_emulator().await;

    let first = get(world.auth, "/callback?session_name=a", SCRIPT).await;
    let again = get(world.auth, "/callback?session_name=a", "Accept: application/json\r\n").await;
    let by_field = get(world.auth, "/callback", &format!("{SCRIPT}X-Session-Name: a\r\n")).await;
    let other = get(world.auth, "/callback?session_name=b", SCRIPT).await;

    let token = |answer: &Answer| answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(first.status, 200);
    assert!(token(&first).starts_with("czs_"));
    assert_eq!((token(&again), token(&by_field)), (token(&first), token(&first)));
    assert_ne!(token(&other), token(&first));
    assert_eq!(emulator.journal().token_requests(), 2);
    world.stop().await;
}

#[tokio::test]
async fn the_answer_has_the_historic_shape() {
    let (world, _emulator) = World::with_emulator().await;

    let answer = get(world.auth, "/callback?session_name=%E5%B0%8F%E6%98%8E", SCRIPT).await;

    let json = answer.json();
    assert_eq!(
        (json["token_type"].as_str(), json["refresh_token"].as_str()),
        (Some("Bearer"), Some(""))
    );
    assert_eq!(json["session_name"], "小明");
    let expiry = json["expires_in"].as_str().unwrap();
    let (second, date) = expiry.split_once(" (").unwrap();
    assert!(second.parse::<i64>().unwrap() > 1_700_000_000, "{expiry}");
    assert_eq!(date.len(), "2030-01-01 08:00:00)".len(), "{expiry}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    world.stop().await;
}

#[tokio::test]
async fn a_hundred_at_once_for_a_new_name_mint_once() {
    let (world, emulator) = World::with_emulator().await;

    let requests: Vec<_> = (0..100)
        .map(|_| get(world.auth, "/callback?session_name=crowd", SCRIPT))
        .collect();
    let answers = futures_util::future::join_all(requests).await;

    let mut tokens: Vec<_> = answers
        .iter()
        .map(|answer| answer.json()["access_token"].to_string())
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(emulator.journal().token_requests(), 1);
    world.stop().await;
}

#[tokio::test]
async fn people_get_a_page_without_a_token_and_cause_none() {
    let (world, emulator) = World::with_emulator().await;

    let page = get(world.auth, "/callback?session_name=a", "Accept: text/html\r\n").await;
    let login = get(world.auth, "/login?session_name=a", "").await;

    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(!page.text().contains("czs_"));
    assert_eq!(
        (login.status, login.header("location")),
        (302, Some("/callback?session_name=a"))
    );
    assert_eq!(emulator.journal().token_requests(), 0);
    world.stop().await;
}

#[tokio::test]
async fn failures_are_json_with_a_true_status() {
    let (_held, unused) = vacant();
    let (world, _emulator) = World::with_emulator_and(|config| {
        let app = config.apps.get_mut("main").unwrap();
        app.endpoints = coze_auth::Endpoints::from_api_base(&format!("http://{unused}").parse().unwrap());
    })
    .await;

    let unreachable = get(world.auth, "/callback", SCRIPT).await;
    let bad_name = get(world.auth, "/callback?session_name=%00", SCRIPT).await;

    let kinds = |answer: &Answer| (answer.status, answer.json()["error_type"].as_str().unwrap().to_owned());
    assert_eq!(kinds(&unreachable), (502, "token-endpoint-unreachable".to_owned()));
    assert_eq!(kinds(&bad_name), (400, "session-name-invalid".to_owned()));
    for answer in [unreachable, bad_name] {
        assert!(answer.json()["error"].is_string() && answer.json()["details"].is_string());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_read_it_with_its_cookies() {
    let (world, _emulator) = World::with_emulator().await;

    let answer = get(
        world.auth,
        "/callback?session_name=a",
        &format!("{SCRIPT}Origin: https://www.coze.cn\r\nSec-Fetch-Site: cross-site\r\n"),
    )
    .await;

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://www.coze.cn")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    world.stop().await;
}
