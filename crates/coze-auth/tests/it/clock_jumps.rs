//! Clocks that somebody sets, forwards and backwards.

use crate::platform::Answer;
use crate::world::{NOW, World, pkce_app, text, user};
use coze_auth::{AccessToken, MemoryStore, RefreshToken, TokenSet};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn jump_forwards_never_serves_a_token_that_ended() {
    let world = World::start().await;
    world.token(&user("a")).await;

    world.clock.advance(HOUR);

    assert!(world.tokens.ready_token(&user("a")).is_none());
    let token = world.token(&user("a")).await;
    assert_eq!(text(&token), "czs_2");
    assert!(token.expires_at().unwrap() > NOW + HOUR);
}

#[tokio::test]
async fn jump_backwards_starts_no_renewal() {
    let world = World::start().await;
    for number in 0..20 {
        world.token(&user(&number.to_string())).await;
    }

    world.clock.set(NOW - HOUR);
    for number in 0..20 {
        world.token(&user(&number.to_string())).await;
    }
    world.settled().await;

    assert_eq!(world.platform.times_asked(), 20);
}

#[tokio::test]
async fn jump_backwards_does_not_prolong_the_pause_of_a_renewal_behind() {
    let world = World::start().await;
    let day = json!({ "access_token": "czs_day", "expires_in": 86_400 });
    world.platform.next(Answer::json(200, &day));
    world.token(&user("a")).await;
    world.clock.set(NOW + Duration::from_hours(23));
    world
        .platform
        .next(Answer::refusal(500, "internal_error", "Service internal error."));
    world.token(&user("a")).await;
    world.settled().await;

    world.clock.set(NOW + Duration::from_hours(21));
    world.token(&user("a")).await;
    world.settled().await;

    assert_eq!(text(&world.token(&user("a")).await), "czs_3");
}

/// Asks for a token and sleeps while the first answer is on its way.
async fn token_after_sleep(world: &World) -> String {
    world.platform.hold();
    let subject = user("a");
    let (token, ()) = tokio::join!(world.token(&subject), async {
        world.platform.wait_until_asked(1).await;
        world.clock.advance(8 * HOUR);
        world.platform.release();
    });
    text(&token)
}

#[tokio::test]
async fn machine_that_slept_while_it_renewed_does_not_serve_what_ended_meanwhile() {
    let world = World::start().await;
    let old = json!({ "access_token": "czs_old", "expires_in": NOW.0 + 900 });
    world.platform.next(Answer::json(200, &old));

    assert_eq!(token_after_sleep(&world).await, "czs_2");
    assert_eq!(world.platform.times_asked(), 2);
}

#[tokio::test]
async fn login_that_was_renewed_before_a_sleep_is_renewed_on_after_it() {
    let world = World::of(pkce_app, Arc::new(MemoryStore::default())).await;
    let login = TokenSet {
        access_token: AccessToken::parse("czu_0").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW),
        refresh_token: Some(RefreshToken::parse("refresh_0").unwrap()),
        refresh_expires_at: None,
    };
    world.tokens.import_login(&user("a"), login).await.unwrap();
    world.platform.next(Answer::pair(1, NOW + HOUR / 4));
    world.platform.next(Answer::pair(2, NOW + HOUR * 9));

    assert_eq!(token_after_sleep(&world).await, "czu_2");
    assert_eq!(world.platform.asked()[1].body["refresh_token"], "refresh_1");
}
