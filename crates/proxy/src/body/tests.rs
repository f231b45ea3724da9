//! A caller that does not read holds little, however much the platform has to say.

use super::super::connect;
use super::super::pool::{Connection, Pool};
use super::{Answer, EventDialect};
use crate::upload::Upload;
use cozegate_core::connections;
use cozegate_core::media_type::is_event_stream;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_util::task::TaskTracker;

/// What the pipes of this test take by themselves. A platform that always has more makes hyper read as much as it may.
const PLATFORM_PIPE_BYTES: usize = 256 * 1024;
const CALLER_PIPE_BYTES: usize = 1024;

/// Writes `piece` again and again; returns how many bytes were taken when nothing has moved for a thousand turns.
async fn write_until_it_stands(mut platform: DuplexStream, piece: &[u8]) -> usize {
    let mut taken = 0;
    loop {
        let turns = async {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            written = platform.write(&piece[taken % piece.len()..]) => taken += written.unwrap(),
            () = turns => return taken,
        }
    }
}

/// How much is held between a platform that says `head` and then `piece` without end, and a caller that reads nothing.
async fn held_of(head: &str, piece: &[u8]) -> usize {
    let (mut platform, upstream) = tokio::io::duplex(PLATFORM_PIPE_BYTES);
    let (mut caller, server) = tokio::io::duplex(CALLER_PIPE_BYTES);
    let (mut sender, upstream) = connect::http1()
        .handshake::<_, Upload>(TokioIo::new(upstream))
        .await
        .unwrap();
    caller
        .write_all(b"GET /v3/chat HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();

    let request = async {
        let request: Request<Upload> = Request::new(Upload::empty());
        let answer = sender.send_request(request).await.unwrap();
        let lease = Arc::new(Pool::default()).lease(Connection::new(sender, TaskTracker::new().spawn(async {})), None);
        let is_stream = is_event_stream(answer.headers());
        answer.map(|body| {
            let body = Answer::from_upstream(body, lease, Duration::from_mins(1));
            if is_stream {
                body.into_events(EventDialect::Chat)
            } else {
                body
            }
        })
    };
    let exchange = async {
        let mut sent = [0; 64];
        let _request_of_ours = platform.read(&mut sent).await.unwrap();
        platform.write_all(head.as_bytes()).await.unwrap();
    };
    let upstream = async { upstream.await.ok() };
    let mut upstream = std::pin::pin!(upstream);
    let (answer, ()) = tokio::select! {
        both = async { tokio::join!(request, exchange) } => both,
        _ = upstream.as_mut() => unreachable!("it waits for the answer's end"),
    };
    let answer = RefCell::new(Some(answer));
    let service = service_fn(|_: Request<Incoming>| {
        let answer = answer.borrow_mut().take().unwrap();
        async move { Ok::<_, Infallible>(answer) }
    });
    let server = http1::Builder::new()
        .max_buf_size(connections::MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(server), service);
    tokio::select! {
        taken = write_until_it_stands(platform, piece) => head.len() + taken - PLATFORM_PIPE_BYTES - CALLER_PIPE_BYTES,
        _ = upstream => unreachable!("the platform says more"),
        _ = server => unreachable!("the answer goes on"),
    }
}

#[tokio::test]
async fn caller_that_reads_nothing_holds_less_than_64_kib() {
    let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = |length| {
        let event = format!("event:x\ndata:{}\n\n", "x".repeat(length));
        format!("{:x}\r\n{event}\r\n", event.len())
    };
    let (small, large) = (chunk(20), chunk(3_000));
    let file = "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 1000000000\r\n\r\n";
    let bytes = [b'x'; 4096];
    for (what, head, piece) in [
        ("small events", events, small.as_bytes()),
        ("large events", events, large.as_bytes()),
        ("a file", file, bytes.as_slice()),
    ] {
        let held = held_of(head, piece).await;

        println!("{what}: {held} bytes held for a caller that reads nothing");
        // One piece each is read, on its way, and one too many for the caller's connection.
        let bound = connections::MAX_BUFFER_BYTES + 3 * connect::MAX_BUFFER_BYTES;
        assert!(held <= bound && bound < 64 * 1024, "{what}: {held} of {bound}");
    }
}
