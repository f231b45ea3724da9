//! Strict reader of query strings: every name is listed, occurs once, and is written without escapes.

use super::denial::{Ambiguity, Denial, Name};
use super::operation::Field;
use memchr::memchr;

/// Walks the parameters of `query` that `fields` lists, in the order of the query.
///
/// A value is handed over undecoded: what is checked is digits or a short word, and an escaped one is
/// refused by the comparison.
pub(super) fn read<'q>(
    query: &'q str,
    fields: &'static [Field],
    mut found: impl FnMut(&'static Field, &'q str) -> Result<(), Denial>,
) -> Result<u32, Denial> {
    // Some servers take it for `&`.
    if memchr(b';', query.as_bytes()).is_some() {
        return Err(Denial::RequestAmbiguous(Ambiguity::Separator));
    }
    let mut seen = 0_u32;
    let mut rest = query;
    while !rest.is_empty() {
        let pair;
        (pair, rest) = split(rest, b'&');
        // Servers agree that an empty pair is none (`a=1&`).
        if pair.is_empty() {
            continue;
        }
        let (name, value) = split(pair, b'=');
        let Some((at, field)) = position(fields, name) else {
            return Err(refuse(name, fields));
        };
        if seen & (1 << at) != 0 {
            return Err(Denial::RequestAmbiguous(Ambiguity::RepeatedParameter));
        }
        seen |= 1 << at;
        found(field, value)?;
    }
    Ok(seen)
}

/// The text before and behind the first `separator`. The second part is empty without one.
#[inline]
fn split(text: &str, separator: u8) -> (&str, &str) {
    let parts = memchr(separator, text.as_bytes()).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    parts.unwrap_or((text, ""))
}

fn position(fields: &'static [Field], name: &str) -> Option<(usize, &'static Field)> {
    fields.iter().enumerate().find(|(_, field)| field.name == name)
}

/// The refusal of a name that is not listed as written.
fn refuse(name: &str, fields: &'static [Field]) -> Denial {
    let Some(decoded) = decode(name) else {
        return Denial::RequestAmbiguous(Ambiguity::EscapedParameter);
    };
    if position(fields, &decoded).is_some() {
        return Denial::RequestAmbiguous(Ambiguity::EscapedParameter);
    }
    // `bot_id[]` and `bot_id[0]` are lists for some servers, whose first or last element is then the value.
    let base = decoded.split(['[', '.']).next().unwrap_or_default();
    if position(fields, base).is_some() {
        return Denial::RequestAmbiguous(Ambiguity::RepeatedParameter);
    }
    Denial::ParameterNotAllowed {
        parameter: Name::new(&decoded),
    }
}

/// Percent-decoding of a form name; `None` for an incomplete escape or text that is not UTF-8.
fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = after;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}
