//! Reader of the first events of a chat's stream: finds the ids that the platform gives to the caller.
//!
//! The bytes pass unaltered; the tap reads a copy of nothing and stops at the first event that carries ids, or after
//! [`MOST_EVENTS`].

use cozegate_policy::ownership::{Learned, is_teaching, learn_from_event};
use std::fmt;

/// The ids come with the first event (protocol 6.3); a stream without one is not read to its end.
const MOST_EVENTS: usize = 8;

type Learn = Box<dyn FnOnce(&[Learned]) + Send + Sync>;

/// The tap of one stream.
pub(super) struct EventTap {
    learn: Option<Learn>,
    events: usize,
}

impl EventTap {
    /// A tap that hands what it finds to `learn`, once.
    pub(super) fn new(learn: impl FnOnce(&[Learned]) + Send + Sync + 'static) -> Self {
        Self {
            learn: Some(Box::new(learn)),
            events: 0,
        }
    }

    /// Reads whole events; returns whether there is nothing more to find.
    pub(super) fn read(&mut self, events: &[u8]) -> bool {
        let mut name = None;
        for line in events.split(|byte| matches!(byte, b'\n' | b'\r')) {
            if let Some(value) = field(line, b"event:") {
                name = Some(value);
                self.events += 1;
            } else if let (Some(data), Some(event)) = (field(line, b"data:"), name) {
                let event = str::from_utf8(event).unwrap_or_default();
                if is_teaching(event) {
                    let found = learn_from_event(event, data);
                    if let Some(learn) = self.learn.take() {
                        learn(&found);
                    }
                    return true;
                }
            }
        }
        self.events >= MOST_EVENTS
    }
}

/// The value of a field line (WHATWG HTML 9.2.6): one space behind the colon is not part of it.
fn field<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let value = line.strip_prefix(name)?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

impl fmt::Debug for EventTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventTap")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn read(pieces: &[&str]) -> (Vec<String>, bool) {
        let found = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&found);
        let mut tap = EventTap::new(move |learned| {
            sink.lock()
                .unwrap()
                .extend(learned.iter().map(|learned| learned.id.to_string()));
        });
        let is_done = pieces.iter().any(|piece| tap.read(piece.as_bytes()));
        let found = found.lock().unwrap().clone();
        (found, is_done)
    }

    #[test]
    fn ids_of_the_first_event_are_found_in_every_spelling() {
        let data = r#"{"id":"3","conversation_id":"4"}"#;
        for stream in [
            format!("event:conversation.chat.created\ndata:{data}\n\n"),
            format!("event: conversation.chat.created\r\ndata: {data}\r\n\r\n"),
            format!(":hello\n\nevent:ping\ndata:1\n\nevent:conversation.chat.created\ndata:{data}\n\n"),
        ] {
            assert_eq!(
                read(&[&stream]),
                (vec!["4".to_owned(), "3".to_owned()], true),
                "{stream}"
            );
        }
    }

    #[test]
    fn stream_without_ids_is_not_read_to_its_end() {
        let delta = "event:conversation.message.delta\ndata:{\"id\":\"9\",\"conversation_id\":\"9\"}\n\n";
        let (found, is_done) = read(&[delta; 20]);

        assert_eq!((found.len(), is_done), (0, true));
    }
}
