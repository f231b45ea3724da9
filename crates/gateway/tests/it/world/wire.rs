//! One raw connection that is kept as long as the other side keeps it: thousands of requests in seconds.

use super::raw::Answer;
use std::net::SocketAddr;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A connection to `addr`, made when it is needed.
pub struct Wire {
    addr: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn to(addr: SocketAddr) -> Self {
        Self { addr, stream: None }
    }

    /// Sends these bytes and reads one answer; `None` if the other side ended the connection without one.
    pub async fn exchange(&mut self, request: &[u8]) -> Option<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(self.addr).await.unwrap()),
        };
        // Whoever refuses a head may close before all of the request is there.
        let _refused = stream.get_mut().write_all(request).await;
        let answer = read_answer(&mut stream, request.starts_with(b"HEAD ")).await?;
        let closes = answer.header("connection") == Some("close");
        if !closes {
            self.stream = Some(stream);
        }
        Some(answer)
    }
}

/// Reads one whole answer, however odd its text is; `None` if there is none, or only a part.
async fn read_answer(stream: &mut BufReader<TcpStream>, to_head: bool) -> Option<Answer> {
    let (status, headers) = loop {
        let (status, headers) = try_read_head(stream).await?;
        // An interim answer (RFC 9110 15.2) is none yet.
        if !(102..200).contains(&status) && status != 100 {
            break (status, headers);
        }
    };
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    if to_head || status == 204 || status == 304 {
        return Some(answer);
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        loop {
            let size = usize::from_str_radix(read_line(stream).await?.trim(), 16).ok()?;
            let from = answer.body.len();
            answer.body.resize(from + size, 0);
            stream.read_exact(&mut answer.body[from..]).await.ok()?;
            read_line(stream).await?;
            if size == 0 {
                return Some(answer);
            }
        }
    }
    match answer.header("content-length") {
        Some(length) => {
            answer.body.resize(length.parse().ok()?, 0);
            stream.read_exact(&mut answer.body).await.ok()?;
        }
        None => {
            stream.read_to_end(&mut answer.body).await.ok()?;
        }
    }
    Some(answer)
}

/// Status and fields; `None` when the stream ends before.
pub async fn try_read_head<R: AsyncBufRead + Unpin>(stream: &mut R) -> Option<(u16, Vec<(String, String)>)> {
    let status_line = read_line(stream).await?;
    let status: u16 = status_line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            return Some((status, headers));
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// One line without its end; `None` when the stream has ended before.
async fn read_line<R: AsyncBufRead + Unpin>(stream: &mut R) -> Option<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.ok()?;
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(String::from_utf8_lossy(line).into_owned())
}
