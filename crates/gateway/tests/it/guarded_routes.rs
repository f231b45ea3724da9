//! Every route of both listeners against foreign hosts, origins and fetch metadata: no answer holds a secret, nothing
//! reaches the platform. And the same routes for those who may.

use crate::world::{Answer, World, send};
use std::net::SocketAddr;

const AUTH_ROUTES: [(&str, &str); 9] = [
    ("GET", "/"),
    ("GET", "/callback"),
    ("GET", "/callback?session_name=a"),
    ("GET", "/login"),
    ("GET", "/chat"),
    ("POST", "/auth/session"),
    ("GET", "/livez"),
    ("GET", "/metrics"),
    ("GET", "/nowhere"),
];
const PROXY_ROUTES: [(&str, &str); 4] = [
    ("GET", "/"),
    ("POST", "/v3/chat"),
    ("GET", "/v1/users/me"),
    ("GET", "/nowhere"),
];

async fn ask(addr: SocketAddr, method: &str, path: &str, fields: &str) -> Answer {
    let script = "X-Requested-With: XMLHttpRequest\r\nAccept: application/json\r\n";
    send(
        addr,
        &format!("{method} {path} HTTP/1.1\r\n{fields}{script}Content-Length: 0\r\n\r\n"),
    )
    .await
}

fn holds_a_secret(answer: &Answer) -> bool {
    let everything = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
    ["czs_", "cgh_", "pat_", "set-cookie"]
        .iter()
        .any(|secret| everything.contains(secret))
}

#[tokio::test]
async fn strangers_get_nothing_from_any_route() {
    let (world, emulator) = World::with_emulator().await;
    let mut tried = 0;
    let mut let_through = Vec::new();
    for (addr, routes) in [
        (world.auth, AUTH_ROUTES.as_slice()),
        (world.proxy, PROXY_ROUTES.as_slice()),
    ] {
        let port = addr.port();
        let own = format!("Host: {addr}\r\n");
        let hostile = [
            "Host: evil.example\r\n".to_owned(),
            format!("Host: evil.example:{port}\r\n"),
            format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
            "Host: 127.0.0.1\r\n".to_owned(),
            format!("Host: 0.0.0.0:{port}\r\n"),
            format!("Host: 2130706433:{port}\r\n"),
            format!("Host: localhost.:{port}\r\n"),
            format!("Host: 127.0.0.1:{}\r\n", port.wrapping_add(1)),
            format!("{own}Origin: https://evil.example\r\n"),
            format!("{own}Origin: null\r\n"),
            format!("{own}Origin: https://www.coze.cn.evil.example\r\n"),
            format!("{own}Origin: http://www.coze.cn\r\n"),
            format!("{own}Origin: http://127.0.0.1:3000\r\n"),
            format!("{own}Origin: https://www.coze.cn\r\nOrigin: https://evil.example\r\n"),
            format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n"),
            format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n"),
            format!("{own}Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n"),
            format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"),
        ];
        for (method, path) in routes {
            for fields in &hostile {
                tried += 1;
                let answer = ask(addr, method, path, fields).await;
                if answer.status != 403 || holds_a_secret(&answer) {
                    let_through.push(format!("{method} {path} {fields:?} -> {answer:?}"));
                }
                if let Some(origin) = answer.header("access-control-allow-origin") {
                    let_through.push(format!("{method} {path} {fields:?} may be read by {origin}"));
                }
            }
        }
    }

    println!("routes: bad tried {tried} / let through {}", let_through.len());
    assert_eq!(let_through, Vec::<String>::new());
    assert_eq!(emulator.journal().entries().len(), 0, "nothing reached the platform");
    world.stop().await;
}

#[tokio::test]
async fn a_link_from_another_site_opens_pages_and_causes_nothing() {
    let (world, emulator) = World::with_emulator().await;
    let by_link = format!(
        "Host: {}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        world.auth
    );

    for path in ["/", "/chat", "/callback?session_name=victim"] {
        let answer = ask(world.auth, "GET", path, &by_link).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!holds_a_secret(&answer), "{path}: {answer:?}");
    }
    assert_eq!(emulator.journal().entries().len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn those_who_may_are_served_on_every_route() {
    let (world, _emulator) = World::with_emulator().await;
    let mut tried = 0;
    let mut refused = Vec::new();
    for (addr, routes) in [
        (world.auth, AUTH_ROUTES.as_slice()),
        (world.proxy, PROXY_ROUTES.as_slice()),
    ] {
        let port = addr.port();
        let friendly = [
            format!("Host: 127.0.0.1:{port}\r\n"),
            format!("Host: localhost:{port}\r\n"),
            format!("Host: [::1]:{port}\r\n"),
            format!("Host: {addr}\r\nSec-Fetch-Site: none\r\n"),
            format!("Host: {addr}\r\nSec-Fetch-Site: same-origin\r\n"),
            format!("Host: {addr}\r\nOrigin: https://www.coze.cn\r\nSec-Fetch-Site: cross-site\r\n"),
            format!("Host: {addr}\r\nOrigin: https://coze.com\r\nSec-Fetch-Site: cross-site\r\n"),
            format!(
                "Host: {addr}\r\nOrigin: http://{}\r\nSec-Fetch-Site: same-site\r\n",
                world.auth
            ),
        ];
        for (method, path) in routes {
            for fields in &friendly {
                tried += 1;
                let answer = ask(addr, method, path, fields).await;
                if answer.status == 403 {
                    refused.push(format!("{method} {path} {fields:?} -> {answer:?}"));
                }
            }
        }
    }

    println!("routes: good tried {tried} / refused {}", refused.len());
    assert_eq!(refused, Vec::<String>::new());
    world.stop().await;
}
