//! Stopping: no new request, but a running answer is finished.

use crate::world::{RecordingUpstream, World, read_head};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_running_answer_is_finished_and_new_connections_are_refused() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer_in_steps(&[
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 8\r\n\r\ndata",
        ":1\n\n",
    ]);
    let world = World::with_upstream(&upstream.api_base()).await;
    let handle = world.handle().await;
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head("GET /v1/users/me", &handle, "");
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    let mut part = [0; 4];
    stream.read_exact(&mut part).await.unwrap();
    let (proxy, auth) = (world.proxy, world.auth);

    world.gateway.stop();
    #[expect(clippy::disallowed_methods, reason = "the test itself waits for it")]
    let ended = tokio::spawn(world.gateway.stopped());
    // Listening ends first; the running answer holds the end up.
    while TcpStream::connect(auth).await.is_ok() || TcpStream::connect(proxy).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!ended.is_finished());
    upstream.go_on();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();

    assert_eq!([part.as_slice(), &rest].concat(), b"data:1\n\n");
    ended.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_after_the_grace_period() {
    let upstream = RecordingUpstream::start().await;
    upstream.answer_in_steps(&["HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ndata", "never"]);
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.timeouts.shutdown = Duration::ZERO;
    })
    .await;
    let handle = world.handle().await;
    let mut stream = BufReader::new(TcpStream::connect(world.proxy).await.unwrap());
    let request = world.head("GET /v1/users/me", &handle, "");
    stream.get_mut().write_all(request.as_bytes()).await.unwrap();
    read_head(&mut stream).await;

    world.stop().await;

    let mut rest = Vec::new();
    // A reset or an end, but not the missing bytes.
    let _reset = stream.read_to_end(&mut rest).await;
    assert_eq!(rest, b"data");
}
