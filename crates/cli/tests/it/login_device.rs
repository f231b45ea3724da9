//! `login` to an app of kind `device`: the code for another device, and what comes of it there.
//!
//! The platform wants five seconds between two questions, and so each of these takes as long.

use crate::binary::Started;
use crate::person::{Decision, Person};
use crate::platform::Platform;
use serde_json::Value;

/// Opens the address with the code in it on another device, and decides there.
fn decide_elsewhere(login: &Started, decision: Decision) {
    let mut person = Person::reading("en");
    let page = person.open(login.announced["verification_uri_complete"].as_str().unwrap());
    assert!(page.text().contains(login.announced["user_code"].as_str().unwrap()));
    assert!(person.press(&page, decision).is_none(), "the page leads elsewhere");
}

/// The exit code, and the one line of JSON after the announcement.
fn end_of(login: Started) -> (Option<i32>, Value) {
    let (code, rest) = login.wait();
    (code, serde_json::from_str(&rest).unwrap())
}

#[test]
fn person_agrees_on_another_device() {
    let platform = Platform::start();
    let home = platform.home(&["device"], "");
    let login = home.start(&["login", "--no-browser"]);
    let told = login.announced.as_object().unwrap();
    let members: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "expires_at",
            "user_code",
            "verification_uri",
            "verification_uri_complete"
        ]
    );

    decide_elsewhere(&login, Decision::Approve);
    let (code, result) = end_of(login);

    assert_eq!((code, &result["app"]), (Some(0), &"device".into()), "{result}");
    assert_eq!(result["host"], platform.address());
    assert!(
        result["access_expires_at"].is_i64() && result["login_expires_at"].is_i64(),
        "{result}"
    );
    let heard = platform.heard();
    let token = String::from_utf8(home.run(&["token"]).stdout).unwrap();
    assert!(token.starts_with("czu_"));
    assert_eq!(platform.heard(), heard, "the platform was asked for another token");
}

#[test]
fn person_says_no_on_another_device() {
    let platform = Platform::start();
    let home = platform.home(&["device"], "");
    let login = home.start(&["login", "--no-browser"]);

    decide_elsewhere(&login, Decision::Deny);
    let (code, result) = end_of(login);

    assert_eq!(
        (code, &result["error"]["kind"]),
        (Some(4), &"authorization".into()),
        "{result}"
    );
    assert_eq!(home.run(&["token"]).status.code(), Some(4));
}

#[test]
fn code_is_shown_even_when_nothing_else_is() {
    let platform = Platform::start();
    let home = platform.home(&["device"], "");

    let mut login = home.start_login(&["--quiet", "--no-browser"]);
    let code = login.next_line();

    assert_eq!(login.url(), format!("http://{}/device", platform.address()));
    let code = code.rsplit(' ').next().unwrap().trim();
    let page = Person::reading("en").open(&format!("{}?user_code={code}", login.url()));
    assert_eq!(page.answer.status, 200, "{code}: {}", page.text());
}
