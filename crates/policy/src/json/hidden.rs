//! Text in a JSON string that a lenient server could take for JSON of its own, and the name of a file in it.

/// The name of a file. Readers that ignore case, as Go's does, take every case for it.
pub(super) const FILE_ID: &[u8] = b"file_id";

/// How many bytes tell whether a string begins like JSON.
pub(super) const BEGINNING: usize = 64;

/// Whether a server that skips white space, marks and control characters would take the text for JSON.
pub(super) fn begins_like_json(decoded: &[u8]) -> bool {
    let text = String::from_utf8_lossy(decoded);
    let is_skipped = |character: &char| {
        character.is_whitespace() || character.is_control() || matches!(character, '\u{feff}' | '\u{200b}' | '\u{fffd}')
    };
    let first = text.chars().find(|character| !is_skipped(character));
    // A beginning of nothing but white space is followed by what was not decoded.
    first.map_or(decoded.len() >= BEGINNING, |first| matches!(first, '{' | '[' | '"'))
}

/// Whether the text contains `file_id` in any case, escaped or not.
pub(super) fn names_file(text: &[u8]) -> bool {
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
