//! The faults that only a WebSocket can have: in the answer that opens it, and behind that.
//!
//! What stands in the answer is judged as far as it says that the two ends agreed; whether they did, and what frames say,
//! is for the caller's own client (docs/reference/upstream-faults.md).

use super::fault::{Fault, GOODBYE, Healthy, Kind, SWITCHES, Step, agreement};
use crate::world::websocket::KEY;
use std::time::Duration;

/// Names in lower case, and values.
type Fields = Vec<(String, String)>;

/// What a frame without an end is told to hold.
const ENDLESS: &[u8] = b"\x82\x7F\x3F\xFF\xFF\xFF\xFF\xFF\xFF\xFF";

/// Those that end by themselves.
pub fn quick() -> Vec<Fault> {
    let mut faults = answers();
    faults.extend(refusals());
    faults.extend(frames());
    faults.extend(ends());
    faults
}

/// Those in which nothing happens for longer than a body may stand still.
pub fn hanging() -> Vec<Fault> {
    let healthy = Healthy::of(Kind::WebSocket);
    let opened = healthy.with("");
    let (begun, rest) = opened.split_at(opened.len() - healthy.body.len() + healthy.middle);
    let faults = vec![
        script(
            "says nothing for long, then goes on",
            vec![
                Step::Send(begun.to_vec()),
                Step::Pause(Duration::from_secs(2)),
                Step::Send(rest.to_vec()),
                Step::Close,
            ],
            healthy.meant.clone(),
        ),
        script(
            "closes in words and keeps the connection",
            vec![Step::Send(opened.clone()), Step::Hang],
            // More may follow, as far as the caller can tell.
            [healthy.meant.as_slice(), b"?"].concat(),
        ),
        script(
            "answers no close of the caller's",
            vec![Step::Send(begun.to_vec()), Step::Hang],
            healthy.meant.clone(),
        ),
    ];
    faults.into_iter().map(Fault::of_websocket).collect()
}

fn script(name: &'static str, steps: Vec<Step>, meant: Vec<u8>) -> Fault {
    Fault::always(name, steps, Some((101, meant)))
}

/// Answers with 101 that are odd.
fn answers() -> Vec<Fault> {
    let proof = agreement();
    let proof = proof.lines().last().unwrap();
    // The status line and these fields, then the healthy frames.
    let answers = |name, status_line: &str, fields: String, is_opened: bool| {
        let healthy = Healthy::of(Kind::WebSocket);
        let head = format!("{status_line}\r\n{fields}\r\n");
        let bytes = [head.as_bytes(), &healthy.body].concat();
        let meant = is_opened.then(|| healthy.means());
        Fault::always(name, vec![Step::Send(bytes), Step::Close], meant).of_websocket()
    };
    let broken = |name, fields: &str| answers(name, SWITCHES, format!("{fields}\r\n"), false);
    let opened = |name, fields: &str| answers(name, SWITCHES, format!("{}{fields}\r\n", agreement()), true);
    vec![
        broken("101 without Upgrade", &format!("Connection: Upgrade\r\n{proof}")),
        broken("101 without Connection", &format!("Upgrade: websocket\r\n{proof}")),
        broken("101 without a proof", "Upgrade: websocket\r\nConnection: Upgrade"),
        broken(
            "101 with two proofs",
            &format!("Upgrade: websocket\r\nConnection: Upgrade\r\n{proof}\r\n{proof}"),
        ),
        broken(
            "101 to another protocol",
            &format!("Upgrade: h2c\r\nConnection: Upgrade\r\n{proof}"),
        ),
        broken("101 without a field", "X-Odd: 1"),
        answers(
            "101 in HTTP/1.0",
            "HTTP/1.0 101 Switching Protocols",
            agreement(),
            false,
        ),
        answers(
            "the proof of another key",
            SWITCHES,
            format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {KEY}\r\n"),
            true,
        ),
        opened("a subprotocol nobody asked for", "Sec-WebSocket-Protocol: odd"),
        opened(
            "an extension nobody asked for",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15",
        ),
        opened("another version", "Sec-WebSocket-Version: 8"),
        opened("101 with a length", "Content-Length: 4"),
        opened("101 with a length that is none", "Content-Length: odd"),
        opened("101 in chunks", "Transfer-Encoding: chunked"),
        opened(
            "101 with a length and chunks",
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
        ),
        opened("101 with a type of content", "Content-Type: text/event-stream"),
    ]
}

/// Answers that open nothing, with words of the protocol.
fn refusals() -> Vec<Fault> {
    let refused = |name, head: &str| {
        let bytes = format!("{head}Content-Length: 2\r\n\r\n{{}}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Fault::always(
            name,
            vec![Step::Send(bytes.into_bytes()), Step::Close],
            Some((status, b"{}".to_vec())),
        )
        .of_websocket()
    };
    vec![
        refused(
            "wants another version",
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n",
        ),
        refused("agrees with 200", &format!("HTTP/1.1 200 OK\r\n{}", agreement())),
        refused("agrees with 401", &format!("HTTP/1.1 401 No\r\n{}", agreement())),
    ]
}

/// What is no WebSocket behind a good answer.
fn frames() -> Vec<Fault> {
    let says = |name, bytes: &[u8]| {
        let bytes = [bytes, &GOODBYE].concat();
        let steps = vec![Step::Send(opening()), Step::Send(bytes.clone()), Step::Close];
        script(name, steps, bytes).of_websocket()
    };
    let long_ping = [b"\x89\x7E\x01\x00".as_slice(), &[b'x'; 256]].concat();
    let piece = vec![0x55; 16 * 1024];
    let pings = b"\x89\x00".repeat(8 * 1024);
    vec![
        says("a reserved opcode", b"\x83\x01x\x8B\x01x"),
        says("reserved bits", b"\xF1\x01x"),
        says("a masked frame", b"\x81\x82\x01\x02\x03\x04\x69\x6B"),
        says("a ping of 256 bytes", &long_ping),
        says("a ping in two fragments", b"\x09\x01x\x80\x01y"),
        says("a continuation of nothing", b"\x80\x01x"),
        says("a message within another one", b"\x01\x01x\x81\x01y\x80\x01z"),
        says("a text that is no UTF-8", b"\x81\x02\xFF\xFE"),
        says(
            "a length that is longer than it has to be",
            b"\x81\x7F\0\0\0\0\0\0\0\x01x",
        ),
        says("a second answer behind the first", &opening()),
        says("an answer of HTTP", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        says("noise", b"\x00\xff\x7f\x80\r\n\r\n\x01\x02"),
        says("a close without a code", b"\x88\x00"),
        says("a close with half a code", b"\x88\x01\x03"),
        says("a close with a code that nobody may send", b"\x88\x02\x03\xEE"),
        says("a close and more behind it", b"\x88\x02\x03\xE8\x81\x01x"),
        script(
            "pings without a pause",
            vec![Step::Send(opening()), Step::Repeat(pings.clone(), 64), Step::Close],
            pings.repeat(64),
        )
        .of_websocket(),
        script(
            "a frame without an end",
            vec![
                Step::Send([opening().as_slice(), ENDLESS].concat()),
                Step::Repeat(piece.clone(), 128),
                Step::Close,
            ],
            [ENDLESS, &piece.repeat(129)].concat(),
        )
        .of_websocket(),
    ]
}

/// Ends that are none, or come from one side only.
fn ends() -> Vec<Fault> {
    let says = |name, bytes: &[u8], how: &[Step], meant: &[u8]| {
        let steps = [&[Step::Send(opening()), Step::Send(bytes.to_vec())], how].concat();
        script(name, steps, meant.to_vec()).of_websocket()
    };
    let huge = b"\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    let all_of_it = [huge.as_slice(), b"hello and more"].concat();
    vec![
        says(
            "closes within the head of a frame",
            b"\x81",
            &[Step::Close],
            b"\x81\x01x",
        ),
        says(
            "closes within a frame of 2^64 bytes",
            &all_of_it[..15],
            &[Step::Close],
            &all_of_it,
        ),
        says(
            "closes between two fragments",
            b"\x01\x01x",
            &[Step::Close],
            b"\x01\x01x\x80\x01y",
        ),
        says(
            "stops speaking and goes on listening",
            b"\x81\x01x",
            &[Step::EndWriting, Step::Hang],
            b"\x81\x01x\x88\x00",
        ),
        says(
            "says goodbye, stops speaking and goes on listening",
            &GOODBYE,
            &[Step::EndWriting, Step::Hang],
            &GOODBYE,
        ),
        says(
            "says goodbye and resets",
            &GOODBYE,
            &[Step::Reset],
            &[GOODBYE.as_slice(), b"?"].concat(),
        ),
    ]
}

/// The answer that opens one, and nothing behind it.
fn opening() -> Vec<u8> {
    let healthy = Healthy::of(Kind::WebSocket);
    let opened = healthy.with("");
    opened[..opened.len() - healthy.body.len()].to_vec()
}

/// What stands in the head of a 101 for the two ends alone, in order of names, and what `steps` send behind it.
pub fn behind_the_head(steps: &[Step]) -> Option<(Fields, Vec<u8>)> {
    let mut sent = Vec::new();
    for step in steps {
        match step {
            Step::Send(bytes) => sent.extend_from_slice(bytes),
            Step::Repeat(bytes, times) => sent.extend_from_slice(&bytes.repeat(*times)),
            _ => {}
        }
    }
    let find = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).position(|part| part == wanted);
    let head = &sent[find(&sent, b"HTTP/1.1 101")?..];
    let (head, behind) = head.split_at(find(head, b"\r\n\r\n")? + 4);
    let text = String::from_utf8_lossy(head);
    let fields = text.lines().filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut fields: Vec<_> = fields.filter(|(name, _)| name.starts_with("sec-websocket-")).collect();
    fields.sort();
    Some((fields, behind.to_vec()))
}
