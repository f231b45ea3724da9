//! Messages over a WebSocket count as requests: what passes, what ends, and what the caller hears.

use crate::world::websocket::{Line, Platform, bearer, caller, open, server};
use crate::world::{World, send};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A gateway whose callers have `burst` requests and then none for a minute.
async fn world(platform: &Platform, burst: u32) -> World {
    World::with_upstream_and(&platform.api_base(), |config| {
        (config.limits.requests_per_minute, config.limits.burst) = (1, burst);
    })
    .await
}

fn event(name: &str) -> Message {
    Message::text(json!({"id": "1", "event_type": name, "data": {"content": "x"}}).to_string())
}

/// What comes up to the end: texts, then the close.
async fn heard(mut stream: WebSocketStream<Line>) -> (Vec<Value>, Option<(u16, String)>) {
    let mut texts = Vec::new();
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => texts.push(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => {
                let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                return (texts, frame);
            }
            _ => {}
        }
    }
    (texts, None)
}

/// The names of the messages that reach the platform up to its end.
async fn arrived(mut stream: WebSocketStream<Line>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            let event: Value = serde_json::from_str(&text).unwrap();
            names.push(event["event_type"].as_str().unwrap().to_owned());
        }
    }
    names
}

fn is_limit(texts: &[Value], close: Option<(u16, String)>) {
    let error = texts.last().unwrap();
    assert_eq!(error["event_type"], "error");
    assert_eq!(error["data"]["code"], 990_429);
    assert!(
        error["data"]["msg"]
            .as_str()
            .unwrap()
            .contains("limits.requests_per_minute"),
        "{error}"
    );
    let (code, reason) = close.unwrap();
    assert_eq!(code, 1008);
    assert!(reason.contains("limits.requests_per_minute"), "{reason}");
}

#[tokio::test]
async fn message_beyond_the_limit_does_not_reach_the_platform_and_ends_the_websocket() {
    let platform = Platform::start().await;
    for name in [
        "conversation.message.create",
        "input_audio_buffer.complete",
        "chat.update",
        "not.heard.of",
    ] {
        let world = world(&platform, 5).await;
        let (caller_line, platform_line) = platform.tunnel(&world, &world.handle().await).await;
        let (mut one, other) = (caller(caller_line).await, server(platform_line).await);
        for _ in 0..10 {
            // The tunnel may have ended already.
            drop(one.send(event(name)).await);
        }

        let ((texts, close), names) = tokio::join!(heard(one), arrived(other));

        // The handshake is the first of the five.
        println!(
            "{name}: bad tried 6 / let through {}; good tried 4 / refused 0",
            names.len() - 4
        );
        assert_eq!(names, [name; 4]);
        is_limit(&texts, close);
        world.stop().await;
    }
}

#[tokio::test]
async fn pieces_of_sound_count_once_a_minute() {
    let platform = Platform::start().await;
    let world = world(&platform, 3).await;
    let (caller_line, platform_line) = platform.tunnel(&world, &world.handle().await).await;
    let (mut one, other) = (caller(caller_line).await, server(platform_line).await);
    let pieces = 500;
    let sending = async {
        for number in 0..pieces {
            let piece = ["input_audio_buffer.append", "input_text_buffer.append"][number % 2];
            one.send(event(piece)).await.unwrap();
        }
        one.send(event("input_audio_buffer.complete")).await.unwrap();
        one.send(event("input_audio_buffer.complete")).await.unwrap();
        heard(one).await
    };

    let ((texts, close), names) = tokio::join!(sending, arrived(other));

    // Handshake, pieces, the first end; not the second.
    println!(
        "pieces: good tried {} / refused {}",
        pieces + 1,
        pieces + 1 - names.len()
    );
    assert_eq!(names.len(), pieces + 1);
    is_limit(&texts, close);
    world.stop().await;
}

#[tokio::test]
async fn event_cannot_be_hidden_behind_another() {
    let platform = Platform::start().await;
    let mut let_through = 0;
    let hidden = [
        r#"{"event_type":"input_audio_buffer.append","event_type":"conversation.message.create"}"#,
        r#"{"event_type":"input_audio_buffer.append","Event_Type":"conversation.message.create"}"#,
        r#"{"event_type":"input_audio_buffer.append"}{"event_type":"conversation.message.create"}"#,
        r#"{"data":{"event_type":"input_audio_buffer.append"},"event_type":"conversation.message.create"}"#,
    ];
    for text in hidden {
        let world = world(&platform, 2).await;
        let (caller_line, platform_line) = platform.tunnel(&world, &world.handle().await).await;
        let (mut one, mut other) = (caller(caller_line).await, server(platform_line).await);
        for _ in 0..3 {
            drop(one.send(Message::text(text)).await);
        }
        let counted = async move {
            let mut count = 0;
            while let Some(Ok(message)) = other.next().await {
                count += usize::from(message.is_text());
            }
            count
        };
        let ((_, close), count) = tokio::join!(heard(one), counted);
        let_through += count - 1;
        assert_eq!(close.unwrap().0, 1008);
        world.stop().await;
    }
    println!(
        "hidden events: bad tried {} / let through {let_through}",
        2 * hidden.len()
    );
    assert_eq!(let_through, 0);
}

/// With speech detection no message of the caller begins an answer.
#[tokio::test]
async fn answers_that_the_platform_begins_by_itself_count() {
    let platform = Platform::start().await;
    let world = world(&platform, 4).await;
    let (caller_line, platform_line) = platform.tunnel(&world, &world.handle().await).await;
    let (mut one, mut other) = (caller(caller_line).await, server(platform_line).await);
    one.send(event("input_audio_buffer.append")).await.unwrap();
    // The piece is counted before the first answer begins.
    assert!(other.next().await.unwrap().unwrap().is_text());
    for _ in 0..4 {
        other.send(event("conversation.chat.created")).await.unwrap();
        let Message::Text(text) = one.next().await.unwrap().unwrap() else {
            panic!("no text")
        };
        assert!(text.contains("conversation.chat.created"));
    }
    let ((texts, close), _) = tokio::join!(heard(one), arrived(other));

    // Of four: the handshake, the piece (which is one answer ahead), two answers more; the next one ends it.
    assert_eq!(texts.len(), 1);
    is_limit(&texts, close);
    world.stop().await;
}

#[tokio::test]
async fn no_extension_is_agreed_on_where_messages_are_counted() {
    let platform = Platform::start().await;
    let world = world(&platform, 5).await;
    let fields = format!(
        "{}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        bearer(&world.handle().await)
    );

    let (answer, (line, head)) = tokio::join!(open(world.proxy, "/v1/chat?bot_id=7", &fields), async {
        let knock = platform.knock().await;
        let head = knock.head.clone();
        (knock.accept("").await, head)
    });

    assert!(answer.is_ok());
    assert!(!head.to_ascii_lowercase().contains("extensions"), "{head}");
    drop((answer, line));
    world.stop().await;
}

/// F4: one visitor on many sockets.
#[tokio::test]
async fn chats_over_many_websockets_give_no_more_answers_than_the_limit() {
    const SOCKETS: usize = 8;
    const BURST: usize = 20;
    let (world, emulator) = World::with_emulator_and(|config| {
        (config.limits.requests_per_minute, config.limits.burst) = (1, u32::try_from(BURST).unwrap());
    })
    .await;
    let bot = emulator
        .info()
        .bots
        .iter()
        .find(|bot| bot.published)
        .unwrap()
        .id
        .to_string();
    let fields = bearer(&world.handle().await);
    let chat = async || {
        let target = format!("/v1/chat?bot_id={bot}");
        let (_, line) = open(world.proxy, &target, &fields).await.unwrap();
        let mut stream = caller(line).await;
        let (mut answers, mut is_asked) = (0, false);
        while let Some(Ok(message)) = stream.next().await {
            let Message::Text(text) = message else { continue };
            let event: Value = serde_json::from_str(&text).unwrap();
            answers += usize::from(event["event_type"] == "conversation.chat.completed");
            if event["event_type"] == "conversation.chat.completed" || !is_asked {
                is_asked = true;
                let question = json!({"event_type": "conversation.message.create",
                    "data": {"role": "user", "content_type": "text", "content": "hi"}});
                // It may have ended already.
                drop(stream.send(Message::text(question.to_string())).await);
            }
        }
        answers
    };

    let answers: usize = futures_util::future::join_all((0..SOCKETS).map(|_| chat()))
        .await
        .into_iter()
        .sum();

    println!(
        "chats over {SOCKETS} WebSockets: {answers} answers; the limit leaves {}",
        BURST - SOCKETS
    );
    assert_eq!(answers, BURST - SOCKETS);
    let refused = send(world.proxy, &world.head(&format!("GET /v1/chat?bot_id={bot}"), "x", "")).await;
    assert_eq!(refused.status, 401);
    assert_eq!(open(world.proxy, "/v1/chat", &fields).await.unwrap_err().status, 429);
    world.stop().await;
}
