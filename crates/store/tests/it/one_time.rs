//! Pending logins and tickets: given out once, to whoever brings the secret, and not after their end.

use crate::backends::{NOW, login, on_every_backend};
use coze_auth::{Callback, SystemRandom};
use cozegate_store::TicketRecord;
use futures_util::future::join_all;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

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
    on_every_backend(async |backend| {
        let (begun, other) = (login("\"hash\"\n张"), login("another"));
        backend.save_login(&begun).await.unwrap();
        let state = begun.pending.state();

        assert!(backend.spend_login(other.pending.state(), NOW).await.unwrap().is_none());
        assert!(backend.peek_login(other.pending.state(), NOW).await.unwrap().is_none());
        for _ in 0..2 {
            let peeked = backend.peek_login(state, NOW).await.unwrap().unwrap();
            assert_eq!(peeked.browser, "\"hash\"\n张");
        }
        let spent = backend.spend_login(state, NOW).await.unwrap().unwrap();

        assert_eq!((spent.app.as_str(), spent.browser.as_str()), ("main", "\"hash\"\n张"));
        assert_eq!(*spent.pending.to_secret_bytes(), *begun.pending.to_secret_bytes());
        assert!(backend.peek_login(state, NOW).await.unwrap().is_none());
        assert!(backend.spend_login(state, NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn login_that_has_ended_is_gone() {
    on_every_backend(async |backend| {
        let begun = login("browser");
        backend.save_login(&begun).await.unwrap();
        let (state, ends_at) = (begun.pending.state(), begun.pending.ends_at());

        assert!(backend.peek_login(state, ends_at).await.unwrap().is_none());
        assert!(backend.spend_login(state, ends_at).await.unwrap().is_none());
        assert!(backend.spend_login(state, NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn used_login_is_remembered_until_the_login_would_have_ended() {
    on_every_backend(async |backend| {
        let begun = login("browser");
        let (state, ends_at) = (begun.pending.state(), begun.pending.ends_at());
        backend.save_login(&begun).await.unwrap();
        assert!(backend.find_used_login(state, NOW).await.unwrap().is_none());

        for _ in 0..2 {
            backend.remember_used_login(&begun).await.unwrap();
        }

        let used = backend.find_used_login(state, NOW).await.unwrap().unwrap();
        assert_eq!((&*used.app, &*used.browser), ("main", "browser"));
        assert!(backend.find_used_login(state, NOW).await.unwrap().is_some());
        assert!(backend.find_used_login(state, ends_at).await.unwrap().is_none());
        assert!(backend.spend_login(state, NOW).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_bring_one_ticket_one_is_let_in() {
    on_every_backend(async |backend| {
        let ticket = backend
            .issue_ticket(&ticket_record(), NOW, MINUTE, &SystemRandom)
            .await
            .unwrap();

        let spent = join_all((0..16).map(|_| backend.spend_ticket(ticket.expose(), NOW))).await;

        let let_in: Vec<_> = spent.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(let_in, [ticket_record()]);
    })
    .await;
}

#[tokio::test]
async fn ticket_is_no_state_and_a_state_no_ticket() {
    on_every_backend(async |backend| {
        let begun = login("browser");
        backend.save_login(&begun).await.unwrap();
        let state = begun.pending.state();
        let ticket = backend
            .issue_ticket(&ticket_record(), NOW, MINUTE, &SystemRandom)
            .await
            .unwrap();
        let ticket_as_state = Callback::parse(&format!("state={}", ticket.expose())).state().unwrap();

        assert!(backend.spend_ticket(state.expose(), NOW).await.unwrap().is_none());
        assert!(backend.spend_login(&ticket_as_state, NOW).await.unwrap().is_none());
        assert!(backend.spend_login(state, NOW).await.unwrap().is_some());
        assert!(backend.spend_ticket(ticket.expose(), NOW).await.unwrap().is_some());
    })
    .await;
}
