//! `ports`, and what a taken port is answered with.

use crate::binary::Home;
use serde_json::{Value, json};
use std::net::TcpListener;

/// A configuration whose auth service wants `auth`, and whose proxy any free port.
fn home_with_auth_at(auth: &str) -> Home {
    let toml = format!(
        "[server]\nproxy_addr = \"127.0.0.1:0\"\nauth_addr = \"{auth}\"\n\
         [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n"
    );
    Home::new()
        .file("cozegate.toml", &toml)
        .file("token", "not-a-real-token\n")
}

#[test]
fn a_stranger_on_a_port_is_named_and_the_exit_code_is_7() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    // Nobody answers here; closing lets the question end at once.
    drop(std::thread::spawn(move || drop(stranger.accept())));

    let output = home_with_auth_at(&address).run(&["ports", "--json"]);

    assert_eq!(output.status.code(), Some(7));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ports"][0]["state"], "free");
    assert_eq!(answer["ports"][1]["address"], json!(address));
    assert_eq!(answer["ports"][1]["state"], "taken");
    #[cfg(target_os = "linux")]
    assert_eq!(answer["ports"][1]["process"]["pid"], std::process::id());
}

#[cfg(target_os = "linux")]
#[test]
fn serve_on_a_taken_port_says_who_holds_it_and_how_to_move() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    drop(std::thread::spawn(move || {
        loop {
            drop(stranger.accept());
        }
    }));
    let home = home_with_auth_at(&address);

    let transcript = home.transcript(&["serve"]);

    let name = std::fs::read_to_string("/proc/self/comm").unwrap();
    let transcript = transcript
        .replace(&address, "ADDRESS")
        .replace(name.trim(), "NAME")
        .replace(&std::process::id().to_string(), "PID");
    insta::assert_snapshot!(transcript, @"
    exit: 7
    ----- stdout -----
    ----- stderr -----
    error: The auth service cannot listen on ADDRESS: held by NAME (process PID).
    hint: Choose another address with --auth-addr, such as --auth-addr 127.0.0.1:0 for any free port.
    ");
}

#[test]
fn another_run_of_ours_is_recognised() {
    let running = Home::new().start(&["demo", "--proxy-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0"]);
    let toml = format!(
        "[server]\nproxy_addr = \"{}\"\nauth_addr = \"{}\"\n\
         [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n",
        running.address("/proxy"),
        running.address("/auth")
    );
    let home = Home::new()
        .file("cozegate.toml", &toml)
        .file("token", "not-a-real-token\n");

    let output = home.run(&["ports", "--json"]);
    let serve = home.run(&["serve"]);

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{answer}");
    for port in answer["ports"].as_array().unwrap() {
        assert_eq!(port["state"], "cozegate");
        assert_eq!(port["version"], env!("CARGO_PKG_VERSION"));
        #[cfg(target_os = "linux")]
        assert_eq!(port["process"]["pid"], running.id());
    }
    assert_eq!(serve.status.code(), Some(7));
    assert!(String::from_utf8(serve.stderr).unwrap().contains("another cozegate"));
}
