//! `token` against the emulator: the token alone on stdout, and refusals with their exit code and advice.

use crate::binary::{Home, Started};
use serde_json::Value;

/// A home with the console's file for the emulator's app, some fields replaced.
fn home_for(emulator: &Started, changes: &[(&str, &str)]) -> Home {
    let app = &emulator.announced["apps"][0];
    let key = std::fs::read_to_string(app["private_key_file"].as_str().unwrap()).unwrap();
    let mut file = serde_json::json!({
        "client_type": "jwt",
        "client_id": app["client_id"],
        "public_key_id": app["public_key_id"],
        "private_key": key,
        "coze_api_base": emulator.announced["api_base"],
        "coze_www_base": emulator.announced["www_base"],
    });
    for (field, value) in changes {
        file[*field] = (*value).into();
    }
    Home::new().file("coze_oauth_config.json", &file.to_string())
}

#[test]
fn the_token_stands_alone_on_stdout() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator, &[]);

    let output = home.run(&["token", "--session-name", "user-1", "--bot", "7300000000000000001"]);

    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
        (Some(0), "")
    );
    assert!(stdout.starts_with("czs_") && stdout.ends_with('\n') && stdout.lines().count() == 1);
}

#[test]
fn as_json_it_comes_with_its_end() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator, &[]);

    let output = home.run(&["token", "--json", "--session-name", "user-1", "--duration", "60"]);

    let token: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["session_name"], "user-1");
    assert!(
        (55..=60).contains(&token["expires_in"].as_u64().unwrap()),
        "{}",
        token["expires_in"]
    );
}

#[test]
fn a_key_that_is_not_known_there_is_explained() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator, &[("public_key_id", "unknown")]);

    let transcript = home.transcript(&["token"]);

    let log_id = transcript
        .split("log id ")
        .last()
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim_end_matches('.')
        .to_owned();
    let transcript = transcript
        .replace(&emulator.address("/api_base"), "HOST")
        .replace(&log_id, "LOGID");
    insta::assert_snapshot!(transcript, @r#"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: HOST does not accept the credentials of app main.
    cause: Coze refused to issue a token
    cause: HTTP 401, invalid_client, invalid jwt: kid not been registred (log id LOGID)
    hint: HOST does not know the key's id. Most often the app belongs to the other region (api.coze.cn or api.coze.com); else compare public_key_id with the fingerprint in the console.
    hint: Coze's support finds the request by its log id LOGID.
    "#);
}

#[test]
fn a_platform_that_is_not_there_exits_with_5() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator, &[]);
    drop(emulator);

    let output = home.run(&["token", "--json"]);

    assert_eq!(output.status.code(), Some(5));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["error"]["kind"], "network");
}

#[test]
fn an_unknown_app_is_a_usage_mistake() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator, &[]);

    insta::assert_snapshot!(home.transcript(&["token", "--app", "mian"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: There is no app called "mian" in the configuration. It has: main.
    hint: Did you mean "main"?
    "#);
}

#[test]
fn an_app_that_nobody_has_logged_in_to_says_how() {
    let home = Home::new().file(
        "cozegate.toml",
        "[apps.main]\nkind = \"pkce\"\nregion = \"cn\"\nclient_id = \"1.app.coze\"\n",
    );

    insta::assert_snapshot!(home.transcript(&["token"]), @r#"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: Nobody is logged in to app main any more, or yet.
    cause: a person has to log in: nobody is logged in
    hint: Log in: cozegate login --app main
    "#);
}

/// A home with a personal access token whose end was noted as `days` from now.
fn home_with_fixed_token(days: i64) -> Home {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let end = i64::try_from(now).unwrap() + days * 86_400 + 3600;
    Home::new().file("token", "pat_made_for_this_test").file(
        "cozegate.toml",
        &format!("[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\nexpires_at = {end}\n"),
    )
}

#[test]
fn a_fixed_token_is_spoken_of_from_seven_days_before_its_end() {
    let said = |days| String::from_utf8(home_with_fixed_token(days).run(&["token"]).stderr).unwrap();

    assert_eq!(said(8), "");
    insta::assert_snapshot!(said(6), @"warning: The fixed token of app main ends in 6 days, and nobody can renew it. Make a new one in the Coze console and put it into the configuration.");
    let ended = home_with_fixed_token(-2).run(&["token"]);
    assert_eq!(ended.status.code(), Some(4));
    assert!(
        String::from_utf8(ended.stderr)
            .unwrap()
            .starts_with("warning: The fixed token of app main has ended.")
    );
}
