//! What is remembered after a renewal failed, and who notices.

use crate::platform::Answer;
use crate::world::{World, text, user};
use coze_auth::{AuthError, FailedSide, RefusalKind, Subject};
use std::time::Duration;

fn unknown_key() -> Answer {
    Answer::refusal(401, "invalid_client", "invalid jwt: kid not been registred")
}

#[tokio::test]
async fn all_waiting_callers_get_the_same_refusal_from_one_request() {
    let world = World::start().await;
    world.platform.next(unknown_key());

    let subject = Subject::app();
    let errors = futures_util::future::join_all((0..50).map(|_| world.error(&subject))).await;

    assert_eq!(world.platform.times_asked(), 1);
    for error in errors {
        assert!(matches!(error.original(), AuthError::Refused(refusal) if refusal.hint == RefusalKind::KeyIdUnknown));
    }
}

#[tokio::test]
async fn failure_is_remembered_and_says_when_to_come_back() {
    let world = World::start().await;
    world.platform.next(unknown_key());
    world.error(&Subject::app()).await;

    let error = world.error(&Subject::app()).await;

    assert_eq!(world.platform.times_asked(), 1);
    assert!(matches!(error, AuthError::RecentFailure { .. }), "{error:?}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(
        (error.failed_side(), error.log_id()),
        (FailedSide::Gateway, Some("20261122000000ABCDEF"))
    );
}

#[tokio::test]
async fn pauses_double_up_to_a_minute_and_a_success_ends_them() {
    let world = World::start().await;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        world.platform.next(unknown_key());
        world.error(&Subject::app()).await;
        let pause = world.error(&Subject::app()).await.retry_after().unwrap().as_secs();
        pauses.push(pause);
        world.advance(pause);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(world.platform.times_asked(), 8);

    world.token(&Subject::app()).await;
    world.advance(900);
    world.platform.next(unknown_key());
    world.error(&Subject::app()).await;

    assert_eq!(
        world.error(&Subject::app()).await.retry_after(),
        Some(Duration::from_secs(1))
    );
}

#[tokio::test]
async fn failure_of_one_subject_does_not_hold_back_another() {
    let world = World::start().await;
    world.platform.next(unknown_key());
    world.error(&user("a")).await;

    assert_eq!(text(&world.token(&user("b")).await), "czs_2");
}

#[tokio::test]
async fn good_token_is_served_while_its_renewal_fails_behind() {
    let world = World::start().await;
    world.token(&Subject::app()).await;
    world.advance(800);
    world.platform.next(unknown_key());

    let during = world.token(&Subject::app()).await;
    world.settled().await;
    let after = world.token(&Subject::app()).await;

    assert_eq!((text(&during), text(&after)), ("czs_1".to_owned(), "czs_1".to_owned()));
    assert_eq!(world.platform.times_asked(), 2);
}

#[tokio::test]
async fn failed_renewal_behind_is_tried_again_after_its_pause() {
    let world = World::start().await;
    world.token(&Subject::app()).await;
    world.advance(800);
    world.platform.next(unknown_key());
    world.token(&Subject::app()).await;
    world.settled().await;

    world.advance(1);
    world.token(&Subject::app()).await;
    world.settled().await;

    assert_eq!(text(&world.token(&Subject::app()).await), "czs_3");
}

#[tokio::test]
async fn platform_may_ask_for_a_longer_pause() {
    let world = World::start().await;
    let busy = Answer {
        status: 429,
        headers: vec![("retry-after", "20".to_owned())],
        body: String::new(),
    };
    world.platform.next(busy);
    world.error(&Subject::app()).await;

    world.advance(19);
    let error = world.error(&Subject::app()).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    world.advance(1);

    assert_eq!(text(&world.token(&Subject::app()).await), "czs_2");
}
