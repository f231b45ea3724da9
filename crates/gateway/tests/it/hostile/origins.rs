//! Origins that are not on the list, made from those that are: a check that compares anything but whole values is
//! fooled by one of these.

use super::case::Case;

/// What becomes of a listed origin. `{o}` is the origin, `{s}` its scheme, `{h}` its host with the port.
const CHANGES: [&str; 24] = [
    "{o}.evil.example",
    "{o}.",
    "{o}evil",
    "{o}/",
    "{o}#",
    "{o}?",
    "{o}\\",
    "{o}%00",
    "{o}:0",
    "{o}@evil.example",
    "{o},https://evil.example",
    "{o} https://evil.example",
    "https://evil.example {o}",
    "https://evil.example/{o}",
    "https://evil.example#{o}",
    "{s}://evil{h}",
    "{s}://evil.{h}",
    "{s}://user@{h}",
    "{s}:{h}",
    "{s}:///{h}",
    "{h}",
    "//{h}",
    "ws://{h}",
    "\"{o}\"",
];

/// Origins of their own.
const STANDALONE: [&str; 42] = [
    "null",
    "NULL",
    "Null",
    "undefined",
    "*",
    "",
    "file://",
    "file:///",
    "file:///home/user/page.html",
    "data:",
    "data:text/html,x",
    "about:blank",
    "about:srcdoc",
    "blob:https://www.coze.cn/1b9d6bcd",
    "blob:null/1b9d6bcd",
    "javascript:alert(1)",
    "filesystem:https://www.coze.cn/temporary/",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://11111111-2222-3333-4444-555555555555",
    "safari-web-extension://11111111-2222-3333-4444-555555555555",
    "chrome://newtab",
    "resource://x",
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "app://localhost",
    "https://evil.example",
    "http://evil.example",
    "http://localhost",
    "http://localhost:3000",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "http://0.0.0.0",
    "https://c\u{043e}ze.cn",
    "https://www.c0ze.cn",
    "https://www.\u{ff43}oze.cn",
    "https://xn--cze-dma.cn",
    "https://www.coze.com.cn",
    "https://www.coze",
    "https://www.coze.cn.",
    "https://coze.cn:443",
];

/// All of them for the listener on `own`. `listed` are origins that may ask.
pub fn cases(own: &str, listed: &[String]) -> Vec<Case> {
    let host = format!("Host: {own}\r\n");
    let field = |origin: &str| Case::of(format!("{host}Origin: {origin}\r\n"));
    let mut origins: Vec<String> = STANDALONE.map(str::to_owned).into();
    for origin in listed {
        let (scheme, authority) = origin.split_once("://").unwrap();
        let changed = CHANGES.map(|change| {
            change
                .replace("{o}", origin)
                .replace("{s}", scheme)
                .replace("{h}", authority)
        });
        origins.extend(changed);
        // Browsers serialize in lower case (RFC 6454 6.2), so other case is not a browser's.
        origins.push(origin.replace("http", "HTTP"));
        let other_scheme = if scheme == "https" { "http" } else { "https" };
        origins.push(format!("{other_scheme}://{authority}"));
        if origin.contains("coze") {
            origins.push(origin.replace("coze", "COZE"));
            origins.extend([format!("{origin}:443"), format!("{origin}:8443")]);
        }
    }
    let mut cases: Vec<Case> = origins.iter().map(|origin| field(origin)).collect();
    let first = &listed[0];
    let evil = "https://evil.example";
    for (one, other) in [
        (first.as_str(), first.as_str()),
        (first, evil),
        (evil, first),
        ("", first),
        ("null", first),
        (first, "null"),
    ] {
        cases.push(Case::of(format!("{host}Origin: {one}\r\nOrigin: {other}\r\n")));
    }
    cases.push(Case::of(format!("{host}Origin: {first}\0\r\n")));
    cases.push(Case::of(format!("{host}Origin : {first}\r\n")));
    cases.push(Case::of(format!("{host}Origin: {evil}\r\n {first}\r\n")));
    cases.push(Case::of(
        [host.as_bytes(), b"Origin: \xff\xfe", first.as_bytes(), b"\r\n"].concat(),
    ));
    // What a browser says beside a foreign origin makes it no better.
    for site in ["same-origin", "none", "same-site"] {
        cases.push(Case::of(format!("{host}Origin: {evil}\r\nSec-Fetch-Site: {site}\r\n")));
    }
    cases
}
