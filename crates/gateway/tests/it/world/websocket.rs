//! Both ends of a WebSocket, down to the bytes: a platform that shows each handshake as it came, and a caller.

use super::raw::{Answer, read_head};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Base64 of 16 bytes: the example of RFC 6455 1.3.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A connection whose bytes the test reads and writes itself.
pub type Line = BufReader<TcpStream>;

/// A platform that does what the test says with each handshake.
pub struct Platform {
    listener: TcpListener,
}

/// A handshake that has arrived at the platform.
pub struct Knock {
    pub head: String,
    line: Line,
}

impl Platform {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub fn api_base(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// The next handshake.
    pub async fn knock(&self) -> Knock {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut line = BufReader::new(stream);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(line.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        Knock { head, line }
    }

    /// Opens a tunnel with nothing special: the caller's end and the platform's.
    pub async fn tunnel(&self, world: &super::World, handle: &str) -> (Line, Line) {
        let fields = bearer(handle);
        let caller = open(world.proxy, "/v1/chat?bot_id=7", &fields);
        let (caller, platform) = tokio::join!(caller, async { self.knock().await.accept("").await });
        (caller.unwrap().1, platform)
    }
}

impl Knock {
    /// The value of a field, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Says yes, with further `fields`.
    pub async fn accept(self, fields: &str) -> Line {
        let accept = derive_accept_key(self.field("sec-websocket-key").unwrap().as_bytes());
        self.answer(&format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
        ))
        .await
    }

    /// Says exactly this.
    pub async fn answer(mut self, bytes: &str) -> Line {
        self.line.get_mut().write_all(bytes.as_bytes()).await.unwrap();
        self.line
    }
}

/// What every handshake has.
pub fn handshake_fields() -> String {
    format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n")
}

/// The same with a credential.
pub fn bearer(credential: &str) -> String {
    format!("{}Authorization: Bearer {credential}\r\n", handshake_fields())
}

/// Asks for a WebSocket: the answer's fields and the open line, or the answer that there is none.
pub async fn open(addr: SocketAddr, target: &str, fields: &str) -> Result<(Vec<(String, String)>, Line), Answer> {
    let head = format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\n{fields}\r\n");
    let mut line = BufReader::new(TcpStream::connect(addr).await.unwrap());
    line.get_mut().write_all(head.as_bytes()).await.unwrap();
    let (status, headers) = read_head(&mut line).await;
    if status == 101 {
        return Ok((headers, line));
    }
    let find = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let mut body = vec![0; find("content-length").map_or(0, |length| length.parse().unwrap())];
    line.read_exact(&mut body).await.unwrap();
    Err(Answer { status, headers, body })
}

/// The caller's side of the protocol on an open line.
pub async fn caller(line: Line) -> WebSocketStream<Line> {
    WebSocketStream::from_raw_socket(line, Role::Client, None).await
}

/// The platform's side.
pub async fn server(line: Line) -> WebSocketStream<Line> {
    WebSocketStream::from_raw_socket(line, Role::Server, None).await
}
