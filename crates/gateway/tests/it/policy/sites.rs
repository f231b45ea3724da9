//! Two sites on one gateway: whatever belongs to one is refused at the other.

use super::{SITE, Visitor, assert_refused, calls, open};
use crate::world::{World, published_bot};
use coze_auth::{SystemClock, SystemRandom};
use coze_emulator::{Emulator, EmulatorConfig};
use cozegate_config::{AllowedBots, Config, ConfigSource, SiteConfig};
use cozegate_gateway::store;
use cozegate_policy::Id;
use serde_json::json;
use std::sync::Arc;

const SECOND: &str = "https://second.example";
const SECOND_BOT: &str = "7500000000000000003";

async fn two_sites() -> (World, Emulator) {
    World::public_with(EmulatorConfig::default(), |config| {
        let bots = AllowedBots::Listed(vec![Id::parse(SECOND_BOT.as_bytes()).unwrap()]);
        let second = SiteConfig::new("second", "main", vec![SECOND.parse().unwrap()], bots);
        config.sites.insert("second".to_owned(), second);
        config.limits = cozegate_config::LimitsConfig::of_mode(cozegate_config::Mode::Local);
    })
    .await
}

#[tokio::test]
async fn page_of_a_site_uses_its_own_bots_handles_and_histories_only() {
    let (world, emulator) = two_sites().await;
    let bot = published_bot(&emulator);
    let one = Visitor::of(&world, SITE, "{}").await;
    let other = Visitor::of(&world, SECOND, "{}").await;
    assert_eq!(one.session["bots"], json!([bot]));
    assert_eq!(other.session["bots"], json!([SECOND_BOT]));
    assert_eq!(one.session["grade"], "anonymous");

    let mut tried = 0;
    for (visitor, origin, foreign_bot, foreign_origin) in
        [(&one, SITE, SECOND_BOT, SECOND), (&other, SECOND, bot.as_str(), SITE)]
    {
        let at = |origin: &str| format!("Origin: {origin}\r\n{}", super::JSON);
        let user = &visitor.user;
        for (line, body) in [
            (format!("GET /v1/bots/{foreign_bot}"), String::new()),
            (format!("GET /v1/conversations?bot_id={foreign_bot}"), String::new()),
            (
                "POST /v3/chat".to_owned(),
                json!({"bot_id": foreign_bot, "user_id": user}).to_string(),
            ),
            (
                "POST /v1/conversation/create".to_owned(),
                json!({"bot_id": foreign_bot}).to_string(),
            ),
        ] {
            assert_refused(
                &visitor.ask(&world, &line, &at(origin), body.as_bytes()).await,
                403,
                "bot-not-allowed",
            );
            assert_refused(
                &visitor.ask(&world, &line, &at(foreign_origin), body.as_bytes()).await,
                403,
                "site-mismatch",
            );
            tried += 2;
        }
    }
    println!("requests with something of another site: bad tried {tried} / let through 0");
    assert_eq!(calls(&emulator), 0);
    for (visitor, origin, bot) in [(&one, SITE, bot.as_str()), (&other, SECOND, SECOND_BOT)] {
        for fields in [
            format!("Origin: {origin}\r\n"),
            "Origin: https://chat.example\r\n".to_owned(),
            String::new(),
        ] {
            let answer = visitor.ask(&world, &format!("GET /v1/bots/{bot}"), &fields, b"").await;
            assert_eq!(answer.status, 200, "{fields}: {}", answer.text());
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn visitor_of_two_sites_is_two_visitors() {
    let (world, _emulator) = two_sites().await;
    let first = open(&world, &format!("Origin: {SITE}\r\n"), "{}").await.json();
    let pass = json!({"visitor": first["visitor"]}).to_string();

    let again = open(&world, &format!("Origin: {SITE}\r\n"), &pass).await.json();
    let elsewhere = open(&world, &format!("Origin: {SECOND}\r\n"), &pass).await;

    assert_eq!(again["user"], first["user"]);
    let cookies = elsewhere.header("set-cookie").unwrap().to_owned();
    let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
    let of_first = open(&world, &format!("Origin: {SITE}\r\n"), "{}").await;
    assert_ne!(name(&cookies), name(of_first.header("set-cookie").unwrap()));
    world.stop().await;
}

#[tokio::test]
async fn handle_of_local_mode_is_unknown_to_a_public_gateway_on_the_same_store_and_back() {
    let (template, emulator) = World::public().await;
    let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
    let at_any_port = |mut config: Config| {
        config.server.proxy_addr.set_port(0);
        config.server.auth_addr.set_port(0);
        World::run(config, backend.clone(), Arc::new(SystemClock))
    };
    let public = at_any_port(template.config.clone());
    let local = at_any_port(Config::for_app(
        ConfigSource::Demo,
        template.config.apps["main"].clone(),
    ));
    let visitor = Visitor::new(&public).await;
    let owner = Visitor {
        handle: local.handle().await,
        user: String::new(),
        session: json!({}),
    };

    let line = format!("GET /v1/bots/{}", published_bot(&emulator));
    for (holder, world) in [(&owner, &public), (&visitor, &local)] {
        let answer = holder.ask(world, &line, "", b"").await;
        assert_refused(&answer, 401, "handle-unknown");
    }
    assert_eq!(calls(&emulator), 0);
    for (holder, world) in [(&owner, &local), (&visitor, &public)] {
        assert_eq!(holder.ask(world, &line, "", b"").await.status, 200);
    }
    for world in [public, local, template] {
        world.stop().await;
    }
}

#[tokio::test]
async fn site_that_takes_programs_serves_them_without_an_origin() {
    let (world, emulator) = World::public_with(EmulatorConfig::default(), |config| {
        config.sites.get_mut("main").unwrap().without_origin = true;
    })
    .await;
    let answer = open(&world, "", "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let session = answer.json();
    let program = Visitor {
        handle: session["handle"].as_str().unwrap().to_owned(),
        user: session["user"]["id"].as_str().unwrap().to_owned(),
        session,
    };

    let body = json!({"bot_id": published_bot(&emulator), "user_id": program.user, "stream": false});
    assert_eq!(program.json(&world, "POST /v3/chat", &body).await.status, 200);
    assert_refused(
        &program.ask(&world, "GET /v1/workspaces", "", b"").await,
        403,
        "operation-not-allowed",
    );
    world.stop().await;
}
