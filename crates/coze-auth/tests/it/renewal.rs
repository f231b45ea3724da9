//! One renewal for everybody, early and behind, whoever stays or leaves.

use crate::platform::Answer;
use crate::world::{World, builder, jwt_app, text, user};
use coze_auth::{AuthError, Subject, Token, TokenSource};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::HashSet;
use tokio::task::JoinSet;

/// Lets this many callers, each a task of its own, ask at once.
async fn ask(tokens: &TokenSource, subject: &Subject, callers: usize) -> Vec<Token> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (tokens, subject) = (tokens.clone(), subject.clone());
        tasks.spawn(async move { tokens.access_token(&subject).await.unwrap() });
    }
    tasks.join_all().await
}

fn texts(tokens: &[Token]) -> HashSet<String> {
    tokens.iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unknown_subject_is_asked_for_once_for_one_or_a_thousand_callers() {
    for callers in [1, 64, 1_000] {
        let world = World::start().await;

        let tokens = ask(&world.tokens, &user("a"), callers).await;

        assert_eq!(texts(&tokens), HashSet::from(["czs_1".to_owned()]));
        assert_eq!(world.platform.times_asked(), 1, "{callers} callers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ended_token_is_renewed_once_for_one_or_a_thousand_callers() {
    for callers in [1, 64, 1_000] {
        let world = World::start().await;
        world.token(&user("a")).await;
        world.advance(900);

        let tokens = ask(&world.tokens, &user("a"), callers).await;

        assert_eq!(texts(&tokens), HashSet::from(["czs_2".to_owned()]));
        assert_eq!(world.platform.times_asked(), 2, "{callers} callers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn due_token_is_served_to_a_thousand_callers_and_renewed_once_behind() {
    let world = World::start().await;
    world.token(&user("a")).await;
    world.advance(800);
    world.platform.hold();

    let tokens = ask(&world.tokens, &user("a"), 1_000).await;

    assert_eq!(texts(&tokens), HashSet::from(["czs_1".to_owned()]));
    world.platform.release();
    world.settled().await;
    assert_eq!(world.platform.times_asked(), 2);
    assert_eq!(text(&world.tokens.ready_token(&user("a")).unwrap()), "czs_2");
}

#[tokio::test]
async fn renewal_finishes_and_is_kept_when_every_caller_leaves() {
    let world = World::start().await;
    world.platform.hold();
    let subject = Subject::app();
    let callers: Vec<_> = (0..50).map(|_| Box::pin(world.tokens.access_token(&subject))).collect();
    tokio::select! {
        _ = join_all(callers) => panic!("nothing was answered"),
        () = world.platform.wait_until_asked(1) => {}
    }

    world.platform.release();
    world.settled().await;

    assert_eq!(text(&world.tokens.ready_token(&subject).unwrap()), "czs_1");
    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn ready_token_starts_a_renewal_when_due_but_never_waits_for_one() {
    let world = World::start().await;
    assert!(world.tokens.ready_token(&user("a")).is_none());
    assert_eq!(world.platform.times_asked(), 0);
    world.token(&user("a")).await;
    world.advance(800);

    let served = world.tokens.ready_token(&user("a")).unwrap();

    assert_eq!(text(&served), "czs_1");
    world.settled().await;
    assert_eq!(text(&world.tokens.ready_token(&user("a")).unwrap()), "czs_2");
}

#[tokio::test]
async fn subjects_have_tokens_of_their_own() {
    let world = World::start().await;
    let mut longer = user("a");
    longer.duration_seconds = Some(3_600);
    let subjects = [Subject::app(), user("a"), user("b"), longer];

    for _ in 0..2 {
        for subject in &subjects {
            world.token(subject).await;
        }
    }

    let names: Vec<_> = world
        .platform
        .asked()
        .iter()
        .map(|asked| asked.claim("session_name"))
        .collect();
    assert_eq!(names, [json!(null), json!("a"), json!("b"), json!("a")]);
}

#[tokio::test]
async fn renewed_token_has_the_same_session_name_and_another_assertion() {
    let world = World::start().await;
    world.token(&user("a")).await;
    world.advance(900);
    world.token(&user("a")).await;

    let asked = world.platform.asked();

    assert_eq!(asked[0].claim("session_name"), asked[1].claim("session_name"));
    assert_ne!(asked[0].claim("jti"), asked[1].claim("jti"));
    assert_eq!(
        asked[1].claim("iat").as_i64().unwrap(),
        asked[0].claim("iat").as_i64().unwrap() + 900
    );
}

#[tokio::test]
async fn thousand_users_do_not_become_due_in_the_same_second() {
    let world = World::start().await;
    let users: Vec<Subject> = (0..200).map(|number| user(&number.to_string())).collect();
    join_all(users.iter().map(|user| world.token(user))).await;
    world.advance(720);

    for user in &users {
        world.tokens.ready_token(user).unwrap();
    }
    world.settled().await;

    // At four fifths of the life about half of them are due; all or none would mean that they move together.
    let renewed = world.platform.times_asked() - users.len();
    assert!((40..=160).contains(&renewed), "{renewed} of 200");
}

#[tokio::test]
async fn platform_sees_no_more_than_the_allowed_exchanges_at_a_time() {
    let world = World::start().await;
    world.platform.hold();
    let users: Vec<Subject> = (0..100).map(|number| user(&number.to_string())).collect();
    let all = join_all(users.iter().map(|user| world.token(user)));
    tokio::pin!(all);
    tokio::select! {
        _ = &mut all => panic!("nothing was answered"),
        () = world.platform.wait_until_asked(32) => {}
    }

    world.platform.release();
    all.await;

    assert_eq!(world.platform.times_asked(), 100);
    assert!(
        world.platform.most_at_a_time() <= 32,
        "{}",
        world.platform.most_at_a_time()
    );
}

#[tokio::test]
async fn very_short_token_is_used_and_not_asked_for_in_a_loop() {
    let world = World::start().await;
    world.platform.next(Answer::json(
        200,
        &json!({ "access_token": "czs_short", "expires_in": 10 }),
    ));

    let first = world.token(&Subject::app()).await;
    let second = world.token(&Subject::app()).await;

    assert_eq!(
        (text(&first), text(&second)),
        ("czs_short".to_owned(), "czs_short".to_owned())
    );
    assert_eq!(world.platform.times_asked(), 1);
}

#[test]
fn callers_are_told_when_the_background_runtime_stops() {
    let background = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let world = background.block_on(World::start());
    world.platform.hold();
    let tokens = builder(jwt_app(&world.platform.base), &world.clock)
        .runtime(background.handle().clone())
        .build()
        .unwrap();
    let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();

    let error = caller.block_on(async {
        let subject = Subject::app();
        let waiting = tokens.access_token(&subject);
        tokio::pin!(waiting);
        tokio::select! {
            _ = &mut waiting => panic!("nothing was answered"),
            () = world.platform.wait_until_asked(1) => {}
        }
        background.shutdown_background();
        waiting.await.unwrap_err()
    });

    assert!(matches!(error, AuthError::Interrupted), "{error:?}");
}

#[tokio::test]
async fn clones_of_a_source_share_their_tokens() {
    let world = World::start().await;
    world.token(&Subject::app()).await;

    let clone = world.tokens.clone();

    assert_eq!(text(&clone.ready_token(&Subject::app()).unwrap()), "czs_1");
}
