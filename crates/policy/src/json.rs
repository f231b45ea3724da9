//! One-pass reader of JSON bodies: finds the top-level members and every named file, and refuses ambiguous text.
//!
//! Coze's open-source server is written in Go, whose JSON reader takes `BOT_ID` for `bot_id`, the last of two equal names
//! for the value, and `\u0062ot_id` for a third spelling. Only text that every reader understands alike passes, so that
//! the checked value is the value that the server uses. The bytes are not changed.

mod nested;
mod text;

use super::denial::Ambiguity;
use super::operation::{Check, Field};
use crate::id::Id;
use text::{Letters, Str, Text};

/// Deeper nesting is refused. Every level is one frame of the stack.
const MAX_DEPTH: u32 = 32;

/// The most names of one message or one `ext` object that are compared with each other.
const MAX_NAMES: usize = 32;

/// The most listed members of an operation; a test of the table checks it.
pub(super) const MAX_MEMBERS: usize = 16;

/// The name of a file. Readers that ignore case, as Go's does, take every case for it.
const FILE_ID: &[u8] = b"file_id";

/// Names of an `ext` object that say who the caller is.
const IDENTITY: [&[u8]; 4] = [b"session_name", b"session_context", b"connector_uid", b"uid"];

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string; the span is without its quotes.
    String {
        is_escaped: bool,
    },
    /// A number, `true` or `false`.
    Literal,
    Null,
    /// An object or a list.
    Nested,
}

/// A value and its place in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What was found in a body.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The members, in the order of the operation's list.
    pub(super) members: [Option<Value>; MAX_MEMBERS],
    /// The first top-level name that is not listed.
    pub(super) unlisted: Option<(usize, usize)>,
    /// `ext.user_id`.
    pub(super) ext_user: Option<Value>,
    /// A name in `ext` that says who the caller is, or that a reader without case takes for `user_id`.
    pub(super) ext_refused: Option<(usize, usize)>,
    /// The files that the body names, however deep.
    pub(super) files: Vec<Id>,
    /// A file id that is not one.
    pub(super) has_bad_file: bool,
}

/// The names that are allowed at the top level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) listed: &'static [Field],
    /// Further names, from the configuration of the site.
    pub(super) extra: &'a [Box<str>],
}

/// Reads a body.
pub(super) fn scan(body: &[u8], names: Names<'_>) -> Result<Scan, Ambiguity> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(Ambiguity::ByteOrderMark);
    }
    if simdutf8::basic::from_utf8(body).is_err() {
        return Err(Ambiguity::NotUtf8);
    }
    let mut reader = Reader {
        text: Text::new(body, Letters::Refused),
        names,
        scan: Scan::default(),
        level: 0,
    };
    reader.text.skip_space();
    if reader.text.peek() != Some(b'{') {
        // Text that is not JSON at all is reported as such.
        reader.value(Place::Other, 0)?;
        reader.text.end()?;
        return Err(Ambiguity::NotAnObject);
    }
    reader.value(Place::Top, 0)?;
    reader.text.end()?;
    Ok(reader.scan)
}

/// The place of a value, which decides what its names mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    /// The list of messages, or one of them.
    Message,
    Ext,
    Other,
}

struct Reader<'a> {
    text: Text<'a>,
    names: Names<'a>,
    scan: Scan,
    /// How many JSON texts are around this one.
    level: u32,
}

impl Reader<'_> {
    /// Reads one value. `depth` counts the objects and lists around it.
    fn value(&mut self, place: Place, depth: u32) -> Result<Value, Ambiguity> {
        let start = self.text.at;
        let kind = match self.text.peek() {
            Some(b'"') => {
                self.text.at += 1;
                let string = self.text.string()?;
                if string.has_quote {
                    nested::read(self, string)?;
                }
                let kind = Kind::String {
                    is_escaped: string.is_escaped,
                };
                return Ok(Value {
                    kind,
                    start: string.start,
                    end: string.end,
                });
            }
            Some(b'{') => self.object(place, depth + 1)?,
            Some(b'[') => self.list(place, depth + 1)?,
            Some(b't') => self.text.literal(b"true", Kind::Literal)?,
            Some(b'f') => self.text.literal(b"false", Kind::Literal)?,
            Some(b'n') => self.text.literal(b"null", Kind::Null)?,
            _ => {
                self.text.number()?;
                Kind::Literal
            }
        };
        Ok(Value {
            kind,
            start,
            end: self.text.at,
        })
    }

    fn object(&mut self, place: Place, depth: u32) -> Result<Kind, Ambiguity> {
        if depth > MAX_DEPTH {
            return Err(Ambiguity::TooDeep);
        }
        let mut seen = None;
        self.text.at += 1;
        self.text.skip_space();
        if self.text.take(b'}') {
            return Ok(Kind::Nested);
        }
        loop {
            self.text.expect(b'"')?;
            let name = self.text.string()?;
            self.text.skip_space();
            self.text.expect(b':')?;
            self.text.skip_space();
            self.member(place, name, &mut seen, depth)?;
            self.text.skip_space();
            if self.text.take(b'}') {
                return Ok(Kind::Nested);
            }
            self.text.expect(b',')?;
            self.text.skip_space();
        }
    }

    fn member(&mut self, place: Place, string: Str, seen: &mut Option<Seen>, depth: u32) -> Result<(), Ambiguity> {
        let name = (string.start, string.end);
        match place {
            Place::Top => return self.top_member(name, seen, depth),
            Place::Message | Place::Ext => seen.get_or_insert_default().add(&self.text, name)?,
            Place::Other => {}
        }
        let value = self.value(Place::Other, depth)?;
        if place == Place::Ext {
            self.ext_member(name, value);
        }
        if self.text.slice(name).eq_ignore_ascii_case(FILE_ID) {
            self.file(value);
        } else if string.is_escaped && self.level > 0 {
            nested::check_escaped_name(&self.text, string)?;
        }
        Ok(())
    }

    fn top_member(&mut self, name: (usize, usize), seen: &mut Option<Seen>, depth: u32) -> Result<(), Ambiguity> {
        let text = self.text.slice(name);
        let listed = self.names.listed.iter().position(|field| field.name.as_bytes() == text);
        let Some(at) = listed else {
            if self.names.extra.iter().any(|extra| extra.as_bytes() == text) {
                seen.get_or_insert_default().add(&self.text, name)?;
            } else {
                self.scan.unlisted.get_or_insert(name);
            }
            let value = self.value(Place::Other, depth)?;
            if text.eq_ignore_ascii_case(FILE_ID) {
                self.file(value);
            }
            return Ok(());
        };
        let inner = match self.names.listed.get(at).map(|field| field.check) {
            Some(Check::Messages) => Place::Message,
            Some(Check::Ext) => Place::Ext,
            _ => Place::Other,
        };
        let value = self.value(inner, depth)?;
        match self.scan.members.get_mut(at) {
            Some(member @ None) => *member = Some(value),
            _ => return Err(Ambiguity::RepeatedName),
        }
        Ok(())
    }

    fn ext_member(&mut self, name: (usize, usize), value: Value) {
        let text = self.text.slice(name);
        if text == b"user_id" {
            self.scan.ext_user = Some(value);
        } else if folds_to(text, b"user_id") || IDENTITY.iter().any(|wanted| folds_to(text, wanted)) {
            self.scan.ext_refused.get_or_insert(name);
        }
    }

    /// Notes a file. Absent ones are written as `null` or an empty text.
    fn file(&mut self, value: Value) {
        let text = self.text.slice((value.start, value.end));
        match value.kind {
            Kind::Null => {}
            Kind::String { is_escaped: false } if text.is_empty() => {}
            Kind::String { is_escaped: false } => match Id::parse(text) {
                Some(id) => self.scan.files.push(id),
                None => self.scan.has_bad_file = true,
            },
            _ => self.scan.has_bad_file = true,
        }
    }

    fn list(&mut self, place: Place, depth: u32) -> Result<Kind, Ambiguity> {
        if depth > MAX_DEPTH {
            return Err(Ambiguity::TooDeep);
        }
        self.text.at += 1;
        self.text.skip_space();
        if self.text.take(b']') {
            return Ok(Kind::Nested);
        }
        loop {
            self.value(place, depth)?;
            self.text.skip_space();
            if self.text.take(b']') {
                return Ok(Kind::Nested);
            }
            self.text.expect(b',')?;
            self.text.skip_space();
        }
    }
}

/// The names of one object.
#[derive(Default)]
struct Seen {
    names: [(usize, usize); MAX_NAMES],
    count: usize,
}

impl Seen {
    fn add(&mut self, text: &Text<'_>, name: (usize, usize)) -> Result<(), Ambiguity> {
        let known = self.names.get(..self.count).unwrap_or_default();
        if known.iter().any(|one| text.slice(*one) == text.slice(name)) {
            return Err(Ambiguity::RepeatedName);
        }
        *self.names.get_mut(self.count).ok_or(Ambiguity::TooManyNames)? = name;
        self.count += 1;
        Ok(())
    }
}

/// Whether a reader that ignores case, as Go's does, takes `name` for the lower-case `wanted`. Two letters outside of
/// ASCII fold into it: U+017F (long s) and U+212A (the kelvin sign).
pub(super) fn folds_to(name: &[u8], wanted: &[u8]) -> bool {
    let mut rest = name;
    for byte in wanted {
        rest = match (rest, byte) {
            ([0xc5, 0xbf, tail @ ..], b's') | ([0xe2, 0x84, 0xaa, tail @ ..], b'k') => tail,
            ([first, tail @ ..], byte) if first.eq_ignore_ascii_case(byte) => tail,
            _ => return false,
        };
    }
    rest.is_empty()
}
