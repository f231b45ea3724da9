//! Streams pass as they come: every byte, at once, and both ends notice when the other leaves.

use crate::world::{RecordingUpstream, World, read_head};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(bytes: &str) -> String {
    format!("{:x}\r\n{bytes}\r\n", bytes.len())
}

async fn open_stream(world: &World) -> BufReader<TcpStream> {
    let handle = world.handle().await;
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = format!(
        "POST /v3/chat HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {handle}\r\nContent-Length: 15\r\n\r\n{{\"stream\":true}}",
        world.proxy
    );
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

#[tokio::test]
async fn odd_pieces_stay_odd_pieces() {
    let upstream = RecordingUpstream::start().await;
    // An event cut in the middle of a character, a bare CR, an empty line of its own, a comment: not ours to mend.
    let pieces = [
        "event:x\nda",
        "ta:{\"a\":1}\r\n\r\n",
        ": comment\n",
        "\n\n\n",
        "data:no end",
    ];
    let steps: Vec<String> = pieces.iter().map(|piece| chunk(piece)).collect();
    let mut script = vec![format!("{HEAD}{}", steps[0])];
    script.extend(steps[1..].iter().cloned());
    script.push("0\r\n\r\n".to_owned());
    upstream.answer_in_steps(&script.iter().map(String::as_str).collect::<Vec<_>>());
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream(&world).await;
    read_head(&mut stream).await;

    for piece in pieces {
        read_exactly(&mut stream, piece).await;
        upstream.go_on();
    }
    read_exactly_raw(&mut stream, "0\r\n\r\n").await;
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

#[tokio::test]
async fn an_answer_that_was_cut_does_not_look_whole() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer_and_close(&format!("{HEAD}{}", chunk("event:x\ndata:1\n\n")));
    let world = World::with_upstream(&upstream.api_base()).await;
    let mut stream = open_stream(&world).await;
    read_head(&mut stream).await;

    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();

    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("data:1"), "{rest:?}");
    assert!(!rest.ends_with("0\r\n\r\n"), "no last chunk: {rest:?}");
    drop(stream);
    world.stop().await;
}
