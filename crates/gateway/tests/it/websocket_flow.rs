//! What passes through an open WebSocket: everything, as it is; and how each kind of end reaches the other side.

use crate::metrics::{moved_by, once, scrape};
use crate::world::World;
use crate::world::websocket::{Line, Platform, caller, handshake_fields, open, server};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Long enough for bytes to fill every buffer on the way, on any machine that runs tests.
const STALL: Duration = Duration::from_millis(300);

async fn tunnel() -> (World, Line, Line) {
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let (caller, platform) = platform.tunnel(&world, &world.handle().await).await;
    (world, caller, platform)
}

async fn write(line: &mut Line, bytes: &[u8]) {
    line.get_mut().write_all(bytes).await.unwrap();
}

/// Whatever comes until the end, a reset included.
async fn read_to_the_end(line: &mut Line) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _reset = line.read_to_end(&mut bytes).await;
    bytes
}

async fn closes<S>(stream: &mut WebSocketStream<S>) -> Option<CloseFrame>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match stream.next().await.unwrap().unwrap() {
        Message::Close(frame) => frame,
        other => panic!("no close: {other:?}"),
    }
}

#[tokio::test]
async fn every_close_code_passes_both_ways() {
    let codes = [1000, 1001, 1008, 3000, 4000, 4999];
    let frame = |code: u16| CloseFrame {
        code: code.into(),
        reason: format!("because of {code} 你好").into(),
    };
    // A close without a status is what a reader calls 1005.
    let frames: Vec<_> = codes.into_iter().map(frame).map(Some).chain([None]).collect();
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let handle = world.handle().await;
    for frame in frames {
        for by_the_platform in [true, false] {
            let (caller_line, platform_line) = platform.tunnel(&world, &handle).await;
            let (one, other) = (caller(caller_line).await, server(platform_line).await);
            let (mut closing, mut closed) = if by_the_platform { (other, one) } else { (one, other) };

            closing.send(Message::Close(frame.clone())).await.unwrap();
            let seen = closes(&mut closed).await;
            // The echo goes back with the next look. Then the line ends, and the other end sees it.
            let echo = async move {
                let echo = closes(&mut closing).await;
                drop(closing);
                echo
            };
            let (echo, ()) = tokio::join!(echo, async {
                while closed.next().await.is_some_and(|message| message.is_ok()) {}
            });

            assert_eq!(seen, frame, "by the platform: {by_the_platform}");
            assert_eq!(echo.map(|frame| frame.code), frame.as_ref().map(|frame| frame.code));
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn end_without_a_close_ends_the_other_side_too() {
    for by_the_platform in [true, false] {
        let (world, caller, platform) = tunnel().await;
        let (mut ending, mut ended) = if by_the_platform {
            (platform, caller)
        } else {
            (caller, platform)
        };
        write(&mut ending, b"\x82\x05half").await;

        drop(ending);

        assert_eq!(
            read_to_the_end(&mut ended).await,
            b"\x82\x05half",
            "by the platform: {by_the_platform}"
        );
        drop(ended);
        world.stop().await;
    }
}

#[tokio::test]
async fn reset_ends_the_other_side_too() {
    for by_the_platform in [true, false] {
        let (world, caller, platform) = tunnel().await;
        let (ending, mut ended) = if by_the_platform {
            (platform, caller)
        } else {
            (caller, platform)
        };

        ending.get_ref().set_zero_linger().unwrap();
        drop(ending);

        assert_eq!(
            read_to_the_end(&mut ended).await,
            b"",
            "by the platform: {by_the_platform}"
        );
        drop(ended);
        world.stop().await;
    }
}

#[tokio::test]
async fn websocket_is_counted_while_it_is_open_and_by_what_ended_it() {
    const OPENED: &str = r#"cozegate_requests_total{listener="proxy",route="api",method="GET",status="1xx"}"#;
    const OPEN: &str = "cozegate_websockets";
    let platform = Platform::start().await;
    let world = World::with_upstream(&platform.api_base()).await;
    let handle = world.handle().await;
    for end in ["caller", "platform", "broken"] {
        let moved = moved_by(&world, async {
            let (caller, platform) = platform.tunnel(&world, &handle).await;
            assert_eq!(scrape(&world).await[OPEN], 1, "{end}");
            let (ending, mut ended) = if end == "caller" {
                (caller, platform)
            } else {
                (platform, caller)
            };
            if end == "broken" {
                ending.get_ref().set_zero_linger().unwrap();
            }
            drop(ending);
            read_to_the_end(&mut ended).await;
            drop(ended);
            while scrape(&world).await[OPEN] > 0 {}
        });

        let ends = format!("cozegate_websocket_ends_total{{end=\"{end}\"}}");
        let mut expected = once(&[r#"cozegate_handle_lookups_total{found="memory"}"#, OPENED, &ends]);
        expected.sort();
        assert_eq!(moved.await, expected);
    }
    world.stop().await;
}

#[tokio::test]
async fn large_frames_fragments_and_pings_pass_byte_for_byte() {
    let mut bytes = Vec::new();
    // One frame of a mebibyte, unmasked: what it holds is nobody's business on the way.
    let large: Vec<u8> = (0..1024 * 1024_u32)
        .map(|index| (index % 251).to_le_bytes()[0])
        .collect();
    bytes.extend([0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    bytes.extend(&large);
    // A message in three fragments with a ping between them, a pong, and reserved bits as extensions use them.
    bytes.extend(b"\x01\x03abc\x89\x02hi\x00\x02de\x80\x00\x8A\x00\xC1\x01x");
    let (world, mut caller, mut platform) = tunnel().await;
    let mut seen = vec![0; bytes.len()];

    let ((), read) = tokio::join!(write(&mut platform, &bytes), caller.read_exact(&mut seen));
    read.unwrap();
    assert!(seen == bytes, "from the platform");
    seen.fill(0);
    let ((), read) = tokio::join!(write(&mut caller, &bytes), platform.read_exact(&mut seen));
    read.unwrap();
    assert!(seen == bytes, "from the caller");

    drop((caller, platform));
    world.stop().await;
}

#[tokio::test]
async fn messages_pass_both_ways_at_once() {
    let (world, caller_line, platform_line) = tunnel().await;
    let (mut one, mut other) = (caller(caller_line).await, server(platform_line).await);
    for round in 0..50 {
        let text = format!("{round} 你好 {}", "x".repeat(round * 100));
        one.send(Message::text(text.clone())).await.unwrap();
        other
            .send(Message::Ping(text.as_bytes()[..2].to_vec().into()))
            .await
            .unwrap();
        other.send(Message::text(text.clone())).await.unwrap();

        let heard = other.next().await.unwrap().unwrap();
        let ping = one.next().await.unwrap().unwrap();
        let said = one.next().await.unwrap().unwrap();

        assert_eq!(
            (heard.to_text().unwrap(), said.to_text().unwrap()),
            (text.as_str(), text.as_str())
        );
        assert!(ping.is_ping());
        let pong = other.next();
        one.flush().await.unwrap();
        assert!(pong.await.unwrap().unwrap().is_pong());
    }
    drop((one, other));
    world.stop().await;
}

#[tokio::test]
async fn side_that_does_not_read_holds_the_other_one_back() {
    const MANY: usize = 64 * 1024 * 1024;
    let (world, mut caller, mut platform) = tunnel().await;
    let piece = vec![0x55; 64 * 1024];
    let mut written = 0;
    while written < MANY {
        match tokio::time::timeout(STALL, platform.get_mut().write(&piece)).await {
            Ok(count) => written += count.unwrap(),
            Err(_) => break,
        }
    }
    assert!(written < MANY / 2, "{written} bytes went into buffers on the way");

    let mut seen = vec![0; written];
    caller.read_exact(&mut seen).await.unwrap();

    assert!(seen.iter().all(|byte| *byte == 0x55));
    drop((caller, platform));
    world.stop().await;
}

#[tokio::test]
async fn silence_is_no_end() {
    let platform = Platform::start().await;
    let world = World::with_upstream_and(&platform.api_base(), |config| {
        config.timeouts.idle = Duration::ZERO;
        config.timeouts.head = Duration::from_secs(5);
    })
    .await;
    let (mut caller, mut platform) = platform.tunnel(&world, &world.handle().await).await;
    // Other requests are answered meanwhile; a limit of nothing would have struck by then.
    for _ in 0..3 {
        world.handle().await;
    }

    write(&mut platform, b"\x81\x02hi").await;

    let mut seen = [0; 4];
    caller.read_exact(&mut seen).await.unwrap();
    assert_eq!(&seen, b"\x81\x02hi");
    drop((caller, platform));
    world.stop().await;
}

#[tokio::test]
async fn stopping_says_goodbye_between_two_frames_and_lets_the_platform_know() {
    let (world, mut caller, mut platform) = tunnel().await;
    let auth = world.auth;
    // A frame of five bytes, of which two have come.
    write(&mut platform, b"\x82\x05he").await;
    let mut begun = [0; 4];
    caller.read_exact(&mut begun).await.unwrap();

    world.gateway.stop();
    #[expect(clippy::disallowed_methods, reason = "the test itself waits for it")]
    let stopped = tokio::spawn(world.gateway.stopped());
    while tokio::net::TcpStream::connect(auth).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // The rest of it, and one more that nobody is to hear.
    write(&mut platform, b"llo\x81\x01x").await;
    let mut rest = [0; 7];
    caller.read_exact(&mut rest).await.unwrap();
    write(&mut caller, b"\x88\x82\x00\x00\x00\x00\x03\xE9").await;
    let mut echo = [0; 8];
    platform.read_exact(&mut echo).await.unwrap();
    drop(platform);

    assert_eq!(&rest, b"llo\x88\x02\x03\xE9");
    assert_eq!(&echo, b"\x88\x82\x00\x00\x00\x00\x03\xE9");
    assert_eq!(read_to_the_end(&mut caller).await, b"");
    drop(caller);
    stopped.await.unwrap();
}

#[tokio::test]
async fn tunnel_that_nobody_ends_is_cut_after_the_grace_period() {
    let platform = Platform::start().await;
    let world = World::with_upstream_and(&platform.api_base(), |config| {
        config.timeouts.shutdown = Duration::ZERO;
    })
    .await;
    let (mut caller, mut platform) = platform.tunnel(&world, &world.handle().await).await;
    write(&mut platform, b"\x82\x05he").await;
    let mut begun = [0; 4];
    caller.read_exact(&mut begun).await.unwrap();

    world.stop().await;

    assert_eq!(read_to_the_end(&mut caller).await, b"");
    assert_eq!(read_to_the_end(&mut platform).await, b"");
}

#[tokio::test]
async fn a_bot_answers_through_the_tunnel() {
    let (world, _emulator) = World::with_emulator().await;
    let handle = world.handle().await;
    let target = format!("/v1/chat?bot_id=7500000000000000001&authorization=Bearer%20{handle}");
    let (_, line) = open(world.proxy, &target, &handshake_fields()).await.unwrap();
    let mut socket = caller(line).await;
    let ask =
        r#"{"event_type":"conversation.message.create","data":{"role":"user","content_type":"text","content":"Hi!"}}"#;

    socket.send(Message::text(ask)).await.unwrap();
    let mut answer = String::new();
    loop {
        let event = socket.next().await.unwrap().unwrap();
        let event: serde_json::Value = serde_json::from_str(event.to_text().unwrap()).unwrap();
        match event["event_type"].as_str().unwrap() {
            "conversation.message.delta" => answer.push_str(event["data"]["content"].as_str().unwrap()),
            "conversation.chat.completed" => break,
            "error" => panic!("{event}"),
            _ => {}
        }
    }

    assert_eq!(answer, "Hi!");
    socket.close(None).await.unwrap();
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
    drop(socket);
    world.stop().await;
}
