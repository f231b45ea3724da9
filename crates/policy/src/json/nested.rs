//! JSON inside of JSON strings: the contents of type `object_string`, and file values of shortcuts and flows.
//!
//! A string that begins like JSON is decoded and read by the same reader, as often as it is nested, so that a file that
//! is named in it is found whatever the escaping.

use super::text::{Letters, Str, Text};
use super::{FILE_ID, Names, Place, Reader, Scan};
use crate::denial::Ambiguity;

/// JSON in a string in a string: clients nest once.
const MAX_LEVEL: u32 = 4;

/// How many bytes tell whether a string begins like JSON.
const BEGINNING: usize = 64;

/// Reads `string` if it begins like JSON.
pub(super) fn read(outer: &mut Reader<'_>, string: Str) -> Result<(), Ambiguity> {
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
pub(super) fn check_escaped_name(text: &Text<'_>, name: Str) -> Result<(), Ambiguity> {
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

/// Whether a server that skips white space, marks and control characters would take the text for JSON.
fn begins_like_json(decoded: &[u8]) -> bool {
    let text = String::from_utf8_lossy(decoded);
    let is_skipped = |character: &char| {
        character.is_whitespace() || character.is_control() || matches!(character, '\u{feff}' | '\u{200b}' | '\u{fffd}')
    };
    let first = text.chars().find(|character| !is_skipped(character));
    // A beginning of nothing but white space is followed by what was not decoded.
    first.map_or(decoded.len() >= BEGINNING, |first| matches!(first, '{' | '[' | '"'))
}

/// Whether the text contains `file_id` in any case, escaped or not.
fn names_file(text: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let escape = rest
            .strip_prefix(br"\u")
            .and_then(|digits| digits.split_first_chunk::<4>());
        let unit = escape.and_then(|(digits, after)| Some((unit(digits)?, after)));
        if let Some((unit, after)) = unit {
            plain.push(u8::try_from(unit).unwrap_or(b'?'));
            rest = after;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
        .windows(FILE_ID.len())
        .any(|window| window.eq_ignore_ascii_case(FILE_ID))
}

fn unit(digits: &[u8]) -> Option<u16> {
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
