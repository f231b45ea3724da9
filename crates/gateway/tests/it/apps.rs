//! Several apps side by side: each request goes to the platform, and with the credential, of the app it belongs to.

use crate::world::{Answer, RecordingUpstream, World, fixed_app, send};

async fn open(world: &World, body: &str) -> Answer {
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
        world.auth,
        body.len()
    );
    send(world.auth, &request).await
}

async fn token(world: &World, query: &str) -> Answer {
    let head = format!(
        "GET /callback{query} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n",
        world.auth
    );
    send(world.auth, &head).await
}

#[tokio::test]
async fn a_handle_leads_to_the_app_that_opened_the_session() {
    let (mut first, mut second) = (RecordingUpstream::start().await, RecordingUpstream::start().await);
    let other = fixed_app("other", &second.api_base());
    let world = World::with_upstream_and(&first.api_base(), |config| {
        config.apps.insert("other".to_owned(), other);
    })
    .await;
    let default = open(&world, "").await.json()["handle"].as_str().unwrap().to_owned();
    let named = open(&world, r#"{"app":"other"}"#).await.json()["handle"]
        .as_str()
        .unwrap()
        .to_owned();

    world.ask("GET /v1/users/me", &default, "").await;
    world.ask("GET /v1/bots", &named, "").await;

    let to_first = first.request().await;
    let to_second = second.request().await;
    let authorization = |request: &str| {
        request
            .lines()
            .find(|line| line.starts_with("authorization: "))
            .unwrap()
            .to_owned()
    };
    assert!(to_first.starts_with("GET /v1/users/me "), "{to_first}");
    assert!(to_second.starts_with("GET /v1/bots "), "{to_second}");
    assert_ne!(authorization(&to_first), authorization(&to_second));
    assert!(first.is_untouched() && second.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn the_legacy_callback_takes_an_app_by_name() {
    let upstream = RecordingUpstream::start().await;
    let other = fixed_app("other", &upstream.api_base());
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.apps.insert("other".to_owned(), other);
    })
    .await;

    let default = token(&world, "").await.json()["access_token"].clone();
    let same = token(&world, "?app=main").await.json()["access_token"].clone();
    let other = token(&world, "?app=other").await.json()["access_token"].clone();

    assert_eq!(same, default);
    assert_ne!(other, default);
    world.stop().await;
}

#[tokio::test]
async fn an_app_that_is_not_there_is_named_as_the_mistake() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;

    let session = open(&world, r#"{"app":"nobody"}"#).await;
    let callback = token(&world, "?app=nobody").await;

    assert_eq!(
        (session.status, session.json()["type"].as_str()),
        (400, Some("urn:cozegate:problem:app-unknown"))
    );
    assert_eq!(
        (callback.status, callback.json()["error_type"].as_str()),
        (400, Some("app-unknown"))
    );
    world.stop().await;
}
