//! Where in a stream of bytes one request ends and the next begins, decided before anybody else reads them. Pure.
//!
//! What is let through is unambiguous, so the parser behind (hyper) finds the same borders. What is not is found here: a
//! head whole before a byte of it goes on, a body byte by byte.

use super::chunks::ChunkReader;
use super::fault::Fault;
use super::head::{BodyFraming, HeadReader};

/// How far a piece was found to be good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// This many bytes may go on. The others belong to a head without an end, and are to be shown again with more.
    pub(super) approved: usize,
    /// What is wrong behind them.
    pub(super) fault: Option<Fault>,
}

#[derive(Debug)]
enum Inside {
    /// Between two messages. RFC 9112 2.2: an empty line there is ignored; one, and with both its bytes.
    Between {
        has_skipped: bool,
    },
    Head(HeadReader),
    Length(u64),
    Chunks(ChunkReader),
}

/// Follows the requests of one connection.
#[derive(Debug)]
pub(super) struct Framer {
    inside: Inside,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self {
            inside: Inside::Between { has_skipped: false },
        }
    }

    /// Whether a body has begun and not ended.
    pub(super) const fn is_in_body(&self) -> bool {
        matches!(self.inside, Inside::Length(_) | Inside::Chunks(_))
    }

    /// Reads `bytes`, which begin with the first byte that was not approved before.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Passed {
        let mut approved = 0;
        loop {
            let rest = bytes.get(approved..).unwrap_or_default();
            let Some(first) = rest.first() else {
                return Passed { approved, fault: None };
            };
            match &mut self.inside {
                // Both bytes go on or none: a CR alone would stand before the refusal that the parser gets instead.
                Inside::Between {
                    has_skipped: has_skipped @ false,
                } if *first == b'\r' => match rest.get(1) {
                    None => return Passed { approved, fault: None },
                    Some(b'\n') => {
                        *has_skipped = true;
                        approved += 2;
                    }
                    Some(_) => {
                        let fault = Some(Fault::head("a CR stands before it"));
                        return Passed { approved, fault };
                    }
                },
                Inside::Between { .. } => self.inside = Inside::Head(HeadReader::default()),
                Inside::Head(head) => match head.read(rest) {
                    Ok(None) => return Passed { approved, fault: None },
                    Ok(Some((length, framing))) => {
                        approved += length;
                        self.inside = match framing {
                            BodyFraming::Length(0) => Inside::Between { has_skipped: false },
                            BodyFraming::Length(length) => Inside::Length(length),
                            BodyFraming::Chunked => Inside::Chunks(ChunkReader::new()),
                        };
                    }
                    Err(fault) => {
                        let fault = Some(fault);
                        return Passed { approved, fault };
                    }
                },
                Inside::Length(left) => {
                    let taken = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    approved += taken;
                    *left -= u64::try_from(taken).unwrap_or(*left);
                    if *left == 0 {
                        self.inside = Inside::Between { has_skipped: false };
                    }
                }
                Inside::Chunks(chunks) => match chunks.read(rest) {
                    Ok((length, is_end)) => {
                        approved += length;
                        if is_end {
                            self.inside = Inside::Between { has_skipped: false };
                        }
                    }
                    Err((length, fault)) => {
                        approved += length;
                        let fault = Some(fault);
                        return Passed { approved, fault };
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `bytes` when they come in pieces of `size`: how many go on, and the fault.
    fn pass(bytes: &[u8], size: usize) -> (usize, Option<Fault>) {
        let mut framer = Framer::new();
        let (mut approved, mut there) = (0, 0);
        while there < bytes.len() {
            there = (there + size).min(bytes.len());
            let passed = framer.pass(&bytes[approved..there]);
            approved += passed.approved;
            if passed.fault.is_some() {
                return (approved, passed.fault);
            }
        }
        (approved, None)
    }

    #[test]
    fn borders_are_the_same_however_the_bytes_come() {
        let fields = "X: y\r\n".repeat(100);
        let good = [
            "GET / HTTP/1.1\r\n\r\nGET /b HTTP/1.0\r\n\r\n".to_owned(),
            "\r\nPOST / HTTP/1.1\r\ncontent-length:\t 3 \r\n\r\nabcGET / HTTP/1.1\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n000\r\nT: x\r\nU:\r\n\r\nGET / HTTP/1.1\r\n\r\n".to_owned(),
            "OPTIONS * HTTP/1.1\r\n\r\nGET http://h/ HTTP/1.1\r\nA: \u{e9}\r\n\r\n".to_owned(),
            format!("GET / HTTP/1.1\r\n{fields}\r\n"),
        ];
        for text in &good {
            for size in [1, 2, 3, 7, 64, text.len()] {
                assert_eq!(pass(text.as_bytes(), size), (text.len(), None), "{size}: {text:?}");
            }
        }
        let more = format!("GET / HTTP/1.1\r\n{fields}X: y\r\n\r\n");
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(32 * 1024));
        for text in [more, long] {
            for size in [1, 64, text.len()] {
                assert_eq!(pass(text.as_bytes(), size), (0, Some(Fault::HeadTooLarge)));
            }
        }
    }

    /// The parser behind refuses them as well, but without a word of why.
    #[test]
    fn control_characters_in_a_field_are_found_before_the_parser_sees_them() {
        let controls = (0..=u8::MAX).filter(|byte| byte.is_ascii_control() && *byte != b'\t');
        for byte in controls {
            let text = [b"GET / HTTP/1.1\r\nA: x", &[byte][..], b"y\r\n\r\n"].concat();
            for size in [1, text.len()] {
                let (approved, fault) = pass(&text, size);
                assert!(
                    matches!((approved, fault), (0, Some(Fault::Head(_)))),
                    "{byte}: {fault:?}"
                );
            }
        }
    }

    #[test]
    fn nothing_goes_on_that_the_parser_refuses_without_a_word() {
        let targets = [
            "/<",
            "/a>b",
            "/a`b",
            "/?\"",
            "/?<",
            "http://",
            "http://[::1",
            "http://a%/",
            "http://h/<",
        ];
        let heads = targets.map(|target| format!("GET {target} HTTP/1.1\r\n\r\n"));
        for text in heads
            .iter()
            .map(String::as_str)
            .chain(["\r", "\rGET / HTTP/1.1\r\n\r\n", "\r\r\n"])
        {
            for size in [1, 5, text.len()] {
                let (approved, fault) = pass(text.as_bytes(), size);
                assert_eq!(approved, 0, "{size}: {text:?}");
                assert!(
                    text == "\r" || matches!(fault, Some(Fault::Head(_))),
                    "{size}: {text:?}"
                );
            }
        }
        for target in [
            "/\"a",
            "/?`",
            "//",
            "/\u{e9}",
            "/?\u{4f60}",
            "http://h",
            "HTTPS://h:1/%22?a|b",
        ] {
            let text = format!("GET {target} HTTP/1.1\r\n\r\n");
            assert_eq!(pass(text.as_bytes(), 3), (text.len(), None), "{target}");
        }
    }

    #[test]
    fn a_fault_in_chunks_lets_nothing_behind_it_through() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (good, bad) in [
            ("", "\r\nabc"),
            ("3", "\nabc"),
            ("3\r\nabc", "0\r\n\r\n"),
            ("3\r\nabc\r\n", "x"),
            ("3;a", "\nb\r\nabc\r\n"),
            ("3 ", "\r\nabc\r\n"),
            ("3\r\nabc\r\n0\r\nT: x", "\n\r\n"),
            ("3\r\nabc\r\n0\r\n", " T: x\r\n\r\n"),
            ("123456789abcdef", "0\r\n"),
        ] {
            let text = format!("{head}{good}{bad}");
            for size in [1, 5, text.len()] {
                let expected = (head.len() + good.len(), Some(Fault::Body));
                assert_eq!(pass(text.as_bytes(), size), expected, "{size}: {good:?} {bad:?}");
            }
        }
    }
}
