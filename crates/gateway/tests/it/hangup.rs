//! SIGHUP, as an operator or a service manager sends it. The only test that sends it: it reaches the whole process.

use cozegate_config::{Environment, LoadRequest, ReloadOutcome, Reloader};
use std::fs;
use std::process::Command;
use std::time::Duration;

const APP: &str = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_env = \"TOKEN\"\n[timeouts]\nidle_seconds = ";

#[tokio::test]
async fn a_hangup_loads_the_configuration_again_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cozegate.toml");
    fs::write(&file, format!("{APP}1\n")).unwrap();
    let request = LoadRequest {
        explicit: None,
        directory: directory.path().to_owned(),
        environment: [("TOKEN".to_owned(), "unused".to_owned())]
            .into_iter()
            .collect::<Environment>(),
        flags: vec![],
    };
    let loaded = cozegate_config::load(request.clone()).unwrap();
    let mut reloader = Reloader::new(request, &loaded).unwrap();

    fs::write(&file, format!("{APP}2\n")).unwrap();
    let process = std::process::id().to_string();
    let sent = Command::new("kill").args(["-HUP", &process]).status().unwrap();

    assert!(sent.success());
    match reloader.next().await {
        ReloadOutcome::Loaded(loaded) => assert_eq!(loaded.config.timeouts.idle, Duration::from_secs(2)),
        ReloadOutcome::Refused(errors) => panic!("{errors}"),
    }
}
