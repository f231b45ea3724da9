//! What ends a session ends its running exchanges, on every instance, within five seconds.
//!
//! Two gateways share one store. With each cause the same handle has a stream and a WebSocket open at both; another
//! visitor's stay open. The times are printed as a table.

use crate::world::person::{Decision, Person};
use crate::world::servers::SharedStore;
use crate::world::websocket::{bearer, caller, open};
use crate::world::{RecordingUpstream, World, read_head, send};
use coze_auth::{Clock as _, SystemClock};
use coze_emulator::{Emulator, EmulatorConfig};
use cozegate_config::Config;
use cozegate_store::HandleRegister;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// The promise.
const WITHIN: Duration = Duration::from_secs(5);
/// A page of a site that is listed.
const SHOP: &str = "https://shop.example";
/// How long a handle of the cause `Expiry` lives.
const SHORT: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Revocation,
    Logout,
    SecondLogin,
    Expiry,
    Fresh,
    AppRemoved,
    OriginRemoved,
}

const CAUSES: [Cause; 7] = [
    Cause::Revocation,
    Cause::Logout,
    Cause::SecondLogin,
    Cause::Expiry,
    Cause::Fresh,
    Cause::AppRemoved,
    Cause::OriginRemoved,
];

impl Cause {
    /// The app whose session is to end.
    fn app(self) -> &'static str {
        match self {
            Self::Logout | Self::SecondLogin => "web",
            Self::AppRemoved => "second",
            _ => "main",
        }
    }
}

/// Two gateways on one store, in front of one emulator whose bot "Clock" does not stop ticking.
struct Instances {
    store: SharedStore,
    emulator: Emulator,
    one: World,
    other: World,
    bot_id: String,
}

impl Instances {
    async fn start(store: SharedStore, cause: Cause) -> Self {
        let emulator = EmulatorConfig {
            clock_ticks: 10_000,
            clock_spacing: Duration::from_millis(20),
            ..EmulatorConfig::default()
        };
        let emulator = Emulator::start(emulator).await.unwrap();
        let bot = emulator.info().bots.into_iter().find(|bot| bot.name.contains("Clock"));
        let change = |config: &mut Config| {
            let origins = &mut config.cors.origins;
            origins.push(SHOP.parse().unwrap());
            let mut second = config.apps["main"].clone();
            "second".clone_into(&mut second.name);
            config.apps.insert("second".to_owned(), second);
            if cause == Cause::Expiry {
                config.visitors.handle_lifetime = Duration::from_secs(SHORT.into());
            }
        };
        let one = World::with_logins_at(&emulator, store.open().await, Arc::new(SystemClock), change);
        let mut config = one.config.clone();
        config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
        config.server.auth_addr = ([127, 0, 0, 1], 0).into();
        let other = World::run(config, store.open().await, Arc::new(SystemClock));
        Self {
            bot_id: bot.unwrap().id.to_owned(),
            store,
            emulator,
            one,
            other,
        }
    }

    async fn session(&self, body: &Value, origin: &str) -> Value {
        let (auth, body) = (self.one.auth, body.to_string());
        let origin = if origin.is_empty() {
            String::new()
        } else {
            format!("Origin: {origin}\r\n")
        };
        let request = format!(
            "POST /auth/session HTTP/1.1\r\nHost: {auth}\r\n{origin}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = send(auth, &request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn stop(self) {
        self.one.stop().await;
        self.other.stop().await;
        drop(self.emulator);
        self.store.remove().await;
    }
}

/// An open event stream, of which something has come.
async fn stream(world: &World, handle: &str, bot_id: &str) -> BufReader<TcpStream> {
    let body = json!({
        "bot_id": bot_id,
        "user_id": "v_1",
        "stream": true,
        "additional_messages": [{"role": "user", "content": "go", "content_type": "text"}],
    });
    let body = body.to_string();
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let request = world.head("POST /v3/chat", handle, &fields) + &body;
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    let (status, _) = read_head(&mut stream).await;
    assert_eq!(status, 200);
    let mut first = [0; 64];
    stream.read_exact(&mut first).await.unwrap();
    stream
}

/// Reads a stream to its end; returns when that was.
async fn stream_ended(mut stream: BufReader<TcpStream>) -> Instant {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = timeout(3 * WITHIN, stream.read(&mut piece))
            .await
            .unwrap_or_else(|_| panic!("the stream goes on"));
        text.extend(&piece[..read.unwrap()]);
        if read_is_over(&text) {
            return Instant::now();
        }
    }
}

/// The last chunk is there, and the events before it end with ours.
fn read_is_over(text: &[u8]) -> bool {
    if !text.ends_with(b"\r\n0\r\n\r\n") {
        return false;
    }
    let text = String::from_utf8_lossy(text);
    let last = text.rsplit("event:").next().unwrap();
    assert!(
        last.starts_with(
            "error\ndata:{\"code\":990401,\"msg\":\"cozegate: the session of this handle has ended\"}\n\n"
        ),
        "{last}"
    );
    true
}

/// Reads a WebSocket to its end; returns when our close came.
async fn socket_ended(world: &World, handle: &str, bot_id: &str) -> impl Future<Output = Instant> + use<> {
    let target = format!("/v1/chat?bot_id={bot_id}");
    let (_, line) = open(world.proxy, &target, &bearer(handle)).await.unwrap();
    let mut socket = caller(line).await;
    // Something has come before the cause acts.
    assert!(socket.next().await.unwrap().unwrap().is_text());
    async move {
        loop {
            let message = timeout(3 * WITHIN, socket.next()).await;
            let message = message.unwrap_or_else(|_| panic!("the WebSocket goes on"));
            if let Message::Close(frame) = message.unwrap().unwrap() {
                let frame = frame.unwrap();
                assert_eq!((u16::from(frame.code), &*frame.reason), (1008, "session ended"));
                return Instant::now();
            }
        }
    }
}

async fn status_of(world: &World, handle: &str) -> u16 {
    world.ask("GET /v1/users/me", handle, "").await.status
}

/// Makes the session end; returns when it did.
async fn act(cause: Cause, instances: &Instances, person: &mut Person, session: &Value) -> Instant {
    let auth: SocketAddr = instances.one.auth;
    let began = Instant::now();
    match cause {
        Cause::Revocation => {
            let register = HandleRegister::new(instances.store.open().await);
            let handle = session["handle"].as_str().unwrap();
            let record = register.find(handle, SystemClock.now()).await.unwrap().unwrap();
            assert_eq!(register.revoke_all_of(&record.app, &record.subject).await.unwrap(), 1);
        }
        Cause::Logout => {
            let out = person
                .submit(auth, "/logout", &format!("http://{auth}"), "app=web")
                .await;
            assert_eq!(out.status, 303, "{}", out.text());
        }
        Cause::SecondLogin => {
            let back = person.log_in(auth, "web", Decision::Approve).await;
            assert_eq!(back.status, 303, "{}", back.text());
        }
        Cause::Expiry => {
            // In whole seconds: at most one too early.
            let left = session["expires_at"].as_i64().unwrap() - SystemClock.now().0 - 1;
            return began + Duration::from_secs(u64::try_from(left).unwrap_or_default());
        }
        Cause::Fresh => {
            let pass = &session["visitor"];
            instances.session(&json!({"visitor": pass, "fresh": true}), "").await;
        }
        Cause::AppRemoved | Cause::OriginRemoved => {
            for world in [&instances.one, &instances.other] {
                let mut config = world.config.clone();
                match cause {
                    Cause::AppRemoved => drop(config.apps.remove("second")),
                    _ => config.cors.origins.clear(),
                }
                world.gateway.apply(&config).unwrap();
            }
        }
    }
    began
}

/// Returns how long each of the four took to end.
async fn times_of(cause: Cause, store: SharedStore) -> [Duration; 4] {
    let instances = Instances::start(store, cause).await;
    let mut person = Person::default();
    if cause.app() == "web" {
        let back = person.log_in(instances.one.auth, "web", Decision::Approve).await;
        assert_eq!(back.status, 303, "{}", back.text());
    }
    let origin = if cause == Cause::OriginRemoved { SHOP } else { "" };
    let session = instances.session(&json!({"app": cause.app()}), origin).await;
    let handle = session["handle"].as_str().unwrap();
    let (one, other, bot_id) = (&instances.one, &instances.other, &*instances.bot_id);
    let running = (
        stream(one, handle, bot_id).await,
        socket_ended(one, handle, bot_id).await,
        stream(other, handle, bot_id).await,
        socket_ended(other, handle, bot_id).await,
    );
    let bystander = instances.session(&json!({"app": "main"}), "").await;
    let bystander = bystander["handle"].as_str().unwrap();
    let mut others = [
        stream(one, bystander, bot_id).await,
        stream(other, bystander, bot_id).await,
    ];

    let began = act(cause, &instances, &mut person, &session).await;
    let ended = tokio::join!(stream_ended(running.0), running.1, stream_ended(running.2), running.3);

    for world in [one, other] {
        assert_eq!(status_of(world, handle).await, 401, "{cause:?}");
    }
    if cause != Cause::Expiry {
        for other in &mut others {
            let mut piece = [0; 64];
            timeout(WITHIN, other.read_exact(&mut piece)).await.unwrap().unwrap();
        }
    }
    drop(others);
    Box::pin(instances.stop()).await;
    [ended.0, ended.1, ended.2, ended.3].map(|ended| ended.saturating_duration_since(began))
}

#[expect(clippy::print_stdout, reason = "the table is quoted in the documentation")]
fn print(table: &str) {
    println!("{table}");
}

/// A gateway in front of an upstream that stops in the middle of this answer, and a session whose pass is kept.
async fn in_the_middle_of(path: &str, answer: &str) -> String {
    let upstream = RecordingUpstream::start().await;
    let world = World::with_upstream(&upstream.api_base()).await;
    let open = async |body: Value| {
        let body = body.to_string();
        let request = format!(
            "POST /auth/session HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            world.auth,
            body.len()
        );
        send(world.auth, &request).await.json()
    };
    let session = open(json!({})).await;
    let handle = session["handle"].as_str().unwrap();
    upstream.answer_in_steps(&[answer, "never"]);
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head(
        &format!("POST {path}"),
        handle,
        "Connection: close\r\nContent-Length: 0\r\n",
    );
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    let (status, _) = read_head(&mut stream).await;
    assert_eq!(status, 200);
    let mut first = [0; 8];
    stream.read_exact(&mut first).await.unwrap();

    open(json!({"visitor": session["visitor"], "fresh": true})).await;

    let mut rest = Vec::new();
    let read = timeout(WITHIN, stream.read_to_end(&mut rest)).await;
    let _reset = read.unwrap_or_else(|_| panic!("the answer goes on"));
    upstream.connection_gone().await;
    world.stop().await;
    String::from_utf8([&first[..], &rest].concat()).unwrap()
}

#[tokio::test]
async fn every_kind_of_answer_ends_in_its_own_way() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let events = format!(
        "{HEAD}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n19\r\nid: 0\nevent: Message\n\nid:\r\n"
    );
    let audio = format!("{HEAD}Content-Type: audio/mpeg\r\nContent-Length: 100\r\n\r\n0123456789");
    let zipped = format!(
        "{HEAD}Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n"
    );

    let of_workflow = in_the_middle_of("/v1/workflow/stream_run", &events).await;
    let of_chat = in_the_middle_of("/v3/chat", &events).await;
    let of_audio = in_the_middle_of("/v1/audio/speech", &audio).await;
    let of_zipped = in_the_middle_of("/v3/chat", &zipped).await;

    let said = "cozegate: the session of this handle has ended";
    let workflow_end = format!("id: 0\nevent: Error\ndata: {{\"error_code\":990401,\"error_message\":\"{said}\"}}\n\n");
    assert!(of_workflow.contains(&workflow_end), "{of_workflow}");
    assert!(of_workflow.ends_with("\r\n0\r\n\r\n"), "{of_workflow}");
    assert!(
        of_chat.contains(&format!("event:error\ndata:{{\"code\":990401,\"msg\":\"{said}\"}}\n\n")),
        "{of_chat}"
    );
    assert_eq!(of_audio, "0123456789", "cut short of its length");
    assert!(
        !of_zipped.contains("990401") && !of_zipped.ends_with("0\r\n\r\n"),
        "{of_zipped}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_and_websocket_go_on_while_the_store_is_away() {
    let store = SharedStore::sqlite();
    let emulator = EmulatorConfig {
        clock_ticks: 10_000,
        clock_spacing: Duration::from_millis(20),
        ..EmulatorConfig::default()
    };
    let emulator = Emulator::start(emulator).await.unwrap();
    let bot = emulator.info().bots.into_iter().find(|bot| bot.name.contains("Clock"));
    let bot_id = bot.unwrap().id;
    let backend = store.open().await;
    let world = World::with_logins_at(&emulator, backend.clone(), Arc::new(SystemClock), |_| {});
    let handle = world.handle().await;
    let mut stream = stream(&world, &handle, bot_id).await;
    let socket = socket_ended(&world, &handle, bot_id).await;

    backend.close().await;

    // Longer than the counter stays unread.
    let goes_on = async {
        let began = Instant::now();
        let mut piece = [0; 4096];
        while began.elapsed() < WITHIN {
            assert_ne!(stream.read(&mut piece).await.unwrap(), 0);
        }
    };
    tokio::select! {
        () = goes_on => {}
        _ = socket => panic!("the WebSocket ends"),
    }
    assert_eq!(status_of(&world, &handle).await, 200, "known a moment ago");
    drop(stream);
    world.stop().await;
}

async fn every_cause_on(stores: Vec<SharedStore>) {
    let name = stores[0].name;
    let times = join_all(
        CAUSES
            .into_iter()
            .zip(stores)
            .map(|(cause, store)| times_of(cause, store)),
    )
    .await;

    let mut table = String::from("| store | cause | stream | WebSocket | stream elsewhere | WebSocket elsewhere |\n");
    for (cause, times) in CAUSES.iter().zip(&times) {
        let [a, b, c, d] = times.map(|time| time.as_millis());
        writeln!(table, "| {name} | {cause:?} | {a} ms | {b} ms | {c} ms | {d} ms |").unwrap();
    }
    print(&table);
    assert!(times.iter().flatten().all(|time| *time <= WITHIN), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_ends_streams_and_websockets_within_five_seconds_on_sqlite() {
    every_cause_on(CAUSES.map(|_| SharedStore::sqlite()).into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_ends_streams_and_websockets_within_five_seconds_on_postgresql() {
    let mut stores = Vec::new();
    for _ in CAUSES {
        let Some(store) = SharedStore::postgres().await else {
            return;
        };
        stores.push(store);
    }
    every_cause_on(stores).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_ends_streams_and_websockets_within_five_seconds_on_redis() {
    let mut stores = Vec::new();
    for _ in CAUSES {
        let Some(store) = SharedStore::redis() else {
            return;
        };
        stores.push(store);
    }
    every_cause_on(stores).await;
}
