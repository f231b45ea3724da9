//! A client that sends what it is told and reads one answer, on a connection of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// One HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// As it came: a chunked one still holds the sizes.
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(found, _)| found == name);
        values.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends `start` (method and target) with these fields and this body to `address`, whose name `Host` is unless a field says
/// otherwise.
pub(crate) fn send(address: &str, start: &str, fields: &[(&str, &str)], body: &str) -> Answer {
    let own = [
        ("Connection", "close"),
        ("Content-Length", &*body.len().to_string()),
        ("Host", address),
    ];
    let names_host = fields.iter().any(|(name, _)| *name == "Host");
    let own = &own[..own.len() - usize::from(names_host)];
    let lines = own
        .iter()
        .chain(fields)
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let request = format!("{start} HTTP/1.1\r\n{}\r\n{body}", lines.collect::<String>());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Answer {
        status: status.parse().unwrap(),
        fields: lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}
