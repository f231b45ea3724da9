//! A new configuration while we run: in force at once, whole, and without a refused request.

use crate::world::{RecordingUpstream, World, fixed_app, send};
use coze_auth::SigningKey;
use cozegate_config::{Credentials, SecretText};
use std::time::Duration;

async fn token(world: &World, name: &str) -> (u16, String) {
    let head = format!(
        "GET /callback?session_name={name} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n",
        world.auth
    );
    let answer = send(world.auth, &head).await;
    (answer.status, answer.json()["access_token"].to_string())
}

#[tokio::test]
async fn tokens_and_handles_outlive_a_reload() {
    let (world, emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    let before = token(&world, "a").await;
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    let minted = emulator.journal().token_requests();

    world.gateway.apply(&world.config).unwrap();

    assert_eq!(token(&world, "a").await, before);
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    assert_eq!(
        emulator.journal().token_requests(),
        minted,
        "the tokens are those of before"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_key_that_is_exchanged_signs_from_then_on() {
    let (world, emulator) = World::with_emulator().await;
    let mut wrong = world.config.clone();
    let right_key = match &mut wrong.apps.get_mut("main").unwrap().credentials {
        Credentials::Jwt { public_key_id, .. } => std::mem::replace(public_key_id, "another".to_owned()),
        other => unreachable!("the demo app signs: {other:?}"),
    };
    let before = token(&world, "a").await;

    world.gateway.apply(&wrong).unwrap();
    let known = token(&world, "a").await;
    let unknown = token(&world, "b").await;
    world.gateway.apply(&world.config).unwrap();
    let mended = token(&world, "b").await;

    assert_eq!(known, before, "a token that lives needs no key");
    assert_eq!(unknown.0, 502);
    assert_eq!(mended.0, 200);
    assert!(SigningKey::parse(&emulator.jwt_app().private_key_pem).is_ok() && !right_key.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn origins_and_apps_follow_the_configuration() {
    let (mut old, mut new) = (RecordingUpstream::start().await, RecordingUpstream::start().await);
    let world = World::with_upstream(&old.api_base()).await;
    let handle = world.handle().await;
    let own = format!("Origin: http://{}\r\n", world.auth);
    let mut changed = world.config.clone();
    changed
        .apps
        .insert("main".to_owned(), fixed_app("main", &new.api_base()));

    world.gateway.apply(&changed).unwrap();

    assert_eq!(world.ask("GET /v1/users/me", &handle, &own).await.status, 200);
    assert!(new.request().await.starts_with("GET /v1/users/me "));
    assert!(old.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn a_configuration_that_cannot_serve_leaves_the_old_one_in_force() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let mut broken = world.config.clone();
    broken.apps.get_mut("main").unwrap().credentials = Credentials::PersonalAccessToken {
        token: SecretText::new("pat_with a space"),
        expires_at: None,
    };

    let refused = world.gateway.apply(&broken);

    assert!(refused.is_err());
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    upstream.request().await;
    world.stop().await;
}

#[tokio::test]
async fn what_needs_a_restart_is_named() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut changed = world.config.clone();
    changed.timeouts.idle += Duration::from_secs(1);
    changed.server.workers = 7.try_into().ok();

    assert_eq!(world.gateway.apply(&changed).unwrap(), ["server", "timeouts"]);
    assert_eq!(world.gateway.apply(&world.config).unwrap(), Vec::<&str>::new());
    world.stop().await;
}

#[tokio::test]
async fn keys_and_apps_are_exchanged_under_way_without_a_refused_request() {
    let (world, _emulator) = World::with_emulator().await;
    let requests = async {
        let mut refused = 0;
        for round in 0..60 {
            // Every other name is new, so that tokens are minted while configurations change.
            let (status, _) = token(&world, &format!("user-{}", round / 2)).await;
            let handle = world.handle().await;
            let proxied = world.ask("GET /v1/users/me", &handle, "").await.status;
            refused += u32::from(status != 200) + u32::from(proxied != 200);
        }
        refused
    };
    let mut applied = 0;
    let changes = async {
        loop {
            world.gateway.apply(&world.config).unwrap();
            applied += 1;
            tokio::task::yield_now().await;
        }
    };

    let refused = tokio::select! {
        refused = requests => refused,
        () = changes => unreachable!("changes go on for ever"),
    };

    println!("requests while {applied} configurations came: good tried 120 / refused {refused}");
    assert_eq!(refused, 0);
    assert!(applied > 10, "{applied}");
    world.stop().await;
}
