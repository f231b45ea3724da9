//! `init`: what it writes, what it leaves alone, and what it says.

use crate::binary::{Home, Started};
use serde_json::Value;
use std::fs;

/// A home with the console's file for the emulator's app.
fn home_for(emulator: &Started) -> Home {
    let app = &emulator.announced["apps"][0];
    let key = fs::read_to_string(app["private_key_file"].as_str().unwrap()).unwrap();
    let file = serde_json::json!({
        "client_type": "jwt",
        "client_id": app["client_id"],
        "public_key_id": app["public_key_id"],
        "private_key": key,
        "coze_api_base": emulator.announced["api_base"],
        "coze_www_base": emulator.announced["www_base"],
    });
    Home::new().file("coze_oauth_config.json", &file.to_string())
}

#[cfg(unix)]
fn mode(home: &Home, name: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(home.path().join(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_consoles_file_becomes_ours_and_works() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator);

    insta::assert_snapshot!(home.transcript(&["init"]), @"
    exit: 0
    ----- stdout -----
    Wrote private_key.pem, readable by you alone.
    Wrote cozegate.toml from coze_oauth_config.json. Apps: main (default: main).
    ----- stderr -----
    coze_oauth_config.json still holds the secret, too. When all works, remove it there.
    Next:
      cozegate config check    is all right?
      cozegate token           does Coze give a token?
      cozegate serve           run both services
    ");
    #[cfg(unix)]
    assert_eq!(
        (mode(&home, "cozegate.toml"), mode(&home, "private_key.pem")),
        (0o600, 0o600)
    );
    fs::remove_file(home.path().join("coze_oauth_config.json")).unwrap();
    let token = home.run(&["token"]);
    assert!(String::from_utf8(token.stdout).unwrap().starts_with("czs_"));
    assert_eq!(String::from_utf8(token.stderr).unwrap(), "");
}

#[test]
fn without_a_source_it_is_a_template_in_the_persons_language() {
    let home = Home::new();

    insta::assert_snapshot!(home.transcript(&["init", "--lang", "zh-CN"]), @"
    exit: 0
    ----- stdout -----
    已写出 cozegate.toml 模板。
    ----- stderr -----
    接下来：
      1. 填好 client_id 和 public_key_id，把私钥放进 private_key.pem。
      2. 运行 cozegate config check，看看还缺什么。
      3. 运行 cozegate serve
    ");
    let written = fs::read_to_string(home.path().join("cozegate.toml")).unwrap();
    assert!(written.starts_with("# cozegate.toml 模板。"), "{written}");
    assert_eq!(home.run(&["config", "check"]).status.code(), Some(3));
}

#[test]
fn a_file_that_is_there_is_left_alone_unless_forced() {
    let home = Home::new().file("cozegate.toml", "mine");

    insta::assert_snapshot!(home.transcript(&["init"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: There is a cozegate.toml already.
    hint: Look at it with "cozegate config show", or write over it with --force.
    "#);
    assert_eq!(fs::read_to_string(home.path().join("cozegate.toml")).unwrap(), "mine");
    assert_eq!(home.run(&["init", "--force"]).status.code(), Some(0));
    assert_ne!(fs::read_to_string(home.path().join("cozegate.toml")).unwrap(), "mine");
    let names: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["cozegate.toml"], "no draft is left behind");
}

#[test]
fn a_source_that_is_wrong_is_explained_and_nothing_is_written() {
    let home = Home::new().file("app.yaml", "coze:\n  oauth:\n    clientId: 1\n");

    insta::assert_snapshot!(home.transcript(&["init", "--from", "app.yaml"]), @r#"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error: The configuration has 3 mistakes:
      app.yaml:3:5: coze.oauth.baseUrl: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
      app.yaml:3:5: coze.oauth.publicKey: This key is missing.
      app.yaml:3:5: coze.oauth.privateKey: A secret is missing. Write one of: privateKey, privateKeyPath.
    "#);
    assert!(!home.path().join("cozegate.toml").exists());
}

#[test]
fn as_json_it_names_what_was_written() {
    let emulator = Home::new().start(&["emulator"]);
    let home = home_for(&emulator);

    let output = home.run(&["init", "--json", "--quiet"]);

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({
            "config": "cozegate.toml",
            "source": "coze_oauth_config.json",
            "is_template": false,
            "apps": ["main"],
            "default_app": "main",
            "written": ["private_key.pem", "cozegate.toml"],
        })
    );
}
