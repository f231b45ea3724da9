//! A client that sends exactly the bytes it is given, and reads one answer.

use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the only field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} stands there twice");
        first
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends `request` on a connection of its own and reads the whole answer.
pub async fn send(addr: SocketAddr, request: &str) -> Answer {
    send_bytes(addr, request.as_bytes()).await
}

/// The same with bytes that are not text.
pub async fn send_bytes(addr: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = BufReader::new(TcpStream::connect(addr).await.unwrap());
    stream.get_mut().write_all(request).await.unwrap();
    let (status, headers) = read_head(&mut stream).await;
    let find = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if request.starts_with(b"HEAD ") || status == 204 || status == 304 {
        // No body, whatever the fields say.
    } else if find("transfer-encoding") == Some("chunked") {
        while let Some(chunk) = read_chunk(&mut stream).await {
            body.extend(chunk);
        }
    } else if let Some(length) = find("content-length") {
        body.resize(length.parse().unwrap(), 0);
        stream.read_exact(&mut body).await.unwrap();
    } else {
        stream.read_to_end(&mut body).await.unwrap();
    }
    Answer { status, headers, body }
}

/// Reads status and fields.
pub async fn read_head(stream: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let status_line = read_line(stream).await;
    let status = status_line
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("{status_line:?}"))
        .parse()
        .unwrap();
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await;
        if line.is_empty() {
            return (status, headers);
        }
        let (name, value) = line.split_once(':').unwrap();
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

async fn read_chunk(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let size = usize::from_str_radix(&read_line(stream).await, 16).unwrap();
    let mut chunk = vec![0; size + 2];
    stream.read_exact(&mut chunk).await.unwrap();
    chunk.truncate(size);
    (size > 0).then_some(chunk)
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.unwrap();
    String::from_utf8(line)
        .unwrap()
        .trim_end_matches(['\r', '\n'])
        .to_owned()
}
