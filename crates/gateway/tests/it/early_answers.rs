//! A request that is refused while its body is still coming: the client that sends on, and reads only then, hears why.
//!
//! Closing a socket with bytes in it that nobody has read makes the system send a reset, and a reset takes away what the
//! client has not read yet. So the clients here are plain blocking ones, on real sockets, that send far more than fits
//! between the two programs.

use crate::tls::{client_config, issue};
use crate::world::{RecordingUpstream, World, send};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// More than all buffers between client and gateway hold.
const BODY: usize = 50 * 1024 * 1024;
const PIECE: usize = 64 * 1024;
/// A hang becomes a failure.
const LONGEST: Duration = Duration::from_mins(1);

/// How a body is framed.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Length,
    Chunks,
}

impl Frame {
    fn fields(self) -> String {
        match self {
            Self::Length => format!("Content-Length: {BODY}\r\n"),
            Self::Chunks => "Transfer-Encoding: chunked\r\n".to_owned(),
        }
    }

    fn piece(self) -> Vec<u8> {
        match self {
            Self::Length => vec![b'x'; PIECE],
            Self::Chunks => [format!("{PIECE:x}\r\n").as_bytes(), &vec![b'x'; PIECE], b"\r\n"].concat(),
        }
    }

    fn end(self) -> &'static [u8] {
        match self {
            Self::Length => b"",
            Self::Chunks => b"0\r\n\r\n",
        }
    }
}

/// What a client that sends everything before it reads gets to see: the answer, or what went wrong.
fn send_then_read(mut stream: impl Read + Write, head: &str, frame: Frame) -> String {
    let mut sending = || {
        stream.write_all(head.as_bytes())?;
        let piece = frame.piece();
        for _ in 0..BODY / PIECE {
            stream.write_all(&piece)?;
        }
        stream.write_all(frame.end())
    };
    if let Err(error) = sending() {
        return format!("could not send: {error}");
    }
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => String::from_utf8_lossy(&answer).into_owned(),
        Err(error) => format!("could not read: {error}, behind {}", String::from_utf8_lossy(&answer)),
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    stream.set_write_timeout(Some(LONGEST)).unwrap();
    stream
}

/// The same on a thread of its own.
async fn ask(addr: SocketAddr, head: String, frame: Frame) -> String {
    tokio::task::spawn_blocking(move || send_then_read(connect(addr), &head, frame))
        .await
        .unwrap()
}

async fn world(upstream: &RecordingUpstream) -> World {
    World::with_upstream_and(&upstream.api_base(), |config| {
        (config.limits.body_bytes, config.limits.upload_bytes) = (100_000, 1_000_000);
        config.server.workers = 1.try_into().ok();
    })
    .await
}

#[tokio::test]
async fn whoever_sends_all_of_a_refused_body_hears_why() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    let handle = world.handle().await;
    let strange = "cgh_".to_owned() + &"A".repeat(43);
    let foreign = "Origin: https://evil.example\r\n";
    let cases = [
        ("POST /v3/chat", &handle, "", Frame::Length, 413),
        ("POST /v1/files/upload", &handle, "", Frame::Length, 413),
        ("POST /v3/chat", &handle, "", Frame::Chunks, 413),
        ("POST /v1/files/upload", &handle, "", Frame::Chunks, 413),
        ("POST /v1/files/upload", &strange, "", Frame::Length, 401),
        ("POST /v1/files/upload", &strange, "", Frame::Chunks, 401),
        ("POST /v1/files/upload", &handle, foreign, Frame::Length, 403),
        ("POST /api/permission/oauth2/token", &handle, "", Frame::Length, 404),
        ("SEARCH /v1/files/upload", &handle, "", Frame::Chunks, 501),
        ("POST /v1/../files", &handle, "", Frame::Length, 400),
        // Two lengths: the head alone is refused, and all behind it is no request.
        ("POST /v3/chat", &handle, "Content-Length: 1\r\n", Frame::Chunks, 400),
    ];
    let mut lost = vec![];
    for (line, credential, fields, frame, status) in &cases {
        let head = world.head(line, credential, &format!("{fields}{}", frame.fields()));
        let answer = ask(world.proxy, head, *frame).await;
        if !answer.starts_with(&format!("HTTP/1.1 {status} ")) || !answer.ends_with('}') {
            lost.push((line, frame, status, answer));
        } else {
            assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        }
    }
    println!("refused bodies: {} / answers lost {}", cases.len(), lost.len());
    assert!(lost.is_empty(), "{lost:#?}");
    world.stop().await;
}

#[tokio::test]
async fn the_auth_service_is_heard_as_well() {
    let upstream = RecordingUpstream::start().await;
    let world = world(&upstream).await;
    for (line, fields, status) in [
        ("POST /auth/session", "", 413),
        ("POST /auth/session", "Origin: https://evil.example\r\n", 403),
        ("POST /logout", "", 413),
        ("POST /nothing", "", 404),
    ] {
        for frame in [Frame::Length, Frame::Chunks] {
            let host = format!("Host: {}\r\n", world.auth);
            let head = format!("{line} HTTP/1.1\r\n{host}{fields}{}\r\n", frame.fields());

            let answer = ask(world.auth, head, frame).await;

            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{line} {frame:?}: {answer}"
            );
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_the_platform_answers_early_arrives_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::with_upstream(&format!("http://{}", listener.local_addr().unwrap())).await;
    let handle = world.handle().await;
    let head = world.head("POST /v1/files/upload", &handle, &Frame::Length.fields());
    let early = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 7\r\n\r\nno room";

    let (answer, _still_open) = tokio::join!(ask(world.proxy, head, Frame::Length), answer_the_head(&listener, early));

    assert!(
        answer.starts_with("HTTP/1.1 403 Forbidden\r\n") && answer.ends_with("no room"),
        "{answer}"
    );
    world.stop().await;
}

/// Reads the head of a request, and answers; what follows is left unread.
async fn answer_the_head(listener: &TcpListener, answer: &str) -> tokio::net::TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_body_that_the_platform_does_not_want_holds_up_no_other_caller() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_base = format!("http://{}", listener.local_addr().unwrap());
    let world = World::with_upstream_and(&api_base, |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    for frame in [Frame::Length, Frame::Chunks] {
        let head = world.head("POST /v1/files/upload", &handle, &frame.fields());
        let mut slow = tokio::net::TcpStream::connect(world.proxy).await.unwrap();
        slow.write_all(head.as_bytes()).await.unwrap();
        let refused = answer_the_head(&listener, "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nno room").await;
        let mut told = vec![];
        while !told.ends_with(b"no room") {
            told.push(slow.read_u8().await.unwrap());
        }

        // The slow one has sent nothing of its body, and stays.
        let (other, _served) = tokio::time::timeout(LONGEST, async {
            tokio::join!(
                world.ask("GET /v1/users/me", &handle, "Connection: close\r\n"),
                answer_the_head(
                    &listener,
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
                )
            )
        })
        .await
        .expect("the other caller waits");

        assert_eq!((other.status, other.text().as_str()), (200, "{}"), "{frame:?}");
        drop((slow, refused));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_body_that_was_taken_leaves_the_connection_to_the_next_caller() {
    let upstream = RecordingUpstream::start().await;
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let length = 200_000;
    let whole = format!("Content-Length: {length}\r\n");
    let chunked = format!("{length:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(length));
    for (fields, body) in [
        (whole.as_str(), "x".repeat(length)),
        ("Transfer-Encoding: chunked\r\n", chunked),
    ] {
        let request = world.head("POST /v1/files/upload", &handle, fields) + &body;
        for _ in 0..2 {
            assert_eq!(send(world.proxy, &request).await.status, 200);
        }
    }

    assert_eq!(upstream.connections(), 1);
    world.stop().await;
}

#[tokio::test]
async fn within_tls_it_is_the_same() {
    let upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.limits.upload_bytes = 1_000_000;
        config.server.tls = Some(issued.config.clone());
    })
    .await;
    for frame in [Frame::Length, Frame::Chunks] {
        let config = client_config(&issued.certificate, "http/1.1");
        let name = ServerName::try_from("localhost").unwrap();
        let stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), connect(world.proxy));
        let own = format!("pat_{}", "a".repeat(64));
        let head = world.head("POST /v1/files/upload", &own, &frame.fields());

        let answer = tokio::task::spawn_blocking(move || send_then_read(stream, &head, frame)).await;

        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{frame:?}: {answer}");
    }
    world.stop().await;
}
