//! Clocks that somebody sets, forwards and backwards.

use crate::platform::Answer;
use crate::world::{NOW, World, text, user};
use serde_json::json;
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
