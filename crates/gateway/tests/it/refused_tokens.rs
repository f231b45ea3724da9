//! A token of ours that the platform refuses: the caller never sees it, unless the new one is refused as well.

use crate::world::{Answer, RecordingUpstream, World, send};
use coze_emulator::{Emulator, Fault, FaultMatch, FaultRule};

const PATH: &str = "/v1/conversation/create";
const BODY: &str = "{\"bot_id\":\"7\"}";

/// The platform answers the `nth` call (or all) like this; the rest it answers as ever.
fn answer_instead(emulator: &Emulator, nth: Option<u64>, status: u16, body: &str) {
    let rule = FaultRule {
        matcher: FaultMatch {
            path: Some(PATH.to_owned()),
            nth,
            ..FaultMatch::default()
        },
        fault: Fault {
            status: Some(status),
            body: Some(body.to_owned()),
            ..Fault::default()
        },
    };
    emulator.faults().set(vec![rule]).unwrap();
}

async fn call(world: &World, handle: &str, body: &str) -> Answer {
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let request = world.head(&format!("POST {PATH}"), handle, &fields) + body;
    send(world.proxy, &request).await
}

/// How often the platform was asked for a token, and how often it was called.
fn counts(emulator: &Emulator) -> (usize, usize) {
    let entries = emulator.journal().entries();
    let calls = entries.iter().filter(|entry| entry.path == PATH).count();
    (emulator.journal().token_requests(), calls)
}

const REFUSALS: [(u16, &str); 5] = [
    (401, r#"{"code":700012006,"msg":"access token invalid"}"#),
    (401, r#"{"code":4100,"msg":"authentication is invalid"}"#),
    (200, r#"{"code":4100,"msg":"authentication is invalid"}"#),
    (
        200,
        r#"{"code":4101,"msg":"The token you entered is incorrect. Please double-check and try again."}"#,
    ),
    (401, ""),
];

#[tokio::test]
async fn caller_never_sees_that_a_token_was_refused_once() {
    for (status, body) in REFUSALS {
        let (world, emulator) = World::with_emulator().await;
        let handle = world.handle().await;
        answer_instead(&emulator, Some(1), status, body);

        let answer = call(&world, &handle, BODY).await;

        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(answer.json()["code"], 0, "{body}");
        assert_eq!(counts(&emulator), (2, 2), "{body}: one token more, one call more");
        world.stop().await;
    }
}

#[tokio::test]
async fn fixed_token_that_is_refused_is_a_problem_of_ours() {
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    upstream.answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nX-Tt-Logid: log-7\r\n\r\n");

    let answer = call(&world, &handle, BODY).await;

    assert_eq!(answer.status, 502);
    assert_eq!(answer.json()["type"], "urn:cozegate:problem:credential-refused");
    assert_eq!(answer.json()["log_id"], "log-7");
    assert!(upstream.request().await.ends_with(BODY));
    assert!(upstream.is_untouched(), "a fixed token is not tried twice");
    world.stop().await;
}

#[tokio::test]
async fn token_that_is_refused_again_and_again_is_no_storm() {
    for (status, body) in REFUSALS {
        let (world, emulator) = World::with_emulator().await;
        let handle = world.handle().await;
        answer_instead(&emulator, None, status, body);

        for _ in 0..20 {
            let answer = call(&world, &handle, BODY).await;
            assert_eq!(answer.status, 502, "{body}: {}", answer.text());
            let problem = answer.json();
            assert_eq!(problem["type"], "urn:cozegate:problem:credential-refused", "{body}");
            assert_eq!(problem["code"], 990_502, "{body}: a number that no SDK acts upon");
        }

        let (tokens, calls) = counts(&emulator);
        assert!(tokens <= 4, "{body}: {tokens} tokens for 20 calls");
        assert!(calls <= 24, "{body}: {calls} calls for 20");
        world.stop().await;
    }
}

#[tokio::test]
async fn missing_permission_is_the_callers_to_read_and_renews_nothing() {
    let others = [
        (
            200,
            r#"{"code":4101,"msg":"Your token does not have permission to access space_id=7 createBot."}"#,
        ),
        (
            401,
            r#"{"code":4101,"msg":"Your token does not have permission to access resource."}"#,
        ),
        (
            200,
            r#"{"code":4200,"msg":"Requested resource bot_id=1 does not exist."}"#,
        ),
        (403, "{}"),
        (500, r#"{"code":5000,"msg":"internal"}"#),
    ];
    for (status, body) in others {
        let (world, emulator) = World::with_emulator().await;
        let handle = world.handle().await;
        answer_instead(&emulator, None, status, body);

        for _ in 0..5 {
            let answer = call(&world, &handle, BODY).await;
            assert_eq!((answer.status, answer.text().as_str()), (status, body));
        }

        assert_eq!(counts(&emulator), (1, 5), "{body}");
        world.stop().await;
    }
}

#[tokio::test]
async fn request_that_is_too_large_to_be_kept_is_not_repeated_but_the_next_one_works() {
    let (world, emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    answer_instead(&emulator, Some(1), REFUSALS[1].0, REFUSALS[1].1);
    let large = format!("{{\"bot_id\":\"7\",\"more\":\"{}\"}}", "x".repeat(64 * 1024));

    let first = call(&world, &handle, &large).await;
    let second = call(&world, &handle, &large).await;

    assert_eq!((first.status, second.status), (502, 200), "{}", second.text());
    assert_eq!(first.json()["type"], "urn:cozegate:problem:credential-refused");
    assert_eq!(counts(&emulator), (2, 2));
    world.stop().await;
}

#[tokio::test]
async fn kept_request_arrives_twice_with_the_same_bytes() {
    let (world, emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    answer_instead(&emulator, Some(1), REFUSALS[1].0, REFUSALS[1].1);
    let body = format!("{{\"bot_id\":\"7\",\"more\":\"{}\"}}", "x".repeat(60 * 1024));

    let answer = call(&world, &handle, &body).await;

    assert_eq!(answer.status, 200, "{}", answer.text());
    let entries = emulator.journal().entries();
    let calls: Vec<_> = entries.iter().filter(|entry| entry.path == PATH).collect();
    let second = calls.last().unwrap();
    assert_eq!(second.body_bytes, u64::try_from(body.len()).unwrap());
    assert_ne!(calls[0].status, second.status);
    world.stop().await;
}
