//! An upstream that takes every request apart, to the byte, and answers `{}`.

use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// One request as it arrived.
#[derive(Debug)]
pub struct Arrived {
    pub method: String,
    pub target: String,
    /// Names in lower case, in order.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Without the chunks that it came in.
    pub body: Vec<u8>,
}

/// The upstream. Its tasks end with the test's runtime.
pub struct ExactUpstream {
    addr: SocketAddr,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

impl ExactUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (told, arrived) = mpsc::unbounded_channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "nobody waits for it: it ends with the test's runtime"
        )]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(BufReader::new(stream), told.clone()));
            }
        });
        Self { addr, arrived }
    }

    pub fn api_base(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The next request.
    pub async fn request(&mut self) -> Arrived {
        self.arrived.recv().await.unwrap()
    }

    /// Whether nothing has arrived that was not read.
    pub fn is_untouched(&mut self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

async fn serve(mut stream: BufReader<TcpStream>, told: mpsc::UnboundedSender<Arrived>) {
    while let Some(request) = read_request(&mut stream).await {
        let body = if request.method == "HEAD" { "" } else { "{}" };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{body}");
        let is_heard = told.send(request).is_ok();
        if !is_heard || stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads one request; `None` when the connection has ended, or what came is none.
pub async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let request_line = String::from_utf8(read_line(stream).await?).ok()?;
    let mut words = request_line.split(' ');
    let mut request = Arrived {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        fields: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8(line[..colon].to_ascii_lowercase()).ok()?;
        request.fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
    let field = |name: &str| {
        let found = request.fields.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    if field("transfer-encoding").is_some() {
        loop {
            let size = String::from_utf8(read_line(stream).await?).ok()?;
            let size = usize::from_str_radix(&size, 16).ok()?;
            let from = request.body.len();
            request.body.resize(from + size, 0);
            stream.read_exact(&mut request.body[from..]).await.ok()?;
            read_line(stream).await?;
            if size == 0 {
                return Some(request);
            }
        }
    }
    if let Some(length) = field("content-length") {
        request.body.resize(length.parse().ok()?, 0);
        stream.read_exact(&mut request.body).await.ok()?;
    }
    Some(request)
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.ok()?;
    line.ends_with(b"\r\n").then(|| line[..line.len() - 2].to_vec())
}
