//! Connections in memory, on a clock that jumps: what is closed when, and what is said before.

use super::register::{Bounds, Register, Seat};
use super::state::Patience;
use super::{RecordRefused, RequestBody, serve_http1};
use crate::caller::TrustedProxies;
use crate::telemetry::labels::Listener;
use crate::telemetry::record::Record;
use crate::telemetry::{Telemetry, exposition};
use bytes::Bytes;
use coze_auth::{SeededRandom, UnixSeconds};
use cozegate_config::ForwardedField;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::service::service_fn;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const IDLE: Duration = Duration::from_mins(10);
const STALLED: Duration = Duration::from_mins(5);

fn register(all: usize, of_address: Option<usize>) -> Arc<Register> {
    register_counted_by(&telemetry(), all, of_address)
}

fn telemetry() -> Arc<Telemetry> {
    Arc::new(Telemetry::new(UnixSeconds(0), &SeededRandom::new(1)))
}

fn register_counted_by(telemetry: &Arc<Telemetry>, all: usize, of_address: Option<usize>) -> Arc<Register> {
    let patience = Patience {
        idle: IDLE,
        stalled: STALLED,
    };
    let refused = Arc::new(Counted(Arc::clone(telemetry)));
    let bounds = Bounds {
        all,
        of_address,
        trusted: TrustedProxies::new(vec!["198.51.100.0/24".parse().unwrap()], ForwardedField::default()),
    };
    Arc::new(Register::new(bounds, patience, refused))
}

#[derive(Debug)]
struct Counted(Arc<Telemetry>);

impl RecordRefused for Counted {
    fn begin(&self, method: &Method) -> Record {
        Record::begin_refused(Arc::clone(self.0.common()), Listener::Proxy, method)
    }
}

fn seat(register: &Arc<Register>) -> Seat {
    register.admit(IpAddr::from([192, 0, 2, 1])).unwrap()
}

/// Begins to serve a connection; its client's end, and the task.
fn connect(seat: Seat) -> (DuplexStream, JoinHandle<()>) {
    connect_for(seat, Arc::new(Notify::new()))
}

/// The same; a request for `/wait` is answered when `go` says so, one for `/large` with a mebibyte.
fn connect_for(seat: Seat, go: Arc<Notify>) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(4096);
    let service = service_fn(move |request: Request<RequestBody>| {
        let go = Arc::clone(&go);
        async move {
            let text = match request.uri().path() {
                "/wait" => {
                    go.notified().await;
                    Bytes::from("waited")
                }
                "/large" => Bytes::from(vec![b'x'; 1024 * 1024]),
                "/unread" => Bytes::from("unread"),
                path => {
                    let path = path.to_owned();
                    let body = request.into_body().collect().await.map(Collected::to_bytes);
                    Bytes::from(format!(
                        "{path} {}",
                        body.map_or("broken".into(), |body| String::from_utf8_lossy(&body).into_owned())
                    ))
                }
            };
            Ok::<_, Infallible>(Response::new(Full::new(text)))
        }
    });
    #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
    let task = tokio::spawn(async move {
        let _client_may_be_gone = serve_http1(server, seat, service).await;
    });
    (client, task)
}

/// Sends `request` and reads what is there afterwards, up to and with `last`.
async fn exchange(client: &mut DuplexStream, request: &str, last: &str) -> String {
    client.write_all(request.as_bytes()).await.unwrap();
    read_to(client, last).await
}

async fn read_to(client: &mut DuplexStream, last: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(last) {
        let byte = client
            .read_u8()
            .await
            .unwrap_or_else(|error| panic!("{error} behind {text}"));
        text.push(char::from(byte));
    }
    text
}

async fn rest(client: &mut DuplexStream) -> String {
    let mut text = Vec::new();
    let _reset = client.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

/// A time as a test sees it.
fn seconds_since(start: Instant) -> u64 {
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays_open_longer_than_a_browser_waits() {
    let register = register(10, None);
    let (mut client, task) = connect(seat(&register));
    assert!(
        exchange(&mut client, "GET /a HTTP/1.1\r\n\r\n", "/a ")
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );

    tokio::time::sleep(Duration::from_secs(590)).await;
    // It still serves, and the rest begins anew.
    exchange(&mut client, "GET /b HTTP/1.1\r\n\r\n", "/b ").await;
    let start = Instant::now();
    assert_eq!(rest(&mut client).await, "");

    assert_eq!(seconds_since(start), IDLE.as_secs());
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_sends_nothing_at_all_is_closed_after_ten_seconds_without_a_word() {
    let register = register(10, None);
    let (mut client, task) = connect(seat(&register));
    let start = Instant::now();

    assert_eq!(rest(&mut client).await, "");

    assert_eq!(seconds_since(start), 10);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_has_ten_seconds_from_its_first_byte_and_then_gets_an_answer() {
    let register = register(10, None);
    for before in ["", "GET /a HTTP/1.1\r\n\r\n"] {
        let (mut client, task) = connect(seat(&register));
        if !before.is_empty() {
            exchange(&mut client, before, "/a ").await;
            tokio::time::sleep(Duration::from_secs(100)).await;
        }
        client.write_all(b"GET /b HTTP/1.1\r\nHost").await.unwrap();
        let start = Instant::now();
        // Slowly does not help.
        tokio::time::sleep(Duration::from_secs(6)).await;
        client.write_all(b": x\r\n").await.unwrap();

        let answer = rest(&mut client).await;

        assert_eq!(seconds_since(start), 10);
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert!(answer.contains("urn:cozegate:problem:head-overdue"), "{answer}");
        drop(client);
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_as_long_as_it_takes_and_a_stop_waits_for_it() {
    let register = register(10, None);
    let go = Arc::new(Notify::new());
    let (mut idle, idle_task) = connect(seat(&register));
    exchange(&mut idle, "GET /a HTTP/1.1\r\n\r\n", "/a ").await;
    let (mut busy, busy_task) = connect_for(seat(&register), Arc::clone(&go));
    busy.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_hours(2)).await;
    // The other one has been idle for two hours.
    assert_eq!(rest(&mut idle).await, "");
    idle_task.await.unwrap();
    let (mut fresh, fresh_task) = connect(seat(&register));
    exchange(&mut fresh, "GET /a HTTP/1.1\r\n\r\n", "/a ").await;

    register.stop();
    assert_eq!(rest(&mut fresh).await, "");
    fresh_task.await.unwrap();
    tokio::time::sleep(Duration::from_mins(10)).await;
    go.notify_one();
    let answer = rest(&mut busy).await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nConnection: close\r\n") && answer.ends_with("waited"),
        "{answer}"
    );
    busy_task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_closed() {
    let register = register(10, None);
    let (mut client, task) = connect(seat(&register));
    client.write_all(b"GET /large HTTP/1.1\r\n\r\n").await.unwrap();
    let start = Instant::now();

    task.await.unwrap();

    assert_eq!(seconds_since(start), STALLED.as_secs());
    assert!(rest(&mut client).await.len() < 1024 * 1024);
}

#[tokio::test]
async fn a_connection_that_will_not_be_used_again_says_so() {
    let register = register(10, None);
    // A body that nobody reads: in part there, in chunks.
    for request in [
        "POST /unread HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc",
        "POST /unread HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let (mut client, task) = connect(seat(&register));

        let answer = exchange(&mut client, request, "unread").await;

        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert_eq!(rest(&mut client).await, "");
        drop(client);
        task.await.unwrap();
    }
    // And one that was read does not.
    let (mut client, _task) = connect(seat(&register));
    for request in [
        "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let answer = exchange(&mut client, request, "/a abc").await;
        assert!(!answer.to_ascii_lowercase().contains("connection:"), "{answer}");
    }
}

/// A connection whose request was answered before its body was there.
async fn answered_early(register: &Arc<Register>) -> (DuplexStream, JoinHandle<()>) {
    let (mut client, task) = connect(seat(register));
    let request = "POST /unread HTTP/1.1\r\nContent-Length: 100000000\r\n\r\nabc";
    exchange(&mut client, request, "unread").await;
    (client, task)
}

/// Sends a piece every second, `count` of them or for as long as somebody reads.
async fn send_on(client: &mut DuplexStream, count: usize) {
    for _ in 0..count {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if client.write_all(&[b'x'; 100]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_still_sends_behind_an_early_answer_is_listened_to_and_not_for_ever() {
    let register = register(10, None);
    let (mut client, task) = answered_early(&register).await;
    let start = Instant::now();

    send_on(&mut client, 10).await;
    task.await.unwrap();
    assert_eq!(seconds_since(start), 12, "ten of them, and two of silence");

    let (mut client, task) = answered_early(&register).await;
    let start = Instant::now();
    let ended = async {
        task.await.unwrap();
        seconds_since(start)
    };
    let ((), ended_after) = tokio::join!(send_on(&mut client, 100), ended);
    assert_eq!(ended_after, 30);
}

#[tokio::test(start_paused = true)]
async fn who_still_sends_while_we_stop_has_no_more_time_than_a_silent_one() {
    let register = register(10, None);
    let (mut client, task) = answered_early(&register).await;
    send_on(&mut client, 5).await;
    let start = Instant::now();
    register.stop();
    let ended = async {
        task.await.unwrap();
        seconds_since(start)
    };

    let ((), ended_after) = tokio::join!(send_on(&mut client, 100), ended);

    assert_eq!(ended_after, 2);
}

#[tokio::test]
async fn pieces_of_a_head_are_put_together_wherever_they_are_cut() {
    let register = register(10, None);
    let requests = "\r\nPOST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: x\r\n\r\n\
                    POST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nde";
    for cut in 1..requests.len() {
        let (mut client, _task) = connect(seat(&register));
        let (first, second) = requests.split_at(cut);
        client.write_all(first.as_bytes()).await.unwrap();
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }

        let answers = exchange(&mut client, second, "/b de").await;

        assert!(
            answers.contains("\r\n\r\n/a abcHTTP/1.1 200 OK\r\n"),
            "{cut}: {answers}"
        );
    }
}

#[tokio::test]
async fn at_the_limit_those_go_that_bring_no_request_and_then_those_that_rest() {
    let register = register(4, None);
    let go = Arc::new(Notify::new());
    let (mut silent, _) = connect(seat(&register));
    let (mut begun, _) = connect(seat(&register));
    begun.write_all(b"GET /").await.unwrap();
    let (mut resting, _) = connect(seat(&register));
    exchange(&mut resting, "GET /a HTTP/1.1\r\n\r\n", "/a ").await;
    let (mut busy, _) = connect_for(seat(&register), Arc::clone(&go));
    busy.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
    tokio::task::yield_now().await;

    let mut served = vec![];
    for gone in [&mut silent, &mut begun, &mut resting] {
        let (mut good, _) = connect_for(seat(&register), Arc::clone(&go));
        good.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(rest(gone).await, "");
        served.push(good);
    }
    // All are busy: one more is told so, and none is cut.
    let (mut told, _) = connect(seat(&register));
    let answer = rest(&mut told).await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("\r\nRetry-After: 1\r\n"), "{answer}");
    assert!(answer.contains("urn:cozegate:problem:too-many-connections"), "{answer}");
    assert!(answer.contains("\"limit\":\"limits.connections\""), "{answer}");
    served.push(busy);
    go.notify_waiters();
    for mut client in served {
        assert!(read_to(&mut client, "waited").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_service_sees_is_counted_with_its_problem() {
    let telemetry = telemetry();
    let register = register_counted_by(&telemetry, 1, None);
    let go = Arc::new(Notify::new());
    for (head, problem) in [
        ("GET /a HTTP/1.1\r\nHost", "head-overdue"),
        ("POST /a HTTP/1.1\r\n", "head-overdue"),
        ("GET /a HTTP/2.0\r\n\r\n", "head-refused"),
    ] {
        let (mut client, task) = connect(seat(&register));
        client.write_all(head.as_bytes()).await.unwrap();
        assert!(rest(&mut client).await.contains(problem));
        drop(client);
        task.await.unwrap();
    }
    // Its answer has no body, and is read by nobody.
    let (mut client, task) = connect(seat(&register));
    client.write_all(b"HEAD /a HTTP/2.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut client).await.ends_with("\r\n\r\n"));
    drop(client);
    task.await.unwrap();
    let (mut busy, _) = connect_for(seat(&register), Arc::clone(&go));
    busy.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
    tokio::task::yield_now().await;
    let (mut told, _) = connect(seat(&register));
    assert!(rest(&mut told).await.contains("too-many-connections"));

    let text = exposition::text(&telemetry).unwrap();
    let request = |status, count| {
        format!(
            "cozegate_requests_total{{listener=\"proxy\",route=\"none\",method=\"other\",status=\"{status}\"}} {count}\n"
        )
    };
    for line in [
        &request("4xx", 4),
        &request("5xx", 1),
        "cozegate_problems_total{problem=\"head-overdue\"} 2\n",
        "cozegate_problems_total{problem=\"head-refused\"} 2\n",
        "cozegate_problems_total{problem=\"too-many-connections\"} 1\n",
        "cozegate_early_ends_total{listener=\"proxy\",cause=\"caller-left\"} 0\n",
        "cozegate_requests_in_progress{listener=\"proxy\"} 0\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn one_address_does_not_take_what_is_for_all() {
    let register = register(10, Some(2));
    let of = |last| IpAddr::from([192, 0, 2, last]);
    let go = Arc::new(Notify::new());
    let mut greedy = vec![];
    for _ in 0..2 {
        let (mut client, _) = connect_for(register.admit(of(1)).unwrap(), Arc::clone(&go));
        client.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
        greedy.push(client);
    }
    tokio::task::yield_now().await;

    let (mut third, _) = connect(register.admit(of(1)).unwrap());
    let (mut other, _) = connect(register.admit(of(2)).unwrap());

    let answer = rest(&mut third).await;
    assert!(answer.contains("too-many-connections"), "{answer}");
    assert!(
        answer.contains("\"limit\":\"limits.connections_per_address\""),
        "{answer}"
    );
    exchange(&mut other, "GET /a HTTP/1.1\r\n\r\n", "/a ").await;
    go.notify_one();
    read_to(&mut greedy[0], "waited").await;
}

/// Admits `count` connections from what `address` makes of a number, with a request under way on each; how many were refused.
async fn refused_of(register: &Arc<Register>, count: u16, address: impl Fn(u16) -> IpAddr) -> usize {
    let go = Arc::new(Notify::new());
    let mut clients = vec![];
    for number in 0..count {
        let (mut client, _) = connect_for(register.admit(address(number)).unwrap(), Arc::clone(&go));
        client.write_all(b"GET /wait HTTP/1.1\r\n\r\n").await.unwrap();
        tokio::task::yield_now().await;
        clients.push(client);
    }
    // Those that wait are served now; a refusal is there already.
    go.notify_waiters();
    let mut refused = 0;
    for client in &mut clients {
        let answer = read_to(client, "\r\n").await;
        refused += usize::from(answer.starts_with("HTTP/1.1 503 "));
    }
    refused
}

#[tokio::test]
async fn trusted_proxy_and_loopback_are_not_bounded_by_address() {
    for address in [[198, 51, 100, 7], [127, 0, 0, 1]] {
        let refused = refused_of(&register(2_000, Some(5)), 50, |_| IpAddr::from(address)).await;
        println!("connections of a trusted peer: good tried 50 / refused {refused}");
        assert_eq!(refused, 0);
    }
}

#[tokio::test]
async fn one_ipv4_address_is_bounded_in_every_spelling_and_ipv6_by_its_networks() {
    let v6 = |segments: [u16; 8]| IpAddr::from(segments);
    // 192.0.2.1 as itself, mapped, through NAT64 and as 6to4.
    let spellings = [
        IpAddr::from([192, 0, 2, 1]),
        v6([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]),
        v6([0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0201]),
        v6([0x2002, 0xc000, 0x0201, 9, 9, 9, 9, 9]),
    ];
    let spelled = refused_of(&register(2_000, Some(4)), 20, |number| {
        spellings[usize::from(number) % 4]
    })
    .await;
    // A /64 counts as one address, a /48 as 16.
    let in_64 = refused_of(&register(2_000, Some(4)), 20, |number| {
        v6([0x2001, 0xdb8, 1, 2, number, number, number, number])
    })
    .await;
    let in_48 = refused_of(&register(2_000, Some(4)), 100, |number| {
        v6([0x2001, 0xdb8, 1, number, 0, 0, 0, 1])
    })
    .await;
    let apart = refused_of(&register(2_000, Some(4)), 100, |number| {
        v6([0x2001, 0xdb8, number, 0, 0, 0, 0, 1])
    })
    .await;

    println!(
        "connections: bad tried {} / let through {}; good tried 172 / refused {apart}",
        16 + 16 + 36,
        (16 - spelled) + (16 - in_64) + (36 - in_48)
    );
    assert_eq!((spelled, in_64, in_48, apart), (16, 16, 36, 0));
}

#[tokio::test]
async fn a_place_is_free_again_when_its_connection_has_ended() {
    let register = register(16, None);
    for _ in 0..100 {
        let (mut client, task) = connect(seat(&register));
        exchange(&mut client, "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "/a ").await;
        task.await.unwrap();
    }
    // If one were kept, it would have been asked to leave by now or the register be full; one connection after the other
    // has a place.
    assert!(register.admit(IpAddr::from([192, 0, 2, 1])).is_some());
}

/// An answer without end, that counts what is taken of it.
struct Endless(Arc<AtomicUsize>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        // As much as one read from the platform brings.
        let piece = Bytes::from(vec![b'x'; 64 * 1024]);
        self.0.fetch_add(piece.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_little_of_our_memory() {
    let taken = Arc::new(AtomicUsize::new(0));
    let (mut client, server) = tokio::io::duplex(4096);
    let counted = Arc::clone(&taken);
    let service = service_fn(move |_: Request<RequestBody>| {
        let body = Endless(Arc::clone(&counted));
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    let seat = seat(&register(10, None));
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

    // Nothing is read until the connection is given up.
    let _given_up = serve_http1(server, seat, service).await;

    let taken = taken.load(Ordering::Relaxed);
    println!("a reader who takes nothing holds {taken} bytes");
    assert!(taken <= 256 * 1024, "{taken}");
}
