//! Every route of both listeners against hostile combinations of `Host`, `Origin` and fetch metadata: no answer holds a
//! secret or may be read by a stranger, and nothing reaches the platform. And the same routes for those who may.
//!
//! The routes are the routers' own lists, so a new one is walked without a line here.

mod case;
mod hosts;
mod metadata;
mod origins;
mod replaced;

use crate::world::person::Person;
use crate::world::{Answer, Wire, World};
use case::{Case, Must};
use coze_emulator::Emulator;
use cozegate_gateway::routes;
use std::net::SocketAddr;

const METHODS: [&str; 5] = ["GET", "POST", "OPTIONS", "HEAD", "PUT"];

/// What a page could hang onto a path to make it do something.
const QUERIES: [&str; 5] = [
    "",
    // A page may embed a file of a listed host (`files.rs`); this one is not listed.
    "?url=https://files.example/obj/x",
    "?app=web&again=1&session_name=somebody",
    "?app=device&again=1",
    "?code=a-code&state=a-state",
];

/// One listener with its routes.
struct Listener {
    addr: SocketAddr,
    other: SocketAddr,
    paths: Vec<String>,
}

fn listeners(world: &World) -> [Listener; 2] {
    let walked = |paths: Vec<&str>| paths.into_iter().chain(["/nowhere"]).map(filled_in).collect();
    [
        Listener {
            addr: world.auth,
            other: world.proxy,
            paths: walked(routes::of_auth().collect()),
        },
        Listener {
            addr: world.proxy,
            other: world.auth,
            paths: walked(routes::of_proxy().collect()),
        },
    ]
}

/// A path as it may be asked for: something in the place of a parameter (`{*path}`) or behind a prefix.
fn filled_in(path: &str) -> String {
    let filled = path.split_once('{').map_or(path, |(before, _)| before);
    if filled.len() > 1 && filled.ends_with('/') {
        format!("{filled}chat")
    } else {
        filled.to_owned()
    }
}

/// What a victim on this machine has, and nobody else may ever see.
struct Treasure {
    handle: String,
    cookie: String,
    secrets: Vec<String>,
}

impl Treasure {
    /// A visitor with a session, whose token is in memory and would be served at once; and the app's own token.
    async fn of(world: &World, emulator: &Emulator) -> Self {
        let mut wire = Wire::to(world.auth);
        let open = format!("POST /auth/session HTTP/1.1\r\nHost: {}\r\n\r\n", world.auth);
        let session = wire.exchange(open.as_bytes()).await.unwrap();
        let handle = session.json()["handle"].as_str().unwrap().to_owned();
        let cookie = session
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let served = world.ask("GET /v1/users/me", &handle, "").await;
        assert_eq!(served.status, 200, "{served:?}");
        let legacy = format!(
            "GET /callback HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n",
            world.auth
        );
        let token = wire.exchange(legacy.as_bytes()).await.unwrap().json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let session_name = emulator
            .journal()
            .entries()
            .into_iter()
            .find_map(|entry| entry.session_name);
        let value = cookie.split_once('=').unwrap().1.to_owned();
        let secrets = vec![
            handle.clone(),
            value,
            token,
            session_name.unwrap(),
            // Whatever else begins like one.
            "czs_".to_owned(),
            "pat_".to_owned(),
            "cgh_".to_owned(),
            "cg1_".to_owned(),
        ];
        Self {
            handle,
            cookie,
            secrets,
        }
    }

    fn is_in(&self, answer: &Answer) -> bool {
        let everything = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        // A cookie that is taken away tells nobody anything.
        let sets_cookie = answer
            .header("set-cookie")
            .is_some_and(|value| !value.contains("=; Max-Age=0;"));
        sets_cookie || self.secrets.iter().any(|secret| everything.contains(secret))
    }
}

/// The request as it stands on the wire, with everything that the victim's browser could add.
fn request(case: &Case, method: &str, path: &str, treasure: &Treasure) -> Vec<u8> {
    let absolute = case.absolute.as_deref().unwrap_or_default();
    let body = if method == "POST" || method == "PUT" { "{}" } else { "" };
    let head = format!("{method} {absolute}{path} {}\r\n", case.version);
    let rest = format!(
        "Cookie: {}\r\nAuthorization: Bearer {}\r\nX-Requested-With: XMLHttpRequest\r\nAccept: application/json\r\n\
         Access-Control-Request-Method: GET\r\nContent-Length: {}\r\n\r\n{body}",
        treasure.cookie,
        treasure.handle,
        body.len()
    );
    [head.as_bytes(), &case.fields, rest.as_bytes()].concat()
}

/// Whether a page runs a script of ours that is there for all pages. It holds no secret, and no page can read it.
fn is_embedded_script(case: &Case, path: &str) -> bool {
    let fields = String::from_utf8_lossy(&case.fields);
    let path = path.split('?').next().unwrap_or_default();
    routes::embeddable().any(|embeddable| embeddable == path)
        && fields.contains("Sec-Fetch-Mode: no-cors\r\n")
        && ["script", "style", "font", "image"]
            .iter()
            .any(|kind| fields.contains(&format!("Sec-Fetch-Dest: {kind}\r\n")))
}

const NO_REFUSAL: &str = "is no refusal";

/// What is wrong with what came back, if anything.
fn judge(case: &Case, answer: &Answer, treasure: &Treasure) -> Option<&'static str> {
    let of_ours = answer.header("content-type").is_some();
    let is_refused = answer.status == 403 || is_unheard(answer);
    if treasure.is_in(answer) {
        Some("holds a secret")
    } else if answer.header("access-control-allow-origin").is_some() {
        Some("may be read by a stranger")
    } else if answer.header("access-control-allow-credentials").is_some() {
        Some("says that credentials may be sent")
    } else if of_ours && !varies_by_origin(answer) {
        Some("does not say that it depends on the origin")
    } else if case.must == Must::BeRefused && !is_refused {
        Some(NO_REFUSAL)
    } else {
        None
    }
}

/// Whether the request did not even count as one.
fn is_unheard(answer: &Answer) -> bool {
    // `head-refused`, which ends the connection; without its text where `HEAD` was asked.
    answer.status == 400 && answer.header("connection") == Some("close")
}

fn varies_by_origin(answer: &Answer) -> bool {
    let fields = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("vary"));
    fields
        .into_iter()
        .any(|(_, value)| value.eq_ignore_ascii_case("origin"))
}

/// Aims every case at every route of one listener, over one connection per family of cases.
async fn walk(listener: &Listener, family: Vec<Case>, treasure: &Treasure) -> (usize, Vec<String>) {
    let mut wire = Wire::to(listener.addr);
    let (mut tried, mut wrong) = (0, Vec::new());
    for (index, case) in family.iter().enumerate() {
        for (step, path) in listener.paths.iter().enumerate() {
            let method = case.method.unwrap_or(METHODS[(index + step) % METHODS.len()]);
            let path = format!("{path}{}", QUERIES[(index / METHODS.len() + step) % QUERIES.len()]);
            tried += 1;
            // A connection that ends without a word is a refusal too.
            let Some(answer) = wire.exchange(&request(case, method, &path, treasure)).await else {
                continue;
            };
            let is_meant = is_embedded_script(case, &path) && answer.status == 200;
            if let Some(reason) = judge(case, &answer, treasure).filter(|reason| !(is_meant && *reason == NO_REFUSAL)) {
                wrong.push(format!("{reason}: {method} {path} {case} -> {answer:?}"));
            }
        }
    }
    (tried, wrong)
}

#[tokio::test]
async fn strangers_get_nothing_from_any_route() {
    let (world, emulator) = World::with_logins().await;
    let treasure = Treasure::of(&world, &emulator).await;
    let listed = listed_origins(&world);
    let calls_before = emulator.journal().entries().len();
    let (mut combinations, mut routes, mut tried, mut wrong) = (0, 0, 0, Vec::new());
    for listener in listeners(&world) {
        let own = listener.addr.to_string();
        let families = [
            hosts::cases(listener.addr.port(), listener.other.port()),
            origins::cases(&own, &listed),
            metadata::cases(&own),
        ];
        combinations = families.iter().map(Vec::len).sum();
        routes += listener.paths.len();
        let [hosts, origins, metadata] = families.map(|family| walk(&listener, family, &treasure));
        let (hosts, origins, metadata) = tokio::join!(hosts, origins, metadata);
        for (count, found) in [hosts, origins, metadata] {
            tried += count;
            wrong.extend(found);
        }
    }
    let calls = emulator.journal().entries().len() - calls_before;
    let leaks = wrong.iter().filter(|text| text.starts_with("holds")).count();

    println!(
        "strangers: bad tried {tried} ({combinations} combinations x {routes} routes) / answers with a secret {leaks} / \
         upstream calls {calls}"
    );
    assert_eq!(
        wrong.iter().take(20).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "{} in all",
        wrong.len()
    );
    assert_eq!(calls, 0);
    assert!(combinations >= 600, "{combinations}");
    world.stop().await;
}

/// Origins whose pages may ask: some of the platform's, and our own.
fn listed_origins(world: &World) -> Vec<String> {
    let (auth, proxy) = (world.auth, world.proxy.port());
    vec![
        "https://www.coze.cn".to_owned(),
        "https://coze.com".to_owned(),
        format!("http://{auth}"),
        format!("http://localhost:{}", auth.port()),
        format!("http://[::1]:{proxy}"),
    ]
}

#[tokio::test]
async fn those_who_may_are_served_on_every_route_and_only_they_may_read() {
    let (world, emulator) = World::with_emulator().await;
    let treasure = Treasure::of(&world, &emulator).await;
    let (mut tried, mut refused) = (0, Vec::new());
    for listener in listeners(&world) {
        let port = listener.addr.port();
        let host = format!("Host: {}\r\n", listener.addr);
        let mut friendly: Vec<(Case, Option<String>)> = [
            format!("Host: 127.0.0.1:{port}\r\n"),
            format!("Host: localhost:{port}\r\n"),
            format!("hOsT: LocalHost:{port}\r\n"),
            format!("Host: [::1]:{port}\r\n"),
            format!("Host:   127.0.0.1:{port} \t\r\n"),
            format!("{host}Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"),
            format!("{host}Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"),
        ]
        .map(|fields| (Case::of(fields), None))
        .into();
        friendly.push((
            Case {
                absolute: Some(format!("http://localhost:{port}")),
                ..Case::of(host.clone())
            },
            None,
        ));
        for origin in listed_origins(&world) {
            for site in ["cross-site", "same-site", "same-origin"] {
                let fields = format!("{host}Origin: {origin}\r\nSec-Fetch-Site: {site}\r\nSec-Fetch-Mode: cors\r\n");
                friendly.push((Case::of(fields), Some(origin.clone())));
            }
        }
        let mut wire = Wire::to(listener.addr);
        for (index, (case, origin)) in friendly.iter().enumerate() {
            for (step, path) in listener.paths.iter().enumerate() {
                let method = METHODS[(index + step) % METHODS.len()];
                tried += 1;
                let answer = wire.exchange(&request(case, method, path, &treasure)).await.unwrap();
                let readable_by = answer.header("access-control-allow-origin");
                // What a page may read has passed the door; a handler may be stricter (`POST /logout` is).
                // The proxy refuses the host of a URL in the path by itself; nobody is at the door for that.
                let is_refused = answer.status == 403 && readable_by.is_none() && path != "/https://chat";
                let is_refused = is_refused || is_unheard(&answer);
                if is_refused || readable_by != origin.as_deref() || !varies_by_origin(&answer) {
                    refused.push(format!("{method} {path} {case} -> {answer:?}"));
                }
            }
        }
    }

    println!(
        "routes: bad tried 0 / let through 0; good tried {tried} / refused {}",
        refused.len()
    );
    assert_eq!(refused, Vec::<String>::new());
    world.stop().await;
}

#[tokio::test]
async fn a_link_from_another_site_opens_pages_and_causes_nothing() {
    let (world, emulator) = World::with_emulator().await;

    for path in ["/", "/chat", "/callback?session_name=victim"] {
        let answer = Person::default().come_from_elsewhere(world.auth, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
    assert_eq!(emulator.journal().entries().len(), 0);
    world.stop().await;
}
