//! The guard against the spellings that get past weaker ones. Prints `bad tried / let through` and `good tried /
//! refused`, since a wall that refuses everything is no pass either.

use super::*;
use http::header::HeaderMap;
use http::{Request, Uri};

const PORT: u16 = 8081;

fn guard() -> Guard {
    Guard::new(OwnHosts::loopback(([127, 0, 0, 1], PORT).into(), Scheme::Http))
}

fn origins() -> OriginList {
    ["https://www.coze.cn", "http://127.0.0.1:8081", "http://localhost:8081"]
        .map(str::to_owned)
        .into_iter()
        .collect()
}

fn check(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Passage, ProblemKind> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    guard().check(&origins(), &Asked::of(&parts.method, &parts.uri, &parts.headers))
}

const HOST: (&str, &str) = ("host", "127.0.0.1:8081");

#[test]
fn foreign_hosts_are_refused_in_every_spelling() {
    let bad = [
        "evil.example",
        "evil.example:8081",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.0.0.1:80",
        "localhost",
        "localhost:8082",
        "127.0.0.1.evil.example:8081",
        "localhost.evil.example:8081",
        "localhost.:8081",
        "127.0.0.1.:8081",
        "127.1:8081",
        "2130706433:8081",
        "0x7f000001:8081",
        "0177.0.0.1:8081",
        "127.0.0.2:8081",
        "0.0.0.0:8081",
        "0:8081",
        "[::]:8081",
        "[::ffff:127.0.0.1]:8081",
        "[0:0:0:0:0:0:0:1]:8081",
        "::1:8081",
        "user@127.0.0.1:8081",
        "127.0.0.1:8081@evil.example",
        "127.0.0.1:08081",
        "127.0.0.1:8081 ",
        " 127.0.0.1:8081",
        "127.0.0.1:8081,evil.example",
        "127.0.0.1:8081/",
        "http://127.0.0.1:8081",
        "",
        ":8081",
        "localhost:8081.",
        "loca\u{17f}lhost:8081",
        "①27.0.0.1:8081",
        "host.docker.internal:8081",
        "my.local:8081",
        "127.0.0.1:65536",
        "127.0.0.1:8081:8081",
        "*:8081",
    ];
    let good = ["127.0.0.1:8081", "localhost:8081", "LocalHost:8081", "[::1]:8081"];
    let passed = |host: &&&str| {
        let mut headers = HeaderMap::new();
        // Some spellings are no header values of the `http` crate's strict kind, but do arrive on the wire.
        headers.insert(http::header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        guard()
            .check(&origins(), &Asked::of(&Method::GET, &Uri::from_static("/"), &headers))
            .is_ok()
    };

    let let_through: Vec<_> = bad.iter().filter(passed).collect();
    let refused: Vec<_> = good.iter().filter(|host| !passed(host)).collect();

    println!(
        "hosts: bad tried {} / let through {}; good tried {} / refused {}",
        bad.len(),
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (vec![], vec![]));
}

#[test]
fn a_missing_a_second_or_a_contradicting_host_is_refused() {
    assert_eq!(check("GET", "/", &[]), Err(ProblemKind::HostNotAllowed));
    assert_eq!(check("GET", "/", &[HOST, HOST]), Err(ProblemKind::HostNotAllowed));
    assert_eq!(
        check("GET", "http://evil.example/", &[HOST]),
        Err(ProblemKind::HostNotAllowed)
    );
    assert_eq!(
        check("GET", "http://127.0.0.1:8081/", &[("host", "evil.example")]),
        Err(ProblemKind::HostNotAllowed)
    );
    assert!(check("GET", "http://127.0.0.1:8081/", &[HOST]).is_ok());
}

#[test]
fn foreign_origins_are_refused_in_every_spelling() {
    let bad = [
        "null",
        "",
        "*",
        "file://",
        "https://evil.example",
        "https://www.coze.cn.evil.example",
        "https://evilwww.coze.cn",
        "https://www.coze.cn:443",
        "https://www.coze.cn:8443",
        "http://www.coze.cn",
        "https://coze.cn.",
        "https://www.coze.cn.",
        "https://WWW.COZE.CN",
        "https://www.coze.cn/",
        "https://www.coze.cn ",
        "https://www.coze.cn, https://evil.example",
        "https://user@www.coze.cn",
        "https://sub.www.coze.cn",
        "https://www-coze.cn",
        "https://www.coze.cn#",
        "https://xn--coze.cn",
        "chrome-extension://abcdefghijklmnop",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://localhost:3000",
        "https://127.0.0.1:8081",
        "http://[::1]:3000",
        "http://127.0.0.1:8081.evil.example",
        "moz-extension://x",
        "data:",
        "about:blank",
    ];
    let good = ["https://www.coze.cn", "http://127.0.0.1:8081", "http://localhost:8081"];
    let sites = ["same-origin", "same-site", "cross-site", "none"];
    let (mut bad_tried, mut good_tried) = (0, 0);
    let (mut let_through, mut refused) = (Vec::new(), Vec::new());
    for method in ["GET", "POST", "OPTIONS", "DELETE"] {
        for site in sites {
            for origin in bad {
                bad_tried += 1;
                if check(method, "/", &[HOST, ("origin", origin), ("sec-fetch-site", site)]).is_ok() {
                    let_through.push(format!("{method} {origin} {site}"));
                }
            }
            for origin in good {
                good_tried += 1;
                match check(method, "/", &[HOST, ("origin", origin), ("sec-fetch-site", site)]) {
                    Ok(passage) if passage.origin.as_ref().is_some_and(|o| o == origin) => {}
                    other => refused.push(format!("{method} {origin} {site}: {other:?}")),
                }
            }
        }
    }

    println!(
        "origins: bad tried {bad_tried} / let through {}; good tried {good_tried} / refused {}",
        let_through.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (Vec::new(), Vec::new()));
    assert_eq!(
        check(
            "GET",
            "/",
            &[
                HOST,
                ("origin", "https://www.coze.cn"),
                ("origin", "https://www.coze.cn")
            ]
        ),
        Err(ProblemKind::OriginNotAllowed)
    );
}

#[test]
fn what_another_site_causes_without_an_origin_is_refused_unless_it_is_a_top_level_navigation() {
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for site in ["cross-site", "same-site", "unheard-of"] {
        let metadata = [HOST, ("sec-fetch-site", site)];
        assert_eq!(
            check("GET", "/callback", &metadata),
            Err(ProblemKind::CrossSite),
            "{site} subresource"
        );
        let to_frame = [
            HOST,
            ("sec-fetch-site", site),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ];
        assert_eq!(
            check("GET", "/callback", &to_frame),
            Err(ProblemKind::CrossSite),
            "{site} frame"
        );
        let by_link = [HOST, ("sec-fetch-site", site), navigation[0], navigation[1]];
        assert_eq!(
            check("GET", "/callback", &by_link),
            Ok(Passage {
                origin: None,
                foreign_navigation: true
            }),
            "{site} link"
        );
        assert_eq!(
            check("POST", "/callback", &by_link),
            Err(ProblemKind::CrossSite),
            "{site} form"
        );
    }
    let twice = [HOST, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")];
    assert_eq!(check("GET", "/", &twice), Err(ProblemKind::CrossSite));
}

#[test]
fn programs_and_own_pages_pass() {
    let own = Ok(Passage {
        origin: None,
        foreign_navigation: false,
    });
    assert_eq!(check("GET", "/callback", &[HOST]), own);
    assert_eq!(check("POST", "/auth/session", &[HOST]), own);
    assert_eq!(check("GET", "/chat", &[HOST, ("sec-fetch-site", "none")]), own);
    assert_eq!(
        check("GET", "/assets/x.js", &[HOST, ("sec-fetch-site", "same-origin")]),
        own
    );
}
