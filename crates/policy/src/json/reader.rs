//! Recursive reader of a JSON body and of the JSON in its strings: the contents of type `object_string`, and file values of
//! shortcuts and flows.
//!
//! A string that begins like JSON is decoded and read by the same reader, as often as it is nested, so that a file that
//! is named in it is found whatever the escaping.

use super::hidden::{BEGINNING, FILE_ID, begins_like_json, names_file};
use super::text::{Letters, Str, Text};
use super::value::{Kind, Value};
use crate::denial::Ambiguity;
use crate::id::Id;
use crate::operation::{Check, Field};

/// Deeper nesting is refused. Every level is one frame of the stack.
const MAX_DEPTH: u32 = 32;

/// JSON in a string in a string: clients nest once.
const MAX_LEVEL: u32 = 4;

/// The most names of one message or one `ext` object that are compared with each other.
const MAX_NAMES: usize = 32;

/// The most listed members of an operation; a test of the table checks it.
pub(crate) const MAX_MEMBERS: usize = 16;

/// Names of an `ext` object that say who the caller is.
const IDENTITY: [&[u8]; 4] = [b"session_name", b"session_context", b"connector_uid", b"uid"];

/// What was found in a body.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The members, in the order of the operation's list.
    pub(crate) members: [Option<Value>; MAX_MEMBERS],
    /// The first top-level name that is not listed.
    pub(crate) unlisted: Option<(usize, usize)>,
    /// `ext.user_id`.
    pub(crate) ext_user: Option<Value>,
    /// A name in `ext` that says who the caller is, or that a reader without case takes for `user_id`.
    pub(crate) ext_refused: Option<(usize, usize)>,
    /// The files that the body names, however deep.
    pub(crate) files: Vec<Id>,
    /// A file id that is not one.
    pub(crate) has_bad_file: bool,
}

/// The names that are allowed at the top level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) listed: &'static [Field],
    /// Further names, from the configuration of the site.
    pub(crate) extra: &'a [Box<str>],
}

/// Reads a body.
pub(crate) fn scan(body: &[u8], names: Names<'_>) -> Result<Scan, Ambiguity> {
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
                    read_nested(self, string)?;
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
            check_escaped_name(&self.text, string)?;
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

/// Reads `string` if it begins like JSON.
fn read_nested(outer: &mut Reader<'_>, string: Str) -> Result<(), Ambiguity> {
    let mut text = Text::new(outer.text.slice((0, string.end)), Letters::Decoded);
    text.at = string.start;
    let mut decoded = Vec::with_capacity(string.end - string.start);
    text.decode(string.end, &mut decoded, BEGINNING)?;
    if !begins_like_json(&decoded) {
        return Ok(());
    }
    text.decode(string.end, &mut decoded, usize::MAX)?;
    read_decoded(outer, &decoded)
}

fn read_decoded(outer: &mut Reader<'_>, decoded: &[u8]) -> Result<(), Ambiguity> {
    let level = outer.level + 1;
    if level > MAX_LEVEL {
        return Err(Ambiguity::TooDeep);
    }
    let names = Names {
        listed: &[],
        extra: &[],
    };
    let text = Text::new(decoded, Letters::Decoded);
    let mut reader = Reader {
        text,
        names,
        scan: Scan::default(),
        level,
    };
    reader.text.skip_space();
    let read = reader.value(Place::Other, 0).and_then(|_| reader.text.end());
    outer.scan.files.append(&mut reader.scan.files);
    outer.scan.has_bad_file |= reader.scan.has_bad_file;
    match read {
        // Words of a person that begin like JSON. A server refuses them where it expects JSON; one that is less strict
        // must not find a file there that was not found here.
        Err(Ambiguity::NotJson) if names_file(decoded) => Err(Ambiguity::HiddenFile),
        Err(Ambiguity::NotJson) | Ok(()) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Refuses the name of a file with an escaped letter. Other escaped names mean nothing here.
fn check_escaped_name(text: &Text<'_>, name: Str) -> Result<(), Ambiguity> {
    let mut text = Text::new(text.slice((0, name.end)), Letters::Decoded);
    text.at = name.start;
    let mut decoded = Vec::new();
    text.decode(name.end, &mut decoded, usize::MAX)?;
    if decoded.eq_ignore_ascii_case(FILE_ID) {
        Err(Ambiguity::EscapedLetter)
    } else {
        Ok(())
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
pub(crate) fn folds_to(name: &[u8], wanted: &[u8]) -> bool {
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
