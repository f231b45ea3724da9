//! Renewal of logins: once, saved before it is used, lost only when nothing can be done about it.

use crate::platform::Answer;
use crate::world::{NOW, World, builder, pkce_app, quick_policy, text, user};
use coze_auth::conformance::{Fault, FaultyStore, Operation};
use coze_auth::{
    AccessToken, AuthError, LeaseRequest, LoginLoss, ManualClock, MemoryStore, Policy, RefreshToken, TokenSet,
    TokenStore, UnixSeconds,
};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

fn after(seconds: i64) -> UnixSeconds {
    UnixSeconds(NOW.0 + seconds)
}

fn refused() -> Answer {
    Answer::refusal(400, "invalid_request", "invalid request: refresh_token")
}

/// A login that was begun at `NOW`: `czu_0` with `refresh_0`.
fn login() -> TokenSet {
    TokenSet {
        access_token: AccessToken::parse("czu_0").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: Some(after(900)),
        refresh_token: Some(RefreshToken::parse("refresh_0").unwrap()),
        refresh_expires_at: Some(after(30 * 86_400)),
    }
}

/// Somebody logged in, and their access token has ended.
async fn with_ended_login(store: &Arc<FaultyStore>) -> World {
    let world = World::of(pkce_app, Arc::clone(store) as Arc<dyn TokenStore>).await;
    world.tokens.import_login(&user("a"), login()).await.unwrap();
    world.advance(900);
    world
}

fn memory() -> Arc<FaultyStore> {
    Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())))
}

async fn stored_refresh_token(world: &World, store: &dyn TokenStore) -> String {
    let stored = store.load(&world.key(&user("a"))).await.unwrap().unwrap();
    stored.token_set.refresh_token.unwrap().expose().to_owned()
}

fn loss(error: &AuthError) -> LoginLoss {
    match error.original() {
        AuthError::LoginRequired { cause, .. } => *cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn thousand_callers_redeem_one_refresh_token_once() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.next(Answer::pair(1, after(1_800)));

    let subject = user("a");
    let tokens = join_all((0..1_000).map(|_| world.token(&subject))).await;

    assert!(tokens.iter().all(|token| text(token) == "czu_1"));
    assert_eq!(world.platform.times_asked(), 1);
    assert_eq!(world.platform.asked()[0].body["refresh_token"], "refresh_0");
    assert_eq!(stored_refresh_token(&world, &*store).await, "refresh_1");
}

#[tokio::test]
async fn processes_with_one_store_redeem_one_refresh_token_once() {
    let store = memory();
    let world = with_ended_login(&store).await;
    let others: Vec<_> = (0..4).map(|_| world.second(Arc::clone(&store) as _)).collect();
    world.platform.next(Answer::pair(1, after(1_800)));

    let subject = user("a");
    let tokens = join_all(others.iter().map(|source| source.access_token(&subject))).await;

    assert!(tokens.iter().all(|token| text(token.as_ref().unwrap()) == "czu_1"));
    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn nobody_gets_the_new_token_before_it_is_saved() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.next(Answer::pair(1, after(1_800)));
    store.plan_next(Operation::Save, Fault::StopBefore);
    let subject = user("a");

    let waiting = world.tokens.access_token(&subject);
    tokio::pin!(waiting);
    tokio::select! {
        early = &mut waiting => panic!("{early:?}"),
        () = store.stopped() => {}
    }

    assert!(world.tokens.ready_token(&subject).is_none());
}

#[tokio::test]
async fn pair_is_saved_however_often_the_store_fails() {
    for fault in [Fault::FailBefore, Fault::FailAfter] {
        let store = memory();
        let world = with_ended_login(&store).await;
        world.platform.next(Answer::pair(1, after(1_800)));
        for _ in 0..10 {
            store.plan_next(Operation::Save, fault);
        }

        assert_eq!(text(&world.token(&user("a")).await), "czu_1");
        assert_eq!(stored_refresh_token(&world, &*store).await, "refresh_1");
        assert_eq!(world.platform.times_asked(), 1);
    }
}

#[tokio::test]
async fn store_that_is_away_is_a_named_error_and_nothing_is_redeemed() {
    let store = memory();
    let world = with_ended_login(&store).await;
    store.set_away(true);

    let error = world.error(&user("a")).await;

    assert!(matches!(error, AuthError::Store(_)), "{error:?}");
    assert!(error.retry_after().is_some() && !error.needs_login());
    assert_eq!(world.platform.times_asked(), 0);
    store.set_away(false);
    world.advance(1);
    world.platform.next(Answer::pair(1, after(1_800)));
    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
}

#[tokio::test]
async fn refused_refresh_token_is_not_sent_a_second_time() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.next(refused());

    for second in 0..20 {
        let error = world.error(&user("a")).await;
        assert_eq!(loss(&error), LoginLoss::Refused, "after {second} s");
        assert_eq!(error.log_id(), Some("20261122000000ABCDEF"));
        world.advance(1);
    }

    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn login_in_another_process_ends_the_loss_here() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.next(refused());
    world.error(&user("a")).await;

    let mut renewed = login();
    (renewed.issued_at, renewed.expires_at) = (after(900), Some(after(1_800)));
    let other = world.second(Arc::clone(&store) as _);
    other.import_login(&user("a"), renewed).await.unwrap();
    world.advance(2);

    assert_eq!(text(&world.token(&user("a")).await), "czu_0");
}

#[tokio::test]
async fn refusal_looks_into_the_store_before_the_login_counts_as_lost() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.hold();
    world.platform.next(refused());
    let mut theirs = login();
    theirs.access_token = AccessToken::parse("czu_theirs").unwrap();
    (theirs.issued_at, theirs.expires_at) = (after(900), Some(after(1_800)));
    let subject = user("a");
    let other = world.second(Arc::clone(&store) as _);
    let they_save = async {
        world.platform.wait_until_asked(1).await;
        other.import_login(&subject, theirs).await.unwrap();
        world.platform.release();
    };

    let (token, ()) = tokio::join!(world.token(&subject), they_save);

    assert_eq!(text(&token), "czu_theirs");
}

#[tokio::test]
async fn lost_answer_is_named_when_the_refresh_token_turns_out_to_be_spent() {
    let store = memory();
    let world = with_ended_login(&store).await;
    // A gateway before the platform gives up; the platform itself has rotated.
    world.platform.next(Answer {
        status: 504,
        headers: vec![],
        body: "<html>".to_owned(),
    });
    world.platform.next(refused());

    let first = world.error(&user("a")).await;
    world.advance(60);
    let second = world.error(&user("a")).await;

    assert!(matches!(first, AuthError::Unavailable { .. }), "{first:?}");
    assert_eq!(loss(&second), LoginLoss::AnswerLost);
}

#[tokio::test]
async fn heir_of_a_dead_process_redeems_what_the_dead_one_had_not() {
    let store = memory();
    let world = with_ended_login(&store).await;
    store
        .take_lease(LeaseRequest {
            name: &world.key(&user("a")).lease_name(),
            holder: "dead",
            time: Duration::ZERO,
        })
        .await
        .unwrap()
        .unwrap();
    world.platform.next(Answer::pair(1, after(1_800)));

    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
}

#[tokio::test]
async fn every_process_names_the_answer_that_a_dead_one_lost() {
    let store = memory();
    let world = with_ended_login(&store).await;
    let others: Vec<_> = (0..2).map(|_| world.second(Arc::clone(&store) as _)).collect();
    store
        .take_lease(LeaseRequest {
            name: &world.key(&user("a")).lease_name(),
            holder: "dead",
            time: Duration::ZERO,
        })
        .await
        .unwrap()
        .unwrap();
    for _ in 0..3 {
        world.platform.next(refused());
    }

    for source in others.iter().chain([&world.tokens]) {
        let error = source.access_token(&user("a")).await.unwrap_err();
        assert_eq!(loss(&error), LoginLoss::AnswerLost);
    }
}

#[tokio::test]
async fn pair_is_saved_although_the_lease_was_lost_meanwhile() {
    let store_clock = ManualClock::new(NOW);
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::with_clock(Arc::new(
        store_clock.clone(),
    )))));
    let world = with_ended_login(&store).await;
    world.platform.hold();
    world.platform.next(Answer::pair(1, after(1_800)));
    let name = world.key(&user("a")).lease_name();
    let subject = user("a");
    let heir = async {
        world.platform.wait_until_asked(1).await;
        // A process that was asleep for longer than its lease.
        store_clock.advance(Duration::from_hours(1));
        let request = LeaseRequest {
            name: &name,
            holder: "heir",
            time: Duration::from_mins(1),
        };
        assert!(store.take_lease(request).await.unwrap().unwrap().is_taken_over);
        world.platform.release();
    };

    let (token, ()) = tokio::join!(world.token(&subject), heir);

    assert_eq!(text(&token), "czu_1");
    assert_eq!(stored_refresh_token(&world, &*store).await, "refresh_1");
}

#[tokio::test]
async fn wrong_clock_spoils_the_access_token_and_not_the_refresh_token() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.clock.set(after(3_600));
    world.platform.next(Answer::pair(1, after(1_800)));

    let error = world.error(&user("a")).await;

    assert!(matches!(error, AuthError::ExpiredOnArrival { .. }), "{error:?}");
    assert_eq!(stored_refresh_token(&world, &*store).await, "refresh_1");
    world.clock.set(after(905));
    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
}

#[tokio::test]
async fn answer_without_a_new_refresh_token_leaves_the_old_one_in_force() {
    let store = memory();
    let world = with_ended_login(&store).await;
    let body = serde_json::json!({ "access_token": "czu_1", "expires_in": 900 });
    world.platform.next(Answer::json(200, &body));

    world.token(&user("a")).await;

    assert_eq!(stored_refresh_token(&world, &*store).await, "refresh_0");
}

#[tokio::test]
async fn idle_login_is_renewed_although_nobody_asks() {
    let store = memory();
    let world = World::of(pkce_app, Arc::clone(&store) as Arc<dyn TokenStore>).await;
    world.tokens.import_login(&user("a"), login()).await.unwrap();
    let mut number = 0;

    // Three months of nobody, in steps of half a day.
    for half_day in 1..=180 {
        world.clock.set(after(half_day * 43_200));
        let asked = world.platform.times_asked();
        number += 1;
        world
            .platform
            .next(Answer::pair(number, after(half_day * 43_200 + 900)));
        world.tokens.renew_idle_logins().await;
        let now_asked = world.platform.times_asked();
        assert!(now_asked <= asked + 1);
        if now_asked == asked {
            world.platform.take_back();
            number -= 1;
        }
    }

    assert!((85..=100).contains(&number), "{number} renewals in 90 days");
    assert_eq!(stored_refresh_token(&world, &*store).await, format!("refresh_{number}"));
}

#[tokio::test]
async fn keep_alive_renews_by_itself() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.clock.set(after(86_400));
    world.platform.next(Answer::pair(1, after(87_300)));

    let keeping = world.tokens.clone().keep_alive();
    tokio::pin!(keeping);
    tokio::select! {
        () = &mut keeping => panic!("it never ends by itself"),
        () = world.platform.wait_until_asked(1) => {}
    }
    world.settled().await;

    assert_eq!(text(&world.tokens.ready_token(&user("a")).unwrap()), "czu_1");
}

#[tokio::test]
async fn caller_of_a_long_renewal_is_told_and_the_renewal_goes_on() {
    let store = memory();
    let world = with_ended_login(&store).await;
    let policy = Policy {
        patience: Duration::from_millis(20),
        ..quick_policy()
    };
    let impatient = builder(world.tokens.app().clone(), &world.clock)
        .store(Arc::clone(&store) as Arc<dyn TokenStore>)
        .tasks(world.tasks.clone())
        .policy(policy)
        .build()
        .unwrap();
    world.platform.hold();
    world.platform.next(Answer::pair(1, after(1_800)));

    let error = impatient.access_token(&user("a")).await.unwrap_err();
    world.platform.release();
    world.settled().await;

    assert!(matches!(error, AuthError::RenewalUnfinished), "{error:?}");
    assert_eq!(text(&impatient.ready_token(&user("a")).unwrap()), "czu_1");
}

#[tokio::test]
async fn lost_login_is_left_alone_by_the_background() {
    let store = memory();
    let world = with_ended_login(&store).await;
    world.platform.next(refused());

    for day in 1..=10 {
        world.clock.set(after(day * 86_400));
        world.tokens.renew_idle_logins().await;
    }

    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn due_login_is_served_and_renewed_behind() {
    let store = memory();
    let world = World::of(pkce_app, Arc::clone(&store) as Arc<dyn TokenStore>).await;
    world.tokens.import_login(&user("a"), login()).await.unwrap();
    world.advance(800);
    world.platform.next(Answer::pair(1, after(1_700)));

    assert_eq!(text(&world.token(&user("a")).await), "czu_0");
    world.settled().await;

    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
}

#[tokio::test]
async fn whoever_was_held_up_and_lost_the_lease_redeems_nothing() {
    let store_clock = ManualClock::new(NOW);
    let store = Arc::new(MemoryStore::with_clock(Arc::new(store_clock.clone())));
    let world = World::of(pkce_app, Arc::clone(&store) as Arc<dyn TokenStore>).await;
    let policy = Policy {
        concurrent_exchanges: 1,
        ..quick_policy()
    };
    let held_up = builder(world.tokens.app().clone(), &world.clock)
        .store(Arc::clone(&store) as Arc<dyn TokenStore>)
        .policy(policy)
        .build()
        .unwrap();
    let heir = world.second(Arc::clone(&store) as _);
    let (a, b) = (user("a"), user("b"));
    for (subject, refresh_token) in [(&a, "refresh_a"), (&b, "refresh_b")] {
        let refresh_token = RefreshToken::parse(refresh_token).unwrap();
        let mut token_set = login();
        token_set.refresh_token = Some(refresh_token);
        held_up.import_login(subject, token_set).await.unwrap();
    }
    world.advance(900);
    world.platform.hold();
    for number in 1..=3 {
        world.platform.next(Answer::pair(number, after(1_800)));
    }

    // The renewal of b has the only turn; that of a has its lease and waits.
    let for_b = held_up.access_token(&b);
    let for_a = async {
        world.platform.wait_until_asked(1).await;
        held_up.access_token(&a).await
    };
    let of_the_heir = async {
        let name = world.key(&a).lease_name();
        let is_leased = async || {
            let request = LeaseRequest {
                name: &name,
                holder: "probe",
                time: Duration::from_secs(1),
            };
            match store.take_lease(request).await.unwrap() {
                Some(lease) => {
                    store.release_lease(&lease).await.unwrap();
                    false
                }
                None => true,
            }
        };
        while !is_leased().await {
            tokio::task::yield_now().await;
        }
        store_clock.advance(Duration::from_mins(1));
        let renewing = heir.access_token(&a);
        tokio::pin!(renewing);
        tokio::select! {
            early = &mut renewing => panic!("{early:?}"),
            () = world.platform.wait_until_asked(2) => {}
        }
        world.platform.release();
        renewing.await
    };
    let (for_b, for_a, of_the_heir) = tokio::join!(for_b, for_a, of_the_heir);

    for_b.unwrap();
    assert_eq!(text(&for_a.unwrap()), text(&of_the_heir.unwrap()));
    let asked = world.platform.asked();
    let with_a = asked.iter().filter(|asked| asked.body["refresh_token"] == "refresh_a");
    assert_eq!((asked.len(), with_a.count()), (2, 1));
}
