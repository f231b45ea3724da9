//! One fault: what a sick or hostile platform does instead of answering well.

use super::certificates::Certificate;
use crate::world::websocket::KEY;
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub const OK: &str = "HTTP/1.1 200 OK";
pub const SWITCHES: &str = "HTTP/1.1 101 Switching Protocols";
/// A close frame with the status 1000, unmasked (RFC 6455 5.5.1).
pub const GOODBYE: [u8; 4] = [0x88, 0x02, 0x03, 0xE8];

/// What is asked for while it is sick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call that is answered with JSON.
    Json,
    /// A chat whose answer is streamed.
    Stream,
    /// A file on its way up.
    Upload,
    /// A token, before the call itself.
    Token,
    /// A WebSocket.
    WebSocket,
}

impl Kind {
    /// In the order of the page's columns.
    pub const ALL: [Self; 5] = [Self::Json, Self::Stream, Self::Upload, Self::Token, Self::WebSocket];
}

/// One act of the platform on a connection.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Vec<u8>),
    /// The same piece again and again, until nobody takes it any more.
    Repeat(Vec<u8>, usize),
    /// An orderly end.
    Close,
    /// A reset.
    Reset,
    /// An end of what the platform says, which still listens.
    EndWriting,
    /// Nothing for so long.
    Pause(Duration),
    /// Nothing more, on an open connection, until the other side ends it.
    Hang,
}

/// What happens on a request, and what an honest reader would make of the answer: status and body. The body of an answer
/// that opens a WebSocket is every byte behind it.
#[derive(Clone, Debug)]
pub struct Script {
    pub steps: Vec<Step>,
    pub meant: Option<(u16, Vec<u8>)>,
}

type PerKind = Box<dyn Fn(Kind) -> Script + Send + Sync>;

/// When it happens.
pub enum Act {
    /// Nobody listens.
    Refuse,
    /// As soon as a connection stands.
    OnAccept(Vec<Step>),
    /// When the request has been read.
    OnRequest(PerKind),
}

pub struct Fault {
    pub name: &'static str,
    pub act: Act,
    /// Whether the API base is an `https` one.
    pub over_tls: bool,
    /// What the platform shows there. Without one, what it says is no TLS.
    pub certificate: Option<Certificate>,
    /// Whom it can happen to.
    pub kinds: &'static [Kind],
}

impl Fault {
    pub fn new(name: &'static str, act: Act) -> Self {
        Self {
            name,
            act,
            over_tls: false,
            certificate: None,
            kinds: &Kind::ALL,
        }
    }

    /// The same script whatever was asked for.
    pub fn always(name: &'static str, steps: Vec<Step>, meant: Option<(u16, Vec<u8>)>) -> Self {
        let script = Script { steps, meant };
        Self::new(name, Act::OnRequest(Box::new(move |_| script.clone())))
    }

    /// A script for each kind.
    pub fn by_kind(name: &'static str, script: impl Fn(Kind) -> Script + Send + Sync + 'static) -> Self {
        Self::new(name, Act::OnRequest(Box::new(script)))
    }

    /// The answer of a healthy platform with these field lines more.
    pub fn adding(name: &'static str, fields: &'static str) -> Self {
        Self::by_kind(name, move |kind| {
            let healthy = Healthy::of(kind);
            Script {
                steps: vec![Step::Send(healthy.with(fields))],
                meant: Some(healthy.means()),
            }
        })
    }

    /// The answer of a healthy platform with another status line. With that it opens no WebSocket, and says so in JSON.
    pub fn answering(name: &'static str, status_line: &'static str) -> Self {
        let status = status_line.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self::by_kind(name, move |kind| {
            let healthy = Healthy::over_http(kind);
            Script {
                steps: vec![Step::Send(healthy.with_head(status_line, ""))],
                meant: status.map(|status| (status, healthy.meant.clone())),
            }
        })
    }

    /// This text as the body, of this media type.
    pub fn saying(name: &'static str, status: u16, media_type: &'static str, text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        let head = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        let bytes = [head.as_bytes(), &text].concat();
        Self::always(name, vec![Step::Send(bytes)], Some((status, text)))
    }

    pub fn over_tls(mut self) -> Self {
        self.over_tls = true;
        self
    }

    /// The same behind this certificate.
    pub fn showing(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self.over_tls()
    }

    /// One that happens to a WebSocket only.
    pub fn of_websocket(mut self) -> Self {
        self.kinds = &[Kind::WebSocket];
        self
    }
}

/// What a healthy platform answers.
pub struct Healthy {
    pub status_line: &'static str,
    pub fields: String,
    /// Framed.
    pub body: Vec<u8>,
    /// Where the first event, the first frame, or the first half ends in `body`.
    pub middle: usize,
    /// Without its frame.
    pub meant: Vec<u8>,
}

/// A token of an app, as it looks. It is none.
pub fn token(letter: &str) -> String {
    format!("czs_{}", letter.repeat(40))
}

/// The fields with which the platform agrees to a WebSocket.
pub fn agreement() -> String {
    let proof = derive_accept_key(KEY.as_bytes());
    format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n")
}

impl Healthy {
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Json => Self::text(r#"{"code":0,"msg":"","data":{"id":"7","content":"hello"}}"#),
            Kind::Upload => Self::text(r#"{"code":0,"msg":"","data":{"id":"7","file_name":"a.bin"}}"#),
            Kind::Token => Self::text(&format!(
                r#"{{"access_token":"{}","expires_in":900,"token_type":"Bearer"}}"#,
                token("h")
            )),
            Kind::Stream => Self::stream(),
            Kind::WebSocket => Self::websocket(),
        }
    }

    /// The same where no other protocol may follow: instead of a WebSocket there is a JSON answer.
    pub fn over_http(kind: Kind) -> Self {
        Self::of(if kind == Kind::WebSocket { Kind::Json } else { kind })
    }

    fn text(text: &str) -> Self {
        Self {
            status_line: OK,
            fields: format!("Content-Type: application/json\r\nContent-Length: {}\r\n", text.len()),
            middle: text.len() / 2,
            body: text.into(),
            meant: text.into(),
        }
    }

    fn stream() -> Self {
        let events = [
            "event:conversation.chat.created\ndata:{\"id\":\"7\"}\n\n",
            "event:conversation.message.delta\ndata:{\"content\":\"hel\"}\n\n",
            "event:conversation.message.delta\ndata:{\"content\":\"lo\"}\n\n",
            "event:done\ndata:\"[DONE]\"\n\n",
        ];
        let chunks = events.map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
        Self {
            status_line: OK,
            fields: "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            middle: chunks[0].len(),
            body: format!("{}0\r\n\r\n", chunks.concat()).into_bytes(),
            meant: events.concat().into_bytes(),
        }
    }

    /// Two messages and a goodbye.
    fn websocket() -> Self {
        let messages = [
            r#"{"event_type":"chat.created"}"#,
            r#"{"event_type":"conversation.message.delta"}"#,
        ];
        let frames = messages.map(|message| {
            let length = u8::try_from(message.len()).unwrap();
            [&[0x81, length], message.as_bytes()].concat()
        });
        let bytes = [frames.concat().as_slice(), &GOODBYE].concat();
        Self {
            status_line: SWITCHES,
            fields: agreement(),
            middle: frames[0].len(),
            body: bytes.clone(),
            meant: bytes,
        }
    }

    /// Status and body of the answer.
    pub fn means(&self) -> (u16, Vec<u8>) {
        let status = if self.status_line == OK { 200 } else { 101 };
        (status, self.meant.clone())
    }

    /// The answer with these field lines more.
    pub fn with(&self, fields: &str) -> Vec<u8> {
        self.with_head(self.status_line, fields)
    }

    pub fn with_head(&self, status_line: &str, fields: &str) -> Vec<u8> {
        let head = format!("{status_line}\r\n{}{fields}\r\n", self.fields);
        [head.as_bytes(), &self.body].concat()
    }

    /// Where the end mark of the body begins: its last byte, or its last chunk.
    fn last(&self) -> usize {
        self.body.len() - if self.body.ends_with(b"0\r\n\r\n") { 5 } else { 1 }
    }

    /// Where an answer may be cut, from its first byte on.
    pub fn cuts(&self) -> [(&'static str, usize); 7] {
        let head = self.with("").len() - self.body.len();
        [
            ("before the head", 0),
            ("within the status line", 8),
            ("within the head", head - 10),
            ("behind the head", head),
            ("within the body, between two events", head + self.middle),
            ("within the body, within an event", head + self.middle + 12),
            ("before the last byte or chunk", head + self.last()),
        ]
    }
}
