//! A client that sends any bytes on one connection and takes down every answer that comes, to the end of the connection.

use super::raw::Answer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

/// Whoever has not answered by then does not: the gateway's own limits are longer, so that a case that waits for one fails.
const LONGEST: Duration = Duration::from_secs(8);

/// Sends `bytes` and returns the answers, `expected` at most; fewer when the connection ends before.
pub async fn dialogue(addr: SocketAddr, bytes: &[u8], expected: usize) -> Result<Vec<Answer>, String> {
    let talk = async {
        let (read, mut write) = TcpStream::connect(addr).await.map_err(|e| e.to_string())?.into_split();
        let mut incoming = Incoming { read, buffer: vec![] };
        let mut answers = vec![];
        // Who is refused while still writing may find the connection closed.
        let _refused_early = write.write_all(bytes).await;
        while answers.len() < expected {
            let Some(answer) = incoming.answer().await? else { break };
            let is_last = answer.header("connection") == Some("close");
            answers.push(answer);
            if is_last {
                // The gateway reads on until it knows that its answer has arrived.
                let _gone_already = write.shutdown().await;
                if !incoming.is_at_end().await {
                    return Err(format!("something behind the last of {answers:?}"));
                }
                break;
            }
        }
        Ok(answers)
    };
    tokio::time::timeout(LONGEST, talk)
        .await
        .unwrap_or_else(|_| Err("no answer and no end".to_owned()))
}

struct Incoming {
    read: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Incoming {
    /// The next final answer; `None` at the end of the connection.
    async fn answer(&mut self) -> Result<Option<Answer>, String> {
        loop {
            let Some(head) = self.through(b"\r\n\r\n").await? else {
                return Ok(None);
            };
            let head = String::from_utf8(head).map_err(|e| e.to_string())?;
            let mut lines = head.trim_end().split("\r\n");
            let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
            let status: u16 = status.ok_or_else(|| format!("no answer: {head:?}"))?;
            if status == 100 {
                continue;
            }
            let fields = lines.filter_map(|line| line.split_once(':'));
            let headers: Vec<(String, String)> = fields
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let mut answer = Answer {
                status,
                headers,
                body: vec![],
            };
            if answer.header("transfer-encoding").is_some() {
                while let Some(line) = self.through(b"\r\n").await? {
                    let size =
                        usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).map_err(|e| e.to_string())?;
                    answer.body.extend(&self.exactly(size + 2).await?[..size]);
                    if size == 0 {
                        break;
                    }
                }
            } else if let Some(length) = answer.header("content-length") {
                let length = length.parse().map_err(|_| format!("no length: {head:?}"))?;
                answer.body = self.exactly(length).await?;
            }
            return Ok(Some(answer));
        }
    }

    async fn is_at_end(&mut self) -> bool {
        self.buffer.is_empty() && !self.more().await
    }

    async fn through(&mut self, end: &[u8]) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                return Ok(Some(self.buffer.drain(..at + end.len()).collect()));
            }
            if !self.more().await {
                let is_clean = self.buffer.is_empty();
                let cut = || Err(format!("cut: {:?}", String::from_utf8_lossy(&self.buffer)));
                return if is_clean { Ok(None) } else { cut() };
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Result<Vec<u8>, String> {
        while self.buffer.len() < length {
            if !self.more().await {
                return Err("a body was cut".to_owned());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 4096];
        match self.read.read(&mut piece).await {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.buffer.extend(&piece[..read]);
                true
            }
        }
    }
}
