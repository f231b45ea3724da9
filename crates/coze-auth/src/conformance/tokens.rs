//! Checks of tokens and their versions.

use super::fixtures::{NOW, assert_conflict, assert_holds, fine, key, loaded, over, pair, saved};
use crate::clock::UnixSeconds;
use crate::scope::Scope;
use crate::store::{DueQuery, Save, TokenKey, TokenStore, Version};
use crate::subject::SessionContext;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) async fn what_was_saved_is_loaded_with_every_part(store: Arc<dyn TokenStore>) {
    let full = pair(1);
    let mut bare = pair(2);
    (bare.refresh_token, bare.refresh_expires_at, bare.expires_at) = (None, None, None);

    for (key, written) in [(key("a"), full), (key("b"), bare)] {
        let version = saved(&*store, &key, &written, None).await;

        assert_holds(&*store, &key, &written, version).await;
        let read = loaded(&*store, &key).await.map(|(token_set, _)| token_set);
        assert_eq!(
            read.map(|read| (
                read.token_type,
                read.issued_at,
                read.expires_at,
                read.refresh_expires_at
            )),
            Some((
                written.token_type,
                written.issued_at,
                written.expires_at,
                written.refresh_expires_at
            ))
        );
    }
}

pub(super) async fn unknown_key_holds_nothing(store: Arc<dyn TokenStore>) {
    assert!(loaded(&*store, &key("nobody")).await.is_none());
}

pub(super) async fn save_names_the_version_that_it_replaces(store: Arc<dyn TokenStore>) {
    let first = saved(&*store, &key("a"), &pair(1), None).await;
    let second = saved(&*store, &key("a"), &pair(2), Some(first)).await;

    assert_ne!(first, second);
    for stale in [None, Some(first), Some(Version(second.0 ^ 0x4000_0000))] {
        assert_conflict(&store.save(&key("a"), over(&pair(3), stale)).await);
    }
    assert_conflict(&store.save(&key("b"), over(&pair(3), Some(second))).await);
    assert_holds(&*store, &key("a"), &pair(2), second).await;
    assert!(loaded(&*store, &key("b")).await.is_none());
}

pub(super) async fn of_many_saves_over_one_version_one_succeeds(store: Arc<dyn TokenStore>) {
    for expected in [None, Some(saved(&*store, &key("there"), &pair(0), None).await)] {
        let key = if expected.is_some() { key("there") } else { key("new") };
        let mut saves = JoinSet::new();
        for number in 1..=16 {
            let (store, key) = (Arc::clone(&store), key.clone());
            saves.spawn(async move {
                let saved = store.save(&key, over(&pair(number), expected)).await;
                (number, saved)
            });
        }

        let (done, refused): (Vec<_>, Vec<_>) =
            saves.join_all().await.into_iter().partition(|(_, saved)| saved.is_ok());

        for (_, refused) in &refused {
            assert_conflict(refused);
        }
        assert_eq!(done.len(), 1, "{done:?}");
        for (number, version) in done {
            assert_holds(&*store, &key, &pair(number), fine("save", version)).await;
        }
    }
}

pub(super) async fn version_does_not_come_back_after_a_delete(store: Arc<dyn TokenStore>) {
    let first = saved(&*store, &key("a"), &pair(1), None).await;
    fine("delete", store.delete(&key("a"), first).await);
    let second = saved(&*store, &key("a"), &pair(2), None).await;

    assert_ne!(first, second);
    assert_conflict(&store.save(&key("a"), over(&pair(3), Some(first))).await);
    assert_conflict(&store.delete(&key("a"), first).await);
    assert_holds(&*store, &key("a"), &pair(2), second).await;
}

pub(super) async fn delete_names_the_version_that_it_removes(store: Arc<dyn TokenStore>) {
    let first = saved(&*store, &key("a"), &pair(1), None).await;
    let second = saved(&*store, &key("a"), &pair(2), Some(first)).await;

    assert_conflict(&store.delete(&key("a"), first).await);
    assert_holds(&*store, &key("a"), &pair(2), second).await;
    fine("delete", store.delete(&key("a"), second).await);
    assert!(loaded(&*store, &key("a")).await.is_none());
    fine("delete what is gone", store.delete(&key("a"), second).await);
}

pub(super) async fn keys_that_differ_in_one_part_hold_different_tokens(store: Arc<dyn TokenStore>) {
    let base = key("a");
    let keys: [TokenKey; 7] = std::array::from_fn(|part| {
        let mut key = base.clone();
        match part {
            0 => {}
            1 => "api.coze.com".clone_into(&mut key.audience),
            2 => "2".clone_into(&mut key.client_id),
            3 => key.tenant = Some("workspace_id/7".to_owned()),
            4 => key.subject.duration_seconds = Some(60),
            5 => key.subject.scope = Scope::new([], ["7".to_owned()]),
            _ => key.subject.session_context = SessionContext::new(Some("d".to_owned()), None),
        }
        key
    });

    let mut versions = Vec::new();
    for (number, key) in (0..).zip(&keys) {
        versions.push(saved(&*store, key, &pair(number), None).await);
    }

    for ((number, key), version) in (0..).zip(&keys).zip(versions) {
        assert_holds(&*store, key, &pair(number), version).await;
    }
}

pub(super) async fn due_tokens_come_earliest_first_and_of_one_app_only(store: Arc<dyn TokenStore>) {
    let mut foreign_app = key("a");
    "2".clone_into(&mut foreign_app.client_id);
    let mut foreign_platform = key("a");
    "api.coze.com".clone_into(&mut foreign_platform.audience);
    let mut foreign_tenant = key("a");
    foreign_tenant.tenant = Some("workspace_id/7".to_owned());
    let rows = [
        (key("third"), Some(0)),
        (key("first"), Some(-86_400)),
        (key("second"), Some(-1)),
        (key("later"), Some(1)),
        (key("never"), None),
        (foreign_app, Some(-2)),
        (foreign_platform, Some(-2)),
        (foreign_tenant, Some(-2)),
    ];
    let token_set = pair(1);
    for (key, seconds) in &rows {
        let save = Save {
            renew_at: seconds.map(|seconds| UnixSeconds(NOW.0 + seconds)),
            ..over(&token_set, None)
        };
        fine("save", store.save(key, save).await);
    }

    assert_eq!(due(&*store, 10).await, [key("first"), key("second"), key("third")]);
    assert_eq!(due(&*store, 2).await, [key("first"), key("second")]);
}

pub(super) async fn save_replaces_the_date_of_renewal(store: Arc<dyn TokenStore>) {
    let token_set = pair(1);
    let with_date = Save {
        renew_at: Some(NOW),
        ..over(&token_set, None)
    };
    let version = fine("save", store.save(&key("a"), with_date).await);
    assert_eq!(due(&*store, 10).await, [key("a")]);

    saved(&*store, &key("a"), &pair(2), Some(version)).await;

    assert!(due(&*store, 10).await.is_empty());
}

async fn due(store: &dyn TokenStore, limit: usize) -> Vec<TokenKey> {
    let TokenKey {
        audience, client_id, ..
    } = key("a");
    let query = DueQuery {
        audience: &audience,
        client_id: &client_id,
        tenant: None,
        now: NOW,
        limit,
    };
    fine("list due tokens", store.due(query).await)
}
