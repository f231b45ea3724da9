//! What outlives a process, and what two processes share: sessions, logins, tokens.

use crate::world::person::{Decision, Person};
use crate::world::{World, fixed_app, send};
use coze_auth::random::base64url;
use coze_auth::{Clock as _, ManualClock, SeededRandom, SystemClock, SystemRandom};
use coze_emulator::{Emulator, Fault, FaultMatch, FaultRule};
use cozegate_config::{SealKeySource, SecretText, StoreConfig, StoreKind};
use cozegate_gateway::store;
use cozegate_store::Backend;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

async fn open(folder: &Path) -> Backend {
    let opened = store::open(&StoreConfig::default(), Some(folder), Arc::new(SystemRandom)).await;
    opened.unwrap().backend
}

#[tokio::test]
async fn session_outlives_a_restart() {
    let folder = TempDir::new().unwrap();
    let upstream = crate::world::RecordingUpstream::start().await;
    let app = || fixed_app("main", &upstream.api_base());
    let first = World::start_on(open(folder.path()).await, app(), |_| {});
    let handle = first.handle().await;
    first.stop().await;

    let second = World::start_on(open(folder.path()).await, app(), |_| {});

    assert_eq!(second.ask("GET /v1/users/me", &handle, "").await.status, 200);
    assert_eq!(
        second
            .ask("GET /v1/users/me", &handle.replace("cgh_", "cgh_x"), "")
            .await
            .status,
        401
    );
    second.stop().await;
}

#[tokio::test]
async fn session_that_one_process_opened_is_known_to_the_other() {
    let folder = TempDir::new().unwrap();
    let upstream = crate::world::RecordingUpstream::start().await;
    let app = || fixed_app("main", &upstream.api_base());
    let auth = World::start_on(open(folder.path()).await, app(), |_| {});
    let proxy = World::start_on(open(folder.path()).await, app(), |_| {});

    let handle = auth.handle().await;

    assert_eq!(proxy.ask("GET /v1/users/me", &handle, "").await.status, 200);
    auth.stop().await;
    proxy.stop().await;
}

#[tokio::test]
async fn handle_whose_row_does_not_open_is_unknown_and_a_new_one_works() {
    let [old, new] = [1, 2].map(|seed| base64url(&SeededRandom::new(seed), 32));
    let folder = TempDir::new().unwrap();
    let with_keys = async |keys: &str| {
        let config = StoreConfig {
            seal_key: SealKeySource::Text(SecretText::new(keys)),
            ..StoreConfig::default()
        };
        let opened = store::open(&config, Some(folder.path()), Arc::new(SystemRandom)).await;
        opened.unwrap().backend
    };
    let mut upstream = crate::world::RecordingUpstream::start().await;
    let app = || fixed_app("main", &upstream.api_base());
    // Both know the store's key; the second seals with a newer one, which the first does not have.
    let world = World::start_on(with_keys(&old).await, app(), |_| {});
    let newer = World::start_on(with_keys(&format!("{new} {old}")).await, app(), |_| {});
    let foreign = newer.handle().await;

    let refused = world.ask("GET /v1/users/me", &foreign, "").await;

    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(refused.json()["type"], "urn:cozegate:problem:handle-unknown");
    assert_eq!(refused.json()["code"], 4100);
    assert!(upstream.is_untouched());
    let own = world.handle().await;
    assert_eq!(world.ask("GET /v1/users/me", &own, "").await.status, 200);
    assert_eq!(newer.ask("GET /v1/users/me", &foreign, "").await.status, 200);
    world.stop().await;
    newer.stop().await;
}

#[tokio::test]
async fn store_that_is_away_is_named_and_what_is_in_memory_is_served_on() {
    let folder = TempDir::new().unwrap();
    let upstream = crate::world::RecordingUpstream::start().await;
    let backend = open(folder.path()).await;
    let world = World::start_on(backend.clone(), fixed_app("main", &upstream.api_base()), |_| {});
    let handle = world.handle().await;
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);

    backend.close().await;

    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    let unknown = format!("cgh_{}", "x".repeat(43));
    let refused = world.ask("GET /v1/users/me", &unknown, "").await;
    assert_eq!(
        (
            refused.status,
            refused.json()["type"].as_str(),
            refused.header("retry-after")
        ),
        (503, Some("urn:cozegate:problem:store-unavailable"), Some("1"))
    );
    let session = format!("POST /auth/session HTTP/1.1\r\nHost: {}\r\n\r\n", world.auth);
    assert_eq!(send(world.auth, &session).await.status, 503);
    world.stop().await;
}

#[tokio::test]
async fn login_that_one_process_began_is_finished_by_the_other() {
    // Both are the same service to the browser, as behind a balancer: here, one after the other on one store.
    let (world, _emulator) = World::with_logins().await;
    let mut person = Person::default();
    let begun = person.open(world.auth, "/login?app=web&again=1").await;
    let back = person
        .decide(begun.header("location").unwrap(), Decision::Approve)
        .await;

    // A new configuration makes every app anew; the login is only in the store.
    world.gateway.apply(&world.config).unwrap();
    let answer = person
        .come_from_elsewhere(world.auth, &crate::world::person::target(&back))
        .await;

    assert_eq!(answer.status, 303, "{}", answer.text());
    world.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_of_the_store_are_made_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("new");

    let backend = open(&folder).await;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(folder.join("cozegate.db").exists() && folder.join("store.key").exists());
    backend.close().await;
}

#[tokio::test]
async fn without_a_folder_the_store_is_makeshift_and_says_so() {
    let random = Arc::new(SystemRandom);
    let makeshift = store::open(&StoreConfig::default(), None, random.clone())
        .await
        .unwrap();
    let on_purpose = StoreConfig {
        kind: StoreKind::Memory,
        seal_key: SealKeySource::default(),
    };
    let on_purpose = store::open(&on_purpose, None, random).await.unwrap();

    assert!(makeshift.is_makeshift && !on_purpose.is_makeshift);
}

/// A gateway with a login of the web app, on a store in `folder`, and the time that it and the platform share.
async fn logged_in(folder: &Path) -> (World, Emulator, ManualClock) {
    let clock = ManualClock::new(SystemClock.now());
    let (world, emulator) = World::with_logins_on(open(folder).await, Arc::new(clock.clone())).await;
    let answer = Person::default().log_in(world.auth, "web", Decision::Approve).await;
    assert_eq!(answer.status, 303);
    (world, emulator, clock)
}

/// Lets time pass for both.
fn pass(emulator: &Emulator, clock: &ManualClock, time: Duration) {
    clock.advance(time);
    let seconds = clock.now().since(SystemClock.now()).as_secs();
    emulator.clock().set_offset_seconds(seconds.try_into().unwrap());
}

#[tokio::test]
async fn login_outlives_a_restart_and_is_renewed_although_nobody_asks() {
    let folder = TempDir::new().unwrap();
    let (first, emulator, clock) = logged_in(folder.path()).await;
    let config = first.config.clone();
    first.stop().await;
    pass(&emulator, &clock, Duration::from_hours(60));
    emulator.journal().clear();

    let second = World::run(config, open(folder.path()).await, Arc::new(clock.clone()));

    emulator
        .journal()
        .wait_for(coze_emulator::Entry::is_refresh)
        .await
        .unwrap();
    let handle = second.handle_of("web").await;
    assert_eq!(second.ask("GET /v1/users/me", &handle, "").await.status, 200);
    assert_eq!(emulator.journal().token_requests(), 1);
    second.stop().await;
}

#[tokio::test]
async fn stop_in_the_middle_of_a_renewal_waits_for_the_pair_to_be_saved() {
    let folder = TempDir::new().unwrap();
    let (first, emulator, clock) = logged_in(folder.path()).await;
    let (config, handle) = (first.config.clone(), first.handle_of("web").await);
    pass(&emulator, &clock, Duration::from_mins(20));
    emulator.journal().clear();
    let slow = FaultRule {
        matcher: FaultMatch {
            path: Some("/api/permission/oauth2/token".to_owned()),
            ..FaultMatch::default()
        },
        fault: Fault {
            answer_delay_ms: Some(700),
            ..Fault::default()
        },
    };
    emulator.faults().set(vec![slow]).unwrap();

    // The caller leaves as soon as the platform has been asked, and so does the gateway.
    let journal = emulator.journal();
    let asking = first.ask("GET /v1/users/me", &handle, "");
    tokio::select! {
        _answer = asking => panic!("the platform was not slow"),
        asked = journal.wait_for(coze_emulator::Entry::is_refresh) => drop(asked.unwrap()),
    }
    first.stop().await;
    emulator.faults().set(vec![]).unwrap();
    let second = World::run(config, open(folder.path()).await, Arc::new(clock.clone()));

    assert_eq!(second.ask("GET /v1/users/me", &handle, "").await.status, 200);
    assert_eq!(emulator.journal().token_requests(), 1, "the pair that came was saved");
    second.stop().await;
}

#[cfg(not(feature = "keyring"))]
#[tokio::test]
async fn key_from_the_keyring_is_refused_by_name_in_a_build_without_it() {
    let folder = TempDir::new().unwrap();
    let config = StoreConfig {
        kind: StoreKind::Sqlite { path: None },
        seal_key: SealKeySource::Keyring("cozegate".to_owned()),
    };

    let opened = store::open(&config, Some(folder.path()), Arc::new(SystemRandom)).await;

    assert!(
        matches!(opened, Err(store::OpenStoreError::KeyringNotBuilt)),
        "{opened:?}"
    );
}
