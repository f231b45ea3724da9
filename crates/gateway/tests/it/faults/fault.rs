//! One fault: what a sick or hostile platform does instead of answering well.

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
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Json, Self::Stream, Self::Upload, Self::Token];
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
    /// Nothing more, on an open connection.
    Hang,
}

/// What happens on a request, and what an honest reader would make of the answer: status and body.
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
}

impl Fault {
    pub fn new(name: &'static str, act: Act) -> Self {
        Self {
            name,
            act,
            over_tls: false,
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

    /// The answer of a healthy platform with another status line, and with these field lines more.
    pub fn answering(name: &'static str, status_line: &'static str, fields: &'static str) -> Self {
        let status = status_line.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self::by_kind(name, move |kind| {
            let healthy = Healthy::of(kind);
            let bytes = healthy.with_head(status_line, fields);
            let meant = status.map(|status| (status, healthy.meant.clone()));
            Script {
                steps: vec![Step::Send(bytes)],
                meant,
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
}

/// What a healthy platform answers.
pub struct Healthy {
    pub fields: String,
    /// Framed.
    pub body: Vec<u8>,
    /// Where the first event, or the first half, ends in `body`.
    pub middle: usize,
    /// Without its frame.
    pub meant: Vec<u8>,
}

/// A token of an app, as it looks. It is none.
pub fn token(letter: &str) -> String {
    format!("czs_{}", letter.repeat(40))
}

impl Healthy {
    pub fn of(kind: Kind) -> Self {
        let text = match kind {
            Kind::Json => r#"{"code":0,"msg":"","data":{"id":"7","content":"hello"}}"#.to_owned(),
            Kind::Upload => r#"{"code":0,"msg":"","data":{"id":"7","file_name":"a.bin"}}"#.to_owned(),
            Kind::Token => format!(
                r#"{{"access_token":"{}","expires_in":900,"token_type":"Bearer"}}"#,
                token("h")
            ),
            Kind::Stream => return Self::stream(),
        };
        Self {
            fields: format!("Content-Type: application/json\r\nContent-Length: {}\r\n", text.len()),
            middle: text.len() / 2,
            body: text.clone().into_bytes(),
            meant: text.into_bytes(),
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
            fields: "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            middle: chunks[0].len(),
            body: format!("{}0\r\n\r\n", chunks.concat()).into_bytes(),
            meant: events.concat().into_bytes(),
        }
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
        let head = self.with_head("HTTP/1.1 200 OK", "").len() - self.body.len();
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
