//! The callers: how requests are sent, and what is seen of the answers.
//!
//! | file | owns |
//! |---|---|
//! | [`closed`] | a number of connections, each of which asks again as soon as it is answered |
//! | [`open`] | requests by a schedule, whatever the answers do |
//! | [`streams`] | event streams that stay open |
//! | [`slow`] | callers that never finish their head |
//!
//! Every answer is compared with what was sent, byte for byte. A run with one wrong answer is an error and no figure.

pub(crate) mod closed;
pub(crate) mod open;
pub(crate) mod slow;
pub(crate) mod streams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

/// A way in: a proxy's address, and the handles of the users who go there.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) addr: SocketAddr,
    pub(crate) handles: Arc<Vec<String>>,
}

/// What a page in a browser sends with every request.
const BROWSER: &str = "Origin: https://www.coze.cn\r\nReferer: https://www.coze.cn/\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept: application/json, text/event-stream\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
    Accept-Encoding: identity\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n";

impl Door {
    /// A short call of this user.
    pub(crate) fn call(&self, user: usize) -> Vec<u8> {
        self.request(
            "GET",
            "/v1/conversation/message/list?conversation_id=7500000000000000001",
            user,
            "",
        )
    }

    /// A chat that streams; the stub knows it by its number.
    pub(crate) fn chat(&self, user: usize, number: usize) -> Vec<u8> {
        let body = r#"{"bot_id":"7500000000000000001","user_id":"u","stream":true,"additional_messages":[{"role":"user","content":"hi","content_type":"text"}]}"#;
        self.request("POST", &format!("/v3/chat?stream={number}"), user, body)
    }

    /// A chat whose answer is as many bytes as quickly as they go.
    pub(crate) fn flood(&self, bytes: u64) -> Vec<u8> {
        self.request("POST", &format!("/v3/chat?flood={bytes}"), 0, "{}")
    }

    fn request(&self, method: &str, target: &str, user: usize, body: &str) -> Vec<u8> {
        let handle = match self.handles.len() {
            0 => "none",
            count => self.handles.get(user % count).map_or("none", String::as_str),
        };
        let length = if method == "GET" {
            String::new()
        } else {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        };
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {handle}\r\n{BROWSER}{length}\r\n{body}",
            self.addr
        )
        .into_bytes()
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let stream = tokio::time::timeout(Duration::from_secs(20), socket.connect(self.addr)).await??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Runs the callers on a runtime of this thread.
fn block_on<T>(callers: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(callers)
}
