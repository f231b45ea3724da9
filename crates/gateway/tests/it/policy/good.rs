//! Good traffic: what the official SDKs, the Chat SDK, our window and the userscript sent when they were recorded
//! (`tests/recorded`). The policy refuses none of it.

use super::{SITE, Visitor};
use crate::world::World;
use coze_emulator::EmulatorConfig;
use cozegate_config::{AllowedBots, LimitsConfig, Mode};
use cozegate_policy::Group;
use cozegate_policy::Id;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

const RECORDED: &str = include_str!("../../../../../tests/recorded/visitor-requests.jsonl");

#[derive(Deserialize)]
struct Recorded {
    client: String,
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

fn id(text: &str) -> Id {
    Id::parse(text.as_bytes()).unwrap()
}

#[tokio::test]
async fn recorded_requests_of_every_client_pass() {
    let emulator = EmulatorConfig {
        delta_spacing: Duration::ZERO,
        ..EmulatorConfig::default()
    };
    let (world, _emulator) = World::public_with(emulator, |config| {
        config.limits = LimitsConfig::of_mode(Mode::Local);
        let site = config.sites.get_mut("main").unwrap();
        let bots = ["7500000000000000001", "7500000000000000002", "7500000000000000003"];
        site.bots = AllowedBots::Listed(bots.map(id).to_vec());
        site.allow = site.allow.with(Group::AppChat);
        site.workflows = vec![id("7600000000000000002")];
        site.app_ids = vec![id("7600000000000000001")];
    })
    .await;
    let visitor = Visitor::new(&world).await;
    let ids = own_ids(&visitor, &world).await;
    let (mut tried, mut refused, mut clients) = (0, Vec::new(), BTreeSet::new());

    for line in RECORDED.lines() {
        let line = ids.iter().fold(line.to_owned(), |line, (name, value)| {
            line.replace(&format!("{{{{{name}}}}}"), value)
        });
        let request: Recorded = serde_json::from_str(&line).unwrap();
        let mut fields = String::new();
        for (name, value) in &request.headers {
            if name != "authorization" && name != "host" && name != "content-length" {
                write!(fields, "{name}: {value}\r\n").unwrap();
            }
        }
        let line = format!("{} {}", request.method, request.target);
        let answer = visitor.ask(&world, &line, &fields, request.body.as_bytes()).await;
        tried += 1;
        if answer.header("content-type") == Some("application/problem+json") && answer.status < 500 {
            refused.push(format!("{}: {line}: {}", request.client, answer.text()));
        }
        clients.insert(request.client);
    }

    println!(
        "recorded requests of {} clients: good tried {tried} / refused {}",
        clients.len(),
        refused.len()
    );
    assert_eq!(refused, Vec::<String>::new());
    assert!(tried >= 300 && clients.len() >= 8, "{tried} of {clients:?}");
    world.stop().await;
}

/// What the placeholders of the recording stand for, made by the visitor.
async fn own_ids(visitor: &Visitor, world: &World) -> [(&'static str, String); 8] {
    let of = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let body = json!({"bot_id": "7500000000000000001"});
    let created = visitor.json(world, "POST /v1/conversation/create", &body).await.json();
    let conversation = of(&created["data"]["id"]);
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx\r\n--x--\r\n";
    let fields = "Content-Type: multipart/form-data; boundary=x\r\n";
    let uploaded = visitor
        .ask(world, "POST /v1/files/upload", fields, form.as_bytes())
        .await
        .json();
    let message = json!({"role": "user", "content_type": "text", "content": "hello"});
    let body = json!({"bot_id": "7500000000000000001", "user_id": visitor.user, "stream": false, "additional_messages": [message]});
    let line = format!("POST /v3/chat?conversation_id={conversation}");
    let chat = visitor.json(world, &line, &body).await.json();
    let line = format!("POST /v1/conversation/message/list?conversation_id={conversation}");
    let messages = visitor.json(world, &line, &json!({"limit": 10})).await.json();
    [
        ("handle", visitor.handle.clone()),
        ("user_id", visitor.user.clone()),
        ("file_id", of(&uploaded["data"]["id"])),
        ("chat_id", of(&chat["data"]["id"])),
        ("message_id", of(&messages["data"][0]["id"])),
        ("page_origin", SITE.to_owned()),
        ("proxy_origin", "https://api.chat.example".to_owned()),
        ("conversation_id", conversation),
    ]
}
