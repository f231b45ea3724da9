//! Callers, redirects and the DNS try to lead the proxy to a listener on this machine: no connection comes there, and the
//! token of ours goes to the API alone.

use crate::world::{Names, RecordingUpstream, World, fixed_app, send};
use coze_auth::{SystemClock, SystemRandom};
use cozegate_config::{Config, ConfigSource, FileHost};
use cozegate_gateway::store;
use std::net::SocketAddr;
use std::sync::Arc;

/// The gateway between an API, a host of files, and somebody whom nobody may reach through it.
struct Wall {
    world: World,
    api: RecordingUpstream,
    cdn: RecordingUpstream,
    canary: RecordingUpstream,
    names: Arc<Names>,
}

/// The address at which an upstream listens.
fn addr(upstream: &RecordingUpstream) -> SocketAddr {
    upstream.api_base().trim_start_matches("http://").parse().unwrap()
}

fn cdn_base(cdn: &RecordingUpstream) -> String {
    format!("http://cdn.test:{}", addr(cdn).port())
}

impl Wall {
    async fn start() -> Self {
        let api = RecordingUpstream::start().await;
        let cdn = RecordingUpstream::start().await;
        let canary = RecordingUpstream::start().await;
        let names = Arc::new(Names::default());
        names.set("cdn.test", &[&["127.0.0.1"]]);
        for name in [
            "evil.example",
            "localhost",
            "lf-cdn.coze.cn.evil.example",
            "cdn.test.evil.example",
        ] {
            names.set(name, &[&["127.0.0.1"]]);
        }
        let mut config = Config::for_app(ConfigSource::Demo, fixed_app("main", &api.api_base()));
        config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
        config.server.auth_addr = ([127, 0, 0, 1], 0).into();
        config.files.hosts.push(FileHost::private(&cdn_base(&cdn)).unwrap());
        // Public by its name, at the canary's port: what its addresses are is the DNS's word.
        let flipping = format!("https://flip.test:{}", addr(&canary).port());
        config.files.hosts.push(FileHost::public(&flipping).unwrap());
        let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
        let resolver = Arc::clone(&names);
        let world = World::run_resolving(config, backend, Arc::new(SystemClock), resolver);
        Self {
            world,
            api,
            cdn,
            canary,
            names,
        }
    }
}

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Spellings of the canary's address, and of other names for it, at its port.
fn spellings(port: u16, cdn: &str) -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "127.000.000.001",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "evil.example",
        "lf-cdn.coze.cn.evil.example",
        "cdn.test.evil.example",
        "lf-cdn.coze.cn@127.0.0.1",
        "cdn.test:80@127.0.0.1",
        "cdn.test%40127.0.0.1",
        "cdn.test%2f@127.0.0.1",
        "cdn.test\\@127.0.0.1",
        "%31%32%37.0.0.1",
        "127.0.0.1%00cdn.test",
        "127.0.0.1#cdn.test",
        "127.0.0.1?cdn.test",
    ];
    let mut spellings = Vec::new();
    for scheme in ["http", "https"] {
        for host in hosts {
            spellings.push(format!("{scheme}://{host}:{port}/x.js"));
        }
    }
    for more in [
        format!("http:/127.0.0.1:{port}/x.js"),
        format!("http:127.0.0.1:{port}/x.js"),
        format!("http:\\\\127.0.0.1:{port}\\x.js"),
        format!("http:///127.0.0.1:{port}/x.js"),
        format!("HTTP://127.0.0.1:{port}/x.js"),
        format!("ftp://127.0.0.1:{port}/x.js"),
        format!("file://127.0.0.1:{port}/etc/passwd"),
        format!("gopher://127.0.0.1:{port}/_x"),
        format!("//127.0.0.1:{port}/x.js"),
        format!("{cdn}@127.0.0.1:{port}/x.js"),
        format!("https://flip.test:{port}@127.0.0.1:{port}/x.js"),
        format!("http://flip.test:{port}/x.js"),
    ] {
        spellings.push(more);
    }
    spellings
}

#[tokio::test]
async fn nothing_leads_to_a_listener_of_this_machine_and_no_token_leaves_for_it() {
    let mut wall = Wall::start().await;
    let handle = wall.world.handle().await;
    let proxy = wall.world.proxy;
    let port = addr(&wall.canary).port();
    let canary = format!("127.0.0.1:{port}");
    let own_host = format!("Host: {proxy}\r\n");
    let credential = format!("Authorization: Bearer {handle}\r\n");
    let mut requests = Vec::new();
    for url in spellings(port, &cdn_base(&wall.cdn)) {
        let plain = url.replace(' ', "%20");
        for target in [
            format!("/{plain}"),
            format!("/{}", encoded(&url)),
            format!("/{}", encoded(&encoded(&url))),
            format!("/?url={}", encoded(&url)),
            format!("/?url={plain}"),
        ] {
            requests.push(format!("GET {target} HTTP/1.1\r\n{own_host}{credential}\r\n"));
        }
        requests.push(format!(
            "POST /{plain} HTTP/1.1\r\n{own_host}{credential}Content-Length: 2\r\n\r\n{{}}"
        ));
    }
    for path in ["/v1/users/me", "/x.js", "/"] {
        // The request line in absolute form, and every field in which somebody has ever looked for the host.
        requests.push(format!(
            "GET http://{canary}{path} HTTP/1.1\r\n{own_host}{credential}\r\n"
        ));
        requests.push(format!(
            "GET http://{canary}{path} HTTP/1.1\r\nHost: {canary}\r\n{credential}\r\n"
        ));
        requests.push(format!("GET {path} HTTP/1.1\r\nHost: {canary}\r\n{credential}\r\n"));
        requests.push(format!(
            "GET {path} HTTP/1.1\r\n{own_host}Host: {canary}\r\n{credential}\r\n"
        ));
    }
    let refused_ones = requests.len();
    for field in [
        "X-Forwarded-Host",
        "X-Forwarded-Server",
        "X-Forwarded-For",
        "X-Host",
        "X-Original-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Forwarded",
        "X-HTTP-Host-Override",
        "Base-Url",
        "Api-Base",
        "Referer",
    ] {
        requests.push(format!(
            "GET /v1/users/me HTTP/1.1\r\n{own_host}{credential}{field}: http://{canary}/\r\n\r\n"
        ));
    }
    for field in [
        "api_base",
        "base_url",
        "baseURL",
        "connector",
        "endpoint",
        "url",
        "host",
        "ws_base",
        "proxy",
        "webhook",
    ] {
        let body = format!("{{\"{field}\":\"http://{canary}/\",\"bot_id\":\"7\"}}");
        requests.push(format!(
            "POST /v3/chat?{field}=http://{canary}/ HTTP/1.1\r\n{own_host}{credential}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    let mut let_through = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let answer = send(proxy, request).await;
        // What names no URL goes to the API, as it would without the field.
        let is_served = index >= refused_ones;
        if (answer.status == 200) != is_served || wall.canary.connections() > 0 {
            let_through.push(format!("{request} -> {answer:?}"));
        }
    }
    let mut at_the_api = 0;
    while !wall.api.is_untouched() {
        at_the_api += 1;
    }
    assert_eq!(at_the_api, requests.len() - refused_ones);
    assert_eq!((wall.cdn.connections(), wall.names.asked()), (0, 0));

    // Redirects of an allowed host.
    let mut redirects = 0;
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("http://{canary}/x.js"),
            format!("//{canary}/x.js"),
            format!("http://cdn.test@{canary}/x.js"),
            format!("http://localhost:{port}/x.js"),
            format!("http://[::1]:{port}/x.js"),
            format!("https://evil.example:{port}/x.js"),
            format!("http:\\\\{canary}\\x.js"),
            format!("{}/v1/users/me", wall.api.api_base()),
            "file:///etc/passwd".to_owned(),
        ] {
            redirects += 1;
            wall.cdn.answer(&format!(
                "HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ));
            let target = format!("{}/x.js", cdn_base(&wall.cdn));
            let answer = send(proxy, &format!("GET /{target} HTTP/1.1\r\n{own_host}{credential}\r\n")).await;
            if answer.status != 502 {
                let_through.push(format!("{status} {location} -> {answer:?}"));
            }
            let request = wall.cdn.request().await;
            assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
        }
    }

    // A listed public name whose addresses are not, or not any more, or not all.
    let mut flips = 0;
    for answers in [
        &[&["127.0.0.1"][..]][..],
        &[&["::1"]],
        &[&["::ffff:127.0.0.1"]],
        &[&["10.0.0.1", "127.0.0.1", "169.254.169.254"]],
        &[&["0.0.0.0"]],
        &[&["64:ff9b::7f00:1"]],
        &[&["fe80::1", "fd00::1"]],
        &[&["100.64.0.1"]],
    ] {
        flips += 1;
        wall.names.set("flip.test", answers);
        let asked = wall.names.asked();
        let target = format!("https://flip.test:{port}/x.js");
        let answer = send(proxy, &format!("GET /{target} HTTP/1.1\r\n{own_host}{credential}\r\n")).await;
        if answer.status != 502 || !answer.text().contains("file-address-refused") {
            let_through.push(format!("{answers:?} -> {answer:?}"));
        }
        assert_eq!(wall.names.asked(), asked + 1);
    }

    let tried = requests.len() + redirects + flips;
    println!(
        "leading elsewhere: bad tried {tried} / let through {}; connections to the canary {}",
        let_through.len(),
        wall.canary.connections()
    );
    assert!(tried > 400, "{tried}");
    assert_eq!(let_through, Vec::<String>::new());
    assert_eq!(wall.canary.connections(), 0);
    assert!(wall.api.is_untouched());
    wall.world.stop().await;
}

#[tokio::test]
async fn address_is_looked_up_once_for_a_connection_and_it_is_that_one() {
    let mut wall = Wall::start().await;
    let proxy = wall.world.proxy;
    // First the host itself, then somebody else who listens at no address of this machine.
    wall.names.set("cdn.test", &[&["127.0.0.1"], &["203.0.113.1"]]);
    wall.cdn
        .answer("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: 2\r\n\r\na{");

    let target = format!("{}/x.css", cdn_base(&wall.cdn));
    let answer = send(proxy, &format!("GET /{target} HTTP/1.1\r\nHost: {proxy}\r\n\r\n")).await;

    assert_eq!((answer.status, wall.names.asked()), (200, 1));
    wall.cdn.request().await;
    wall.world.stop().await;
}
