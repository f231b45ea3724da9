//! Tokens that outlive a process, and stores that fail.

use crate::platform::Answer;
use crate::world::{NOW, World, text, user};
use coze_auth::conformance::{self, FaultyStore};
use coze_auth::{AccessToken, MemoryStore, Save, Subject, TokenKey, TokenSet, TokenStore, UnixSeconds, Version};
use std::sync::Arc;

fn key(subject: Subject) -> TokenKey {
    TokenKey {
        audience: "api.coze.example".to_owned(),
        client_id: "1".to_owned(),
        tenant: None,
        subject,
    }
}

fn token_set(issued_at: i64) -> TokenSet {
    TokenSet {
        access_token: AccessToken::parse("czs_stored").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: UnixSeconds(issued_at),
        expires_at: Some(UnixSeconds(issued_at + 900)),
        refresh_token: None,
        refresh_expires_at: None,
    }
}

fn over(token_set: &TokenSet, expected: Option<Version>) -> Save<'_> {
    Save {
        token_set,
        expected,
        renew_at: None,
        lease: None,
    }
}

#[tokio::test]
async fn restarted_source_takes_the_stored_token() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    world.token(&user("a")).await;

    let token = world.second(Arc::clone(&store)).access_token(&user("a")).await.unwrap();

    assert_eq!(text(&token), "czs_1");
    assert_eq!(world.platform.times_asked(), 1);
}

#[tokio::test]
async fn due_token_in_the_store_is_served_first_and_renewed_then() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    world.token(&user("a")).await;
    world.advance(800);
    let second = world.second(Arc::clone(&store));

    let first_answer = second.access_token(&user("a")).await.unwrap();
    second.access_token(&user("a")).await.unwrap();
    world.platform.wait_until_asked(2).await;

    assert_eq!(text(&first_answer), "czs_1");
}

#[tokio::test]
async fn source_takes_over_what_another_one_renewed() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store)).await;
    let second = world.second(Arc::clone(&store));
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

#[tokio::test]
async fn broken_store_does_not_keep_anybody_from_a_token() {
    let store = FaultyStore::new(Arc::new(MemoryStore::default()));
    store.set_away(true);
    let world = World::with_store(Arc::new(store)).await;

    assert_eq!(text(&world.token(&user("a")).await), "czs_1");
    assert_eq!(text(&world.token(&user("a")).await), "czs_1");
    assert_eq!(world.platform.times_asked(), 1);
}

/// Lets somebody else save while our exchange is on its way, and returns what we serve then.
async fn raced_by(theirs: TokenSet) -> String {
    let store = Arc::new(MemoryStore::default());
    let world = World::with_store(Arc::clone(&store) as Arc<dyn TokenStore>).await;
    world.platform.hold();
    let subject = user("a");
    let them = async {
        world.platform.wait_until_asked(1).await;
        store.save(&world.key(&subject), over(&theirs, None)).await.unwrap();
        world.platform.release();
    };

    let (token, ()) = tokio::join!(world.token(&subject), them);

    text(&token)
}

#[tokio::test]
async fn later_of_two_renewals_takes_the_token_of_the_earlier() {
    assert_eq!(raced_by(token_set(NOW.0)).await, "czs_stored");
}

#[tokio::test]
async fn later_of_two_renewals_keeps_its_own_token_when_the_earlier_is_no_good() {
    assert_eq!(raced_by(token_set(NOW.0 - 900)).await, "czs_1");
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

    let key = world.key(&user("a"));
    assert_eq!(store.load(&key).await.unwrap().unwrap().version, Version(1));
}

#[tokio::test(start_paused = true)]
async fn memory_store_keeps_the_contract() {
    conformance::check_all(async || Arc::new(MemoryStore::default()) as Arc<dyn TokenStore>).await;
}

#[tokio::test]
async fn memory_store_does_not_grow_with_ended_tokens() {
    let store = MemoryStore::default();
    for number in 0..1_024_i64 {
        store
            .save(&key(user(&number.to_string())), over(&token_set(0), None))
            .await
            .unwrap();
    }

    store
        .save(&key(user("later")), over(&token_set(1_000), None))
        .await
        .unwrap();

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
