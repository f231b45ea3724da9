//! Callers that open streams and read nothing: each is let go after a while, and with it all that it held.

use crate::world::World;
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const READERS: usize = 64;
/// Small, so that little lies in the systems' buffers.
const SOCKET_BYTES: usize = 8 * 1024;

/// A platform whose streams never end; tells of every connection that was closed, and how much had been taken.
fn endless_platform() -> (SocketAddr, mpsc::UnboundedReceiver<usize>, Arc<AtomicUsize>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_send_buffer_size(SOCKET_BYTES).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(128).unwrap();
    let listener = TcpListener::from_std(socket.into()).unwrap();
    let addr = listener.local_addr().unwrap();
    let (gone, all_gone) = mpsc::unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    #[expect(
        clippy::disallowed_methods,
        reason = "nobody waits for it: it ends with the test's runtime"
    )]
    tokio::spawn(async move {
        let event = format!("event:x\ndata:{}\n\n", "x".repeat(4_000));
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        while let Ok((mut stream, _)) = listener.accept().await {
            let (gone, counted, chunk) = (gone.clone(), Arc::clone(&counted), chunk.clone());
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _request = stream.read(&mut request).await.unwrap();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let mut taken = 0;
                while stream.write_all(chunk.as_bytes()).await.is_ok() {
                    taken += chunk.len();
                }
                gone.send(taken).unwrap();
            });
        }
    });
    (addr, all_gone, open)
}

async fn deaf_caller(world: &World, request: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(SOCKET_BYTES).unwrap();
    socket.connect(&world.proxy.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::from_std(socket.into()).unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn sixty_four_callers_that_read_nothing_are_let_go() {
    let (platform, mut gone, open) = endless_platform();
    let world = World::with_upstream_and(&format!("http://{platform}"), |config| {
        config.timeouts.idle = Duration::from_secs(1);
        config.limits.streams_per_caller = u32::try_from(READERS).unwrap();
    })
    .await;
    let handle = world.handle().await;
    let request = world.head("POST /v3/chat", &handle, "Content-Length: 2\r\n") + "{}";
    let mut callers = Vec::new();
    for _ in 0..READERS {
        callers.push(deaf_caller(&world, &request).await);
    }

    let mut most_taken = 0;
    for _ in 0..READERS {
        most_taken = most_taken.max(gone.recv().await.unwrap());
    }

    println!("slow readers: {READERS} let go; at most {most_taken} bytes of an endless stream taken for one");
    assert_eq!(open.load(Ordering::Relaxed), READERS);
    // What they held is free again: as many may come.
    let mut next = deaf_caller(&world, &request).await;
    let mut status = [0; 15];
    next.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
    drop((callers, next));
    world.stop().await;
}
