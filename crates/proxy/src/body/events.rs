//! Where an event stream may be cut: behind the empty line that ends an event (WHATWG HTML 9.2.6).
//!
//! Bytes pass unaltered, but what has come of an event that is not whole yet waits for its end. So when the platform dies
//! in the middle of one, the caller has whole events only, and can be told in one more. Usually an event comes in one
//! piece, and nothing waits. Pure.

use bytes::{Bytes, BytesMut};

/// What waits at most. An event that is longer passes in pieces.
const LONGEST_WAIT: usize = 64 * 1024;

/// The beginning of an event whose end has not come.
#[derive(Debug, Default)]
pub(in super::super) struct WholeEvents {
    waiting: BytesMut,
}

impl WholeEvents {
    /// Takes the next piece; returns what can be passed on: whole events, or nothing.
    pub(in super::super) fn push(&mut self, piece: Bytes) -> Option<Bytes> {
        if self.waiting.is_empty() && ends_an_event(&piece) {
            return Some(piece);
        }
        let before = self.waiting.len();
        self.waiting.extend_from_slice(&piece);
        let whole = if self.waiting.len() > LONGEST_WAIT {
            self.waiting.len()
        } else {
            // What waited before held no end.
            end_of_last_event(&self.waiting, before)
        };
        Some(self.waiting.split_to(whole).freeze()).filter(|whole| !whole.is_empty())
    }

    /// What still waits when the stream has ended as it should: all of it was meant.
    pub(in super::super) fn finish(&mut self) -> Option<Bytes> {
        Some(self.waiting.split().freeze()).filter(|rest| !rest.is_empty())
    }
}

fn ends_an_event(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n") || bytes.ends_with(b"\r\r")
}

/// Returns how many bytes there are up to the end of the last whole event; 0 if none ends behind the first `searched`.
fn end_of_last_event(bytes: &[u8], searched: usize) -> usize {
    let is_end = |end: usize| {
        let (before, after) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        // A CR behind LF may be the first half of CRLF: it ends an event once another byte follows.
        let is_lone_cr = before.ends_with(b"\n\r") && after.first().is_some_and(|next| *next != b'\n');
        ends_an_event(before) || is_lone_cr
    };
    (searched..=bytes.len()).rev().find(|end| is_end(*end)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of `stream` when it is cut at every one of `cuts`, piece by piece, and at its end.
    fn passed(stream: &[u8], cuts: &[usize]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut events = WholeEvents::default();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([stream.len()]) {
            pieces.extend(events.push(Bytes::copy_from_slice(&stream[from..cut])));
            from = cut;
        }
        let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
        (pieces, events.finish().unwrap_or_default().to_vec())
    }

    #[test]
    fn whole_events_pass_at_once_and_the_beginning_of_one_waits() {
        let mut events = WholeEvents::default();

        assert_eq!(
            events.push(Bytes::from_static(b"event:a\ndata:1\n\n")).unwrap(),
            "event:a\ndata:1\n\n"
        );
        assert_eq!(events.push(Bytes::from_static(b"event:b\nda")), None);
        assert_eq!(
            events.push(Bytes::from_static(b"ta:2\n\nevent:c\n")).unwrap(),
            "event:b\ndata:2\n\n"
        );
        assert_eq!(events.finish().unwrap(), "event:c\n");
        assert_eq!(events.finish(), None);
    }

    #[test]
    fn end_of_an_event_that_comes_in_two_pieces_is_seen_with_the_second() {
        for (first, second) in [("data:1\n", "\nda"), ("data:1\r\n\r", "\nda"), ("data:1\r", "\rda")] {
            let mut events = WholeEvents::default();

            assert_eq!(events.push(Bytes::from(first)), None, "{first:?}");
            let whole = events.push(Bytes::from(second)).unwrap();
            assert_eq!(whole, format!("{first}{}", &second[..1]), "{first:?}");
            assert_eq!(events.finish().unwrap(), "da", "{first:?}");
        }
    }

    #[test]
    fn bytes_are_the_same_however_the_stream_is_cut() {
        let streams: [&[u8]; 4] = [
            b"event:x\ndata:{\"a\":1}\n\nevent:done\ndata:\"[DONE]\"\n\n",
            b"id: 0\r\nevent: Message\r\ndata: {}\r\n\r\nid: 1\r\nevent: Done\r\ndata: {}\r\n\r\n",
            b": comment\n\n\n\ndata:no end",
            "data:{\"content\":\"\u{4f60}\u{597d}\"}\r\rdata:2\n\n".as_bytes(),
        ];
        let mut tried = 0;
        for stream in streams {
            for first in 0..=stream.len() {
                for second in first..=stream.len() {
                    let (pieces, rest) = passed(stream, &[first, second]);
                    assert_eq!([pieces.concat(), rest].concat(), stream);
                    for piece in pieces {
                        assert!(ends_an_event(&piece), "{piece:?}");
                    }
                    tried += 1;
                }
            }
        }
        assert!(tried > 4_000, "{tried}");
    }

    /// The corpus that the JavaScript reader (`web/client/event_stream.js`) is tested with.
    #[test]
    fn borders_are_those_of_the_corpus() {
        let corpus: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/recorded/event-streams.json")).unwrap();
        let cases = corpus.as_array().unwrap();
        assert!(cases.len() >= 19, "{}", cases.len());
        for case in cases {
            let chunks = case["chunks"].as_array().unwrap().iter();
            let stream: Vec<u8> = chunks.flat_map(bytes_of).collect();
            let every_byte: Vec<usize> = (1..stream.len()).collect();

            let (pieces, _) = passed(&stream, &every_byte);

            let borders: Vec<usize> = pieces
                .iter()
                .scan(0, |end, piece| {
                    *end += piece.len();
                    Some(*end)
                })
                .collect();
            assert_eq!(serde_json::json!(borders), case["borders"], "{}", case["name"]);
        }
    }

    /// A chunk is text, or a list of bytes.
    fn bytes_of(chunk: &serde_json::Value) -> Vec<u8> {
        match chunk.as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => serde_json::from_value(chunk.clone()).unwrap(),
        }
    }

    #[test]
    fn endless_event_passes_in_pieces() {
        let mut events = WholeEvents::default();
        let mut passed = 0;
        for _ in 0..100 {
            passed += events
                .push(Bytes::from(vec![b'x'; 4096]))
                .map_or(0, |piece| piece.len());
        }

        assert!(passed >= 100 * 4096 - LONGEST_WAIT, "{passed}");
    }
}
