//! A save and a taking of the lease that meet in the same moment: one of them is first, and the other one knows it.

use crate::backends::{SqliteFile, key, open_postgres, over, token_set};
use crate::servers::PostgresSchemas;
use coze_auth::{Lease, LeaseRequest, Save, StoreError, TokenStore, Version};
use cozegate_store::Database;
use std::time::Duration;

const TAKE_AWAY: &str = "UPDATE leases SET fencing = fencing + 1, holder = 'other'";

async fn take(database: &Database) -> Lease {
    let request = LeaseRequest {
        name: "token:a",
        holder: "ours",
        time: Duration::from_mins(1),
    };
    database.take_lease(request).await.unwrap().unwrap()
}

async fn save_under(database: &Database, lease: &Lease) -> Result<Version, StoreError> {
    let token_set = token_set("czu_1", "r1");
    let save = Save {
        lease: Some(lease),
        ..over(&token_set, None)
    };
    database.save(&key("a"), save).await
}

#[tokio::test]
async fn save_waits_for_a_taker_in_postgresql_and_is_refused() {
    PostgresSchemas::run(async |schemas| {
        let url = schemas.fresh_url().await;
        let database = open_postgres(&url).await;
        let lease = take(&database).await;
        let raw = sqlx::PgPool::connect(&url).await.unwrap();
        let mut taker = raw.begin().await.unwrap();
        let taker_pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut *taker)
            .await
            .unwrap();
        sqlx::query(TAKE_AWAY).execute(&mut *taker).await.unwrap();
        let commit_when_the_save_waits = async {
            let mut waiting = 0_i64;
            while waiting == 0 {
                waiting =
                    sqlx::query_scalar("SELECT COUNT(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))")
                        .bind(taker_pid)
                        .fetch_one(&raw)
                        .await
                        .unwrap();
            }
            taker.commit().await.unwrap();
        };
        let save = save_under(&database, &lease);
        tokio::pin!(save, commit_when_the_save_waits);

        let saved = tokio::select! {
            saved = &mut save => saved,
            () = &mut commit_when_the_save_waits => save.await,
        };

        assert!(matches!(saved, Err(StoreError::Fenced)), "{saved:?}");
        assert!(database.load(&key("a")).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn save_waits_for_a_taker_in_sqlite_and_is_refused() {
    let file = SqliteFile::new();
    let database = file.open().await;
    let lease = take(&database).await;
    let raw = file.raw().await;
    let mut taker = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(TAKE_AWAY).execute(&mut *taker).await.unwrap();

    let (saved, ()) = tokio::join!(save_under(&database, &lease), async {
        // Lets the save come as far as it can.
        tokio::time::sleep(Duration::from_millis(100)).await;
        taker.commit().await.unwrap();
    });

    assert!(matches!(saved, Err(StoreError::Fenced)), "{saved:?}");
    assert!(database.load(&key("a")).await.unwrap().is_none());
}
