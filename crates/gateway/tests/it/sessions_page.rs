//! `/sessions`: who is there, and that only the person at the machine ends a session.

use crate::world::{Answer, RecordingUpstream, World, fixed_app, send};
use coze_auth::{Clock as _, SessionName, Subject, SystemClock, SystemRandom};
use cozegate_config::StoreConfig;
use cozegate_gateway::store;
use cozegate_store::{Grade, HandleRecord, HandleRegister};
use std::sync::Arc;
use std::time::Duration;

async fn page(world: &World) -> String {
    let request = format!(
        "GET /sessions?lang=en HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n\r\n",
        world.auth
    );
    let answer = send(world.auth, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

async fn open(world: &World, name: &str) -> String {
    let body = format!("{{\"session_name\":\"{name}\"}}");
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
        world.auth,
        body.len()
    );
    send(world.auth, &request).await.json()["handle"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The keys of the buttons, in the order of the page.
fn keys(page: &str) -> Vec<&str> {
    let parts = page.split("name=\"session\" value=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

async fn end(world: &World, key: &str, origin: &str) -> Answer {
    let body = format!("session={key}");
    let request = format!(
        "POST /sessions HTTP/1.1\r\nHost: {}\r\n{origin}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        world.auth,
        body.len()
    );
    send(world.auth, &request).await
}

#[tokio::test]
async fn page_tells_who_is_there_and_shows_no_handle() {
    let (world, _emulator) = World::with_emulator().await;
    assert!(page(&world).await.contains("Nobody has a session."));
    let handles = [
        open(&world, "alice").await,
        open(&world, "alice").await,
        open(&world, "<b>bob").await,
    ];

    let page = page(&world).await;

    assert_eq!(keys(&page).len(), 2, "one line for a person");
    assert!(page.contains("alice") && page.contains("&#60;b&#62;bob"), "{page}");
    assert!(!handles.iter().any(|handle| page.contains(handle)) && !page.contains("cgh_"));
    world.stop().await;
}

#[tokio::test]
async fn session_that_is_ended_is_over_and_the_others_go_on() {
    let (world, _emulator) = World::with_emulator().await;
    let (alice, bob) = (open(&world, "alice").await, open(&world, "bob").await);
    let before = page(&world).await;
    let of_alice = before
        .split("data-testid=\"session\"")
        .find(|part| part.contains("alice"))
        .unwrap();
    let key = keys(of_alice)[0];
    let own = format!("Origin: http://{}\r\n", world.auth);

    let foreign = end(&world, key, "Origin: https://www.coze.cn\r\n").await;
    let sandboxed = end(&world, key, "Origin: null\r\n").await;
    let still = world.ask("GET /v1/users/me", &alice, "").await.status;
    let ended = end(&world, key, &own).await;

    assert_eq!((foreign.status, sandboxed.status, still), (403, 403, 200));
    assert_eq!((ended.status, ended.header("location")), (303, Some("/sessions")));
    assert_eq!(world.ask("GET /v1/users/me", &alice, "").await.status, 401);
    assert_eq!(world.ask("GET /v1/users/me", &bob, "").await.status, 200);
    assert_eq!(keys(&page(&world).await).len(), 1);
    let over = end(&world, key, &own).await;
    assert_eq!(over.status, 404, "over already");
    assert!(over.text().contains("There is no such session"), "{}", over.text());
    assert_eq!(end(&world, "", &own).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn session_beyond_the_first_thousand_is_found_by_its_name_and_ended() {
    let folder = tempfile::TempDir::new().unwrap();
    let opened = store::open(&StoreConfig::default(), Some(folder.path()), Arc::new(SystemRandom)).await;
    let backend = opened.unwrap().backend;
    let upstream = RecordingUpstream::start().await;
    let world = World::start_on(backend.clone(), fixed_app("main", &upstream.api_base()), |_| {});
    let mallory = open(&world, "mallory-old").await;
    // Twelve hundred sessions that last longer.
    let register = HandleRegister::new(backend);
    let now = SystemClock.now();
    for number in 0..1200 {
        let record = HandleRecord {
            app: "main".into(),
            site: "main".into(),
            grade: Grade::Local,
            subject: Subject::of(SessionName::parse(&format!("user-{number}")).unwrap()),
            user_id: "v_1".into(),
            origin: None,
            expires_at: now + Duration::from_hours(48),
        };
        register.issue(record, now, &SystemRandom).await.unwrap();
    }
    let search = async |text: &str| {
        let path = format!("/sessions?lang=en&search={text}");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n\r\n",
            world.auth
        );
        let answer = send(world.auth, &request).await;
        assert_eq!(answer.status, 200);
        answer.text()
    };

    let first = page(&world).await;
    let found = search("MALLORY").await;
    let key = keys(&found)[0].to_owned();
    let by_key = search(&key).await;
    let none = search("nobody%22%3E%3Cb%3E").await;
    let ended = end(&world, &key, &format!("Origin: http://{}\r\n", world.auth)).await;

    assert!(
        !first.contains("mallory") && first.contains("There are more"),
        "{first}"
    );
    assert_eq!((keys(&found).len(), keys(&by_key)), (1, vec![&*key]));
    assert_eq!(keys(&search("user-1").await).len(), 311);
    assert!(
        none.contains("No session has this name") && !none.contains("\"><b>"),
        "{none}"
    );
    assert_eq!(ended.status, 303);
    assert_eq!(world.ask("GET /v1/users/me", &mallory, "").await.status, 401);
    world.stop().await;
}
