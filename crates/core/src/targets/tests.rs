//! The judge of URLs against the spellings that get past weaker ones. Prints `bad tried / let through` and `good tried /
//! refused`.

use super::*;
use cozegate_config::FilesConfig;

fn allowed() -> Allowed {
    let mut hosts = FilesConfig::default().hosts;
    hosts.push(FileHost::private("http://127.0.0.1:9").unwrap());
    hosts.push(FileHost::public("https://mirror.example:8443").unwrap());
    let api: Url = "https://api.coze.cn".parse().unwrap();
    Allowed::new(hosts, [&api])
}

/// What a request with this target names, judged; `None` when it names no URL.
fn judged(target: &str) -> Option<Result<Target, Refused>> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    Some(named_by(path, query)?.and_then(|text| allowed().judge(&text)))
}

fn encoded(text: &str) -> String {
    let hex = |byte: u8| format!("%{byte:02X}");
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    text.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                hex(byte)
            }
        })
        .collect()
}

/// What a missing or a doubled slash is mended to.
const MENDED: &str = "https://lf-cdn.coze.cn/x.js";

#[test]
fn no_spelling_leads_to_a_host_that_is_not_listed() {
    // What people and libraries have mistaken for another host, scheme or port.
    let bad = [
        "https://evil.example/x.js",
        "https://lf-cdn.coze.cn.evil.example/x.js",
        "https://evil.example/lf-cdn.coze.cn",
        "https://evil-lf-cdn.coze.cn/x.js",
        "https://coze.cn/x.js",
        "https://sub.lf-cdn.coze.cn/x.js",
        "https://lf-cdn.coze.cn./x.js",
        "https://lf-cdn.coze.cn..evil.example/",
        "https://lf-cdn.coze.cn:444/x.js",
        "https://lf-cdn.coze.cn:80/x.js",
        "https://lf-cdn.coze.cn:0/x.js",
        "https://lf-cdn.coze.cn:99999/x.js",
        "https://lf-cdn.coze.cn:/x.js",
        "http://lf-cdn.coze.cn/x.js",
        "http://lf-cdn.coze.cn:443/x.js",
        "https://lf-cdn.coze.cn@evil.example/x.js",
        "https://lf-cdn.coze.cn:pw@evil.example/x.js",
        "https://user@lf-cdn.coze.cn/x.js",
        "https://user:pw@lf-cdn.coze.cn/x.js",
        "https://@lf-cdn.coze.cn/x.js",
        "https://:@lf-cdn.coze.cn/x.js",
        "https://lf-cdn.coze.cn%40evil.example/",
        "https://lf-cdn.coze.cn%2eevil.example/",
        "https://lf-cdn.coze.cn%00.evil.example/",
        "https://lf-cdn.coze.cn%2f@evil.example/",
        "https://evil.example#lf-cdn.coze.cn/x.js",
        "https://lf-cdn.coze.cn#@evil.example/",
        "https://lf-cdn.coze.cn/x.js#x",
        "https://evil.example?lf-cdn.coze.cn",
        "https://evil.example\\lf-cdn.coze.cn",
        "https://evil.example\\@lf-cdn.coze.cn/x.js",
        "https:\\\\lf-cdn.coze.cn\\x.js",
        "https:/\\lf-cdn.coze.cn/x.js",
        "https://\tlf-cdn.coze.cn/x.js",
        "https://lf-cdn\n.coze.cn/x.js",
        "https://lf-cdn.coze.cn\r\nHost: evil/x.js",
        "https://lf-cdn.coze.cn /x.js",
        " https://lf-cdn.coze.cn/x.js",
        "https:///lf-cdn.coze.cn/x.js",
        "https:////lf-cdn.coze.cn/x.js",
        "https:lf-cdn.coze.cn/x.js",
        "https://\u{ff4c}f-cdn.coze.cn/x.js",
        "https://lf-cdn.coze\u{3002}cn/x.js",
        "https://lf\u{ad}-cdn.coze.cn/x.js",
        "https://lf-cdn.c\u{43e}ze.cn/x.js",
        "https://xn--lf-cdn.coze.cn/x.js",
        "https://127.0.0.1/",
        "https://127.0.0.1:9/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8081/callback",
        "http://127.1:9/",
        "http://127.0.1:9/",
        "http://2130706433:9/",
        "http://0x7f000001:9/",
        "http://0x7f.1:9/",
        "http://0177.0.0.1:9/",
        "http://017700000001:9/",
        "http://127.0.0.1.:9/",
        "http://127.0.0.01:9/",
        "http://127.0.0.1:09/",
        "http://%31%32%37.0.0.1:9/",
        "http://\u{2460}27.0.0.1:9/",
        "http://0.0.0.0:9/",
        "http://0:9/",
        "http://localhost:9/",
        "http://localhost.:9/",
        "http://[::1]:9/",
        "http://[::]:9/",
        "http://[0:0:0:0:0:0:0:1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://[::ffff:7f00:1]:9/",
        "http://[64:ff9b::7f00:1]:9/",
        "http://[fe80::1%25eth0]:9/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://100.100.100.200/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://api.coze.cn.evil.example/v3/chat",
        "https://api.coze.cn:444/v3/chat",
        "https://api.coze.cn@evil.example/v3/chat",
        "http://api.coze.cn/v3/chat",
        "https://api.coze.com/v3/chat",
        "https://www.coze.cn/",
        "https://mirror.example/x.js",
        "http://mirror.example:8443/x.js",
        "https://",
        "https://?x",
        "https://[/x.js",
        "https://lf-cdn.coze.cn:port/x.js",
    ];
    let mut tried = 0;
    let mut let_through = Vec::new();
    for url in bad {
        let plain = format!("/{url}");
        let merged = format!("/{}", url.replacen("//", "/", 1));
        let in_path = format!("/{}", encoded(url));
        let half = format!("/{}", url.replacen("//", "%2f%2F", 1));
        let twice = format!("/{}", encoded(&encoded(url)));
        let parameter = format!("/?url={}", encoded(url));
        let plain_parameter = format!("/?url={url}");
        let doubled = format!("//{url}");
        let mut targets = vec![plain, merged, in_path, twice, parameter, doubled];
        if !url.contains('%') {
            // These forms are decoded, and would mean another URL.
            targets.extend([half, plain_parameter]);
        }
        for target in targets {
            tried += 1;
            match judged(&target) {
                // Slashes that are missing or too many are mended in the path: then the host is the one that is named.
                Some(Ok(Target::File(file)))
                    if file.url().as_str() == MENDED && target.contains("/lf-cdn.coze.cn/x.js") => {}
                Some(Ok(found)) => let_through.push(format!("{target} -> {found:?}")),
                Some(Err(_)) | None => {}
            }
        }
    }

    println!("URLs: bad tried {tried} / let through {}", let_through.len());
    assert!(tried > 600, "{tried}");
    assert_eq!(let_through, Vec::<String>::new());
}

#[test]
fn plain_encoded_and_as_a_parameter_are_the_same_file() {
    let url = "https://lf-cdn.coze.cn/obj/unpkg/flow-platform/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";
    let good = [
        (format!("/{url}"), url.to_owned()),
        (format!("//{url}"), url.to_owned()),
        (format!("/{}", url.replacen("//", "/", 1)), url.to_owned()),
        (format!("/{}", encoded(url)), url.to_owned()),
        (format!("/{}", encoded(url).to_lowercase()), url.to_owned()),
        (format!("/{}", url.replacen("//", "%2F%2F", 1)), url.to_owned()),
        (format!("/?url={}", encoded(url)), url.to_owned()),
        (format!("/?url={url}"), url.to_owned()),
        (format!("/{url}?t=1&u=2"), format!("{url}?t=1&u=2")),
        (format!("/{}?t=1", encoded(url)), format!("{url}?t=1")),
        (
            format!("/{}", encoded(&format!("{url}?t=1&u=%20"))),
            format!("{url}?t=1&u=%20"),
        ),
        (
            format!("/?url={}", encoded(&format!("{url}?t=1&u=2"))),
            format!("{url}?t=1&u=2"),
        ),
        (format!("/?url={url}?t=1"), format!("{url}?t=1")),
        (
            "/HTTPS://LF-CDN.coze.cn/A.js".to_owned(),
            "https://lf-cdn.coze.cn/A.js".to_owned(),
        ),
        (
            "/https://lf-cdn.coze.cn".to_owned(),
            "https://lf-cdn.coze.cn/".to_owned(),
        ),
        (
            "/https://sf-cdn.coze.com/a+b.js".to_owned(),
            "https://sf-cdn.coze.com/a+b.js".to_owned(),
        ),
        (
            "/https%3A%2F%2Flf-cdn.coze.cn%2F%E5%9B%BE.png".to_owned(),
            "https://lf-cdn.coze.cn/%E5%9B%BE.png".to_owned(),
        ),
        (
            "/https://mirror.example:8443/x.js".to_owned(),
            "https://mirror.example:8443/x.js".to_owned(),
        ),
        (
            "/http://127.0.0.1:9/x.js".to_owned(),
            "http://127.0.0.1:9/x.js".to_owned(),
        ),
    ];

    let refused: Vec<_> = good
        .iter()
        .map(|(target, url)| (target, url, judged(target)))
        .filter(|(_, url, found)| !matches!(found, Some(Ok(Target::File(file))) if file.url().as_str() == *url))
        .collect();

    println!("URLs: good tried {} / refused {}", good.len(), refused.len());
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn url_at_an_api_is_its_plain_path() {
    for (target, path) in [
        (
            "/https://api.coze.cn/v3/chat?conversation_id=7",
            "/v3/chat?conversation_id=7",
        ),
        ("/https%3A%2F%2Fapi.coze.cn%2Fv1%2Fusers%2Fme", "/v1/users/me"),
        ("/?url=https%3A%2F%2Fapi.coze.cn%2Fv3%2Fchat%3Fx%3D1", "/v3/chat?x=1"),
        (
            "/https://api.coze.cn/v1/../api/permission/oauth2/token",
            "/api/permission/oauth2/token",
        ),
    ] {
        assert_eq!(judged(target), Some(Ok(Target::Api(path.to_owned()))), "{target}");
    }
}

#[test]
fn what_names_no_url_is_left_to_others() {
    for target in [
        "/",
        "/?x=1",
        "/?curl=1",
        "/v3/chat",
        "/httpx",
        "/https",
        "/ftp://lf-cdn.coze.cn/x",
        "/v1/https://x",
        "",
    ] {
        assert_eq!(judged(target), None, "{target}");
    }
    assert_eq!(
        judged("/?url=https://lf-cdn.coze.cn/x.js&y=1"),
        Some(Err(Refused::Ambiguous))
    );
    assert_eq!(judged("/?url="), Some(Err(Refused::NotAUrl)));
    assert_eq!(
        judged(&format!("/https://lf-cdn.coze.cn/{}", "x".repeat(9000))),
        Some(Err(Refused::TooLong))
    );
}
