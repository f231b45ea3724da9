//! `login --import`, `logout` and `logout --export`: a login as a file, in and out.

use crate::binary::Home;
use crate::person::Person;
use crate::platform::{Platform, ReservedPort};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A home in which somebody is logged in to the app `pkce`.
fn logged_in(platform: &Platform) -> Home {
    let port = ReservedPort::find();
    let home = platform.home(&["pkce"], &port.redirect_uri());
    let login = home.start_login(&["--no-browser"]);
    Person::reading("en").agree(login.url());
    assert_eq!(login.finish().status.code(), Some(0));
    home
}

/// Another home with the same app, where nobody is logged in.
fn logged_out(platform: &Platform) -> Home {
    platform.home(&["pkce"], &ReservedPort::find().redirect_uri())
}

fn token(home: &Home) -> String {
    String::from_utf8(home.run(&["token"]).stdout)
        .unwrap()
        .trim()
        .to_owned()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn login_moves_to_another_machine_and_is_gone_from_the_first() {
    let platform = Platform::start();
    let (from, to) = (logged_in(&platform), logged_out(&platform));
    let access_token = token(&from);
    let heard = platform.heard();

    let exported = from.transcript(&["logout", "--export", "login.json"]);
    let file = from.path().join("login.json");
    let imported = to.run(&["login", "--import", file.to_str().unwrap(), "--json"]);

    insta::assert_snapshot!(exported, @"
    exit: 0
    ----- stdout -----
    The login stands in login.json now, readable by you alone.
    Logged out of app pkce.
    ----- stderr -----
    Coze cannot be told: the last access token works there until it ends, a quarter of an hour at most. A service that runs uses it as long.
    ");
    let written = read(&file);
    let members: Vec<&String> = written.as_object().unwrap().keys().collect();
    assert_eq!(members, ["access_token", "client_id", "expires_at", "refresh_token"]);
    assert_eq!(written["access_token"], access_token);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let result: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!((imported.status.code(), &result["app"]), (Some(0), &"pkce".into()));
    assert_eq!(result["access_expires_at"], written["expires_at"]);
    assert_eq!(token(&to), access_token);
    assert_eq!(from.run(&["token"]).status.code(), Some(4));
    assert_eq!(platform.heard(), heard, "the platform was asked");
}

#[test]
fn file_that_is_there_is_not_written_over_and_the_login_stays() {
    let platform = Platform::start();
    let home = logged_in(&platform).file("login.json", "somebody's");
    let access_token = token(&home);

    let output = home.run(&["logout", "--export", "login.json"]);

    assert_eq!(output.status.code(), Some(2), "{}", home.describe(&output));
    assert_eq!(
        fs::read_to_string(home.path().join("login.json")).unwrap(),
        "somebody's"
    );
    assert_eq!(token(&home), access_token);
}

#[test]
fn file_that_is_no_login_of_this_app_is_refused_without_a_word_of_it() {
    let home = logged_out(&Platform::start())
        .file(
            "other-app.json",
            r#"{"access_token":"canary","refresh_token":"canary","client_id":"2.app.coze"}"#,
        )
        .file("shape.json", r#"{"access_token":["canary"]}"#)
        .file("no-json.json", "access_token=canary")
        .file("token.json", "{\"access_token\":\"canary canary\"}")
        .file("date.json", r#"{"access_token":"a","expires_at":"canary"}"#);

    let mut transcripts = String::new();
    for name in [
        "other-app.json",
        "shape.json",
        "no-json.json",
        "token.json",
        "date.json",
    ] {
        let transcript = home.transcript(&["login", "--import", name]);
        assert!(!transcript.contains("canary"), "{transcript}");
        transcripts += &transcript.replace("----- stdout -----\n----- stderr -----\n", "");
        assert_eq!(home.run(&["token"]).status.code(), Some(4), "{name}");
    }

    insta::assert_snapshot!(transcripts, @"
    exit: 2
    error: The login in other-app.json cannot be used.
    cause: it belongs to the app 2.app.coze, and not to 11500000000000000000000000000003.app.coze
    exit: 2
    error: The login in shape.json cannot be used.
    cause: it is no JSON object with access_token, refresh_token, expires_at and client_id (line 1)
    exit: 2
    error: The login in no-json.json cannot be used.
    cause: it is no JSON object with access_token, refresh_token, expires_at and client_id (line 1)
    exit: 2
    error: The login in token.json cannot be used.
    cause: access_token cannot be used
    cause: the token holds a character that cannot stand in a header
    exit: 2
    error: The login in date.json cannot be used.
    cause: expires_at is neither Unix seconds nor a date and time
    ");
}

#[test]
fn logging_out_twice_is_no_mistake() {
    let home = logged_in(&Platform::start());

    insta::assert_snapshot!(home.transcript(&["logout"]), @"
    exit: 0
    ----- stdout -----
    Logged out of app pkce.
    ----- stderr -----
    Coze cannot be told: the last access token works there until it ends, a quarter of an hour at most. A service that runs uses it as long.
    ");
    insta::assert_snapshot!(home.transcript(&["logout"]), @"
    exit: 0
    ----- stdout -----
    Nobody was logged in to app pkce.
    ----- stderr -----
    ");
    let output = home.run(&["logout", "--export", "login.json", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({"app": "pkce", "was_logged_in": false, "exported_to": null})
    );
    assert!(!home.path().join("login.json").exists());
}
