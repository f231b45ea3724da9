//! Logins of people: what is refused before the platform hears of it, and what is kept.

use crate::platform::Answer;
use crate::world::{NOW, World, pkce_app, text, user};
use coze_auth::conformance::{Fault, FaultyStore, Operation};
use coze_auth::{
    AccessToken, AuthError, Callback, FailedSide, LoginFailure, LoginLoss, MemoryStore, PendingLogin, RefreshToken,
    TokenSet, TokenStore, UnixSeconds,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const REDIRECT_URI: &str = "http://127.0.0.1:8081/callback";

fn after(seconds: i64) -> UnixSeconds {
    UnixSeconds(NOW.0 + seconds)
}

fn agreed(pending: &PendingLogin) -> Callback {
    Callback::parse(&format!("code=code_1&state={}", pending.state().expose()))
}

async fn log_in(world: &World, number: u32) -> Result<coze_auth::Token, AuthError> {
    world.platform.next(Answer::pair(number, after(900)));
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);
    world.tokens.finish_login(&user("a"), pending, &callback).await
}

fn failure(error: &AuthError) -> &LoginFailure {
    match error {
        AuthError::LoginFailed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_has_a_token_before_they_log_in() {
    let world = World::for_logins().await;

    let error = world.error(&user("a")).await;

    let not_logged_in = matches!(
        error,
        AuthError::LoginRequired {
            cause: LoginLoss::NotLoggedIn,
            ..
        }
    );
    assert!(not_logged_in && error.needs_login(), "{error:?}");
    assert_eq!(error.failed_side(), FailedSide::Caller);
    assert!(world.error(&user("a")).await.needs_login());
    assert_eq!(world.platform.times_asked(), 0);
}

#[tokio::test]
async fn login_serves_its_own_person_only() {
    let world = World::for_logins().await;
    world.error(&user("a")).await;

    let token = log_in(&world, 1).await.unwrap();

    assert_eq!(text(&token), "czu_1");
    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
    assert!(world.error(&user("b")).await.needs_login());
}

#[tokio::test]
async fn callback_that_does_not_belong_to_the_login_never_reaches_the_platform() {
    let world = World::for_logins().await;
    let begin = || world.tokens.begin_login(REDIRECT_URI).unwrap();
    let foreign = begin().state().expose().to_owned();
    let queries = [
        ("code=code_1".to_owned(), LoginFailure::NoState),
        (format!("code=code_1&state={foreign}"), LoginFailure::OtherState),
        (format!("code=code_1&state={foreign}x"), LoginFailure::OtherState),
    ];

    for (query, reason) in queries {
        let refused = world
            .tokens
            .finish_login(&user("a"), begin(), &Callback::parse(&query))
            .await;
        assert_eq!(failure(&refused.unwrap_err()), &reason, "{query}");
    }
    assert_eq!(world.platform.times_asked(), 0);
}

#[tokio::test]
async fn login_of_one_platform_is_not_finished_at_the_other() {
    let here = World::for_logins().await;
    let there = World::for_logins().await;
    let pending = here.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);

    let refused = there.tokens.finish_login(&user("a"), pending, &callback).await;

    assert_eq!(failure(&refused.unwrap_err()), &LoginFailure::OtherApp);
    assert_eq!(there.platform.times_asked(), 0);
}

#[tokio::test]
async fn person_who_says_no_is_believed() {
    let world = World::for_logins().await;
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let state = pending.state().expose().to_owned();
    let callback = Callback::parse(&format!("error=access_denied&state={state}"));

    let refused = world.tokens.finish_login(&user("a"), pending, &callback).await;

    let error = refused.unwrap_err();
    assert!(matches!(failure(&error), LoginFailure::Refused { error, .. } if error == "access_denied"));
    assert_eq!(world.platform.times_asked(), 0);
}

#[tokio::test]
async fn login_finishes_although_its_caller_left() {
    let store = Arc::new(MemoryStore::default());
    let world = World::of(pkce_app, Arc::clone(&store) as Arc<dyn TokenStore>).await;
    world.platform.hold();
    {
        let login = log_in(&world, 1);
        tokio::pin!(login);
        tokio::select! {
            _ = &mut login => panic!("nothing was answered"),
            () = world.platform.wait_until_asked(1) => {}
        }
    }

    world.platform.release();
    world.settled().await;

    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
    assert!(store.load(&world.key(&user("a"))).await.unwrap().is_some());
}

#[tokio::test]
async fn new_login_replaces_the_old_one_and_its_failure() {
    let world = World::for_logins().await;
    log_in(&world, 1).await.unwrap();
    world.advance(900);
    world.platform.next(Answer::refusal(
        400,
        "invalid_request",
        "invalid request: refresh_token",
    ));
    assert!(world.error(&user("a")).await.needs_login());

    world.platform.next(Answer::pair(2, after(1_800)));
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);
    world.tokens.finish_login(&user("a"), pending, &callback).await.unwrap();

    assert_eq!(text(&world.token(&user("a")).await), "czu_2");
}

#[tokio::test]
async fn refused_code_is_an_error_and_no_login() {
    let world = World::for_logins().await;
    world
        .platform
        .next(Answer::refusal(400, "invalid_request", "invalid request: code"));
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);

    let refused = world.tokens.finish_login(&user("a"), pending, &callback).await;

    assert!(matches!(refused, Err(AuthError::Refused(_))), "{refused:?}");
    assert!(world.error(&user("a")).await.needs_login());
}

#[tokio::test]
async fn device_login_that_is_denied_or_too_late_says_so() {
    let table = [("access_denied", true), ("expired_token", false)];
    for (error_code, is_denied) in table {
        let world = World::of(
            |base| {
                coze_auth::App::Device(coze_auth::DeviceApp {
                    client_id: "1.app.coze".to_owned(),
                    endpoints: coze_auth::Endpoints::from_api_base(base),
                    workspace_id: None,
                })
            },
            Arc::new(MemoryStore::default()),
        )
        .await;
        let answer = json!({
            "device_code": "dc_1", "user_code": "WDJB-MJHT", "verification_uri": "https://www.coze.example/device",
            "expires_in": 300, "interval": 1
        });
        world.platform.next(Answer::json(200, &answer));
        // The documented spelling of the error: `error` alone, under HTTP 200 as the official tests have it.
        world.platform.next(Answer::json(
            200,
            &json!({ "error": error_code, "error_description": "no" }),
        ));
        let login = world.tokens.begin_device_login().await.unwrap();

        let error = world.tokens.finish_device_login(&user("a"), login).await.unwrap_err();

        match failure(&error) {
            LoginFailure::Refused { error, .. } => assert!(is_denied && error == "access_denied"),
            LoginFailure::TooLate => assert!(!is_denied),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn device_answer_that_cannot_be_used_is_named() {
    let good = json!({
        "device_code": "dc_1", "user_code": "W", "verification_uri": "https://www.coze.example/device"
    });
    for (member, value) in [
        ("device_code", json!(null)),
        ("device_code", json!("a\nb")),
        ("user_code", json!("")),
        ("verification_uri", json!("javascript:alert(1)")),
        ("verification_uri", json!(null)),
    ] {
        let world = World::of(
            |base| {
                coze_auth::App::Device(coze_auth::DeviceApp {
                    client_id: "1.app.coze".to_owned(),
                    endpoints: coze_auth::Endpoints::from_api_base(base),
                    workspace_id: None,
                })
            },
            Arc::new(MemoryStore::default()),
        )
        .await;
        let mut answer = good.clone();
        answer[member] = value;
        world.platform.next(Answer::json(200, &answer));

        let refused = world.tokens.begin_device_login().await;

        assert!(
            matches!(refused, Err(AuthError::MalformedAnswer { .. })),
            "{member}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn imported_login_is_renewed_and_exported_like_any_other() {
    let world = World::for_logins().await;
    let imported = TokenSet {
        access_token: AccessToken::parse("czu_1").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW),
        refresh_token: Some(RefreshToken::parse("refresh_1").unwrap()),
        refresh_expires_at: None,
    };
    world.tokens.import_login(&user("a"), imported).await.unwrap();
    world.platform.next(Answer::pair(2, after(900)));

    let token = world.token(&user("a")).await;

    assert_eq!(text(&token), "czu_2");
    assert_eq!(world.platform.asked()[0].body["refresh_token"], "refresh_1");
    let mut taken = None;
    let keep = |token_set: &TokenSet| -> Result<(), ()> {
        taken = token_set.refresh_token.clone();
        Ok(())
    };
    assert_eq!(world.tokens.hand_over_login(&user("a"), keep).await.unwrap(), Ok(true));
    assert_eq!(taken.unwrap().expose(), "refresh_2");
    assert!(world.error(&user("a")).await.needs_login());
    let nobody = world
        .tokens
        .hand_over_login(&user("a"), |_| Err("nothing to keep"))
        .await;
    assert_eq!(nobody.unwrap(), Ok(false));
}

#[tokio::test]
async fn login_that_cannot_be_kept_elsewhere_stays() {
    let world = World::for_logins().await;
    log_in(&world, 1).await.unwrap();

    let kept = world.tokens.hand_over_login(&user("a"), |_| Err("disk full")).await;

    assert_eq!(kept.unwrap(), Err("disk full"));
    assert_eq!(text(&world.token(&user("a")).await), "czu_1");
}

#[tokio::test]
async fn login_that_is_being_renewed_is_handed_over_as_renewed() {
    let store = Arc::new(MemoryStore::default());
    let world = World::of(pkce_app, Arc::clone(&store) as Arc<dyn TokenStore>).await;
    log_in(&world, 1).await.unwrap();
    let asked_before = world.platform.times_asked();
    world.advance(900);
    world.platform.next(Answer::pair(2, after(1_800)));
    world.platform.hold();
    let subject = user("a");
    let renewing = world.tokens.access_token(&subject);
    let other = world.second(store);
    let mut taken = Vec::new();
    let keep = |token_set: &TokenSet| -> Result<(), ()> {
        taken.extend(token_set.refresh_token.clone());
        Ok(())
    };

    let handing_over = async {
        world.platform.wait_until_asked(asked_before + 1).await;
        let handing_over = other.hand_over_login(&subject, keep);
        tokio::pin!(handing_over);
        // It waits for the one that renews.
        assert!(futures_util::poll!(handing_over.as_mut()).is_pending());
        world.platform.release();
        handing_over.await
    };
    let (renewed, handed_over) = tokio::join!(renewing, handing_over);

    assert_eq!(text(&renewed.unwrap()), "czu_2");
    assert_eq!(handed_over.unwrap(), Ok(true));
    assert_eq!(taken.first().map(RefreshToken::expose), Some("refresh_2"));
    assert!(other.login_status(&subject).await.unwrap().is_none());
}

#[tokio::test]
async fn logout_forgets_the_login_here_and_in_the_store() {
    let world = World::for_logins().await;
    log_in(&world, 1).await.unwrap();

    assert!(world.tokens.log_out(&user("a")).await.unwrap());

    assert!(world.tokens.ready_token(&user("a")).is_none());
    assert!(world.error(&user("a")).await.needs_login());
    assert!(!world.tokens.log_out(&user("a")).await.unwrap());
}

#[tokio::test]
async fn apps_without_logins_say_so() {
    let world = World::start().await;

    let refused = world.tokens.begin_login(REDIRECT_URI);

    assert!(matches!(refused, Err(AuthError::LoginUnsupported)));
    assert!(matches!(
        world.tokens.log_out(&user("a")).await,
        Err(AuthError::LoginUnsupported)
    ));
}

#[tokio::test]
async fn new_login_is_saved_even_if_the_store_stumbles() {
    let faulty = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let world = World::of(pkce_app, Arc::clone(&faulty) as Arc<dyn TokenStore>).await;
    for fault in [Fault::FailBefore, Fault::FailBefore, Fault::FailAfter] {
        faulty.plan_next(Operation::Save, fault);
    }

    log_in(&world, 1).await.unwrap();

    let stored = faulty.load(&world.key(&user("a"))).await.unwrap().unwrap();
    assert_eq!(stored.token_set.refresh_token.unwrap().expose(), "refresh_1");
}

#[tokio::test]
async fn pending_login_ends_after_ten_minutes() {
    let world = World::for_logins().await;
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);
    world.clock.advance(Duration::from_mins(10));

    let refused = world.tokens.finish_login(&user("a"), pending, &callback).await;

    assert_eq!(failure(&refused.unwrap_err()), &LoginFailure::TooLate);
}
