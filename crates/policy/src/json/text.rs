//! Tokens of JSON text (RFC 8259): strings, numbers, literals and white space, with the position in the bytes.

use super::value::Kind;
use crate::denial::Ambiguity;

/// Whether `\u0041` is refused where `A` would do. No encoder writes it; a person may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Refused,
    Decoded,
}

/// Bytes and a position in them.
#[derive(Debug)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    letters: Letters,
    pub(super) at: usize,
}

/// A string: its span without the quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Str {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_escaped: bool,
    /// Whether it holds an escaped quote. Without one, the text is no JSON of its own.
    pub(super) has_quote: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that ends a run of plain text: a quote, a backslash or a control character. The
/// lowest bit that is set is exact; bits above it may be carried over.
#[inline]
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (zeros(quote) | zeros(backslash) | controls) & HIGH
}

impl<'a> Text<'a> {
    pub(super) const fn new(bytes: &'a [u8], letters: Letters) -> Self {
        Self { bytes, letters, at: 0 }
    }

    #[inline]
    pub(super) fn slice(&self, (start, end): (usize, usize)) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Ambiguity> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Ambiguity::NotJson)
        }
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Ambiguity> {
        self.skip_space();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(Ambiguity::NotJson)
        }
    }

    pub(super) fn literal(&mut self, word: &[u8], kind: Kind) -> Result<Kind, Ambiguity> {
        let end = self.at + word.len();
        if self.slice((self.at, end)) != word {
            return Err(Ambiguity::NotJson);
        }
        self.at = end;
        Ok(kind)
    }

    pub(super) fn number(&mut self) -> Result<(), Ambiguity> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _is_signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Ambiguity> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(Ambiguity::NotJson)
        }
    }

    /// Reads a string whose opening quote was taken.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Str, Ambiguity> {
        let mut string = Str {
            start: self.at,
            end: 0,
            is_escaped: false,
            has_quote: false,
        };
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    string.end = self.at;
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    string.is_escaped = true;
                    string.has_quote |= self.escape()? == '"';
                }
                _ => return Err(Ambiguity::NotJson),
            }
        }
    }

    /// Goes to the next quote, backslash or control character, or to the end.
    #[inline]
    fn skip_plain(&mut self) {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
            let special = special(u64::from_le_bytes(*chunk));
            if special != 0 {
                let skipped = usize::try_from(special.trailing_zeros() / 8).unwrap_or_default();
                self.at += skipped;
                return;
            }
            self.at += 8;
            rest = tail;
        }
        while self
            .peek()
            .is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
        {
            self.at += 1;
        }
    }

    /// Reads one escape and returns its character; half of a surrogate pair is U+FFFD, which no check asks for.
    fn escape(&mut self) -> Result<char, Ambiguity> {
        self.at += 1;
        let letter = self.peek().ok_or(Ambiguity::NotJson)?;
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' => Ok(char::from(letter)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => {
                let unit = self.hexadecimal()?;
                let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                let is_letter = character.is_ascii_alphanumeric() || character == '_';
                if is_letter && self.letters == Letters::Refused {
                    return Err(Ambiguity::EscapedLetter);
                }
                Ok(character)
            }
            _ => Err(Ambiguity::NotJson),
        }
    }

    fn hexadecimal(&mut self) -> Result<u32, Ambiguity> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit << 4 | digit.ok_or(Ambiguity::NotJson)?;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Appends the characters of the string from here to `end` to `decoded`, until `decoded` has `limit` bytes.
    pub(super) fn decode(&mut self, end: usize, decoded: &mut Vec<u8>, limit: usize) -> Result<(), Ambiguity> {
        while self.at < end && decoded.len() < limit {
            let start = self.at;
            self.skip_plain();
            let stop = self.at.min(end);
            decoded.extend_from_slice(self.slice((start, stop)));
            if self.at < end {
                let character = self.escape()?;
                decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(())
    }
}
