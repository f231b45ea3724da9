//! What has ended goes, a week later; what can still be used stays.

use crate::backends::{NOW, key, login, on_every_database, over, record, token_set};
use coze_auth::{SystemRandom, TokenStore as _, UnixSeconds};
use cozegate_store::{Backend, HandleRegister};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn only_what_ended_a_week_ago_is_removed() {
    on_every_database(async |database| {
        let register = HandleRegister::new(database.clone());
        let renewable = token_set("czu_1", "r1");
        let mut short = token_set("czs_2", "r2");
        (short.refresh_token, short.refresh_expires_at) = (None, None);
        database.save(&key("login"), over(&renewable, None)).await.unwrap();
        // More than one batch.
        for number in 0..501 {
            database
                .save(&key(&number.to_string()), over(&short, None))
                .await
                .unwrap();
        }
        register
            .issue(record("a", NOW + DAY), NOW, &SystemRandom)
            .await
            .unwrap();
        register
            .issue(record("a", NOW + 30 * DAY), NOW, &SystemRandom)
            .await
            .unwrap();
        Backend::from(database.clone())
            .save_login(&login("browser"))
            .await
            .unwrap();

        let early = database.sweep(NOW + 6 * DAY).await.unwrap();
        let late = database.sweep(NOW + 9 * DAY).await.unwrap();

        assert_eq!((early.tokens, early.handles, early.one_time), (0, 0, 0));
        assert_eq!((late.tokens, late.handles, late.one_time), (501, 1, 1));
        assert!(database.load(&key("login")).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn login_whose_end_is_not_known_is_never_removed() {
    on_every_database(async |database| {
        let mut endless = token_set("czu_1", "r1");
        endless.refresh_expires_at = None;
        database.save(&key("login"), over(&endless, None)).await.unwrap();

        database.sweep(UnixSeconds(i64::MAX)).await.unwrap();

        assert!(database.load(&key("login")).await.unwrap().is_some());
    })
    .await;
}
