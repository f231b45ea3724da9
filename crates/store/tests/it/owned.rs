//! The ownership register: the first owner of an id stays until the id was not seen for half a year.

use crate::backends::{NOW, on_every_backend, on_every_database};
use cozegate_store::owned::OWNED_DAYS;
use cozegate_store::{Backend, OwnedDigest, OwnedId, OwnedKind};
use futures_util::future::join_all;
use std::time::Duration;

const A: OwnedDigest = [0xa; 16];
const B: OwnedDigest = [0xb; 16];
const TODAY: i64 = NOW.0 / 86_400;
const DAY: Duration = Duration::from_hours(24);

fn conversation(number: u8) -> OwnedId {
    (OwnedKind::Conversation, [number; 16])
}

#[tokio::test]
async fn owners_come_back_in_the_order_of_the_question() {
    on_every_backend(async |backend| {
        assert_eq!(backend.find_owners(&[]).await.unwrap(), []);
        assert_eq!(backend.find_owners(&[conversation(1)]).await.unwrap(), [None]);
        // More than one look-up holds.
        let of_a: Vec<OwnedId> = (0..50).map(conversation).collect();
        backend.insert_owned(&of_a, &A, TODAY).await.unwrap();
        backend.insert_owned(&[conversation(200)], &B, TODAY).await.unwrap();
        backend.insert_owned(&[], &B, TODAY).await.unwrap();

        let mut asked = of_a;
        asked.extend([conversation(201), conversation(200), conversation(3)]);
        let found = backend.find_owners(&asked).await.unwrap();

        assert_eq!(found[..50], [Some(A); 50]);
        assert_eq!(found[50..], [None, Some(B), Some(A)]);
    })
    .await;
}

#[tokio::test]
async fn kinds_are_apart() {
    on_every_backend(async |backend| {
        backend.insert_owned(&[conversation(1)], &A, TODAY).await.unwrap();

        let others = [(OwnedKind::Chat, [1; 16]), (OwnedKind::File, [1; 16])];

        assert_eq!(backend.find_owners(&others).await.unwrap(), [None, None]);
    })
    .await;
}

#[tokio::test]
async fn id_of_another_owner_stays_with_its_owner() {
    on_every_backend(async |backend| {
        backend.insert_owned(&[conversation(1)], &A, TODAY).await.unwrap();

        let both = [conversation(1), conversation(2), conversation(2)];
        backend.insert_owned(&both, &B, TODAY + 1).await.unwrap();

        let found = backend.find_owners(&both).await.unwrap();
        assert_eq!(found, [Some(A), Some(B), Some(B)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_register_one_id_at_once_one_becomes_its_owner() {
    on_every_backend(async |backend| {
        let owners: Vec<OwnedDigest> = (1..=16).map(|number| [number; 16]).collect();
        // In different orders, so that rows are locked crosswise if the order is not made equal.
        let ids: Vec<OwnedId> = (0..8).map(conversation).collect();
        let backwards: Vec<OwnedId> = ids.iter().rev().copied().collect();

        let done = join_all(owners.iter().map(|owner| {
            let ids = if owner[0] % 2 == 0 { &ids } else { &backwards };
            backend.insert_owned(ids, owner, TODAY)
        }))
        .await;

        assert!(done.iter().all(Result::is_ok), "{done:?}");
        let first = backend.find_owners(&ids).await.unwrap();
        assert!(
            first
                .iter()
                .all(|owner| owner.is_some_and(|owner| owners.contains(&owner)))
        );
        for owner in &owners {
            backend.insert_owned(&ids, owner, TODAY + 1).await.unwrap();
        }
        assert_eq!(backend.find_owners(&ids).await.unwrap(), first);
    })
    .await;
}

#[tokio::test]
async fn id_that_was_not_seen_for_half_a_year_is_removed_and_no_other() {
    on_every_database(async |database| {
        let backend = Backend::from(database.clone());
        let both = [conversation(1), conversation(2)];
        backend.insert_owned(&both, &A, TODAY).await.unwrap();
        // The second is seen again a day later; a foreign subject cannot renew the first.
        backend.insert_owned(&[conversation(2)], &A, TODAY + 1).await.unwrap();
        backend.insert_owned(&[conversation(1)], &B, TODAY + 1).await.unwrap();
        let after = |days: i64| NOW + DAY * u32::try_from(days).unwrap();

        let early = database.sweep(after(OWNED_DAYS)).await.unwrap();
        let late = database.sweep(after(OWNED_DAYS + 1)).await.unwrap();

        assert_eq!((early.owned, late.owned), (0, 1));
        assert_eq!(backend.find_owners(&both).await.unwrap(), [None, Some(A)]);
    })
    .await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_forgets_ids_by_itself_and_renews_them_once_a_day() {
    use crate::backends::sealer;
    use coze_auth::SystemRandom;
    use cozegate_store::RedisStore;
    use std::sync::Arc;

    crate::servers::RedisKeys::run(async |keys| {
        let prefix = keys.fresh_prefix();
        let url = keys.url.clone().into();
        let store = RedisStore::connect(&url, &prefix, sealer(1), Arc::new(SystemRandom)).await;
        let backend = Backend::from(store.unwrap());
        let client = redis::Client::open(keys.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let key = format!("{prefix}owned:file:{}", "01".repeat(16));
        let id = [(OwnedKind::File, [1; 16])];
        let day: i64 = 86_400;
        backend.insert_owned(&id, &A, TODAY).await.unwrap();
        // (life that is left, the subject that is seen, whether the life is renewed)
        for (left, owner, is_renewed) in [
            (OWNED_DAYS * day - 60, A, false),
            ((OWNED_DAYS - 2) * day, B, false),
            ((OWNED_DAYS - 2) * day, A, true),
        ] {
            redis::cmd("EXPIRE")
                .arg(&key)
                .arg(left)
                .exec_async(&mut connection)
                .await
                .unwrap();

            backend.insert_owned(&id, &owner, TODAY).await.unwrap();

            let ttl: i64 = redis::cmd("TTL").arg(&key).query_async(&mut connection).await.unwrap();
            assert_eq!(ttl > left + 60, is_renewed, "{left} {ttl}");
        }
    })
    .await;
}
