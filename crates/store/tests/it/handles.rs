//! Handles over restarts and over several instances.

use crate::backends::{NOW, SqliteFile, on_every_backend, record, subject};
use crate::servers::fresh_text;
use coze_auth::SystemRandom;
use cozegate_store::handle_register::RECHECK;
use cozegate_store::{Grade, HandleRecord, HandleRegister};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn handle_is_ready_where_it_was_issued_and_found_by_another_instance() {
    on_every_backend(async |backend| {
        let ours = HandleRegister::new(backend.clone());
        let theirs = HandleRegister::new(backend);

        let handle = ours.issue(record("a", NOW + HOUR), NOW, &SystemRandom).await.unwrap();

        assert_eq!(ours.ready(handle.expose(), NOW).unwrap().subject, subject("a"));
        assert!(theirs.ready(handle.expose(), NOW).is_none());
        let found = theirs.find(handle.expose(), NOW).await.unwrap().unwrap();
        assert_eq!((&found.subject, found.expires_at), (&subject("a"), NOW + HOUR));
        assert!(theirs.ready(handle.expose(), NOW).is_some());
    })
    .await;
}

#[tokio::test]
async fn every_part_of_a_record_comes_back() {
    on_every_backend(async |backend| {
        let ours = HandleRegister::new(backend.clone());
        let theirs = HandleRegister::new(backend);
        for (grade, origin) in [
            (Grade::Anonymous, None),
            (Grade::LocalPage, Some("https://shop.example")),
            (Grade::Local, Some("null")),
        ] {
            let record = HandleRecord {
                site: "shop \"张\"\n".into(),
                grade,
                user_id: "v_\n1".into(),
                origin: origin.map(Into::into),
                ..record("a", NOW + HOUR)
            };
            let handle = ours.issue(record.clone(), NOW, &SystemRandom).await.unwrap();

            let found = theirs.find(handle.expose(), NOW).await.unwrap().unwrap();

            assert_eq!(format!("{:?}", found.record), format!("{record:?}"));
        }
    })
    .await;
}

#[tokio::test]
async fn handles_that_work_are_listed_and_no_others() {
    on_every_backend(async |backend| {
        let register = HandleRegister::new(backend);
        for (name, end) in [
            ("a", NOW + HOUR),
            ("a", NOW + 2 * HOUR),
            ("b", NOW + 3 * HOUR),
            ("c", NOW),
        ] {
            register.issue(record(name, end), NOW, &SystemRandom).await.unwrap();
        }
        let gone = register
            .issue(record("d", NOW + HOUR), NOW, &SystemRandom)
            .await
            .unwrap();
        register.revoke(gone.expose()).await.unwrap();

        let listed = register.live(NOW, 10).await.unwrap();

        let found: Vec<_> = listed
            .iter()
            .map(|record| (record.subject.clone(), record.expires_at))
            .collect();
        let wanted = [
            (subject("b"), NOW + 3 * HOUR),
            (subject("a"), NOW + 2 * HOUR),
            (subject("a"), NOW + HOUR),
        ];
        assert_eq!(found, wanted);
        assert_eq!(register.live(NOW, 2).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn handle_outlives_a_restart_until_its_end() {
    let file = SqliteFile::new();
    let first = file.open().await;
    let handle = HandleRegister::new(first.clone())
        .issue(record("a", NOW + HOUR), NOW, &SystemRandom)
        .await
        .unwrap();
    first.close().await;
    let register = HandleRegister::new(file.open().await);

    assert!(register.find(handle.expose(), NOW + HOUR).await.unwrap().is_none());
    assert!(register.find(handle.expose(), NOW).await.unwrap().is_some());
    assert!(register.find("cgh_unknown", NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn revoked_handle_is_unknown_here_at_once_and_elsewhere_within_seconds() {
    on_every_backend(async |backend| {
        let ours = HandleRegister::new(backend.clone());
        let theirs = HandleRegister::new(backend);
        let handle = ours.issue(record("a", NOW + HOUR), NOW, &SystemRandom).await.unwrap();
        theirs.find(handle.expose(), NOW).await.unwrap().unwrap();

        assert!(ours.revoke(handle.expose()).await.unwrap());

        assert!(ours.find(handle.expose(), NOW).await.unwrap().is_none());
        let later = NOW + RECHECK + Duration::from_secs(1);
        assert!(theirs.ready(handle.expose(), later).is_none());
        assert!(theirs.find(handle.expose(), later).await.unwrap().is_none());
        assert!(!ours.revoke(handle.expose()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn all_handles_of_a_subject_are_revoked_and_no_others() {
    on_every_backend(async |backend| {
        let register = HandleRegister::new(backend);
        let one = register
            .issue(record("a", NOW + HOUR), NOW, &SystemRandom)
            .await
            .unwrap();
        let two = register
            .issue(record("a", NOW + HOUR), NOW, &SystemRandom)
            .await
            .unwrap();
        let other = register
            .issue(record("b", NOW + HOUR), NOW, &SystemRandom)
            .await
            .unwrap();
        let elsewhere = HandleRecord {
            app: "second".into(),
            ..record("a", NOW + HOUR)
        };
        let elsewhere = register.issue(elsewhere, NOW, &SystemRandom).await.unwrap();

        assert_eq!(register.revoke_all_of("main", &subject("a")).await.unwrap(), 2);

        assert!(register.find(one.expose(), NOW).await.unwrap().is_none());
        assert!(register.find(two.expose(), NOW).await.unwrap().is_none());
        assert!(register.find(other.expose(), NOW).await.unwrap().is_some());
        assert!(register.find(elsewhere.expose(), NOW).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn known_handle_stays_known_for_a_while_when_the_database_is_away() {
    let file = SqliteFile::new();
    let database = file.open().await;
    let register = HandleRegister::new(database.clone());
    let handle = register
        .issue(record("a", NOW + HOUR), NOW, &SystemRandom)
        .await
        .unwrap();
    database.close().await;

    let a_minute = NOW + Duration::from_mins(1);
    let too_long = NOW + Duration::from_mins(3);

    assert!(register.find(handle.expose(), a_minute).await.unwrap().is_some());
    assert!(register.find(handle.expose(), too_long).await.is_err());
    assert!(register.find("cgh_unknown", NOW).await.is_err());
}

#[tokio::test]
async fn handle_that_was_revoked_elsewhere_does_not_come_back_when_the_database_is_away() {
    let file = SqliteFile::new();
    let database = file.open().await;
    let ours = HandleRegister::new(database.clone());
    let theirs = HandleRegister::new(database.clone());
    let handle = ours.issue(record("a", NOW + HOUR), NOW, &SystemRandom).await.unwrap();
    theirs.find(handle.expose(), NOW).await.unwrap().unwrap();
    ours.revoke(handle.expose()).await.unwrap();
    let later = NOW + RECHECK + Duration::from_secs(1);
    assert!(theirs.find(handle.expose(), later).await.unwrap().is_none());

    database.close().await;

    assert!(theirs.find(handle.expose(), later).await.is_err());
}

#[tokio::test]
async fn clock_that_was_set_back_makes_the_register_look_again() {
    on_every_backend(async |backend| {
        let register = HandleRegister::new(backend);
        let name = fresh_text();
        let handle = register
            .issue(record(&name, NOW + HOUR), NOW, &SystemRandom)
            .await
            .unwrap();

        assert!(register.ready(handle.expose(), NOW - HOUR).is_none());
        assert!(register.find(handle.expose(), NOW - HOUR).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn counter_moves_with_every_revocation_and_with_nothing_else() {
    on_every_backend(async |backend| {
        let ours = HandleRegister::new(backend.clone());
        let theirs = HandleRegister::new(backend);
        let issue = async |name| {
            let handle = ours.issue(record(name, NOW + HOUR), NOW, &SystemRandom).await;
            handle.unwrap().expose().to_owned()
        };
        assert!(
            theirs.watch(NOW).await.unwrap(),
            "nothing is known before the first look"
        );
        let (one, other) = (issue("a").await, issue("b").await);
        assert!(!theirs.watch(NOW).await.unwrap());

        ours.revoke(&one).await.unwrap();
        assert!(theirs.watch(NOW).await.unwrap());
        ours.revoke(&one).await.unwrap();
        ours.revoke_all_of("main", &subject("a")).await.unwrap();
        assert!(!theirs.watch(NOW).await.unwrap(), "there was nothing to revoke");
        ours.revoke_all_of("main", &subject("b")).await.unwrap();
        assert!(theirs.watch(NOW).await.unwrap());
        assert!(ours.find(&other, NOW).await.unwrap().is_none());

        let last = [issue("a").await, issue("c").await];
        theirs.find(&last[0], NOW).await.unwrap().unwrap();
        assert_eq!(ours.revoke_all().await.unwrap(), 2);
        assert!(theirs.watch(NOW).await.unwrap());
        for handle in last {
            assert!(ours.find(&handle, NOW).await.unwrap().is_none());
            assert!(theirs.find(&handle, NOW).await.unwrap().is_none());
        }
        assert_eq!(ours.revoke_all().await.unwrap(), 0);
        assert!(!theirs.watch(NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn revoked_handle_is_unknown_elsewhere_with_the_next_look_at_the_counter() {
    on_every_backend(async |backend| {
        let ours = HandleRegister::new(backend.clone());
        let theirs = HandleRegister::new(backend);
        let gone = ours.issue(record("a", NOW + HOUR), NOW, &SystemRandom).await.unwrap();
        let stays = ours.issue(record("b", NOW + HOUR), NOW, &SystemRandom).await.unwrap();
        let half_a_minute = NOW + Duration::from_secs(30);
        theirs.watch(NOW).await.unwrap();
        for handle in [&gone, &stays] {
            theirs.find(handle.expose(), NOW).await.unwrap().unwrap();
        }
        theirs.watch(half_a_minute).await.unwrap();
        assert!(
            theirs.ready(gone.expose(), half_a_minute).is_some(),
            "no query for each handle"
        );

        ours.revoke_all_of("main", &subject("a")).await.unwrap();
        theirs.watch(half_a_minute).await.unwrap();

        assert!(theirs.ready(gone.expose(), half_a_minute).is_none());
        assert!(theirs.find(gone.expose(), half_a_minute).await.unwrap().is_none());
        assert!(theirs.find(stays.expose(), half_a_minute).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn handles_in_use_are_checked_together() {
    on_every_backend(async |backend| {
        let register = HandleRegister::new(backend.clone());
        let mut hashes = Vec::new();
        // More than one look-up holds.
        for number in 0..70 {
            let name = if number % 2 == 0 { "even" } else { "odd" };
            let handle = register
                .issue(record(name, NOW + HOUR), NOW, &SystemRandom)
                .await
                .unwrap();
            hashes.push(register.ready(handle.expose(), NOW).unwrap().hash);
        }
        let elsewhere = HandleRegister::new(backend);
        elsewhere.revoke_all_of("main", &subject("odd")).await.unwrap();

        let there = register.still_there(&hashes, NOW).await.unwrap();

        let even: Vec<_> = (0..70).map(|number| number % 2 == 0).collect();
        assert_eq!(there, even);
        assert!(register.ready_hash(&hashes[1], NOW).is_none());
        assert!(register.ready_hash(&hashes[0], NOW).is_some());
        assert_eq!(register.still_there(&hashes, NOW + HOUR).await.unwrap(), [false; 70]);
        assert!(register.still_there(&[], NOW).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn walk_over_all_handles_sees_each_live_one_once() {
    on_every_backend(async |backend| {
        let register = HandleRegister::new(backend);
        // More than a page.
        for number in 0..1100 {
            let end = if number % 11 == 0 { NOW } else { NOW + HOUR };
            register
                .issue(record(&number.to_string(), end), NOW - HOUR, &SystemRandom)
                .await
                .unwrap();
        }

        let mut seen = Vec::new();
        let name = |record: HandleRecord| record.subject.session_name.unwrap().as_str().to_owned();
        let visit = |record| {
            seen.push(name(record));
            true
        };
        register.visit_live(NOW, visit).await.unwrap();
        let mut few = 0;
        let stop = |_| {
            few += 1;
            few < 3
        };
        register.visit_live(NOW, stop).await.unwrap();

        seen.sort_unstable();
        seen.dedup();
        assert_eq!((seen.len(), few), (1000, 3));
    })
    .await;
}
