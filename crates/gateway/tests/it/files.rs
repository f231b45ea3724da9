//! Static files of allowed hosts: what goes to the host, what comes back, and what each fault looks like.

use crate::world::{Answer, RecordingUpstream, Site, World, send};
use std::time::Duration;

const SCRIPT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nETag: \"1\"\r\nSet-Cookie: a=b\r\n\
                      Access-Control-Allow-Origin: *\r\nServer: x\r\nContent-Length: 8\r\n\r\nSDK = 1;";

fn encoded(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

fn problem(answer: &Answer) -> (u16, String) {
    let kind = answer.json()["type"].as_str().unwrap().to_owned();
    (
        answer.status,
        kind.trim_start_matches("urn:cozegate:problem:").to_owned(),
    )
}

#[tokio::test]
async fn file_comes_by_every_form_and_nothing_of_the_caller_goes_out() {
    let mut site = Site::start().await;
    let url = format!("{}/libs/cn/index.js", site.base);
    let handle = site.world.handle().await;
    let fields = format!(
        "Authorization: Bearer {handle}\r\nCookie: a=canary\r\nReferer: http://canary.example/\r\nX-Forwarded-For: 9.9.9.9\r\n\
         X-Canary: 1\r\nUser-Agent: canary\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip, br\r\n"
    );
    for line in [
        format!("GET /{url}"),
        format!("GET /{}", encoded(&url)),
        format!("GET /?url={}", encoded(&url)),
        format!("GET http://{}/{url}", site.world.proxy),
    ] {
        site.cdn.answer(SCRIPT);

        let answer = site.ask(&line, &fields).await;

        assert_eq!((answer.status, answer.text().as_str()), (200, "SDK = 1;"), "{line}");
        let request = site.cdn.request().await.to_ascii_lowercase();
        assert!(request.starts_with("get /libs/cn/index.js http/1.1\r\n"), "{request}");
        assert!(request.contains("host: cdn.test:"), "{request}");
        assert!(request.contains("accept-encoding: br\r\n"), "{request}");
        for gone in [
            "canary",
            "cgh_",
            "9.9.9.9",
            "authorization",
            "cookie",
            "referer",
            "origin",
            "range",
        ] {
            assert!(!request.contains(gone), "{gone} in {request}");
        }
    }
    site.world.stop().await;
}

#[tokio::test]
async fn file_leaves_with_the_fields_that_take_its_power_away() {
    let site = Site::start().await;
    site.cdn.answer(SCRIPT);

    let answer = site.get("/x.js").await;

    for (name, value) in [
        ("content-type", Some("text/javascript")),
        ("content-length", Some("8")),
        ("etag", Some("\"1\"")),
        (
            "content-security-policy",
            Some("default-src 'none'; frame-ancestors 'none'; sandbox"),
        ),
        ("cross-origin-resource-policy", Some("cross-origin")),
        ("x-content-type-options", Some("nosniff")),
        ("accept-ranges", Some("none")),
        ("set-cookie", None),
        ("access-control-allow-origin", None),
        ("server", None),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let vary: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "vary").collect();
    assert_eq!(vary.len(), 2, "{vary:?}");
    site.world.stop().await;
}

#[tokio::test]
async fn head_has_the_fields_and_no_body_and_other_methods_are_refused() {
    let mut site = Site::start().await;
    site.cdn.answer(SCRIPT);
    let url = format!("/{}/x.js", site.base);

    let head = site.ask(&format!("HEAD {url}"), "").await;
    let asked = site.cdn.request().await;
    let post = site.ask(&format!("POST {url}"), "Content-Length: 0\r\n").await;
    let options = site.ask(&format!("OPTIONS {url}"), "").await;

    assert_eq!((head.status, head.header("content-length")), (200, Some("8")));
    assert!(asked.starts_with("HEAD /x.js HTTP/1.1\r\n"), "{asked}");
    assert_eq!(problem(&post), (405, "method-not-allowed".to_owned()));
    assert_eq!(options.status, 204);
    assert!(site.cdn.is_untouched());
    site.world.stop().await;
}

#[tokio::test]
async fn page_of_any_site_may_embed_a_file_and_nothing_else() {
    let site = Site::start().await;
    let file = format!("/{}/x.js", site.base);
    let fetched = |site: &str, mode: &str, dest: &str| {
        format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n")
    };
    let mut good = vec![
        String::new(),
        fetched("none", "navigate", "document"),
        fetched("cross-site", "navigate", "document"),
        "Origin: https://www.coze.cn\r\n".to_owned(),
    ];
    for dest in ["script", "style", "font", "image"] {
        good.push(fetched("cross-site", "no-cors", dest));
        good.push(fetched("same-site", "no-cors", dest));
    }
    let mut bad = vec![
        "Origin: https://evil.example\r\n".to_owned(),
        format!("Origin: null\r\n{}", fetched("cross-site", "no-cors", "script")),
        format!(
            "{}Sec-Fetch-Dest: script\r\n",
            fetched("cross-site", "no-cors", "script")
        ),
        fetched("cross-site", "cors", "script"),
        fetched("cross-site", "navigate", "script"),
        fetched("unheard-of", "no-cors", "script"),
    ];
    for dest in [
        "empty", "iframe", "frame", "embed", "object", "worker", "document", "video", "manifest",
    ] {
        bad.push(fetched("cross-site", "no-cors", dest));
    }

    let mut refused = Vec::new();
    for fields in &good {
        site.cdn.answer(SCRIPT);
        let answer = site.ask(&format!("GET {file}"), fields).await;
        if answer.status != 200 {
            refused.push(format!("{fields:?} {answer:?}"));
        }
    }
    let before = site.cdn.connections();
    let mut let_through = Vec::new();
    for fields in &bad {
        let answer = site.ask(&format!("GET {file}"), fields).await;
        if answer.status != 403 {
            let_through.push(format!("{fields:?} {answer:?}"));
        }
    }
    // What is no file of a listed host stays closed to other sites.
    let script = fetched("cross-site", "no-cors", "script");
    for path in [
        "/",
        "/v1/users/me",
        "/https://evil.example/x.js",
        "/http://127.0.0.1:9/v1/users/me",
        "/nowhere",
    ] {
        let answer = site.ask(&format!("GET {path}"), &script).await;
        if answer.status != 403 {
            let_through.push(format!("{path} {answer:?}"));
        }
    }

    println!(
        "embedding: bad tried {} / let through {}; good tried {} / refused {}",
        bad.len() + 5,
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (Vec::<String>::new(), Vec::<String>::new()));
    assert_eq!(site.cdn.connections(), before);
    site.world.stop().await;
}

#[tokio::test]
async fn page_of_a_listed_origin_may_read_a_file() {
    let site = Site::start().await;
    site.cdn.answer(SCRIPT);

    let answer = site
        .ask(&format!("GET /{}/x.js", site.base), "Origin: https://www.coze.cn\r\n")
        .await;

    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://www.coze.cn")
    );
    site.world.stop().await;
}

#[tokio::test]
async fn url_at_an_apps_api_goes_the_way_of_its_plain_path() {
    let mut api = RecordingUpstream::start().await;
    let world = World::with_upstream(&api.api_base()).await;
    let handle = world.handle().await;
    let base = api.api_base();
    for line in [
        format!("GET /{base}/v1/users/me?x=1"),
        format!("GET /{}", encoded(&format!("{base}/v1/users/me%3Fx=1"))),
        format!("GET /?url={}", encoded(&format!("{base}/v1/users/me%3Fx=1"))),
    ] {
        let answer = world.ask(&line, &handle, "").await;

        let request = api.request().await;
        assert_eq!(answer.status, 200, "{line}");
        assert!(request.starts_with("GET /v1/users/me?x=1 HTTP/1.1\r\n"), "{request}");
        assert!(
            request.to_ascii_lowercase().contains("authorization: bearer pat_"),
            "{request}"
        );
    }
    for (path, status) in [
        ("/api/permission/oauth2/token", 404),
        ("/v1/../api/permission/oauth2/token", 404),
        ("/v1/..%2fapi", 400),
        ("/", 404),
    ] {
        let answer = world.ask(&format!("GET /{base}{path}"), &handle, "").await;
        assert_eq!(answer.status, status, "{path}");
    }
    let without_handle = send(
        world.proxy,
        &format!("GET /{base}/v1/users/me HTTP/1.1\r\nHost: {}\r\n\r\n", world.proxy),
    )
    .await;
    assert_eq!(problem(&without_handle), (401, "credential-missing".to_owned()));
    assert!(api.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn redirects_are_followed_among_allowed_hosts_three_times() {
    let mut site = Site::start().await;
    for (status, hops) in [(301, 1), (302, 2), (303, 3), (307, 1), (308, 3)] {
        for hop in 0..hops {
            let location = if hop == 0 {
                "/moved/x.js#part".to_owned()
            } else {
                format!("{}/again", site.base)
            };
            site.cdn.answer(&format!(
                "HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ));
        }
        site.cdn.answer(SCRIPT);

        let answer = site.get("/x.js").await;

        assert_eq!((answer.status, answer.text().as_str()), (200, "SDK = 1;"), "{status}");
        for _ in 0..=hops {
            site.cdn.request().await;
        }
    }
    for _ in 0..4 {
        site.cdn
            .answer("HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n");
    }
    assert_eq!(
        problem(&site.get("/x.js").await),
        (502, "file-redirect-refused".to_owned())
    );
    site.world.stop().await;
}

#[tokio::test]
async fn each_fault_of_a_host_has_a_problem_of_its_own() {
    let site = Site::start_with(|config| {
        config.files.file_mib = 1;
        config.timeouts.head = Duration::from_secs(1);
        config.timeouts.idle = Duration::from_secs(1);
    })
    .await;
    let length = 1024 * 1024 + 1;
    let script = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n";
    for (answer, expected) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            (404, "file-not-found"),
        ),
        (
            "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n".to_owned(),
            (404, "file-not-found"),
        ),
        (
            "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n".to_owned(),
            (502, "file-host-failed"),
        ),
        (
            "HTTP/1.1 206 x\r\nContent-Length: 0\r\n\r\n".to_owned(),
            (502, "file-host-failed"),
        ),
        ("HTTP/1.1 304 x\r\n\r\n".to_owned(), (502, "file-host-failed")),
        ("no HTTP at all\r\n\r\n".to_owned(), (502, "file-host-failed")),
        (
            format!("{script}Content-Length: 9\r\n\r\nSDK"),
            (502, "file-host-failed"),
        ),
        (
            format!("{script}Content-Length: {length}\r\n\r\n"),
            (502, "file-too-large"),
        ),
        (
            format!(
                "{script}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{}\r\n0\r\n\r\n",
                "x".repeat(length)
            ),
            (502, "file-too-large"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            (502, "file-not-served"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            (502, "file-not-served"),
        ),
        (
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            (502, "file-redirect-refused"),
        ),
        (
            format!("{script}Content-Encoding: deflate\r\nContent-Length: 3\r\n\r\nSDK"),
            (502, "file-host-failed"),
        ),
        (
            format!("{script}Content-Encoding: gzip\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nSDK"),
            (502, "file-host-failed"),
        ),
        (
            format!("{script}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nSDK\r\n0\r\n\r\n"),
            (502, "file-host-failed"),
        ),
    ] {
        site.cdn.answer_and_close(&answer);
        let found = problem(&site.get("/x.js").await);
        assert_eq!(
            (found.0, found.1.as_str()),
            expected,
            "{}",
            answer.get(..60).unwrap_or(&answer)
        );
    }
    for silent in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: 9\r\n\r\nSDK",
    ] {
        site.cdn.answer_in_steps(&[silent, "never"]);
        assert_eq!(
            problem(&site.get("/x.js").await),
            (504, "file-host-timed-out".to_owned()),
            "{silent}"
        );
    }
    site.names.set("cdn.test", &[&["169.254.169.254", "0.0.0.0"]]);
    assert_eq!(
        problem(&site.get("/x.js").await),
        (502, "file-address-refused".to_owned())
    );
    site.names.set("cdn.test", &[&[]]);
    assert_eq!(
        problem(&site.get("/x.js").await),
        (502, "file-host-unreachable".to_owned())
    );
    site.world.stop().await;
}

#[tokio::test]
async fn files_count_for_their_address() {
    let mut site = Site::start_with(|config| {
        (config.limits.address_requests_per_minute, config.limits.burst) = (1, 1);
    })
    .await;
    site.cdn.answer(SCRIPT);

    let first = site.get("/libs/cn/index.js").await;
    site.cdn.request().await;
    let second = site.get("/libs/cn/other.js").await;

    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(problem(&second), (429, "rate-limited".to_owned()));
    assert_eq!(second.json()["limit"], "limits.address_requests_per_minute");
    assert!(site.cdn.is_untouched());
    site.world.stop().await;
}
