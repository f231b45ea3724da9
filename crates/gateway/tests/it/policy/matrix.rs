//! Every operation of the table against every grade that a handle can have: what is denied does not reach the platform,
//! what is allowed is not refused by the policy.

use super::{SITE, Visitor};
use crate::world::{RecordingUpstream, World, send};
use cozegate_config::{
    AllowedBots, LimitsConfig, MAIN_SITE, Mode, PageAuthority, PublicUrls, SiteConfig, VisitorsConfig,
};
use cozegate_policy::{Access, Body, Group, GroupSet, Operation, operations};

/// What the gateway does with one operation.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The policy refuses the operation.
    Refused,
    /// The operation is allowed; a later check or the platform has answered.
    Allowed,
}

async fn ask(visitor: &Visitor, world: &World, operation: &Operation) -> Outcome {
    let path: Vec<&str> = operation
        .pattern
        .split('/')
        .map(|segment| if segment.starts_with('{') { "75" } else { segment })
        .collect();
    let path = path.join("/");
    let answer = if operation.is_websocket {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
            world.proxy,
            visitor.handle,
            crate::world::websocket::KEY
        );
        send(world.proxy, &request).await
    } else {
        let fields = match operation.body {
            Body::Multipart => "Content-Type: multipart/form-data; boundary=x\r\n",
            _ => super::JSON,
        };
        let body: &[u8] = match operation.body {
            Body::None => b"",
            Body::Multipart => b"--x--\r\n",
            Body::Json(_) | Body::Unread => b"{}",
        };
        let line = format!("{} {path}", operation.method.as_str());
        let body = if line.starts_with("GET") { b"" } else { body };
        visitor.ask(world, &line, fields, body).await
    };
    let is_refused = answer.status == 403
        && serde_json::from_slice::<serde_json::Value>(&answer.body)
            .is_ok_and(|json| json["type"] == "urn:cozegate:problem:operation-not-allowed");
    if is_refused { Outcome::Refused } else { Outcome::Allowed }
}

/// Counts the operations whose outcome is not the wanted one.
async fn walk(
    visitor: &Visitor,
    world: &World,
    is_allowed: impl Fn(Group) -> bool,
) -> (usize, Vec<String>, Vec<String>) {
    let (mut reached, mut refused) = (Vec::new(), Vec::new());
    for operation in operations() {
        let outcome = ask(visitor, world, operation).await;
        let name = format!("{} {}", operation.method.as_str(), operation.pattern);
        match (is_allowed(operation.group), outcome) {
            (true, Outcome::Refused) => refused.push(name),
            (false, Outcome::Allowed) => reached.push(name),
            _ => {}
        }
    }
    (operations().len(), reached, refused)
}

async fn public(upstream: &RecordingUpstream, groups: impl IntoIterator<Item = Group>) -> World {
    let groups: Vec<Group> = groups.into_iter().collect();
    World::with_upstream_and(&upstream.api_base(), |config| {
        config.mode = Mode::Public;
        config.limits = LimitsConfig::of_mode(Mode::Local);
        config.visitors = VisitorsConfig::default();
        config.server.public = Some(PublicUrls {
            proxy: "https://api.chat.example".parse().unwrap(),
            auth: "https://chat.example".parse().unwrap(),
        });
        let mut site = SiteConfig::new(MAIN_SITE, "main", vec![SITE.parse().unwrap()], AllowedBots::Any);
        site.allow = groups.into_iter().fold(site.allow, GroupSet::with);
        config.sites.insert(MAIN_SITE.to_owned(), site);
    })
    .await
}

#[tokio::test]
async fn every_operation_by_every_grade_that_a_handle_has() {
    let mut tried = 0;
    let (mut reached, mut refused) = (Vec::new(), Vec::new());
    let mut add = |grade: &str, (count, bad, good): (usize, Vec<String>, Vec<String>)| {
        tried += count;
        reached.extend(bad.into_iter().map(|name| format!("{grade}: {name}")));
        refused.extend(good.into_iter().map(|name| format!("{grade}: {name}")));
    };

    let upstream = RecordingUpstream::start().await;
    let is_default = |group: Group| group.columns().anonymous == Access::Default;
    let world = public(&upstream, []).await;
    add("anonymous", walk(&Visitor::new(&world).await, &world, is_default).await);
    world.stop().await;

    let may_be_given = |group: Group| group.may_be_given_to_visitors() && group.columns().anonymous != Access::Never;
    let all = Group::ALL
        .iter()
        .copied()
        .filter(|group| group.may_be_given_to_visitors());
    let world = public(&upstream, all).await;
    add(
        "anonymous, everything on",
        walk(&Visitor::new(&world).await, &world, may_be_given).await,
    );
    world.stop().await;

    for (pages, is_allowed) in [
        (
            PageAuthority::Chat,
            Group::may_be_given_to_visitors as fn(Group) -> bool,
        ),
        (PageAuthority::All, |_| true),
    ] {
        let world = World::with_upstream_and(&upstream.api_base(), |config| config.local.pages = pages).await;
        let request = format!(
            "POST /auth/session HTTP/1.1\r\nHost: {}\r\nOrigin: https://www.coze.cn\r\nContent-Length: 2\r\n\r\n{{}}",
            world.auth
        );
        let session = send(world.auth, &request).await.json();
        let page = Visitor {
            handle: session["handle"].as_str().unwrap().to_owned(),
            user: String::new(),
            session,
        };
        let grade = page.session["grade"].as_str().unwrap().to_owned();
        add(
            &format!("{grade}, pages = {pages}"),
            walk(&page, &world, is_allowed).await,
        );
        let owner = Visitor {
            handle: world.handle().await,
            ..page
        };
        add("local", walk(&owner, &world, |_| true).await);
        world.stop().await;
    }

    println!(
        "operations by grades: tried {tried}; denied but reached {} / allowed but refused {}",
        reached.len(),
        refused.len()
    );
    assert_eq!((reached, refused), (vec![], vec![]));
    assert!(tried >= 460, "{tried}");
}
