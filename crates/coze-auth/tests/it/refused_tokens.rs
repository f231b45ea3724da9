//! Tokens that the API refused although they looked good.

use crate::platform::Answer;
use crate::world::{World, text, user};
use coze_auth::Subject;

#[tokio::test]
async fn refused_token_is_replaced_by_the_next_call() {
    let world = World::start().await;
    let token = world.token(&user("a")).await;

    world.tokens.refused(&user("a"), &token);

    assert!(world.tokens.ready_token(&user("a")).is_none());
    assert_eq!(text(&world.token(&user("a")).await), "czs_2");
}

#[tokio::test]
async fn fifty_refusals_of_one_token_make_one_renewal() {
    let world = World::start().await;
    let token = world.token(&user("a")).await;

    for _ in 0..50 {
        world.tokens.refused(&user("a"), &token);
        world.token(&user("a")).await;
    }

    assert_eq!(world.platform.times_asked(), 2);
}

#[tokio::test]
async fn late_refusal_of_an_old_token_leaves_the_newer_one_alone() {
    let world = World::start().await;
    let old = world.token(&user("a")).await;
    world.advance(900);
    world.token(&user("a")).await;

    world.tokens.refused(&user("a"), &old);

    assert_eq!(text(&world.tokens.ready_token(&user("a")).unwrap()), "czs_2");
}

#[tokio::test]
async fn refusal_of_one_subjects_token_does_not_touch_another() {
    let world = World::start().await;
    let token = world.token(&user("a")).await;
    world.token(&user("b")).await;

    world.tokens.refused(&user("b"), &token);

    assert_eq!(text(&world.tokens.ready_token(&user("b")).unwrap()), "czs_2");
}

#[tokio::test]
async fn platform_that_refuses_every_new_token_is_not_asked_in_a_loop() {
    let world = World::start().await;

    for _ in 0..100 {
        let token = world.token(&Subject::app()).await;
        world.tokens.refused(&Subject::app(), &token);
    }
    assert_eq!(world.platform.times_asked(), 2);

    for second in 0..60 {
        world.advance(1);
        let token = world.token(&Subject::app()).await;
        world.tokens.refused(&Subject::app(), &token);
        assert!(world.platform.times_asked() <= 8, "after {second} s");
    }
    assert!(world.platform.times_asked() > 4);
}

#[tokio::test]
async fn refused_token_is_not_served_again_when_its_renewal_fails() {
    let world = World::start().await;
    let token = world.token(&Subject::app()).await;
    world.tokens.refused(&Subject::app(), &token);
    world.platform.next(Answer::refusal(
        401,
        "invalid_client",
        "invalid jwt: kid not been registred",
    ));

    world.error(&Subject::app()).await;

    assert!(world.tokens.ready_token(&Subject::app()).is_none());
}
