//! Answers that the platform sends unasked: none of them reaches another caller.

use crate::world::{Wire, World};
use coze_auth::SeededRandom;
use coze_auth::random::base64url;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CALLERS: usize = 50;
const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 8;
/// From an answer to the one that was not asked for.
const BEHIND: Duration = Duration::from_micros(500);

/// An upstream that answers with the credential that it was sent, and then once more if it is `broken`.
async fn upstream(broken: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::clone(&connections);
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, broken));
        }
    });
    (base, connections)
}

async fn serve(mut stream: TcpStream, broken: bool) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut head = Vec::new();
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let credential = text
            .lines()
            .find_map(|line| line.strip_prefix("authorization: bearer "))
            .unwrap_or_default();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{credential}",
            credential.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
        if broken {
            tokio::time::sleep(BEHIND).await;
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
        head.clear();
    }
}

/// What came of [`REQUESTS`]: those that got the answer of another caller, those that failed, connections, time.
async fn ask_all(broken: bool) -> (usize, usize, usize, Duration) {
    let (base, connections) = upstream(broken).await;
    let world = World::with_upstream(&base).await;
    let proxy = world.proxy;
    let tokens: Arc<Vec<String>> = Arc::new(
        (0..CALLERS)
            .map(|caller| format!("pat_{}", base64url(&SeededRandom::new(caller as u64 + 7), 32)))
            .collect(),
    );
    let began = Instant::now();
    let mut tasks = Vec::new();
    for task in 0..AT_ONCE {
        let tokens = Arc::clone(&tokens);
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        tasks.push(tokio::spawn(async move {
            let mut wire = Wire::to(proxy);
            let (mut of_others, mut failed) = (0, 0);
            for number in 0..REQUESTS / AT_ONCE {
                let token = &tokens[(number * 7 + task * 13) % CALLERS];
                let request =
                    format!("GET /v1/users/me HTTP/1.1\r\nHost: {proxy}\r\nAuthorization: Bearer {token}\r\n\r\n");
                match wire.exchange(request.as_bytes()).await {
                    Some(answer) if answer.status == 200 => {
                        of_others += usize::from(answer.text() != token.to_ascii_lowercase());
                    }
                    _ => failed += 1,
                }
            }
            (of_others, failed)
        }));
    }
    let (mut of_others, mut failed) = (0, 0);
    for task in tasks {
        let (more, more_failed) = task.await.unwrap();
        (of_others, failed) = (of_others + more, failed + more_failed);
    }
    let took = began.elapsed();
    world.stop().await;
    (of_others, failed, connections.load(Ordering::Relaxed), took)
}

/// F12: response-queue poisoning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answer_that_nobody_asked_for_reaches_no_other_caller() {
    let (of_others, failed, connections, took) = ask_all(true).await;
    println!(
        "unasked answers: bad tried {REQUESTS} / let through {of_others}; {failed} failed, {connections} connections, {took:?}"
    );
    assert_eq!(of_others, 0);
    // A request on a connection that breaks is sent again on a new one: it is a GET.
    assert_eq!(failed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_a_sound_platform_are_used_again() {
    let (of_others, failed, connections, took) = ask_all(false).await;
    println!(
        "connections: good tried {REQUESTS} / refused {failed}; {connections} connections for {CALLERS} callers, {took:?}"
    );
    assert_eq!((of_others, failed), (0, 0));
    assert!(connections < REQUESTS / 4, "{connections}");
}
