//! What the token endpoint may answer, and what becomes of it (protocol 2.3, 4.1, 4.2).

use crate::platform::Answer;
use crate::world::{NOW, World, builder, jwt_app, text};
use coze_auth::{AnswerFlaw, AuthError, FailedSide, InvalidToken, ManualClock, Refusal, RefusalKind, Subject};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

async fn outcome_of(answer: Answer) -> Result<coze_auth::Token, AuthError> {
    let world = World::start().await;
    world.platform.next(answer);
    world.tokens.access_token(&Subject::app()).await
}

async fn error_of(answer: Answer) -> AuthError {
    outcome_of(answer).await.unwrap_err()
}

async fn refusal_of(answer: Answer) -> Refusal {
    match error_of(answer).await {
        AuthError::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

fn success(expires_in: &Value) -> Answer {
    Answer::json(
        200,
        &json!({ "access_token": "czs_x", "expires_in": expires_in, "token_type": "Bearer" }),
    )
}

#[tokio::test]
async fn end_may_be_stated_as_an_instant_or_a_duration_or_a_string() {
    for expires_in in [
        json!(NOW.0 + 600),
        json!(600),
        json!("600"),
        json!((NOW.0 + 600).to_string()),
    ] {
        let token = outcome_of(success(&expires_in)).await.unwrap();

        assert_eq!(token.expires_at().unwrap().0, NOW.0 + 600, "{expires_in}");
    }
}

#[tokio::test]
async fn token_that_has_ended_already_tells_of_a_wrong_clock() {
    for expires_in in [json!(0), json!(-5), json!(NOW.0 - 3_600)] {
        let error = error_of(success(&expires_in)).await;

        assert!(
            matches!(error, AuthError::ExpiredOnArrival { now: NOW, .. }),
            "{error:?}"
        );
        assert_eq!(error.failed_side(), FailedSide::Gateway);
    }
}

#[tokio::test]
async fn missing_token_type_is_bearer() {
    let body = json!({ "access_token": "czs_x", "expires_in": NOW.0 + 900 });

    let token = outcome_of(Answer::json(200, &body)).await.unwrap();

    assert_eq!(token.token_type(), "Bearer");
}

#[tokio::test]
async fn answer_that_cannot_be_used_names_its_flaw() {
    let end = NOW.0 + 900;
    let injected = "czs_x\r\nX-Injected: 1";
    let table = [
        (json!({ "expires_in": end }), AnswerFlaw::NoAccessToken),
        (
            json!({ "access_token": 7, "expires_in": end }),
            AnswerFlaw::NoAccessToken,
        ),
        (
            json!({ "access_token": injected, "expires_in": end }),
            AnswerFlaw::UnusableToken(InvalidToken::ForbiddenCharacter),
        ),
        (
            json!({ "access_token": "", "expires_in": end }),
            AnswerFlaw::UnusableToken(InvalidToken::Empty),
        ),
        (json!({ "access_token": "czs_x" }), AnswerFlaw::NoExpiry),
        (
            json!({ "access_token": "czs_x", "expires_in": "soon" }),
            AnswerFlaw::NoExpiry,
        ),
        (
            json!({ "access_token": "czs_x", "expires_in": end * 1_000 }),
            AnswerFlaw::AbsurdExpiry,
        ),
        (
            json!({ "access_token": "czs_x", "expires_in": end, "token_type": "MAC" }),
            AnswerFlaw::UnknownTokenType,
        ),
        (json!(["czs_x"]), AnswerFlaw::NotAnObject),
        (json!({ "padding": "x".repeat(70_000) }), AnswerFlaw::TooLarge),
    ];

    for (body, expected) in table {
        let answer = Answer::json(200, &body).with("x-tt-logid", "log-7");

        let error = error_of(answer).await;

        let AuthError::MalformedAnswer { flaw, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*flaw, expected);
        assert_eq!(
            (error.failed_side(), error.log_id()),
            (FailedSide::Upstream, Some("log-7"))
        );
    }
}

#[tokio::test]
async fn refusal_keeps_all_that_the_platform_said() {
    let refusal = refusal_of(Answer::refusal(
        401,
        "invalid_client",
        "invalid jwt: kid not been registred",
    ))
    .await;

    assert_eq!(refusal.status, 401);
    assert_eq!(refusal.error_code.as_deref(), Some("invalid_client"));
    assert_eq!(
        refusal.error_message.as_deref(),
        Some("invalid jwt: kid not been registred")
    );
    assert_eq!(refusal.log_id.as_deref(), Some("20261122000000ABCDEF"));
    assert_eq!(refusal.hint, RefusalKind::KeyIdUnknown);
}

#[tokio::test]
async fn refusal_of_the_configuration_is_ours_and_of_the_service_is_theirs() {
    let ours = error_of(Answer::refusal(401, "invalid_client", "invalid jwt: invalid signature")).await;
    let theirs = error_of(Answer::refusal(500, "internal_error", "Service internal error.")).await;

    assert_eq!((ours.failed_side(), ours.retry_after()), (FailedSide::Gateway, None));
    assert_eq!(
        (theirs.failed_side(), theirs.retry_after()),
        (FailedSide::Upstream, Some(Duration::from_secs(1)))
    );
    assert!(!ours.needs_login() && !theirs.needs_login());
}

#[tokio::test]
async fn success_status_with_a_code_is_a_refusal() {
    let body = json!({
        "code": 4100, "msg": "authentication is invalid", "detail": { "logid": "log-in-body" },
        "access_token": "czs_x", "expires_in": NOW.0 + 900
    });

    let refusal = refusal_of(Answer::json(200, &body)).await;

    assert_eq!((refusal.status, refusal.code), (200, Some(4100)));
    assert_eq!(refusal.msg.as_deref(), Some("authentication is invalid"));
    assert_eq!(refusal.log_id.as_deref(), Some("log-in-body"));
}

#[tokio::test]
async fn code_zero_is_a_success() {
    let body = json!({ "code": 0, "msg": "", "error": "", "access_token": "czs_x", "expires_in": NOW.0 + 900 });

    assert_eq!(text(&outcome_of(Answer::json(200, &body)).await.unwrap()), "czs_x");
}

#[tokio::test]
async fn page_or_foreign_service_is_not_the_api() {
    let html = "<!doctype html><title>Sign in</title>";
    let page = |status| Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: html.to_owned(),
    };
    let redirect = page(302).with("location", "https://portal.example/login");
    let foreign = Answer::json(404, &json!({ "detail": "Not Found" }));

    for (answer, status) in [(page(200), 200), (page(403), 403), (redirect, 302), (foreign, 404)] {
        let error = error_of(answer).await;

        assert!(
            matches!(error, AuthError::NotTheApi { status: found, .. } if found == status),
            "{error:?}"
        );
        assert_eq!((error.failed_side(), error.retry_after()), (FailedSide::Upstream, None));
    }
}

#[tokio::test]
async fn overloaded_platform_says_when_to_come_back() {
    let busy = Answer {
        status: 503,
        headers: vec![("retry-after", "7".to_owned())],
        body: "busy".to_owned(),
    };

    let error = error_of(busy).await;

    assert!(matches!(error, AuthError::Unavailable { status: 503, .. }), "{error:?}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_names_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = jwt_app(&Url::parse(&format!("http://{address}")).unwrap());
    let tokens = builder(app, &ManualClock::new(NOW)).build().unwrap();

    let error = tokens.access_token(&Subject::app()).await.unwrap_err();

    assert!(
        matches!(&error, AuthError::Unreachable { host, .. } if *host == address.to_string()),
        "{error:?}"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn silent_platform_times_out() {
    let world = World::start().await;
    world.platform.hold();
    let http_client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let tokens = builder(jwt_app(&world.platform.base), &world.clock).http_client(http_client);
    let tokens = tokens.build().unwrap();

    let error = tokens.access_token(&Subject::app()).await.unwrap_err();

    assert!(matches!(error, AuthError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn answer_that_breaks_off_is_incomplete() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let cutter = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 16 * 1024];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        let half =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"access_token\":";
        connection.write_all(half).await.unwrap();
    };
    let tokens = builder(jwt_app(&base), &ManualClock::new(NOW)).build().unwrap();

    let subject = Subject::app();
    let (outcome, ()) = tokio::join!(tokens.access_token(&subject), cutter);

    let error = outcome.unwrap_err();
    assert!(
        matches!(
            error,
            AuthError::MalformedAnswer {
                flaw: AnswerFlaw::Incomplete,
                ..
            }
        ),
        "{error:?}"
    );
}
