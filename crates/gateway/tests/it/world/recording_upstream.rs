//! An upstream that keeps every request as the bytes that arrived and answers with the bytes that it was told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

/// One piece of an answer, or what happens between two.
enum Step {
    Send(Vec<u8>),
    /// Waits until the test says [`RecordingUpstream::go_on`].
    Wait,
    Close,
}

/// The upstream. Its task ends with the test's runtime.
pub struct RecordingUpstream {
    addr: SocketAddr,
    requests: mpsc::UnboundedReceiver<String>,
    bytes: Arc<Mutex<Vec<u8>>>,
    answers: Arc<Mutex<VecDeque<Vec<Step>>>>,
    go_on: Arc<Notify>,
    gone: Arc<Notify>,
    connections: Arc<AtomicUsize>,
}

impl RecordingUpstream {
    /// Starts it. Without [`answer`](Self::answer) every request gets `200` and `{}`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (heard, requests) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let (go_on, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = (
            Arc::clone(&answers),
            Arc::clone(&go_on),
            Arc::clone(&gone),
            Arc::clone(&bytes),
        );
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        #[expect(
            clippy::disallowed_methods,
            reason = "nobody waits for it: it ends with the test's runtime"
        )]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                let (answers, go_on, gone, bytes) = shared.clone();
                let heard = heard.clone();
                tokio::spawn(async move {
                    serve(stream, &heard, &answers, &go_on, &bytes).await;
                    gone.notify_one();
                });
            }
        });
        Self {
            addr,
            requests,
            bytes,
            answers,
            go_on,
            gone,
            connections,
        }
    }

    pub fn api_base(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The next request is answered with these bytes; further calls queue for further requests.
    pub fn answer(&self, bytes: &str) {
        self.script(vec![Step::Send(bytes.into())]);
    }

    /// The next request is answered with these pieces, each after the first only when the test says so.
    pub fn answer_in_steps(&self, pieces: &[&str]) {
        let mut steps = Vec::new();
        for piece in pieces {
            steps.extend([Step::Send((*piece).into()), Step::Wait]);
        }
        steps.pop();
        self.script(steps);
    }

    /// The next request is answered with these bytes and the end of the connection.
    pub fn answer_and_close(&self, bytes: &str) {
        self.script(vec![Step::Send(bytes.into()), Step::Close]);
    }

    /// Lets the answer that waits go on.
    pub fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// Waits until a connection has ended.
    pub async fn connection_gone(&self) {
        self.gone.notified().await;
    }

    /// The next request, head and body as they arrived.
    pub async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }

    /// The next request, if one has arrived.
    pub fn arrived(&mut self) -> Option<String> {
        self.requests.try_recv().ok()
    }

    /// Everything that has arrived, on all connections, whole requests or not.
    pub fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Whether nothing has arrived that was not read.
    pub fn is_untouched(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }

    fn script(&self, steps: Vec<Step>) {
        self.answers.lock().unwrap().push_back(steps);
    }
}

async fn serve(
    mut stream: TcpStream,
    heard: &mpsc::UnboundedSender<String>,
    answers: &Mutex<VecDeque<Vec<Step>>>,
    go_on: &Notify,
    bytes: &Mutex<Vec<u8>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer, bytes).await {
        heard.send(request).unwrap();
        let steps = answers.lock().unwrap().pop_front();
        let default = || {
            vec![Step::Send(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
            )]
        };
        for step in steps.unwrap_or_else(default) {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Wait => tokio::select! {
                    () = go_on.notified() => {}
                    // The other side leaves, or says something that nobody asked for: either way this answer is over.
                    _ = stream.read_u8() => return,
                },
                Step::Close => return,
            }
        }
    }
}

/// Reads one request: head, and as much body as `Content-Length` or the last chunk says.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>, bytes: &Mutex<Vec<u8>>) -> Option<String> {
    loop {
        if let Some(length) = request_length(buffer) {
            let request = buffer.drain(..length).collect();
            return Some(String::from_utf8(request).unwrap());
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => {
                bytes.lock().unwrap().extend(&piece[..read]);
                buffer.extend(&piece[..read]);
            }
        }
    }
}

fn request_length(buffer: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(buffer);
    let head = text.find("\r\n\r\n")? + 4;
    let lower = text[..head].to_ascii_lowercase();
    if lower.contains("transfer-encoding: chunked") {
        return text[head..].find("0\r\n\r\n").map(|end| head + end + 5);
    }
    let body = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    (buffer.len() >= head + body).then_some(head + body)
}
