//! A caller of the proxy, who says in one word what came of a request.

use super::fault::{Kind, Step};
use super::websockets::behind_the_head;
use crate::world::try_read_head;
use crate::world::websocket::bearer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// Everything that a caller sees.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body came to its end.
    pub is_whole: bool,
    /// Whether a WebSocket stood still until the caller ended it.
    pub stood_still: bool,
}

/// A WebSocket on which nothing comes for so long stands still: for longer than any of the ends of the test's gateway.
const STILL: Duration = Duration::from_secs(4);

impl Heard {
    fn field(&self, name: &str) -> Option<&str> {
        let mut values = self
            .fields
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        values.next()
    }

    /// What came of it: the name of a problem, how a stream ended, or that it came as it was meant.
    pub fn outcome(&self, meant: Option<&(u16, Vec<u8>)>) -> String {
        if self.field("content-type") == Some("application/problem+json") {
            return self.problem();
        }
        let whole_events = || {
            let end = self
                .body
                .windows(2)
                .rposition(|pair| pair == b"\n\n")
                .map_or(0, |at| at + 2);
            let last = self.body[..end.saturating_sub(2)]
                .windows(2)
                .rposition(|pair| pair == b"\n\n")
                .map_or(0, |at| at + 2);
            (last, end)
        };
        if self.field("content-type") == Some("text/event-stream") {
            let (last, end) = whole_events();
            let event = String::from_utf8_lossy(&self.body[last..end]);
            if let Some(code) = event.strip_prefix("event:error\ndata:{\"code\":") {
                let before = &self.body[..last];
                let is_honest = self.is_whole
                    && end == self.body.len()
                    && (before.is_empty() || before.ends_with(b"\n\n"))
                    && meant.is_none_or(|(_, meant)| meant.starts_with(before));
                let code: String = code.chars().take_while(char::is_ascii_digit).collect();
                return if is_honest {
                    format!("event {code}")
                } else {
                    format!("{self:?}")
                };
            }
        }
        match meant {
            Some((status, meant)) if self.status == *status => {
                if self.is_whole && self.body == *meant {
                    "as sent".to_owned()
                } else if !self.is_whole && meant.starts_with(&self.body) {
                    "cut".to_owned()
                } else {
                    format!("altered: {self:?}")
                }
            }
            None if !self.is_whole => "cut".to_owned(),
            _ => format!("unexpected: {self:?}"),
        }
    }

    /// What came of a WebSocket of which the platform had said so much, before a reset or an end.
    pub fn outcome_of_websocket(&self, meant: Option<&(u16, Vec<u8>)>, steps: &[Step]) -> String {
        let agreed = self
            .fields
            .iter()
            .filter(|(name, _)| name.starts_with("sec-websocket-"));
        let mut agreed: Vec<_> = agreed.cloned().collect();
        agreed.sort();
        let (Some((fields, behind)), Some((101, meant))) = (behind_the_head(steps), meant) else {
            return format!("opened: {self:?}");
        };
        let frame_fields = ["content-length", "transfer-encoding"];
        let is_framed = frame_fields.iter().any(|name| self.field(name).is_some());
        let may_be_lost = steps.iter().any(|step| matches!(step, Step::Reset));
        let is_honest = agreed == fields && !is_framed && meant.starts_with(&self.body);
        if !is_honest || !(self.body == behind || may_be_lost) {
            format!("altered: {self:?}")
        } else if self.stood_still {
            "open".to_owned()
        } else if self.is_whole && self.body == *meant {
            "as sent".to_owned()
        } else {
            "cut".to_owned()
        }
    }

    /// The name of a problem that is one as docs/reference/problems.md says.
    fn problem(&self) -> String {
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(&self.body) else {
            return format!("no JSON: {self:?}");
        };
        let name = body["type"]
            .as_str()
            .and_then(|name| name.strip_prefix("urn:cozegate:problem:"));
        let row = format!(
            "| `{}` | {} | {} |",
            name.unwrap_or_default(),
            self.status,
            body["code"]
        );
        let is_documented = include_str!("../../../../../docs/reference/problems.md").contains(&row);
        let wait: Option<u64> = self.field("retry-after").map(|seconds| seconds.parse().unwrap());
        let is_patient = wait.is_none_or(|seconds| (1..=60).contains(&seconds));
        let is_complete = ["title", "detail", "msg"].iter().all(|member| body[member].is_string());
        if is_documented && is_complete && is_patient && body["status"] == self.status && self.is_whole {
            name.unwrap_or_default().to_owned()
        } else {
            format!("undocumented: {self:?}")
        }
    }
}

/// The request of a kind, with a handle of the sick app.
pub fn request(kind: Kind, proxy: SocketAddr, handle: &str) -> Vec<u8> {
    if kind == Kind::WebSocket {
        let fields = bearer(handle);
        let head = format!("GET /v1/chat?bot_id=7 HTTP/1.1\r\nHost: {proxy}\r\n{fields}Accept-Language: en\r\n\r\n");
        return head.into_bytes();
    }
    let (line, body) = match kind {
        Kind::Json => ("POST /v1/conversation/create", b"{\"bot_id\":\"7\"}".to_vec()),
        Kind::Stream => ("POST /v3/chat", b"{\"stream\":true}".to_vec()),
        Kind::Upload => ("POST /v1/files/upload", vec![b'x'; 200 * 1024]),
        Kind::Token | Kind::WebSocket => ("GET /v1/users/me", Vec::new()),
    };
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {proxy}\r\nAuthorization: Bearer {handle}\r\nAccept-Language: en\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// Asks on a connection of its own; `None` when it ended without an answer.
pub async fn ask(proxy: SocketAddr, request: Vec<u8>) -> Option<Heard> {
    let (read, mut write) = TcpStream::connect(proxy).await.unwrap().into_split();
    let mut read = BufReader::new(read);
    let sending = async {
        // Whoever answers early may not take all of it.
        let _early = write.write_all(&request).await;
        write
    };
    let (heard, mut write) = tokio::join!(hear(&mut read), sending);
    let mut heard = heard?;
    if heard.status == 101 {
        listen(&mut heard, &mut read, &mut write).await;
    }
    Some(heard)
}

/// Listens on a WebSocket until the other side ends it; ends it where nothing comes any more.
async fn listen(heard: &mut Heard, read: &mut BufReader<OwnedReadHalf>, write: &mut OwnedWriteHalf) {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let next = if heard.stood_still {
            read.read(&mut piece).await
        } else if let Ok(next) = timeout(STILL, read.read(&mut piece)).await {
            next
        } else {
            heard.stood_still = true;
            // It may be gone already, which the next look shows.
            let _gone = write.shutdown().await;
            continue;
        };
        match next {
            Ok(0) => return heard.is_whole = true,
            Ok(length) => heard.body.extend_from_slice(&piece[..length]),
            Err(_) => return,
        }
    }
}

async fn hear(stream: &mut BufReader<OwnedReadHalf>) -> Option<Heard> {
    let (status, fields) = try_read_head(stream).await?;
    let mut heard = Heard {
        status,
        fields,
        body: Vec::new(),
        is_whole: false,
        stood_still: false,
    };
    if status == 101 {
        // What follows is no body.
    } else if status == 204 || status == 304 {
        heard.is_whole = true;
    } else if heard.field("transfer-encoding") == Some("chunked") {
        heard.is_whole = read_chunks(stream, &mut heard.body).await.is_some();
    } else if let Some(length) = heard.field("content-length") {
        let length: u64 = length.parse().ok()?;
        let read = stream.take(length).read_to_end(&mut heard.body).await;
        heard.is_whole = read.is_ok_and(|read| read as u64 == length);
    } else {
        heard.is_whole = stream.read_to_end(&mut heard.body).await.is_ok();
    }
    Some(heard)
}

async fn read_chunks(stream: &mut BufReader<OwnedReadHalf>, body: &mut Vec<u8>) -> Option<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let size = usize::from_str_radix(line.trim_end(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.ok()?;
        body.extend(&chunk[..size]);
        if size == 0 {
            return Some(());
        }
    }
}
