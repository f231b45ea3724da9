//! Changed files: taken whole, refused whole, and never half written.

use super::{Workplace, console_file, private_key, token};
use crate::{LoadRequest, Loaded, ReloadOutcome, Reloader};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const APP: &str = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n[timeouts]\nidle_seconds = ";

impl Workplace {
    fn watched() -> (Self, Reloader) {
        let workplace = Self::new()
            .file("token", &token())
            .file("cozegate.toml", &format!("{APP}1\n"));
        let reloader = workplace.reloader(None);
        (workplace, reloader)
    }

    fn reloader(&self, explicit: Option<&str>) -> Reloader {
        let request = LoadRequest {
            explicit: explicit.map(PathBuf::from),
            directory: self.path().to_owned(),
            environment: self.variables.iter().cloned().collect(),
            flags: vec![],
        };
        let loaded = self.load(explicit).unwrap();
        Reloader::new(request, &loaded).unwrap()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path().join(name), content).unwrap();
    }
}

/// Looks until there is an answer; a change takes two looks.
async fn answer(reloader: &mut Reloader) -> ReloadOutcome {
    for _ in 0..3 {
        if let Some(outcome) = reloader.look_now().await {
            return outcome;
        }
    }
    panic!("no answer to a change")
}

fn loaded(outcome: ReloadOutcome) -> Loaded {
    match outcome {
        ReloadOutcome::Loaded(loaded) => *loaded,
        ReloadOutcome::Refused(errors) => panic!("{errors}"),
    }
}

fn refused(outcome: ReloadOutcome) -> String {
    match outcome {
        ReloadOutcome::Loaded(loaded) => panic!("{loaded:?}"),
        ReloadOutcome::Refused(errors) => errors.to_string(),
    }
}

async fn assert_quiet(reloader: &mut Reloader) {
    for _ in 0..3 {
        assert!(reloader.look_now().await.is_none());
    }
}

#[tokio::test]
async fn a_changed_file_is_loaded_once() {
    let (workplace, mut reloader) = Workplace::watched();
    assert_quiet(&mut reloader).await;

    workplace.write("cozegate.toml", &format!("{APP}2\n"));

    assert_eq!(
        loaded(answer(&mut reloader).await).config.timeouts.idle,
        Duration::from_secs(2)
    );
    assert_quiet(&mut reloader).await;
}

#[tokio::test]
async fn a_wrong_file_is_refused_once_and_the_mended_one_taken() {
    let (workplace, mut reloader) = Workplace::watched();

    workplace.write("cozegate.toml", &format!("{APP}0\n"));
    insta::assert_snapshot!(refused(answer(&mut reloader).await), @"cozegate.toml:6:16: timeouts.idle_seconds: 0 is not a whole number from 1 to 3600.");
    assert_quiet(&mut reloader).await;
    workplace.write("cozegate.toml", &format!("{APP}3\n"));

    assert_eq!(
        loaded(answer(&mut reloader).await).config.timeouts.idle,
        Duration::from_secs(3)
    );
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_left_to_rest() {
    let (workplace, mut reloader) = Workplace::watched();

    for half in [
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n",
        "[apps",
        APP,
    ] {
        workplace.write("cozegate.toml", half);
        assert!(reloader.look_now().await.is_none());
    }
    workplace.write("cozegate.toml", &format!("{APP}4\n"));
    assert!(reloader.look_now().await.is_none());

    let outcome = reloader.look_now().await.unwrap();
    assert_eq!(loaded(outcome).config.timeouts.idle, Duration::from_secs(4));
}

#[tokio::test]
async fn a_rotated_secret_counts_and_a_touched_file_does_not() {
    let (workplace, mut reloader) = Workplace::watched();

    workplace.write("cozegate.toml", &format!("{APP}1\n"));
    assert_quiet(&mut reloader).await;
    workplace.write("token", &format!("{}2", token()));

    let loaded = loaded(answer(&mut reloader).await);
    assert!(matches!(
        &loaded.config.app(None).unwrap().credentials,
        crate::Credentials::PersonalAccessToken { token: secret, .. } if secret.expose().ends_with('2')
    ));
}

#[tokio::test]
async fn a_file_that_goes_is_refused_and_one_that_comes_first_is_taken() {
    let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));
    let mut reloader = workplace.reloader(None);

    fs::remove_file(workplace.path().join("coze_oauth_config.json")).unwrap();
    assert!(refused(answer(&mut reloader).await).starts_with("There is no configuration"));
    workplace.write("token", &token());
    workplace.write("cozegate.toml", &format!("{APP}5\n"));

    assert_eq!(
        loaded(answer(&mut reloader).await).config.timeouts.idle,
        Duration::from_secs(5)
    );
}

#[tokio::test]
async fn a_new_configuration_may_wait_for_its_key() {
    let (workplace, mut reloader) = Workplace::watched();
    let jwt = "[apps.main]\nkind = \"jwt\"\nregion = \"cn\"\nclient_id = \"1\"\npublic_key_id = \"k\"\nprivate_key_file = \"key.pem\"\n";

    workplace.write("cozegate.toml", jwt);
    assert!(refused(answer(&mut reloader).await).contains("key.pem cannot be read"));
    workplace.write("key.pem", private_key());

    assert_eq!(
        loaded(answer(&mut reloader).await).config.apps["main"]
            .credentials
            .kind()
            .word(),
        "jwt"
    );
}

#[tokio::test]
async fn who_asks_is_answered_even_when_nothing_has_changed() {
    let (workplace, mut reloader) = Workplace::watched();

    let outcome = reloader.ask_now().await.unwrap();
    assert_eq!(loaded(outcome).config.timeouts.idle, Duration::from_secs(1));
    // What is wrong may be half written: the answer comes when it rests.
    workplace.write("cozegate.toml", "[apps");
    assert!(reloader.ask_now().await.is_none());
    assert!(refused(answer(&mut reloader).await).contains("cannot be understood"));
    assert!(reloader.ask_now().await.is_none());
    assert!(refused(answer(&mut reloader).await).contains("cannot be understood"));
    assert_quiet(&mut reloader).await;
}

#[tokio::test]
async fn a_handle_wakes_the_one_who_waits() {
    let (_workplace, mut reloader) = Workplace::watched();
    let handle = reloader.handle();

    handle.ask();

    assert_eq!(
        loaded(reloader.next().await).config.timeouts.idle,
        Duration::from_secs(1)
    );
}
