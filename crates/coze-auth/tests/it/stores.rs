//! Tokens that outlive a process, and stores that fail.

use crate::platform::Answer;
use crate::world::{World, jwt_app, parts, text, user};
use coze_auth::{
    AccessToken, MemoryStore, StoreError, StoreFuture, Stored, Subject, TokenKey, TokenSet, TokenSource, TokenStore,
    UnixSeconds, Version,
};
use std::sync::Arc;

/// The same as another process with the same store.
fn second_source(world: &World, store: &Arc<dyn TokenStore>) -> TokenSource {
    let mut parts = parts(jwt_app(&world.platform.base), &world.clock);
    parts.store = Arc::clone(store);
    TokenSource::new(parts)
}

fn key(subject: Subject) -> TokenKey {
    TokenKey {
        audience: "api.coze.example".to_owned(),
        client_id: "1".to_owned(),
        subject,
    }
}

fn token_set(issued_at: i64) -> TokenSet {
    TokenSet {
        access_token: AccessToken::parse("czs_stored").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: UnixSeconds(issued_at),
        expires_at: Some(UnixSeconds(issued_at + 900)),
    }
}

#[tokio::test]
async fn restarted_source_takes_the_stored_token() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    world.token(&user("a")).await;

    let token = second_source(&world, &store).access_token(&user("a")).await.unwrap();

    assert_eq!(text(&token), "czs_1");
    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn due_token_in_the_store_is_served_first_and_renewed_then() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    world.token(&user("a")).await;
    world.advance(800);
    let second = second_source(&world, &store);

    let first_answer = second.access_token(&user("a")).await.unwrap();
    second.access_token(&user("a")).await.unwrap();
    world.platform.wait_until_asked(2).await;

    assert_eq!(text(&first_answer), "czs_1");
}

#[tokio::test]
async fn source_takes_over_what_another_one_renewed() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    let second = second_source(&world, &store);
    world.token(&user("a")).await;
    second.access_token(&user("a")).await.unwrap();
    world.advance(900);

    let renewed = world.token(&user("a")).await;
    let taken_over = second.access_token(&user("a")).await.unwrap();

    assert_eq!(
        (text(&renewed), text(&taken_over)),
        ("czs_2".to_owned(), "czs_2".to_owned())
    );
    assert_eq!(world.platform.times_asked(), 2);
}

#[tokio::test]
async fn refused_token_is_not_taken_from_the_store_again() {
    let world = World::start().await;
    let token = world.token(&user("a")).await;
    world.tokens.refused(&user("a"), &token);

    assert_eq!(text(&world.token(&user("a")).await), "czs_2");
    assert_eq!(text(&world.token(&user("a")).await), "czs_2");
}

/// Fails always.
#[derive(Debug)]
struct BrokenStore;

impl BrokenStore {
    fn error(operation: &'static str) -> StoreError {
        StoreError::Unavailable {
            operation,
            source: Arc::new("disk full".into()),
        }
    }
}

impl TokenStore for BrokenStore {
    fn load<'a>(&'a self, _: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async { Err(Self::error("load a token")) })
    }

    fn save<'a>(&'a self, _: &'a TokenKey, _: TokenSet, _: Option<Version>) -> StoreFuture<'a, Version> {
        Box::pin(async { Err(Self::error("save a token")) })
    }
}

#[tokio::test]
async fn broken_store_does_not_keep_anybody_from_a_token() {
    let world = World::with_store(Arc::new(BrokenStore)).await;

    assert_eq!(text(&world.token(&user("a")).await), "czs_1");
    assert_eq!(text(&world.token(&user("a")).await), "czs_1");
    assert_eq!(world.platform.times_asked(), 1);
}

/// Lets somebody else save between our load and our save.
#[derive(Debug)]
struct RacedStore {
    inner: MemoryStore,
    theirs: TokenSet,
}

impl TokenStore for RacedStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a TokenKey, ours: TokenSet, expected: Option<Version>) -> StoreFuture<'a, Version> {
        Box::pin(async move {
            self.inner.save(key, self.theirs.clone(), expected).await?;
            self.inner.save(key, ours, expected).await
        })
    }
}

#[tokio::test]
async fn later_of_two_renewals_takes_the_token_of_the_earlier() {
    let theirs = token_set(crate::world::NOW.0);
    let world = World::with_store(Arc::new(RacedStore {
        inner: MemoryStore::default(),
        theirs,
    }))
    .await;

    assert_eq!(text(&world.token(&user("a")).await), "czs_stored");
}

#[tokio::test]
async fn later_of_two_renewals_keeps_its_own_token_when_the_earlier_is_no_good() {
    let theirs = token_set(crate::world::NOW.0 - 900);
    let world = World::with_store(Arc::new(RacedStore {
        inner: MemoryStore::default(),
        theirs,
    }))
    .await;

    assert_eq!(text(&world.token(&user("a")).await), "czs_1");
}

#[tokio::test]
async fn failed_exchange_leaves_the_store_as_it_was() {
    let store = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store) as Arc<dyn TokenStore>).await;
    world.token(&user("a")).await;
    world.advance(900);
    world.platform.next(Answer::refusal(
        401,
        "invalid_client",
        "invalid jwt: kid not been registred",
    ));

    world.error(&user("a")).await;

    let key = TokenKey {
        audience: format!("127.0.0.1:{}", world.platform.base.port().unwrap()),
        client_id: "1100000000001".to_owned(),
        subject: user("a"),
    };
    assert_eq!(store.load(&key).await.unwrap().unwrap().version, Version(1));
}

#[tokio::test]
async fn memory_store_saves_only_over_the_version_it_was_told() {
    let store = MemoryStore::default();
    let key = key(user("a"));

    let first = store.save(&key, token_set(0), None).await.unwrap();
    let second = store.save(&key, token_set(0), Some(first)).await.unwrap();

    assert_eq!((first, second), (Version(1), Version(2)));
    for stale in [None, Some(first)] {
        let refused = store.save(&key, token_set(0), stale).await;
        assert!(matches!(refused, Err(StoreError::VersionConflict)), "{stale:?}");
    }
    assert_eq!(store.load(&key).await.unwrap().unwrap().version, second);
}

#[tokio::test]
async fn memory_store_does_not_grow_with_ended_tokens() {
    let store = MemoryStore::default();
    for number in 0..1_024_i64 {
        store
            .save(&key(user(&number.to_string())), token_set(0), None)
            .await
            .unwrap();
    }

    store.save(&key(user("later")), token_set(1_000), None).await.unwrap();

    assert!(store.load(&key(user("0"))).await.unwrap().is_none());
    assert!(store.load(&key(user("later"))).await.unwrap().is_some());
}

#[test]
fn digests_of_different_apps_and_subjects_differ() {
    let mut other_app = key(user("a"));
    other_app.client_id = "2".to_owned();

    let digests = [key(user("a")).digest(), key(user("b")).digest(), other_app.digest()];

    assert_ne!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_eq!(digests[0], key(user("a")).digest());
}
