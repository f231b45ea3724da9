//! The ten things that one anonymous handle could do (`identity.md` 0): each is refused, and the platform hears nothing.

use super::{JSON, SITE, Visitor, assert_refused, calls, open};
use crate::world::{World, published_bot, send};
use coze_emulator::{Emulator, EmulatorConfig};
use cozegate_config::{AllowedBots, SiteConfig};
use cozegate_policy::operations;
use serde_json::json;

/// A bot that the emulator has and that the site does not list.
const OTHER_BOT: &str = "7500000000000000002";

async fn world() -> (World, Emulator, Visitor) {
    let (world, emulator) = World::public_with(EmulatorConfig::default(), |config| {
        config.limits = cozegate_config::LimitsConfig::of_mode(cozegate_config::Mode::Local);
    })
    .await;
    let visitor = Visitor::new(&world).await;
    (world, emulator, visitor)
}

#[tokio::test]
async fn x1_operations_that_administer_the_account_do_not_exist() {
    let (world, emulator, visitor) = world().await;
    let mut let_through = Vec::new();
    let mut tried = 0;
    for operation in operations() {
        if operation.group.may_be_given_to_visitors() || operation.is_websocket {
            continue;
        }
        tried += 1;
        let path: Vec<&str> = operation
            .pattern
            .split('/')
            .map(|segment| if segment.starts_with('{') { "75" } else { segment })
            .collect();
        let line = format!("{} {}", operation.method.as_str(), path.join("/"));
        let answer = visitor.ask(&world, &line, "", b"").await;
        if answer.status != 403 || answer.json()["type"] != "urn:cozegate:problem:operation-not-allowed" {
            let_through.push(format!("{line}: {}", answer.status));
        }
    }

    println!(
        "operations of the account: bad tried {tried} / let through {}",
        let_through.len()
    );
    assert_eq!(let_through, Vec::<String>::new());
    assert!(tried > 60, "{tried}");
    assert_eq!(calls(&emulator), 0);
    assert_eq!(emulator.journal().token_requests(), 0, "a token was asked for");
    world.stop().await;
}

#[tokio::test]
async fn x2_unknown_paths_and_other_spellings_do_not_exist() {
    let (world, emulator, visitor) = world().await;
    let bot = published_bot(&emulator);
    let lines = [
        "GET /v1/anything".to_owned(),
        "POST /v3/anything".to_owned(),
        "GET /open_api/anything".to_owned(),
        format!("PATCH /v1/bots/{bot}"),
        format!("HEAD /v1/bots/{bot}"),
        format!("GET /v1/%62ots/{bot}"),
        format!("GET /v1/bots/{bot}/"),
        format!("GET /v1//bots/{bot}"),
        format!("GET ///v1/bots/{bot}"),
        format!("GET /v1/bots/{bot};x"),
        format!("GET /v1/bots/{bot}%2f"),
        format!("GET /v1/Bots/{bot}"),
        "GET /v1/bots/0x75".to_owned(),
    ];
    for line in &lines {
        let answer = visitor.ask(&world, line, "", b"").await;
        assert_eq!(answer.status, 403, "{line}");
        if !line.starts_with("HEAD") {
            assert_refused(&answer, 403, "operation-not-allowed");
        }
    }

    println!("other spellings: bad tried {} / let through 0", lines.len());
    assert_eq!(calls(&emulator), 0);
    let good = visitor.ask(&world, &format!("GET //v1/bots/{bot}"), "", b"").await;
    assert_eq!(
        good.status, 200,
        "the form of @coze/api with a base that ends in a slash"
    );
    world.stop().await;
}

#[tokio::test]
async fn x3_prompt_and_model_of_a_bot_are_not_shown() {
    let (world, emulator, visitor) = world().await;
    let bot = published_bot(&emulator);
    let of_another = visitor.ask(&world, &format!("GET /v1/bots/{OTHER_BOT}"), "", b"").await;
    assert_refused(&of_another, 403, "bot-not-allowed");
    assert_eq!(of_another.json()["bot_id"], OTHER_BOT);
    assert_eq!(of_another.json()["setting"], "sites.main.bots");
    let line = format!("GET /v1/bots/{bot}?is_published=false");
    assert_refused(&visitor.ask(&world, &line, "", b"").await, 403, "value-not-allowed");
    assert_eq!(calls(&emulator), 0);

    for line in [
        format!("GET /v1/bots/{bot}"),
        format!("GET /v1/bot/get_online_info?bot_id={bot}&connector_id=999"),
    ] {
        let answer = visitor.ask(&world, &line, "", b"").await;

        let data = &answer.json()["data"];
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(data["name"].is_string(), "{data}");
        for hidden in [
            "prompt_info",
            "model_info",
            "plugin_info_list",
            "owner_user_id",
            "folder_id",
        ] {
            assert!(data.get(hidden).is_none(), "{line}: {data}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn x4_workspaces_bots_and_the_account_are_not_listed() {
    let (world, emulator, visitor) = world().await;
    for line in [
        "GET /v1/workspaces",
        "GET /v1/bots?workspace_id=7300000000000000001",
        "GET /v1/space/published_bots_list?space_id=7300000000000000001",
        "GET /v1/users/me",
    ] {
        assert_refused(&visitor.ask(&world, line, "", b"").await, 403, "operation-not-allowed");
    }
    assert_eq!(calls(&emulator), 0);
    world.stop().await;
}

#[tokio::test]
async fn x5_only_bots_of_the_site_chat_over_http_and_over_websocket() {
    let (world, emulator, visitor) = world().await;
    let body = json!({"bot_id": OTHER_BOT, "user_id": visitor.user, "stream": true});
    assert_refused(
        &visitor.json(&world, "POST /v3/chat", &body).await,
        403,
        "bot-not-allowed",
    );
    let key = crate::world::websocket::KEY;
    for bot in [OTHER_BOT.to_owned(), published_bot(&emulator)] {
        let handshake = format!(
            "GET /v1/chat?bot_id={bot}&authorization=Bearer%20{} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n",
            visitor.handle, world.proxy
        );
        // WebSockets are closed unless the site allows `realtime`.
        assert_refused(&send(world.proxy, &handshake).await, 403, "operation-not-allowed");
    }
    assert_eq!(calls(&emulator), 0);
    world.stop().await;
}

#[tokio::test]
async fn x6_only_the_user_of_the_session_can_be_named() {
    let (world, emulator, visitor) = world().await;
    let bot = published_bot(&emulator);
    let other = Visitor::new(&world).await;
    for user in [&*other.user, "me", ""] {
        let body = json!({"bot_id": bot, "user_id": user, "stream": true});
        assert_refused(
            &visitor.json(&world, "POST /v3/chat", &body).await,
            403,
            "user-id-refused",
        );
    }
    for (member, value) in [
        ("session_name", json!("alice")),
        ("connector_uid", json!("alice")),
        ("USER_ID", json!("alice")),
        ("u\u{17f}er_id", json!("alice")),
    ] {
        let body = json!({"bot_id": bot, "user_id": visitor.user, (member): value});
        let answer = visitor.json(&world, "POST /v3/chat", &body).await;
        assert_refused(&answer, 403, "member-not-allowed");
        assert_eq!(answer.json()["member"], member);
    }
    assert_eq!(calls(&emulator), 0);
    world.stop().await;
}

#[tokio::test]
async fn x7_file_of_another_visitor_is_neither_described_nor_read_by_a_bot() {
    let (world, emulator) = World::public_with(EmulatorConfig::default(), |config| {
        let site = config.sites.get_mut("main").unwrap();
        site.allow = site.allow.with(cozegate_policy::Group::FilesRead);
    })
    .await;
    let bot = published_bot(&emulator);
    let (one, other) = (Visitor::new(&world).await, Visitor::new(&world).await);
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsecret\r\n--x--\r\n";
    let fields = "Content-Type: multipart/form-data; boundary=x\r\n";
    let uploaded = one.ask(&world, "POST /v1/files/upload", fields, form.as_bytes()).await;
    assert_eq!(uploaded.status, 200, "{}", uploaded.text());
    let file = uploaded.json()["data"]["id"].as_str().unwrap().to_owned();
    let before = calls(&emulator);

    let line = format!("GET /v1/files/retrieve?file_id={file}");
    assert_refused(&other.ask(&world, &line, "", b"").await, 404, "resource-unknown");
    let content = json!([{"type": "file", "file_id": file}]).to_string();
    let message = json!({"role": "user", "content_type": "object_string", "content": content});
    let body = json!({"bot_id": bot, "user_id": other.user, "stream": true, "additional_messages": [message]});
    let answer = other.json(&world, "POST /v3/chat", &body).await;
    assert_refused(&answer, 404, "resource-unknown");
    assert_eq!(answer.json()["code"], 4200);
    assert_eq!(calls(&emulator), before);

    assert_eq!(one.ask(&world, &line, "", b"").await.status, 200, "the owner reads it");
    let body = json!({"bot_id": bot, "user_id": one.user, "stream": false, "additional_messages": body["additional_messages"]});
    assert_eq!(one.json(&world, "POST /v3/chat", &body).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn x8_a_parameter_cannot_be_hidden() {
    let (world, emulator, visitor) = world().await;
    let bot = published_bot(&emulator);
    let user = &visitor.user;
    let chat = json!({"bot_id": bot, "user_id": user}).to_string();
    let form = format!("bot_id={OTHER_BOT}&user_id={user}");
    let doubled = format!(r#"{{"bot_id":"{bot}","user_id":"{user}","bot_id":"{OTHER_BOT}"}}"#);
    let escaped = format!(r#"{{"\u0062ot_id":"{OTHER_BOT}","user_id":"{user}"}}"#);
    let post = |fields: &str, body: &str| ("POST /v3/chat".to_owned(), fields.to_owned(), body.to_owned());
    let tries = [
        (
            post("Content-Type: application/x-www-form-urlencoded\r\n", &form),
            415,
            "media-type-refused",
        ),
        (post("Content-Type: text/plain\r\n", &chat), 415, "media-type-refused"),
        (post("", &chat), 415, "media-type-refused"),
        (
            post(&format!("{JSON}Content-Encoding: gzip\r\n"), &chat),
            415,
            "media-type-refused",
        ),
        (post(&format!("{JSON}{JSON}"), &chat), 415, "media-type-refused"),
        (post(JSON, &doubled), 400, "request-ambiguous"),
        (post(JSON, &escaped), 400, "request-ambiguous"),
        (post(JSON, &format!("\u{feff}{chat}")), 400, "request-ambiguous"),
        (post(JSON, &format!("{chat}{chat}")), 400, "request-ambiguous"),
        (post(JSON, &format!("[{chat}]")), 400, "request-ambiguous"),
        (
            (
                format!("GET /v1/bots/{bot}"),
                format!("{JSON}Content-Length: 2\r\n"),
                "{}".to_owned(),
            ),
            400,
            "request-ambiguous",
        ),
        (
            (
                format!("GET /v1/conversations?bot_id={bot}&bot_id={OTHER_BOT}"),
                String::new(),
                String::new(),
            ),
            400,
            "request-ambiguous",
        ),
        (
            (
                format!("GET /v1/conversations?bot_id={bot}&%62ot_id={OTHER_BOT}"),
                String::new(),
                String::new(),
            ),
            400,
            "request-ambiguous",
        ),
        (
            post(JSON, &json!({"bot_id": 7, "user_id": user}).to_string()),
            400,
            "bad-request",
        ),
        (
            post(
                JSON,
                &json!({"bot_id": bot, "user_id": user, "meta_data": {"x": "y".repeat(70_000)}}).to_string(),
            ),
            413,
            "body-too-large",
        ),
    ];
    for ((line, fields, body), status, problem) in &tries {
        let request = if line.starts_with("GET") && !body.is_empty() {
            format!(
                "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{fields}\r\n{body}",
                world.proxy, visitor.handle
            )
        } else {
            String::new()
        };
        let answer = if request.is_empty() {
            visitor.ask(&world, line, fields, body.as_bytes()).await
        } else {
            send(world.proxy, &request).await
        };
        assert_refused(&answer, *status, problem);
    }

    // A body in chunks is collected, judged, and sent with its length.
    let chunked = |body: &str| {
        format!(
            "POST /v3/chat HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            world.proxy,
            visitor.handle,
            body.len()
        )
    };
    let of_another = json!({"bot_id": OTHER_BOT, "user_id": user}).to_string();
    assert_refused(&send(world.proxy, &chunked(&of_another)).await, 403, "bot-not-allowed");
    println!("hidden parameters: bad tried {} / let through 0", tries.len() + 1);
    assert_eq!(calls(&emulator), 0);
    let good = send(world.proxy, &chunked(&chat)).await;
    assert_eq!(good.status, 200, "{}", good.text());
    world.stop().await;
}

#[tokio::test]
async fn x9_fields_that_steer_the_platform_do_not_reach_it() {
    let mut upstream = crate::world::RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let steering = "X-Use-PPE: 1\r\nX-Tt-Env: ppe_x\r\nX-HTTP-Method-Override: DELETE\r\nX-Coze-Anything: 1\r\n\
                    X-Session-Name: alice\r\nCF-Connecting-IP: 203.0.113.7\r\nsentry-trace: x\r\n";
    let answer = world.ask("GET /v1/users/me", &handle, steering).await;

    assert_eq!(answer.status, 200);
    let arrived = upstream.request().await.to_ascii_lowercase();
    for name in [
        "x-use-ppe",
        "x-tt-env",
        "override",
        "x-coze-anything",
        "session-name",
        "cf-",
        "sentry",
    ] {
        assert!(!arrived.contains(name), "{arrived}");
    }
    world.stop().await;
}

#[tokio::test]
async fn x10_session_of_another_site_and_session_without_a_page_are_refused() {
    let (world, emulator) = World::public_with(EmulatorConfig::default(), |config| {
        let mut app = config.apps["main"].clone();
        app.name = "internal".to_owned();
        config.apps.insert("internal".to_owned(), app.clone());
        app.name = "second".to_owned();
        config.apps.insert("second".to_owned(), app);
        let origins = vec!["https://second.example".parse().unwrap()];
        let second = SiteConfig::new("second", "second", origins, AllowedBots::Any);
        config.sites.insert("second".to_owned(), second);
    })
    .await;
    let of_site = format!("Origin: {SITE}\r\n");
    for body in [
        r#"{"app":"second"}"#,
        r#"{"site":"second"}"#,
        r#"{"app":"internal"}"#,
        r#"{"site":"nowhere"}"#,
    ] {
        assert_refused(&open(&world, &of_site, body).await, 403, "site-mismatch");
    }
    for body in ["{}", r#"{"site":"main"}"#, r#"{"site":"second","app":"second"}"#] {
        assert_refused(&open(&world, "", body).await, 403, "origin-needed");
    }
    assert_eq!(emulator.journal().entries().len(), 0);
    assert_eq!(
        open(&world, &of_site, r#"{"site":"main","app":"main"}"#).await.status,
        200
    );
    world.stop().await;
}
