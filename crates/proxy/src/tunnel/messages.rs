//! Reads the event names of the messages in one direction of a WebSocket, without altering or keeping the bytes.
//!
//! A message is a JSON object whose top-level member `event_type` says what it is (docs/upstream/websocket.md). A name is
//! reported only when every JSON reader finds the same one: the member is there once, spelled plainly, in an object that is
//! complete. Everything else is reported without a name, so that a caller cannot hide one event behind another.

/// What one message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'m> {
    /// The event of this name.
    Named(&'m str),
    /// Binary, compressed, no JSON object, or one that two readers could understand in two ways.
    Unreadable,
}

/// Follows the frames (RFC 6455 5.2) and the messages in them.
#[derive(Debug)]
pub(super) struct Messages {
    frame: Frame,
    scanner: Scanner,
}

/// Where in a frame the next byte belongs.
#[derive(Debug)]
struct Frame {
    head: [u8; LONGEST_HEAD],
    come: usize,
    left: u64,
    mask: [u8; 4],
    masked: usize,
    /// Of a text or binary message, and not a ping, a pong or a close.
    is_data: bool,
    is_last: bool,
}

/// Two bytes, eight of length, four of mask.
const LONGEST_HEAD: usize = 14;
const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const FIRST_CONTROL: u8 = 0x8;

impl Messages {
    pub(super) fn new() -> Self {
        Self {
            frame: Frame {
                head: [0; LONGEST_HEAD],
                come: 0,
                left: 0,
                mask: [0; 4],
                masked: 0,
                is_data: false,
                is_last: false,
            },
            scanner: Scanner::new(),
        }
    }

    /// Reads `bytes`. At the last byte of each message `judge` says whether it may pass; returns how many bytes may. With fewer
    /// than all of them, the rest begins with the last byte of the message that may not, and nothing more is to be read.
    pub(super) fn read(&mut self, bytes: &[u8], mut judge: impl FnMut(Event<'_>) -> bool) -> usize {
        let mut read = 0;
        while let Some(&byte) = bytes.get(read) {
            let ends_frame = if self.frame.left == 0 {
                match self.read_head(byte) {
                    None => {
                        read += 1;
                        continue;
                    }
                    Some(left) => {
                        self.frame.left = left;
                        left == 0
                    }
                }
            } else {
                self.frame.left -= 1;
                if self.frame.is_data {
                    let mask = self.frame.mask.get(self.frame.masked % 4).copied().unwrap_or(0);
                    self.scanner.push(byte ^ mask);
                }
                self.frame.masked = self.frame.masked.wrapping_add(1);
                self.frame.left == 0
            };
            if ends_frame && self.frame.is_data && self.frame.is_last {
                let may_pass = judge(self.scanner.event());
                self.scanner = Scanner::new();
                if !may_pass {
                    return read;
                }
            }
            read += 1;
        }
        read
    }

    /// Whether a frame may begin here.
    pub(super) fn is_between_frames(&self) -> bool {
        self.frame.left == 0 && self.frame.come == 0
    }

    /// Takes a byte of a head; returns the length of the payload when that was the last one.
    fn read_head(&mut self, byte: u8) -> Option<u64> {
        let frame = &mut self.frame;
        if let Some(next) = frame.head.get_mut(frame.come) {
            *next = byte;
        }
        frame.come += 1;
        let head = frame.head.get(..frame.come)?;
        let (first, short) = (*head.first()?, *head.get(1)?);
        let extended: usize = match short & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask_bytes = if short & 0x80 == 0 { 0 } else { 4 };
        if head.len() < 2 + extended + mask_bytes {
            return None;
        }
        let length = match extended {
            0 => u64::from(short & 0x7F),
            _ => head
                .get(2..2 + extended)?
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        frame.mask = [0; 4];
        if let (4, Some(mask)) = (mask_bytes, head.get(2 + extended..)) {
            frame.mask.copy_from_slice(mask);
        }
        let opcode = first & OPCODE;
        (frame.come, frame.masked) = (0, 0);
        frame.is_data = opcode < FIRST_CONTROL;
        frame.is_last = first & FIN != 0;
        if frame.is_data && (first & RESERVED != 0 || !matches!(opcode, CONTINUATION | TEXT)) {
            self.scanner.give_up();
        }
        Some(length)
    }
}

/// The name of the member.
const EVENT_TYPE: &[u8] = b"event_type";
/// The longest name of an event, and more.
const LONGEST_NAME: usize = 64;

/// Finds `event_type` in a JSON object that comes byte by byte.
#[derive(Debug)]
struct Scanner {
    place: Place,
    /// Objects and lists within a member.
    depth: u32,
    is_event_type: bool,
    found: u32,
    key: Word,
    name: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    BeforeKey,
    Key,
    BehindKey,
    BeforeValue,
    /// The value of `event_type`.
    Name,
    Text,
    Escape,
    Nested,
    /// A number, `true`, `false` or `null`.
    Literal,
    BehindValue,
    End,
    /// No object that every reader understands alike.
    GivenUp,
}

/// A short text; a longer one is none of those that we know.
#[derive(Debug)]
struct Word {
    bytes: [u8; LONGEST_NAME],
    length: usize,
}

impl Word {
    const fn new() -> Self {
        Self {
            bytes: [0; LONGEST_NAME],
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(next) = self.bytes.get_mut(self.length) {
            *next = byte;
        }
        self.length = self.length.saturating_add(1);
    }

    fn get(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length)
    }
}

impl Scanner {
    const fn new() -> Self {
        Self {
            place: Place::Start,
            depth: 0,
            is_event_type: false,
            found: 0,
            key: Word::new(),
            name: Word::new(),
        }
    }

    fn give_up(&mut self) {
        self.place = Place::GivenUp;
    }

    fn event(&self) -> Event<'_> {
        let name = self.name.get().and_then(|name| std::str::from_utf8(name).ok());
        match (self.place, self.found, name) {
            (Place::End, 1, Some(name)) => Event::Named(name),
            _ => Event::Unreadable,
        }
    }

    #[expect(clippy::match_same_arms, reason = "a state machine is read state by state")]
    fn push(&mut self, byte: u8) {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.place = match (self.place, byte) {
            (
                Place::Start
                | Place::BeforeKey
                | Place::BehindKey
                | Place::BeforeValue
                | Place::BehindValue
                | Place::End,
                _,
            ) if is_blank => self.place,
            (Place::Start, b'{') => Place::BeforeKey,
            (Place::BeforeKey, b'"') => {
                self.key = Word::new();
                Place::Key
            }
            (Place::Key, b'"') => {
                let key = self.key.get().unwrap_or_default();
                self.is_event_type = key == EVENT_TYPE;
                // Some readers take it for the same member.
                if !self.is_event_type && key.eq_ignore_ascii_case(EVENT_TYPE) {
                    Place::GivenUp
                } else {
                    Place::BehindKey
                }
            }
            // Written so, a name could be spelled in many ways.
            (Place::Key | Place::Name, b'\\') => Place::GivenUp,
            (Place::Key, _) => {
                self.key.push(byte);
                Place::Key
            }
            (Place::BehindKey, b':') => Place::BeforeValue,
            (Place::BeforeValue, b'"') if self.is_event_type => {
                self.found += 1;
                self.name = Word::new();
                Place::Name
            }
            (Place::BeforeValue, _) if self.is_event_type => Place::GivenUp,
            (Place::Name, b'"') => Place::BehindValue,
            (Place::Name, _) => {
                self.name.push(byte);
                Place::Name
            }
            (Place::BeforeValue | Place::Nested, b'"') => Place::Text,
            (Place::BeforeValue | Place::Nested, b'{' | b'[') => {
                self.depth = self.depth.saturating_add(1);
                Place::Nested
            }
            (Place::Nested, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                self.behind_value()
            }
            (Place::Text, b'\\') => Place::Escape,
            (Place::Text, b'"') => self.behind_value(),
            (Place::Text | Place::Escape, _) => Place::Text,
            (Place::Nested, _) => Place::Nested,
            (Place::BehindValue | Place::Literal, b',') => Place::BeforeKey,
            (Place::BehindValue | Place::Literal | Place::BeforeKey, b'}') => Place::End,
            (Place::BeforeValue | Place::Literal, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'E') => {
                Place::Literal
            }
            (Place::Literal, _) if is_blank => Place::BehindValue,
            (
                Place::Start
                | Place::BeforeKey
                | Place::BehindKey
                | Place::BeforeValue
                | Place::Literal
                | Place::BehindValue
                | Place::End
                | Place::GivenUp,
                _,
            ) => Place::GivenUp,
        };
    }

    fn behind_value(&self) -> Place {
        if self.depth == 0 {
            Place::BehindValue
        } else {
            Place::Nested
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with this first byte.
    fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let bit = if mask.is_some() { 0x80 } else { 0 };
        let mut frame = vec![first];
        match u16::try_from(payload.len()) {
            Ok(short) if payload.len() < 126 => frame.push(bit | short.to_be_bytes()[1]),
            Ok(short) => {
                frame.push(bit | 0x7E);
                frame.extend(short.to_be_bytes());
            }
            Err(_) => {
                frame.push(bit | 0x7F);
                frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        let key = mask.unwrap_or_default();
        frame.extend(mask.into_iter().flatten());
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    fn names(bytes: &[u8], piece: usize) -> Vec<Option<String>> {
        let mut messages = Messages::new();
        let mut names = Vec::new();
        for part in bytes.chunks(piece) {
            let read = messages.read(part, |event| {
                names.push(match event {
                    Event::Named(name) => Some(name.to_owned()),
                    Event::Unreadable => None,
                });
                true
            });
            assert_eq!(read, part.len());
        }
        assert!(messages.is_between_frames());
        names
    }

    #[test]
    fn names_are_found_however_a_message_is_written_and_comes() {
        let long = format!(r#"{{"data":{{"delta":"{}"}},"event_type":"a.b"}}"#, "x".repeat(70_000));
        let mut tried = 0;
        for text in [
            r#"{"event_type":"a.b"}"#,
            r#" { "id" : "1" , "event_type" : "a.b" , "data" : { "event_type" : "c" } } "#,
            r#"{"data":["event_type",{"event_type":"c"},"\"event_type\":\"c\"\\"],"event_type":"a.b","n":-1.5E+2}"#,
            r#"{"n":null,"t":true,"f":false ,"z":0,"event_type":"a.b"}"#,
            long.as_str(),
        ] {
            for mask in [None, Some([0; 4]), Some([1, 2, 3, 255])] {
                let (begin, end) = text.as_bytes().split_at(text.len() / 2);
                let ping = frame(0x89, b"{", mask);
                let fragments = [frame(0x01, begin, mask), ping.clone(), frame(0x80, end, mask), ping].concat();
                for bytes in [frame(0x81, text.as_bytes(), mask), fragments] {
                    for piece in [1, 3, 4096] {
                        tried += 1;
                        assert_eq!(names(&bytes, piece), [Some("a.b".to_owned())], "{text:.60}");
                    }
                }
            }
        }
        println!("messages with a name: good tried {tried} / refused 0");
    }

    #[test]
    fn message_that_two_readers_could_understand_in_two_ways_has_no_name() {
        let bad = [
            "",
            "x",
            "[]",
            "{}",
            r#""event_type""#,
            r#"{"event_type":"free"#,
            r#"{"event_type":"free""#,
            r#"{"event_type":"free"}x"#,
            r#"{"event_type":"free"}{"event_type":"chat"}"#,
            r#"{"event_type":"free","event_type":"chat"}"#,
            r#"{"event_type":"chat","event_type":"free"}"#,
            r#"{"event_type":"free","EVENT_TYPE":"chat"}"#,
            r#"{"event_type":"free","Event_Type":"chat"}"#,
            r#"{"event_type":"free","event\u005ftype":"chat"}"#,
            r#"{"event\u005ftype":"free"}"#,
            r#"{"event_type":"fre\u0065"}"#,
            r#"{"event_type":1}"#,
            r#"{"event_type":null}"#,
            r#"{"event_type":{"event_type":"free"}}"#,
            r#"{"data":{"event_type":"free"}}"#,
            r#"{"event_type" "free"}"#,
            r#"{"event_type":"free" "x":1}"#,
            "{'event_type':'free'}",
            "\u{feff}{\"event_type\":\"free\"}",
            "{\"event_type\":\"free\"}\0",
            "// {\n{\"event_type\":\"free\"}",
        ];
        let mut let_through = Vec::new();
        for text in bad {
            if names(&frame(0x81, text.as_bytes(), Some([7; 4])), 1) != [None] {
                let_through.push(text);
            }
        }
        let free = br#"{"event_type":"free"}"#;
        // Binary, compressed, a fragment of either.
        for bytes in [
            frame(0x82, free, None),
            frame(0xC1, free, None),
            frame(0x83, free, None),
            [frame(0x41, b"", None), frame(0x80, free, None)].concat(),
            [frame(0x02, b"", None), frame(0x80, free, None)].concat(),
        ] {
            if names(&bytes, 2) != [None] {
                let_through.push("a frame");
            }
        }
        println!(
            "messages without a name: bad tried {} / let through {}",
            bad.len() + 5,
            let_through.len()
        );
        assert_eq!(let_through, Vec::<&str>::new());
    }

    #[test]
    fn last_byte_of_a_refused_message_does_not_pass() {
        let (one, two) = (
            frame(0x81, br#"{"event_type":"a"}"#, Some([9; 4])),
            frame(0x81, br#"{"event_type":"b"}"#, Some([8; 4])),
        );
        let both = [one.as_slice(), &two].concat();

        let passed = Messages::new().read(&both, |event| event == Event::Named("a"));

        assert_eq!(passed, both.len() - 1);
        // One without a payload ends with its head.
        assert_eq!(Messages::new().read(&frame(0x81, b"", Some([1; 4])), |_| false), 5);
    }
}
