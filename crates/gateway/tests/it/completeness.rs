//! HTTP/1.1 as a whole: every method, every framing, both ways, and bodies of any size in little memory.

use crate::world::{RecordingUpstream, World, dialogue};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn world(upstream: &RecordingUpstream) -> World {
    World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await
}

#[tokio::test]
async fn every_method_travels_with_and_without_a_body() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for body in ["", "hello"] {
            let fields = if body.is_empty() { "" } else { "Content-Length: 5\r\n" };
            let request = world.head(&format!("{method} /v1/x"), &handle, fields) + body;

            let answers = dialogue(world.proxy, request.as_bytes(), 1).await.unwrap();

            assert_eq!(answers[0].status, 200, "{method}");
            let arrived = upstream.request().await;
            assert!(
                arrived.starts_with(&format!("{method} /v1/x HTTP/1.1\r\n")),
                "{arrived}"
            );
            assert!(arrived.ends_with(&format!("\r\n\r\n{body}")), "{arrived}");
        }
    }
    // RFC 9110 15.5.6 and 15.6.2: HTTP has the method, or it does not.
    for (method, status) in [("TRACE", 405), ("TRACK", 501), ("PROPFIND", 501), ("get", 501)] {
        let request = world.head(&format!("{method} /v1/x"), &handle, "");
        let answers = dialogue(world.proxy, request.as_bytes(), 1).await.unwrap();
        assert_eq!(answers[0].status, status, "{method}");
        let allow = answers[0].header("allow");
        assert_eq!(
            allow.is_some_and(|allow| allow.contains("PATCH")),
            status == 405,
            "{answers:?}"
        );
    }
    // RFC 9110 9.3.7: about the server as a whole.
    for addr in [world.proxy, world.auth] {
        let request = format!("OPTIONS * HTTP/1.1\r\nHost: {addr}\r\n\r\n");
        let answers = dialogue(addr, request.as_bytes(), 1).await.unwrap();
        assert_eq!(answers[0].status, 204, "{answers:?}");
        assert!(answers[0].header("allow").unwrap().contains("GET"), "{answers:?}");
    }
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn answers_without_a_body_have_none_and_keep_what_they_say() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    let head = world.head("HEAD /v1/x", &handle, "");
    let get = world.head("GET /v1/x", &handle, "");
    for (request, answer, status, length) in [
        (
            &head,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1234\r\n\r\n",
            200,
            Some("1234"),
        ),
        (
            &head,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1234\r\n\r\n",
            200,
            Some("1234"),
        ),
        (
            &head,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            404,
            Some("0"),
        ),
        (&get, "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, None),
        (&get, "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, None),
        (&get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, Some("0")),
    ] {
        upstream.answer(answer);
        let mut stream = TcpStream::connect(world.proxy).await.unwrap();
        // The second request tells where the first answer ends.
        let both = format!(
            "{request}OPTIONS /v1/x HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            world.proxy
        );
        stream.write_all(both.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();

        let (first, second) = text.split_once("\r\n\r\n").unwrap();
        assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}: {text}");
        let stated = first
            .split("\r\n")
            .find_map(|line| line.strip_prefix("Content-Length: "));
        assert_eq!(stated, length, "{answer}: {text}");
        assert!(second.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer}: {text}");
    }
    world.stop().await;
}

#[tokio::test]
async fn lengths_stay_lengths_chunks_stay_chunks_and_trailers_end_here() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    let get = world.head("GET /v1/x", &handle, "TE: trailers\r\nConnection: TE\r\n");
    for (answer, is_chunked) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 5\r\n\r\nhello",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n",
            true,
        ),
    ] {
        upstream.answer(answer);
        let answers = dialogue(world.proxy, get.repeat(2).as_bytes(), 2).await.unwrap();
        assert_eq!(
            answers[0].header("transfer-encoding").is_some(),
            is_chunked,
            "{answers:?}"
        );
        assert_eq!(answers[0].header("trailer"), None);
        assert!(answers[0].text().starts_with("hello"), "{answers:?}");
        assert!(!answers[0].text().contains("T: x"), "{answers:?}");
        upstream.request().await;
        upstream.request().await;
    }
    assert_eq!(upstream.connections(), 1, "trailers are read to their end");
    upstream.answer_and_close("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\nto the end");
    let answers = dialogue(world.proxy, get.as_bytes(), 1).await.unwrap();
    assert_eq!(answers[0].header("transfer-encoding"), Some("chunked"));
    upstream.request().await;

    let chunked = world.head("POST /v1/x", &handle, "Transfer-Encoding: chunked\r\nTrailer: T\r\n")
        + "5\r\nhello\r\n0\r\nT: x\r\n\r\n";
    let answers = dialogue(world.proxy, chunked.repeat(2).as_bytes(), 2).await.unwrap();
    assert_eq!(answers.len(), 2);
    let arrived = upstream.request().await.to_ascii_lowercase();
    assert!(
        arrived.contains("transfer-encoding: chunked") && !arrived.contains("trailer"),
        "{arrived}"
    );
    assert!(arrived.ends_with("5\r\nhello\r\n0\r\n\r\n"), "{arrived}");
    world.stop().await;
}

#[tokio::test]
async fn names_of_fields_are_spelled_as_the_platform_spells_them() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    upstream.answer("HTTP/1.1 200 OK\r\nx-tt-logid: 7\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi");
    let strange = "cgh_".to_owned() + &"A".repeat(43);
    for (credential, expected) in [
        (&handle, "\r\nX-Tt-Logid: 7\r\n"),
        (&strange, "\r\nContent-Type: application/problem+json\r\n"),
    ] {
        let mut stream = TcpStream::connect(world.proxy).await.unwrap();
        let request = world.head("GET /v1/x", credential, "Connection: close\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();

        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names = head.split("\r\n").skip(1).map(|line| line.split(':').next().unwrap());
        for part in names.flat_map(|name| name.split('-')) {
            assert!(
                part.starts_with(|first: char| first.is_ascii_uppercase()),
                "{part} in {text}"
            );
        }
        assert!(text.contains(expected), "{text}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_told_when_we_read() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    let fields = "Expect: 100-continue\r\nContent-Length: 5\r\n";
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    stream
        .write_all(world.head("POST /v1/x", &handle, fields).as_bytes())
        .await
        .unwrap();
    let mut told = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let arrived = upstream.request().await;
    assert!(!arrived.to_ascii_lowercase().contains("expect"), "{arrived}");

    // A caller who is refused need not send the body, and is told that the connection ends.
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    let strange = "cgh_".to_owned() + &"A".repeat(43);
    stream
        .write_all(world.head("POST /v1/x", &strange, fields).as_bytes())
        .await
        .unwrap();
    let mut text = vec![];
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).await.unwrap();
        text.push(byte[0]);
    }
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 401 ") && text.contains("\r\nConnection: close\r\n"),
        "{text}"
    );
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks_and_the_end_of_the_connection() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    for connection in ["", "Connection: keep-alive\r\n"] {
        upstream.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata:1\n\n\r\n0\r\n\r\n");
        let request = world
            .head("GET /v1/x", &handle, connection)
            .replace(" HTTP/1.1", " HTTP/1.0");
        let mut stream = TcpStream::connect(world.proxy).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();

        assert!(text.starts_with("HTTP/1.0 200 OK\r\n"), "{text}");
        assert!(!text.to_ascii_lowercase().contains("transfer-encoding"), "{text}");
        assert!(text.ends_with("\r\n\r\ndata:1\n\n"), "{text}");
    }
    world.stop().await;
}

/// An upstream that counts what it reads: all of it, or nothing behind the head.
async fn counting_upstream(reads_on: bool) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    #[expect(
        clippy::disallowed_methods,
        reason = "nobody waits for it: it ends with the test's runtime"
    )]
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut piece = vec![0; 256 * 1024];
        let mut wanted = u64::MAX;
        while counted.load(Ordering::Relaxed) < wanted {
            let read = stream.read(&mut piece).await.unwrap();
            let before = counted.fetch_add(read as u64, Ordering::Relaxed);
            if before == 0 {
                let head = String::from_utf8_lossy(&piece[..read]).to_ascii_lowercase();
                let end = head.find("\r\n\r\n").unwrap() + 4;
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .unwrap()
                    .split("\r\n")
                    .next()
                    .unwrap();
                wanted = end as u64 + length.parse::<u64>().unwrap();
            }
            if !reads_on {
                std::future::pending::<()>().await;
            }
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            .await
            .unwrap();
        stream.shutdown().await.unwrap();
    });
    (addr, count)
}

const LARGE: u64 = 512 * 1024 * 1024;

#[tokio::test]
async fn half_a_gigabyte_goes_up_in_one_stream() {
    let (upstream, count) = counting_upstream(true).await;
    let world = World::with_upstream(&format!("http://{upstream}")).await;
    let handle = world.handle().await;
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    let head = world.head(
        "POST /v1/files/upload",
        &handle,
        &format!("Content-Length: {LARGE}\r\n"),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 256 * 1024];
    for _ in 0..LARGE / piece.len() as u64 {
        stream.write_all(&piece).await.unwrap();
    }
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();

    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert!(count.load(Ordering::Relaxed) > LARGE);
    world.stop().await;
}

#[tokio::test]
async fn an_upstream_that_stops_reading_stops_the_caller() {
    let (upstream, _) = counting_upstream(false).await;
    let world = World::with_upstream_and(&format!("http://{upstream}"), |config| {
        config.timeouts.shutdown = Duration::ZERO;
    })
    .await;
    let handle = world.handle().await;
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    let head = world.head(
        "POST /v1/files/upload",
        &handle,
        &format!("Content-Length: {LARGE}\r\n"),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 256 * 1024];
    let mut taken = 0;
    // Nothing for a while: nobody takes any more. A slow machine takes less, and not more.
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(300), stream.write(&piece)).await {
        taken += written.unwrap();
        assert!(taken < 64 * 1024 * 1024, "somebody keeps it");
    }
    drop(stream);
    world.stop().await;
}

#[tokio::test]
async fn a_caller_who_leaves_within_the_body_leaves_no_request_behind() {
    let mut upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    let head = world.head("POST /v1/x", &handle, "Transfer-Encoding: chunked\r\n");
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    stream.write_all((head + "5\r\nhello\r\n").as_bytes()).await.unwrap();
    while !upstream.bytes().contains("hello") {
        tokio::task::yield_now().await;
    }
    drop(stream);

    upstream.connection_gone().await;

    assert!(upstream.is_untouched(), "a whole request");
    world.stop().await;
}
