//! One legal request: what is sent, and what has to arrive.

use std::fmt;

/// What stands in the place of placeholders.
pub struct Places {
    pub host: String,
    pub credential: String,
    pub origin: String,
}

/// How the body is framed.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// As the fields say, or not at all.
    AsStated,
    /// `Content-Length` is added.
    Length,
    /// In chunks of this size, with this extension and these trailers.
    Chunks {
        size: usize,
        extension: &'static str,
        trailers: &'static str,
    },
}

/// A request with placeholders.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is special about it.
    pub name: String,
    pub method: String,
    /// As it stands in the request line.
    pub target: String,
    /// As the platform sees it, where that differs.
    pub arrives_as: Option<String>,
    pub version: &'static str,
    pub fields: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub framing: Framing,
}

impl Request {
    /// A plain call.
    pub fn plain(name: impl Into<String>) -> Self {
        let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        Self {
            name: name.into(),
            method: "GET".to_owned(),
            target: "/v1/users/me".to_owned(),
            arrives_as: None,
            version: "HTTP/1.1",
            fields: vec![field("Host", "{host}"), field("Authorization", "Bearer {credential}")],
            body: Vec::new(),
            framing: Framing::AsStated,
        }
    }

    /// The same with a field more, or with another value for one that stands there.
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref().to_vec();
        let known = self
            .fields
            .iter_mut()
            .find(|(n, _)| n.eq_ignore_ascii_case(name) && !name.starts_with("X-"));
        match known {
            Some(field) => *field = (name.to_owned(), value),
            None => self.fields.push((name.to_owned(), value)),
        }
        self
    }

    pub fn to(self, method: &str, target: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.into(),
            ..self
        }
    }

    pub fn carrying(mut self, body: impl Into<Vec<u8>>, framing: Framing) -> Self {
        self.body = body.into();
        self.framing = framing;
        self
    }

    pub fn arrives_as(&self) -> &str {
        self.arrives_as.as_deref().unwrap_or(&self.target)
    }

    /// The caller's own token passes; a handle becomes the app's.
    pub fn is_credential_of(&self, arrived: &[u8]) -> bool {
        let sent = self
            .fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let sent = sent.map(|(_, value)| value.as_slice()).unwrap_or_default();
        let is_handle = sent.ends_with(b"{credential}");
        (is_handle && arrived.starts_with(b"Bearer pat_")) || (!is_handle && arrived == sent)
    }

    /// The fields with everything in its place.
    pub fn filled_fields(&self, places: &Places) -> Vec<(String, Vec<u8>)> {
        let fill = |value: &[u8]| match std::str::from_utf8(value) {
            Ok(text) => text
                .replace("{host}", &places.host)
                .replace("{credential}", &places.credential)
                .replace("{origin}", &places.origin)
                .into_bytes(),
            Err(_) => value.to_vec(),
        };
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.clone(), fill(value))).collect()
    }

    /// The bytes on the wire.
    pub fn wire(&self, places: &Places) -> Vec<u8> {
        let mut wire = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for (name, value) in self.filled_fields(places) {
            wire.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        match self.framing {
            Framing::AsStated => wire.extend([b"\r\n", self.body.as_slice()].concat()),
            Framing::Length => {
                wire.extend(format!("Content-Length: {}\r\n\r\n", self.body.len()).into_bytes());
                wire.extend(&self.body);
            }
            Framing::Chunks {
                size,
                extension,
                trailers,
            } => {
                wire.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in self.body.chunks(size) {
                    wire.extend(format!("{:X}{extension}\r\n", chunk.len()).into_bytes());
                    wire.extend([chunk, b"\r\n"].concat());
                }
                wire.extend(format!("0{extension}\r\n{trailers}\r\n").into_bytes());
            }
        }
        wire
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.name, self.method, self.target)
    }
}
