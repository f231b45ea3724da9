//! The access log of the real binary: a line for each request, and nobody but us writes one.

use crate::binary::{Home, Started};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::Receiver;

/// A demo with its access log on, and what it writes.
fn demo(home: &Home, format: &str) -> (Started, Receiver<String>) {
    let mut command = home.command(&["demo", "--quiet"]);
    for flag in ["--proxy-addr", "--auth-addr", "--emulator-addr"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command
        .env("COZEGATE__LOG__ACCESS", "on")
        .env("COZEGATE__LOG__FORMAT", format);
    let mut started = home.start_command(command);
    let lines = started.lines_of_stderr();
    (started, lines)
}

/// Sends bytes as they are and reads the answer up to the end of the connection.
fn send(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    // A request that is none may be answered by a reset.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(address: &str, path: &str, fields: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n");
    send(address, request.as_bytes())
}

fn open_session(auth: &str, body: &str) -> String {
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: {auth}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = send(auth, request.as_bytes());
    let (_, json) = answer.split_once("\r\n\r\n").unwrap();
    let session: Value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{answer}"));
    session["handle"].as_str().unwrap().to_owned()
}

/// The next line of a JSON log whose path is this.
fn line_of(lines: &Receiver<String>, path: &str) -> Value {
    loop {
        let line = lines.recv().unwrap();
        let object: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        if object["path"] == path {
            return object;
        }
    }
}

#[test]
fn request_is_told_with_its_name_its_caller_and_its_end() {
    let home = Home::new();
    let (demo, lines) = demo(&home, "json");
    let (proxy, auth) = (demo.address("/proxy"), demo.address("/auth"));
    let name = "Alice-of-Wonderland";
    let handle = open_session(&auth, &format!("{{\"session_name\":\"{name}\"}}"));
    let credential = format!("Authorization: Bearer {handle}\r\nX-Request-Id: chosen-by-the-caller\r\n");

    let session = line_of(&lines, "/auth/session");
    let answer = get(&proxy, "/v1/bots/75001?x=secret-of-the-query", &credential);
    let call = line_of(&lines, "/v1/bots/75001");
    get(&proxy, "/nowhere/pat_secretsecret", "");
    let refused = line_of(&lines, "/nowhere/***");

    let told = |line: &Value, keys: &[&str]| keys.iter().map(|key| line[*key].clone()).collect::<Vec<_>>();
    assert_eq!(
        told(
            &session,
            &[
                "target", "level", "listener", "method", "route", "status", "outcome", "app"
            ]
        ),
        ["access", "INFO", "auth", "POST", "session", "200", "done", "demo"].map(|text| match text {
            "200" => Value::from(200),
            text => Value::from(text),
        })
    );
    assert_eq!(
        told(&call, &["listener", "route", "caller", "outcome"]),
        ["proxy", "api", "handle", "done"]
    );
    // The same person at both listeners, under a name that is not theirs.
    assert_eq!(call["subject"], session["subject"]);
    assert_eq!(call["subject"].as_str().unwrap().len(), 12);
    assert!(call["log_id"].is_string() && call["upstream_ms"].is_number(), "{call}");
    let (_, behind) = answer.split_once("X-Request-Id: ").unwrap();
    assert_eq!(call["request_id"], behind.lines().next().unwrap());
    assert_ne!(call["request_id"], "chosen-by-the-caller");
    assert_eq!(
        told(&refused, &["caller", "problem", "status"]),
        [Value::from("none"), "no-such-endpoint".into(), 404.into()]
    );
    for line in [session, call, refused] {
        let line = line.to_string();
        for secret in [
            name,
            handle.as_str(),
            "secret-of-the-query",
            "secretsecret",
            "cgh_",
            "czs_",
        ] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}

#[test]
fn head_that_is_refused_is_told_without_a_word_of_it() {
    let home = Home::new();
    let (demo, lines) = demo(&home, "json");
    let (proxy, auth) = (demo.address("/proxy"), demo.address("/auth"));
    let long = format!("GET /secret HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    for (listener, address) in [("proxy", &proxy), ("auth", &auth)] {
        for (head, status, problem) in [
            ("GET /secret HTTP/1.1\r\nX-Secret: a\rb\r\n\r\n", 400, "head-refused"),
            (
                "SECRET /secret HTTP/9.9\r\nAuthorization: Bearer pat_secret\r\n\r\n",
                400,
                "head-refused",
            ),
            ("HEAD secret HTTP/1.1\r\n\r\n", 400, "head-refused"),
            (&long, 431, "head-too-large"),
        ] {
            let answer = send(address, head.as_bytes());
            let line = lines.recv().unwrap();

            let told: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(
                ["target", "listener", "route", "problem", "caller", "outcome"].map(|key| told[key].as_str().unwrap()),
                ["access", listener, "none", problem, "none", "done"]
            );
            assert_eq!(told["status"], status);
            assert!(told.get("method").is_none() && told.get("path").is_none(), "{line}");
            assert!(!line.to_ascii_lowercase().contains("secret"), "{line}");
            let (_, behind) = answer.split_once("X-Request-Id: ").unwrap();
            assert_eq!(told["request_id"], behind.lines().next().unwrap());
        }
    }
}

#[test]
fn stream_is_told_when_it_ends_and_a_caller_who_leaves_as_such() {
    let home = Home::new();
    let (demo, lines) = demo(&home, "json");
    let (proxy, auth) = (demo.address("/proxy"), demo.address("/auth"));
    let bot = demo.announced["emulator"]["bots"][0]["id"].as_str().unwrap().to_owned();
    let handle = open_session(&auth, "{}");
    let body = format!(
        "{{\"bot_id\":\"{bot}\",\"user_id\":\"u\",\"stream\":true,\"additional_messages\":[{{\"role\":\"user\",\
         \"content_type\":\"text\",\"content\":\"hello\"}}]}}"
    );
    let request = format!(
        "POST /v3/chat HTTP/1.1\r\nHost: {proxy}\r\nConnection: close\r\nAuthorization: Bearer {handle}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );

    let whole = send(&proxy, request.as_bytes());
    let ended = line_of(&lines, "/v3/chat");
    // Half a request: its body never comes.
    let mut stream = TcpStream::connect(&proxy).unwrap();
    stream.write_all(&request.as_bytes()[..request.len() - 5]).unwrap();
    drop(stream);
    let left = line_of(&lines, "/v3/chat");

    assert!(whole.contains("event:done"), "{whole}");
    assert_eq!((&ended["outcome"], &ended["status"]), (&"done".into(), &200.into()));
    assert_eq!(ended["bytes_in"], body.len());
    assert!(ended["bytes_out"].as_u64().unwrap() > 200, "{ended}");
    assert_eq!(left["route"], "chat");
    assert!(left["outcome"] == "left" || left["status"] == 400, "{left}");
}

/// Texts that would look like more than they are: to a terminal, to a program that reads lines, to one that reads JSON.
fn hostile_texts() -> Vec<String> {
    let forged_text = "2001-01-01T00:00:00.000000Z  INFO access: request listener=\"forged\"";
    let forged_json = "{\"target\":\"access\",\"listener\":\"forged\"}";
    let mut texts = Vec::new();
    for forged in [forged_text, forged_json] {
        for end in [
            "\n",
            "\r\n",
            "\r",
            "\u{2028}",
            "\u{85}",
            "\u{b}",
            "\u{c}",
            "\u{1c}",
            "%0d%0a",
            "%E2%80%A8",
        ] {
            texts.push(format!("x{end}{forged}"));
        }
    }
    let others = [
        "\u{1b}[2K\u{1b}[1Gforged",
        "\u{9b}2J",
        "%1b[2J",
        "\u{8}\u{8}\u{8}forged",
        "\u{7f}\u{0}",
        "\",\"listener\":\"forged",
        "\\\",\\\"listener\\\":\\\"forged",
        "\"}{\"target\":\"access\",\"listener\":\"forged\"}",
        "\u{1f600}\u{1d11e}",
        "\u{202e}forged",
        " listener=\"forged\"",
        "{}%s%n${jndi:ldap://forged}",
        "\u{fffd}\u{feff}",
        "\\n\\r\\u001b[2J",
        "'; listener=forged",
        "%00%ff%c0%af",
        "\u{1b}]0;forged\u{7}",
        "=listener=forged",
        "</script><b>",
        "\t listener=\"forged\"",
    ];
    texts.extend(others.map(str::to_owned));
    texts
}

/// The places of a request where a caller writes.
fn requests(proxy: &str, auth: &str, text: &str) -> [(String, Vec<u8>); 10] {
    let encoded = text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02x}").unwrap();
        encoded
    });
    let request = |address: &str, line: &str, fields: &str, body: &str| {
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n");
        (address.to_owned(), format!("{head}{fields}\r\n{body}").into_bytes())
    };
    let raw = |address: &str, line: &str, fields: &str| {
        let head = format!("{line}\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n");
        (address.to_owned(), head.into_bytes())
    };
    let body = serde_json::json!({ "app": text, "session_name": text }).to_string();
    [
        request(proxy, &format!("GET /v1/{text}"), "", ""),
        request(proxy, &format!("GET /https://{encoded}/{encoded}"), "", ""),
        request(
            auth,
            &format!("GET /callback/{encoded}?session_name={encoded}&app={encoded}"),
            "",
            "",
        ),
        request(
            proxy,
            "GET /v1/users/me",
            &format!("X-Request-Id: {text}\r\nX-Tt-Logid: {text}\r\nUser-Agent: {text}\r\nOrigin: {text}\r\n"),
            "",
        ),
        request(auth, "POST /auth/session", "", &body),
        // Heads that are refused before anybody reads what they say.
        raw(proxy, &format!("{text} /v1/users/me HTTP/1.1"), ""),
        raw(auth, &format!("GET / {text}"), ""),
        raw(auth, &format!("HEAD {text} HTTP/1.1"), &format!("X Y: {text}\r\n")),
        raw(proxy, "POST / HTTP/1.1", &format!("Content-Length: {text}\r\n")),
        raw(proxy, "GET / HTTP/1.1", &format!("{text}\r\n")),
    ]
}

#[test]
fn nobody_forges_a_line() {
    let texts = hostile_texts();
    let mut tried = 0;
    let mut forged = Vec::new();
    for format in ["text", "json"] {
        let home = Home::new();
        let (demo, lines) = demo(&home, format);
        let (proxy, auth) = (demo.address("/proxy"), demo.address("/auth"));
        for text in &texts {
            for (address, request) in requests(&proxy, &auth, text) {
                send(&address, &request);
                tried += 1;
            }
        }
        get(&proxy, "/v1/the-last-one", "");
        let mut names = HashSet::new();
        loop {
            let line = lines.recv().unwrap();
            // Every byte that some reader takes for the end of a line or for an order to the terminal.
            let has_odd_character = line.chars().any(|c| c.is_control() || !c.is_ascii());
            let (is_ours, name) = match format {
                "json" => match serde_json::from_str::<Value>(&line) {
                    Ok(object) => (
                        object["listener"] != "forged" && object["target"] == "access",
                        object["request_id"].as_str().unwrap_or_default().to_owned(),
                    ),
                    Err(_) => (false, String::new()),
                },
                _ => (
                    !line.starts_with("2001-") && line.contains("Z  INFO access: request listener="),
                    line.split("request_id=\"")
                        .nth(1)
                        .unwrap_or_default()
                        .chars()
                        .take(16)
                        .collect(),
                ),
            };
            if has_odd_character || !is_ours || !names.insert(name) {
                forged.push(line.clone());
            }
            if line.contains("/v1/the-last-one") {
                break;
            }
        }
        // One for each, whatever was wrong with it, and one for the last.
        assert_eq!(
            names.len(),
            texts.len() * requests(&proxy, &auth, "").len() + 1,
            "{format}"
        );
    }

    println!("log lines: bad tried {tried} / forged lines {}", forged.len());
    assert_eq!(forged, Vec::<String>::new());
}
