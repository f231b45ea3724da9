//! What the platform says about who may read its answers, and about cookies, is replaced by what we say.

use crate::world::{Answer, RecordingUpstream, World};

/// Fields of an upstream answer that must not reach anybody.
const THEIRS: [&str; 20] = [
    "Access-Control-Allow-Origin: *",
    "access-control-allow-origin: https://evil.example",
    "Access-Control-Allow-Origin: null",
    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Origin: https://evil.example",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true",
    "Access-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *",
    "Access-Control-Expose-Headers: *",
    "Access-Control-Max-Age: 86400",
    "Access-Control-Allow-Private-Network: true",
    "Set-Cookie: sid=theirs; Path=/",
    "Set-Cookie: a=theirs\r\nSet-Cookie: b=theirs; Domain=127.0.0.1",
    "SET-COOKIE: cozegate_visitor_00=theirs",
    "Set-Cookie2: sid=theirs",
    "Clear-Site-Data: \"cookies\", \"storage\"",
    "Timing-Allow-Origin: *",
    "Strict-Transport-Security: max-age=1",
    "Alt-Svc: h3=\":443\"",
    "Service-Worker-Allowed: /",
    "Connection: x-theirs, close\r\nX-Theirs: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic",
];

/// Fields of the kinds above, as we write them ourselves or not at all.
const WATCHED: [&str; 11] = [
    "access-control-",
    "set-cookie",
    "clear-site-data",
    "timing-allow-origin",
    "strict-transport-security",
    "alt-svc",
    "service-worker-allowed",
    "x-theirs",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
];

fn watched(answer: &Answer) -> Vec<(String, String)> {
    let fields = answer.headers.iter();
    let watched = fields.filter(|(name, _)| WATCHED.iter().any(|watched| name.starts_with(watched)));
    watched.cloned().collect()
}

fn times_varying_by_origin(answer: &Answer) -> usize {
    let fields = answer.headers.iter().filter(|(name, _)| name == "vary");
    let names = fields.flat_map(|(_, value)| value.split(','));
    names.filter(|name| name.trim().eq_ignore_ascii_case("origin")).count()
}

#[tokio::test]
async fn nothing_that_the_platform_says_about_readers_and_cookies_reaches_them() {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let (mut tried, mut wrong) = (0, Vec::new());
    let origins = ["", "Origin: https://www.coze.cn\r\n"];
    // Those of an answer in which the platform has no part.
    let mut ours = Vec::new();
    for origin in origins {
        ours.push(watched(&world.ask("GET /", &handle, origin).await));
    }
    for theirs in THEIRS {
        for vary in [
            "",
            "Vary: Accept-Encoding\r\n",
            "Vary: origin\r\n",
            "Vary: Accept, Origin\r\n",
        ] {
            for (origin, ours) in origins.iter().zip(&ours) {
                tried += 1;
                upstream.answer(&format!(
                    "HTTP/1.1 200 OK\r\n{vary}{theirs}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
                ));
                let answer = world.ask("GET /v1/users/me", &handle, origin).await;
                let is_ours = answer.status == 200 && watched(&answer) == *ours;
                if !is_ours || times_varying_by_origin(&answer) != 1 {
                    wrong.push(format!("{vary}{theirs} {origin:?} -> {answer:?}"));
                }
            }
        }
    }

    println!(
        "fields of the platform: bad tried {tried} / let through {}; good tried 0 / refused 0",
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    world.stop().await;
}
