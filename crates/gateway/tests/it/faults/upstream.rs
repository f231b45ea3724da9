//! A platform with one fault, on a port of its own.

use super::fault::{Act, Fault, Healthy, Kind, Script, Step};
use crate::world::read_request;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Starts it. Its tasks end with the test's runtime.
pub async fn start(fault: Arc<Fault>) -> SocketAddr {
    let addr = start_plain(Arc::clone(&fault)).await;
    match &fault.certificate {
        Some(certificate) => certificate.stand_before(addr).await,
        None => addr,
    }
}

async fn start_plain(fault: Arc<Fault>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    if matches!(fault.act, Act::Refuse) {
        // The port was ours a moment ago, so nobody else's.
        return addr;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "nobody waits for it: it ends with the test's runtime"
    )]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let fault = Arc::clone(&fault);
            tokio::spawn(async move {
                serve(BufReader::new(stream), &fault).await;
            });
        }
    });
    addr
}

/// Serves one connection until somebody ends it.
async fn serve(mut stream: BufReader<TcpStream>, fault: &Fault) -> Option<()> {
    if let Act::OnAccept(steps) = &fault.act {
        return act(&mut stream, steps).await;
    }
    while let Some(request) = read_request(&mut stream).await {
        let kind = match request.target.split('?').next()? {
            "/api/permission/oauth2/token" => Kind::Token,
            "/v3/chat" => Kind::Stream,
            "/v1/chat" => Kind::WebSocket,
            "/v1/files/upload" => Kind::Upload,
            "/v1/conversation/create" => Kind::Json,
            _ => {
                let healthy = Healthy::of(Kind::Json).with_head("HTTP/1.1 200 OK", "");
                stream.get_mut().write_all(&healthy).await.ok()?;
                continue;
            }
        };
        act(&mut stream, &script(fault, kind)?.steps).await?;
        if kind == Kind::WebSocket {
            // Where the script knows no other end, this is an orderly one.
            return None;
        }
    }
    None
}

/// What the fault makes of a request of this kind.
pub fn script(fault: &Fault, kind: Kind) -> Option<Script> {
    match &fault.act {
        Act::OnRequest(script) => Some(script(kind)),
        Act::Refuse | Act::OnAccept(_) => None,
    }
}

/// `None` when the connection is over.
async fn act(stream: &mut BufReader<TcpStream>, steps: &[Step]) -> Option<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.get_mut().write_all(bytes).await.ok()?,
            Step::Repeat(bytes, times) => {
                for _ in 0..*times {
                    stream.get_mut().write_all(bytes).await.ok()?;
                }
            }
            Step::EndWriting => stream.get_mut().shutdown().await.ok()?,
            Step::Pause(time) => tokio::time::sleep(*time).await,
            Step::Close => return None,
            Step::Reset => {
                let socket = socket2::SockRef::from(stream.get_ref());
                socket.set_linger(Some(Duration::ZERO)).ok()?;
                return None;
            }
            Step::Hang => {
                let mut rest = Vec::new();
                // Until the other side has had enough.
                let _left = stream.read_to_end(&mut rest).await;
                return None;
            }
        }
    }
    Some(())
}
