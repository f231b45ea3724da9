//! Streams pass as they come: every byte, at once, and both ends notice when the other leaves.

use crate::world::{RecordingUpstream, World, read_head};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(bytes: &str) -> String {
    format!("{:x}\r\n{bytes}\r\n", bytes.len())
}

async fn open_stream(world: &World) -> BufReader<TcpStream> {
    post(world, "/v3/chat", "").await
}

/// The same at another path, and the answer is the last one on its connection.
async fn open_stream_that_closes(world: &World, path: &str) -> BufReader<TcpStream> {
    post(world, path, "Connection: close\r\n").await
}

async fn post(world: &World, path: &str, fields: &str) -> BufReader<TcpStream> {
    let handle = world.handle().await;
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head(
        &format!("POST {path}"),
        &handle,
        &format!("{fields}Content-Length: 15\r\n"),
    ) + "{\"stream\":true}";
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until `wanted` bytes of the (chunked) body have come.
async fn read_exactly(stream: &mut BufReader<TcpStream>, wanted: &str) {
    let mut expected = chunk(wanted).into_bytes();
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).await.unwrap();
    // hyper writes sizes in upper case.
    expected.make_ascii_uppercase();
    received.make_ascii_uppercase();
    assert_eq!(
        String::from_utf8(received).unwrap(),
        String::from_utf8(expected).unwrap()
    );
}

#[tokio::test]
async fn every_event_arrives_before_the_next_one_is_sent() {
    let upstream = RecordingUpstream::start().await;
    let first = "event:conversation.message.delta\ndata:{\"content\":\"你\"}\n\n";
    let second = "event:conversation.message.delta\ndata:{\"content\":\"好\"}\n\n";
    let last = "event:done\ndata:\"[DONE]\"\n\n";
    upstream.answer_in_steps(&[
        &format!("{HEAD}{}", chunk(first)),
        &chunk(second),
        &format!("{}0\r\n\r\n", chunk(last)),
    ]);
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream(&world).await;

    let (status, headers) = read_head(&mut stream).await;

    assert_eq!(status, 200);
    assert!(
        headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())),
        "{headers:?}"
    );
    assert!(
        headers.contains(&("x-accel-buffering".to_owned(), "no".to_owned())),
        "{headers:?}"
    );
    // The upstream sends the next piece only when this one has been read here: had anybody collected, we would hang.
    read_exactly(&mut stream, first).await;
    upstream.go_on();
    read_exactly(&mut stream, second).await;
    upstream.go_on();
    read_exactly(&mut stream, last).await;
    read_exactly_raw(&mut stream, "0\r\n\r\n").await;
    drop(stream);
    world.stop().await;
}

async fn read_exactly_raw(stream: &mut BufReader<TcpStream>, wanted: &str) {
    let mut received = vec![0; wanted.len()];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(received, wanted.as_bytes());
}

/// The body of a chunked answer up to its end; `false` when the connection ended before the last chunk.
async fn read_body(stream: &mut BufReader<TcpStream>) -> (String, bool) {
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await.unwrap();
    let mut rest = raw.as_slice();
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return (String::from_utf8(body).unwrap(), false);
        };
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (String::from_utf8(body).unwrap(), true);
        }
        body.extend(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 2 + size + 2..];
    }
}

#[tokio::test]
async fn odd_pieces_keep_every_byte() {
    let upstream = RecordingUpstream::start().await;
    // An event cut in the middle, CR and LF, an empty line of its own, a comment, no end: not ours to mend.
    let pieces = [
        "event:x\nda",
        "ta:{\"a\":1}\r\n\r\n",
        ": comment\n",
        "\n\n\n",
        "data:no end",
    ];
    let chunks: String = pieces.iter().map(|piece| chunk(piece)).collect();
    upstream.answer(&format!("{HEAD}{chunks}0\r\n\r\n"));
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream_that_closes(&world, "/v3/chat").await;
    read_head(&mut stream).await;

    assert_eq!(read_body(&mut stream).await, (pieces.concat(), true));
    drop(stream);
    world.stop().await;
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_upstream_connection() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer_in_steps(&[&format!("{HEAD}{}", chunk("event:x\ndata:1\n\n")), "never sent"]);
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream(&world).await;
    read_head(&mut stream).await;

    drop(stream);

    // Ends only when the proxy has closed its side.
    upstream.connection_gone().await;
    world.stop().await;
}

/// The platform dies after half an event.
const HALF: &str = "event:conversation.message.delta\ndata:{\"content\":\"\u{4f60}";

#[tokio::test]
async fn stream_whose_platform_dies_ends_with_an_event_that_says_so() {
    let dialects = [
        ("/v3/chat", "event:error\ndata:{\"code\":990502,\"msg\":\"cozegate: "),
        (
            "/v1/workflows/chat",
            "event:error\ndata:{\"code\":990502,\"msg\":\"cozegate: ",
        ),
        (
            "/v1/workflow/stream_run",
            "id: 0\nevent: Error\ndata: {\"error_code\":990502,\"error_message\":\"cozegate: ",
        ),
        (
            "/v1/workflow/stream_resume",
            "id: 0\nevent: Error\ndata: {\"error_code\":990502,\"error_message\":\"cozegate: ",
        ),
    ];
    for (path, wanted) in dialects {
        let upstream = RecordingUpstream::start().await;
        let whole = "event:x\ndata:1\n\n";
        upstream.answer_and_close(&format!("{HEAD}{}{}", chunk(whole), chunk(HALF)));
        let world = World::with_upstream(&upstream.api_base()).await;
        let mut stream = open_stream_that_closes(&world, path).await;
        read_head(&mut stream).await;

        let (body, has_ended) = read_body(&mut stream).await;

        let last = body.strip_prefix(whole).unwrap();
        assert!(last.starts_with(wanted), "{path}: {last}");
        assert!(last.ends_with("}\n\n"), "{path}: {last}");
        let (_, data) = last.split_once("data:").unwrap();
        serde_json::from_str::<serde_json::Value>(data.trim()).unwrap();
        assert!(has_ended, "{path}");
        drop(stream);
        world.stop().await;
    }
}

#[tokio::test]
async fn stream_that_stands_still_ends_with_an_event_that_names_the_setting() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer_in_steps(&[&format!("{HEAD}{}", chunk(HALF)), "never sent"]);
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.timeouts.idle = Duration::from_secs(1);
    })
    .await;
    let mut stream = open_stream_that_closes(&world, "/v3/chat").await;
    read_head(&mut stream).await;

    let (body, has_ended) = read_body(&mut stream).await;

    assert!(body.starts_with("event:error\ndata:{\"code\":990504,"), "{body}");
    assert!(body.contains("timeouts.idle_seconds"), "{body}");
    assert!(has_ended);
    drop(stream);
    world.stop().await;
}

#[tokio::test]
async fn other_answer_that_was_cut_does_not_look_whole() {
    // A file in chunks, and a stream whose length was announced: there is no room for an event more.
    let heads = [
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\ndata:1\n\n",
    ];
    for head in heads {
        let upstream = RecordingUpstream::start().await;
        upstream.answer_and_close(head);
        let world = World::with_upstream(&upstream.api_base()).await;
        let mut stream = open_stream_that_closes(&world, "/v3/chat").await;
        let (status, _) = read_head(&mut stream).await;

        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();

        assert_eq!(status, 200);
        assert!(rest.len() < 100 && !rest.ends_with(b"0\r\n\r\n"), "{rest:?}");
        drop(stream);
        world.stop().await;
    }
}

#[tokio::test]
async fn json_answer_leaves_in_one_piece_however_it_came() {
    let upstream = RecordingUpstream::start().await;
    let error = "{\"code\":4200,\"msg\":\"Requested resource bot_id=1 does not exist.\"}";
    let (first, second) = error.split_at(20);
    upstream.answer_in_steps(&[
        &format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            chunk(first)
        ),
        &format!("{}0\r\n\r\n", chunk(second)),
    ]);
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream(&world).await;

    upstream.go_on();
    let (status, headers) = read_head(&mut stream).await;

    assert_eq!(status, 200);
    let length = ("content-length".to_owned(), error.len().to_string());
    assert!(headers.contains(&length), "{headers:?}");
    read_exactly_raw(&mut stream, error).await;
    drop(stream);
    world.stop().await;
}

#[tokio::test]
async fn json_answer_that_was_cut_is_a_problem() {
    let upstream = RecordingUpstream::start().await;
    upstream
        .answer_and_close("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"code\":");
    let world = World::with_upstream(&upstream.api_base()).await;

    let handle = world.handle().await;
    let answer = world.ask("GET /v1/users/me", &handle, "").await;

    assert_eq!(answer.status, 502);
    assert_eq!(answer.json()["type"], "urn:cozegate:problem:upstream-broken");
    world.stop().await;
}
