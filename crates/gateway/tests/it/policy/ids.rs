//! Ids of other visitors in every place of a request, at a platform that does not keep visitors apart: the gateway's own
//! register of owners is the only wall.

use super::{Visitor, calls};
use crate::world::{World, published_bot};
use coze_emulator::{EmulatorConfig, Isolation};
use cozegate_config::{LimitsConfig, Mode};
use cozegate_policy::Group;
use serde_json::{Value, json};
use std::time::Duration;

/// How many visitors are walked over: each tries the ids of each other one.
const VISITORS: usize = 5;

/// What a visitor has at the platform.
struct Own {
    conversation: String,
    chat: String,
    message: String,
    file: String,
}

async fn make(visitor: &Visitor, world: &World, bot: &str) -> Own {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx\r\n--x--\r\n";
    let fields = "Content-Type: multipart/form-data; boundary=x\r\n";
    let uploaded = visitor
        .ask(world, "POST /v1/files/upload", fields, form.as_bytes())
        .await;
    let body = json!({"bot_id": bot, "user_id": visitor.user, "stream": false, "additional_messages": [
        {"role": "user", "content_type": "text", "content": "a word of mine"}]});
    let chat = visitor.json(world, "POST /v3/chat", &body).await.json();
    let conversation = text(&chat["data"]["conversation_id"]);
    let line = format!("POST /v1/conversation/message/list?conversation_id={conversation}");
    let messages = visitor.json(world, &line, &json!({})).await.json();
    Own {
        chat: text(&chat["data"]["id"]),
        message: text(&messages["data"][0]["id"]),
        file: text(&uploaded.json()["data"]["id"]),
        conversation,
    }
}

/// Every request in which `visitor` can name an id of `other`.
fn requests(visitor: &Visitor, other: &Own, own: &Own, bot: &str) -> Vec<(String, Value)> {
    let Own {
        conversation,
        chat,
        message,
        file,
    } = other;
    let (user, none) = (&visitor.user, Value::Null);
    let with_file = |kind: &str, depth: usize| {
        let mut content = json!([{"type": kind, "file_id": file}]).to_string();
        for _ in 0..depth {
            content = json!({"inner": content}).to_string();
        }
        json!({"bot_id": bot, "user_id": user, "additional_messages": [
            {"role": "user", "content_type": "object_string", "content": content}]})
    };
    let chat_body = json!({"bot_id": bot, "user_id": user});
    let mine = &own.conversation;
    vec![
        (
            format!("POST /v3/chat?conversation_id={conversation}"),
            chat_body.clone(),
        ),
        (format!("POST /v3/chat?conversation_id={mine}"), with_file("file", 0)),
        ("POST /v3/chat".to_owned(), with_file("image", 0)),
        ("POST /v3/chat".to_owned(), with_file("file", 2)),
        (
            "POST /v3/chat/cancel".to_owned(),
            json!({"conversation_id": conversation, "chat_id": chat}),
        ),
        (
            "POST /v3/chat/cancel".to_owned(),
            json!({"conversation_id": mine, "chat_id": chat}),
        ),
        (
            format!("GET /v3/chat/retrieve?conversation_id={conversation}&chat_id={chat}"),
            none.clone(),
        ),
        (
            format!("GET /v3/chat/retrieve?conversation_id={mine}&chat_id={chat}"),
            none.clone(),
        ),
        (
            format!("GET /v3/chat/message/list?conversation_id={conversation}&chat_id={chat}"),
            none.clone(),
        ),
        (
            format!("POST /v3/chat/message/list?conversation_id={conversation}&chat_id={chat}"),
            json!({}),
        ),
        (
            format!("POST /v1/conversation/message/list?conversation_id={conversation}"),
            json!({"limit": 50}),
        ),
        (
            format!("GET /v1/conversation/retrieve?conversation_id={conversation}"),
            none.clone(),
        ),
        (
            format!("GET /v1/conversation/message/retrieve?conversation_id={conversation}&message_id={message}"),
            none.clone(),
        ),
        (
            format!("POST /v1/conversation/message/create?conversation_id={conversation}"),
            json!({"role": "user", "content_type": "text", "content": "x"}),
        ),
        (
            format!("POST /v1/conversation/message/modify?conversation_id={conversation}&message_id={message}"),
            json!({"content_type": "text", "content": "x"}),
        ),
        (
            format!("POST /v1/conversation/message/delete?conversation_id={conversation}&message_id={message}"),
            json!({}),
        ),
        (
            format!("PUT /v1/conversations/{conversation}"),
            json!({"name": "mine now"}),
        ),
        (format!("DELETE /v1/conversations/{conversation}"), none.clone()),
        (format!("POST /v1/conversations/{conversation}/clear"), json!({})),
        (
            format!("POST /v1/conversations/{conversation}/messages/{message}/feedback"),
            json!({"feedback_type": "like"}),
        ),
        (
            format!("DELETE /v1/conversations/{conversation}/messages/{message}/feedback"),
            none.clone(),
        ),
        (format!("GET /v1/files/retrieve?file_id={file}"), none),
    ]
}

#[tokio::test]
async fn no_id_of_another_visitor_reaches_a_platform_without_isolation() {
    let emulator = EmulatorConfig {
        delta_spacing: Duration::ZERO,
        isolation: Isolation::None,
        ..EmulatorConfig::default()
    };
    let (world, emulator) = World::public_with(emulator, |config| {
        config.limits = LimitsConfig::of_mode(Mode::Local);
        let site = config.sites.get_mut("main").unwrap();
        for group in Group::ALL.iter().filter(|group| group.may_be_given_to_visitors()) {
            site.allow = site.allow.with(*group);
        }
    })
    .await;
    let bot = published_bot(&emulator);
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        let visitor = Visitor::new(&world).await;
        let own = make(&visitor, &world, &bot).await;
        visitors.push((visitor, own));
    }
    let before = calls(&emulator);
    let (mut tried, mut let_through) = (0, Vec::new());
    for (visitor, own) in &visitors {
        for (_, other) in visitors.iter().filter(|(other, _)| other.user != visitor.user) {
            for (line, body) in requests(visitor, other, own, &bot) {
                let answer = if body.is_null() {
                    visitor.ask(&world, &line, "", b"").await
                } else {
                    visitor.json(&world, &line, &body).await
                };
                tried += 1;
                if answer.status != 404 || answer.json()["code"] != 4200 {
                    let_through.push(format!("{line} {body}: {}", answer.text()));
                }
            }
        }
    }
    let reached = calls(&emulator) - before;
    assert_eq!(reached, 0, "the platform has heard of it");

    // What is a visitor's own still works, so that the wall does not refuse everything.
    let (mut good, mut refused) = (0, Vec::new());
    for (visitor, own) in &visitors {
        for (line, body) in requests(visitor, own, own, &bot) {
            // One that deletes comes last for each kind of thing; its own answer counts as well.
            let answer = if body.is_null() {
                visitor.ask(&world, &line, "", b"").await
            } else {
                visitor.json(&world, &line, &body).await
            };
            good += 1;
            if answer.header("content-type") == Some("application/problem+json") {
                refused.push(format!("{line} {body}: {}", answer.text()));
            }
        }
    }
    println!(
        "ids of others without isolation: bad tried {tried} / let through {}; good tried {good} / refused {}",
        let_through.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (vec![], vec![]));
    assert!(tried >= 300, "{tried}");
    world.stop().await;
}

#[tokio::test]
async fn conversation_from_before_the_register_is_found_in_the_platforms_list() {
    let emulator = EmulatorConfig {
        delta_spacing: Duration::ZERO,
        ..EmulatorConfig::default()
    };
    let (world, emulator) = World::public_with(emulator, |config| {
        config.limits = LimitsConfig::of_mode(Mode::Local);
    })
    .await;
    let bot = published_bot(&emulator);
    let visitor = Visitor::new(&world).await;
    let created = visitor
        .json(&world, "POST /v1/conversation/create", &json!({"bot_id": bot}))
        .await
        .json();
    let conversation = created["data"]["id"].as_str().unwrap().to_owned();
    let pass = json!({"visitor": visitor.session["visitor"]}).to_string();
    // The same platform and the same secret, and a store that knows nothing: as after an upgrade.
    let fresh = World::start_on(
        cozegate_gateway::store::in_memory(std::sync::Arc::new(coze_auth::SystemRandom))
            .await
            .unwrap(),
        world.config.apps["main"].clone(),
        |config| {
            let ports = config.server.clone();
            *config = world.config.clone();
            config.server.proxy_addr = ports.proxy_addr;
            config.server.auth_addr = ports.auth_addr;
        },
    );
    let again = Visitor::of(&fresh, super::SITE, &pass).await;
    assert_eq!(again.user, visitor.user);
    let stranger = Visitor::new(&fresh).await;
    let line = format!("POST /v1/conversation/message/list?conversation_id={conversation}");

    let before = calls(&emulator);
    let foreign = stranger.json(&fresh, &line, &json!({})).await;
    let asked = calls(&emulator) - before;
    let repeated = stranger.json(&fresh, &line, &json!({})).await;
    let asked_again = calls(&emulator) - before - asked;
    let own = again.json(&fresh, &line, &json!({})).await;

    assert_eq!((foreign.status, repeated.status), (404, 404));
    assert!(asked > 0, "the platform's list was asked for");
    assert_eq!(asked_again, 0, "the platform's no is believed for a minute");
    assert_eq!(own.status, 200, "{}", own.text());
    fresh.stop().await;
    world.stop().await;
}
