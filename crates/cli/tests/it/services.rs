//! `demo`, `emulator` and `serve`: what they announce, that they answer, how they end.

use crate::binary::{Home, Started};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const DEMO: [&str; 7] = [
    "demo",
    "--proxy-addr",
    "127.0.0.1:0",
    "--auth-addr",
    "127.0.0.1:0",
    "--emulator-addr",
    "127.0.0.1:0",
];

/// Sends one request and returns the whole answer.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The exit code after an orderly stop, and what else stood on stdout.
#[cfg(unix)]
fn stop(started: Started) -> (Option<i32>, String) {
    started.terminate();
    started.wait()
}

#[test]
fn demo_announces_itself_and_its_chat_page_answers() {
    let home = Home::new();
    let demo = home.start(&DEMO);

    let chat = get(&demo.address("/auth"), "/chat");
    let about = get(&demo.address("/proxy"), "/");

    assert!(chat.starts_with("HTTP/1.1 200"), "{chat}");
    assert!(about.contains("\"service\":\"cozegate\""), "{about}");
    let emulator = &demo.announced["emulator"];
    assert_eq!(emulator["apps"][0]["kind"], "jwt");
    assert!(emulator["bots"].as_array().unwrap().len() >= 2);
    let key = emulator["apps"][0]["private_key_file"].as_str().unwrap();
    assert!(
        std::fs::read_to_string(key)
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY-----")
    );
}

#[cfg(unix)]
#[test]
fn a_terminated_demo_ends_with_0_and_leaves_nothing_behind() {
    let home = Home::new();
    let demo = home.start(&DEMO);
    let key = demo.announced["emulator"]["apps"][0]["private_key_file"]
        .as_str()
        .unwrap()
        .to_owned();

    let (code, rest) = stop(demo);

    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert!(!std::path::Path::new(&key).exists());
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn demo_obeys_variables() {
    let home = Home::new();
    let output = home
        .command(&DEMO)
        .env("COZEGATE__CORS__ORIGINS", "[\"*\"]")
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("COZEGATE__CORS__ORIGINS")
    );
}

#[test]
fn the_emulator_prints_one_object_with_everything_a_client_needs() {
    let home = Home::new();
    let emulator = home.start(&["emulator"]);

    let info = get(&emulator.address("/api_base"), "/_emulator/info");

    assert!(info.starts_with("HTTP/1.1 200"), "{info}");
    let key = emulator.announced["apps"][0]["private_key_file"].as_str().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(std::path::Path::new(key).is_absolute());
}

#[test]
fn the_emulated_platform_is_as_strict_as_the_command_line_says() {
    let flags = [
        "--isolation",
        "none",
        "--enforce-scope",
        "--permission",
        "chat",
        "--permission",
        "listBot",
    ];
    let emulator = Home::new().start(&[&["emulator"][..], &flags[..]].concat());
    let demo = Home::new().start(&[&DEMO[..], &flags[..2]].concat());
    let plain = Home::new().start(&["emulator"]);

    assert_eq!(emulator.announced["isolation"], "none");
    assert_eq!(emulator.announced["enforces_scope"], true);
    assert_eq!(
        emulator.announced["apps"][0]["permissions"],
        serde_json::json!(["chat", "listBot"])
    );
    assert_eq!(demo.announced["emulator"]["isolation"], "none");
    assert_eq!(
        (&plain.announced["isolation"], &plain.announced["enforces_scope"]),
        (&"session".into(), &false.into())
    );
    assert!(plain.announced["apps"][0].get("permissions").is_none());
}

#[cfg(unix)]
#[test]
fn serve_with_one_service_announces_that_one_and_keeps_its_secret_in_the_home() {
    let home = Home::new()
        .file(
            "cozegate.toml",
            "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n",
        )
        .file("token", "not-a-real-token\n");
    let serve = home.start(&["serve", "--only", "auth", "--auth-addr", "127.0.0.1:0"]);

    let live = get(&serve.address("/auth"), "/livez");

    assert!(live.contains("\"service\":\"cozegate\""), "{live}");
    assert!(serve.announced["proxy"].is_null());
    assert!(home.path().join(".local/state/cozegate/visitors.secret").exists());
    assert_eq!(stop(serve).0, Some(0));
}

/// A request of a page of `origin`, as often as it takes until its answer is `wanted`.
#[cfg(unix)]
fn ask_until(wanted: &str, address: &str, origin: &str) {
    use std::io::{Read as _, Write as _};
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let host = address.trim_start_matches("http://");
    loop {
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let request = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        if answer.starts_with(wanted) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{answer}");
    }
}

#[cfg(unix)]
#[test]
fn serve_follows_its_file() {
    const APP: &str = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n";
    let home = Home::new()
        .file("cozegate.toml", APP)
        .file("token", "not-a-real-token\n");
    let serve = home.start(&["serve", "--proxy-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0"]);
    let hang_up = || {
        let process = serve.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-HUP", &process])
            .status()
            .unwrap();
        assert!(sent.success());
    };
    let file = home.path().join("cozegate.toml");
    let origin = "https://page.example";
    let auth = serve.address("/auth");
    ask_until("HTTP/1.1 403", &auth, origin);

    std::fs::write(&file, format!("{APP}[cors]\norigins = [\"{origin}\"]\n")).unwrap();
    hang_up();
    ask_until("HTTP/1.1 200", &auth, origin);
    std::fs::write(&file, APP).unwrap();
    hang_up();
    ask_until("HTTP/1.1 403", &auth, origin);

    assert_eq!(stop(serve).0, Some(0));
}
