//! Reads a chunked body byte by byte (RFC 9112 7.1), and says where it ends. Pure.
//!
//! What is read is passed on as it is: the parser behind reads it again. What differs is what is refused, above all any
//! line end but CR LF: chunk extensions that end with a bare LF have smuggled requests past many proxies.

use super::fault::Fault;
use super::head::{is_token_byte, is_value_byte};

/// 15 digits: 2^60 bytes, and no overflow.
const MOST_DIGITS: u8 = 15;
/// Extensions mean nothing to anybody here.
const LONGEST_EXTENSION: u16 = 1024;
/// Trailers are read and dropped.
const LONGEST_TRAILERS: u16 = 8 * 1024;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Size {
        digits: u8,
    },
    /// Blanks behind the size, which only an extension may follow.
    Blanks,
    Extension {
        read: u16,
    },
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer field, or the CR of the last line.
    TrailerOrCr,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    /// Nothing: that was the body.
    End,
}

/// A chunked body that is being read.
#[derive(Debug)]
pub(super) struct ChunkReader {
    expected: Expected,
    /// Of the chunk: its size while that is read, then what is still to come.
    size: u64,
    trailers: u16,
}

impl ChunkReader {
    pub(super) const fn new() -> Self {
        Self {
            expected: Expected::Size { digits: 0 },
            size: 0,
            trailers: 0,
        }
    }

    /// Reads on. Returns how many of `bytes` belong to the body, and whether it ends with them; with a fault, how many
    /// stand before it.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), (usize, Fault)> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.expected == Expected::Data {
                let there = bytes.len() - at;
                let taken = usize::try_from(self.size).map_or(there, |left| left.min(there));
                at += taken;
                self.size -= u64::try_from(taken).unwrap_or(self.size);
                if self.size == 0 {
                    self.expected = Expected::DataCr;
                }
                continue;
            }
            let Some(next) = self.after(*byte) else {
                return Err((at, Fault::Body));
            };
            at += 1;
            self.expected = next;
            if next == Expected::End {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// What is expected behind `byte`; `None`: it does not belong there.
    fn after(&mut self, byte: u8) -> Option<Expected> {
        if matches!(
            self.expected,
            Expected::TrailerOrCr | Expected::TrailerName | Expected::TrailerValue
        ) {
            self.trailers += 1;
            if self.trailers > LONGEST_TRAILERS {
                return None;
            }
        }
        Some(match (self.expected, byte) {
            (Expected::Size { digits }, digit) if digit.is_ascii_hexdigit() && digits < MOST_DIGITS => {
                let value = char::from(digit).to_digit(16).unwrap_or(0);
                let before = if digits == 0 { 0 } else { self.size };
                self.size = before << 4 | u64::from(value);
                Expected::Size { digits: digits + 1 }
            }
            (Expected::Size { digits: 1.. } | Expected::Extension { .. }, b'\r') => Expected::SizeLf,
            (Expected::Size { digits: 1.. } | Expected::Blanks, b';') => Expected::Extension { read: 0 },
            (Expected::Size { digits: 1.. } | Expected::Blanks, b' ' | b'\t') => Expected::Blanks,
            (Expected::Extension { read }, byte) if is_value_byte(byte) && read < LONGEST_EXTENSION => {
                Expected::Extension { read: read + 1 }
            }
            (Expected::SizeLf, b'\n') if self.size == 0 => Expected::TrailerOrCr,
            (Expected::SizeLf, b'\n') => Expected::Data,
            (Expected::DataCr, b'\r') => Expected::DataLf,
            (Expected::DataLf, b'\n') => Expected::Size { digits: 0 },
            (Expected::TrailerOrCr, b'\r') => Expected::LastLf,
            (Expected::TrailerOrCr | Expected::TrailerName, byte) if is_token_byte(byte) => Expected::TrailerName,
            (Expected::TrailerName, b':') => Expected::TrailerValue,
            (Expected::TrailerValue, b'\r') => Expected::TrailerLf,
            (Expected::TrailerValue, byte) if is_value_byte(byte) => Expected::TrailerValue,
            (Expected::TrailerLf, b'\n') => Expected::TrailerOrCr,
            (Expected::LastLf, b'\n') => Expected::End,
            _ => return None,
        })
    }
}
