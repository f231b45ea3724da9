//! Pending logins and tickets: given out once, to whoever brings the secret, and not after their end.

use crate::backends::{NOW, on_every_database};
use crate::servers::fresh_text;
use coze_auth::SystemRandom;
use cozegate_store::{PendingLogin, TicketRecord};
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

fn login(verifier: &str) -> PendingLogin {
    PendingLogin {
        app: "support".to_owned(),
        redirect_uri: "http://127.0.0.1:8081/callback".to_owned(),
        code_verifier: Some(verifier.to_owned().into()),
        browser: Some("\"hash\"".to_owned()),
        return_to: Some("/chat?a=张".to_owned()),
    }
}

fn ticket_record() -> TicketRecord {
    TicketRecord {
        caller: "shop".to_owned(),
        subject: "user-42".to_owned(),
        bot_ids: vec!["7".to_owned()],
        origin: Some("https://shop.example".to_owned()),
    }
}

#[tokio::test]
async fn login_comes_back_whole_for_its_state_and_only_once() {
    on_every_database(async |database| {
        let (state, verifier) = (fresh_text(), fresh_text());
        database
            .save_login(&state, &login(&verifier), NOW + MINUTE)
            .await
            .unwrap();

        assert!(database.spend_login("another state", NOW).await.unwrap().is_none());
        let spent = database.spend_login(&state, NOW).await.unwrap().unwrap();

        assert_eq!(spent.code_verifier.unwrap().expose_secret(), verifier);
        assert_eq!(
            (spent.app.as_str(), spent.redirect_uri.as_str()),
            ("support", "http://127.0.0.1:8081/callback")
        );
        assert_eq!(
            (spent.browser.as_deref(), spent.return_to.as_deref()),
            (Some("\"hash\""), Some("/chat?a=张"))
        );
        assert!(database.spend_login(&state, NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn login_that_has_ended_is_gone() {
    on_every_database(async |database| {
        let state = fresh_text();
        database.save_login(&state, &login("v"), NOW + MINUTE).await.unwrap();

        assert!(database.spend_login(&state, NOW + MINUTE).await.unwrap().is_none());
        assert!(database.spend_login(&state, NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_bring_one_ticket_one_is_let_in() {
    on_every_database(async |database| {
        let ticket = database
            .issue_ticket(&ticket_record(), NOW, MINUTE, &SystemRandom)
            .await
            .unwrap();

        let spent = join_all((0..16).map(|_| database.spend_ticket(ticket.expose(), NOW))).await;

        let let_in: Vec<_> = spent.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(let_in, [ticket_record()]);
    })
    .await;
}

#[tokio::test]
async fn ticket_is_no_state_and_a_state_no_ticket() {
    on_every_database(async |database| {
        let state = fresh_text();
        database.save_login(&state, &login("v"), NOW + MINUTE).await.unwrap();

        assert!(database.spend_ticket(&state, NOW).await.unwrap().is_none());
        assert!(database.spend_login(&state, NOW).await.unwrap().is_some());
    })
    .await;
}
