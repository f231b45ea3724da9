//! Reads a request head line by line, and says how the body behind it is framed. Pure.
//!
//! Stricter than the parser behind it, which follows RFC 9112 where that allows to be generous: whatever two programs in a
//! row could read in two ways is refused here (request smuggling, RFC 9112 11.2). So a line ends with CR LF and nothing
//! else, a message has one length, and the only transfer coding is `chunked`.

use super::fault::Fault;
use memchr::memchr;

/// A head that is longer is refused. Browsers send the cookies of every service on this machine to every port of it.
const LONGEST_HEAD: usize = 32 * 1024;
/// Number of header fields in a request.
pub(super) const MOST_FIELDS: usize = 100;
/// More digits than the length of any body, and no overflow.
const LONGEST_LENGTH: usize = 18;

/// How the end of the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    /// By its length; 0 when there is none.
    Length(u64),
    /// By its last chunk.
    Chunked,
}

/// A head that is being read. It is given the same bytes again, with more behind them, and looks at each once.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    /// Bytes looked at.
    scanned: usize,
    /// Where the line begins that has no end yet.
    line_start: usize,
    is_http_10: bool,
    fields: usize,
    length: Option<u64>,
    is_chunked: bool,
}

impl HeadReader {
    /// Reads on in `bytes`, which begin with the head. Returns its length and the framing once it is complete.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<(usize, BodyFraming)>, Fault> {
        if bytes.first().is_some_and(|first| !is_token_byte(*first)) {
            // TLS on the port of plain HTTP, for example: no need to wait for a line.
            return Err(Fault::head("it begins with no method"));
        }
        while let Some(length) = memchr(b'\n', unread(bytes, self.scanned)) {
            let line_end = self.scanned + length;
            let line = bytes.get(self.line_start..line_end).unwrap_or_default();
            let line = line
                .strip_suffix(b"\r")
                .ok_or_else(|| Fault::head("a line ends without CR"))?;
            let is_first = self.line_start == 0;
            self.scanned = line_end + 1;
            self.line_start = self.scanned;
            if self.scanned > LONGEST_HEAD {
                return Err(Fault::HeadTooLarge);
            }
            if is_first {
                self.request_line(line)?;
            } else if line.is_empty() {
                return Ok(Some((self.scanned, self.framing()?)));
            } else {
                self.field(line)?;
            }
        }
        self.scanned = bytes.len();
        if bytes.len() >= LONGEST_HEAD {
            return Err(Fault::HeadTooLarge);
        }
        Ok(None)
    }

    /// RFC 9112 3: three words, one space between them.
    fn request_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Fault::head("the request line is no three words"));
        };
        if method.is_empty() || !method.iter().all(|byte| is_token_byte(*byte)) {
            return Err(Fault::head("the method is no word"));
        }
        check_target(method, target)?;
        self.is_http_10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Fault::head("the version is neither HTTP/1.1 nor HTTP/1.0")),
        };
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.fields += 1;
        if self.fields > MOST_FIELDS {
            return Err(Fault::HeadTooLarge);
        }
        let (name, value) = split_field(line).map_err(Fault::head)?;
        if is_called(name, b"content-length") {
            self.length_field(name, value)
        } else if is_called(name, b"transfer-encoding") {
            self.coding_field(name, value)
        } else {
            Ok(())
        }
    }

    fn length_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        // RFC 9112 6.3 lets a list of equal lengths pass; who needs it?
        if self.length.is_some() {
            return Err(Fault::head("Content-Length stands there twice"));
        }
        let digits = value.iter().all(u8::is_ascii_digit).then_some(value);
        let digits = digits.filter(|digits| (1..=LONGEST_LENGTH).contains(&digits.len()) && !name.contains(&b'_'));
        let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        self.length = Some(number.ok_or_else(|| Fault::head("Content-Length is no length"))?);
        Ok(())
    }

    fn coding_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        if self.is_chunked {
            return Err(Fault::head("Transfer-Encoding stands there twice"));
        }
        self.is_chunked = value.eq_ignore_ascii_case(b"chunked") && !name.contains(&b'_');
        if self.is_chunked {
            Ok(())
        } else {
            Err(Fault::head("Transfer-Encoding is something else than chunked"))
        }
    }

    fn framing(&self) -> Result<BodyFraming, Fault> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(Fault::head("it has both Transfer-Encoding and Content-Length")),
            (true, None) if self.is_http_10 => Err(Fault::head("HTTP/1.0 has no Transfer-Encoding")),
            (true, None) => Ok(BodyFraming::Chunked),
            (false, length) => Ok(BodyFraming::Length(length.unwrap_or(0))),
        }
    }
}

/// The forms of RFC 9112 3.2, without that of `CONNECT`: we are no tunnel. A fragment is never sent (RFC 9110 4.2.5), and
/// the parser behind us would drop it silently. What that one cannot read at all is refused here, since it would do so
/// without a word.
fn check_target(method: &[u8], target: &[u8]) -> Result<(), Fault> {
    let begins = |scheme: &[u8]| {
        target
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_path = target.starts_with(b"/");
    let is_asterisk = target == b"*" && method == b"OPTIONS";
    if !(is_path || is_asterisk || begins(b"http://") || begins(b"https://")) {
        return Err(Fault::head("the target is neither a path nor an address"));
    }
    let is_odd = |byte: &u8| byte.is_ascii_control() || *byte == b'#';
    let is_doubtful = |byte: &u8| matches!(byte, b'"' | b'<' | b'>' | b'`');
    let is_plain = (is_path || is_asterisk) && !target.iter().any(is_doubtful);
    if target.iter().any(is_odd)
        || std::str::from_utf8(target).is_err()
        || !(is_plain || http::Uri::try_from(target).is_ok())
    {
        return Err(Fault::head("the target holds what no address can"));
    }
    Ok(())
}

/// Splits a field line (RFC 9112 5): a name, a colon at once, a value without control characters.
fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err("a field is folded over several lines");
    }
    let colon = line.iter().position(|byte| !is_token_byte(*byte));
    let Some((name, [b':', value @ ..])) = colon.map(|colon| line.split_at(colon)) else {
        return Err("a field has no name and colon");
    };
    if name.is_empty() {
        return Err("a field has no name");
    }
    // Without an early end, since then many bytes are looked at in one step.
    if value.iter().fold(false, |is_bad, byte| is_bad | !is_value_byte(*byte)) {
        return Err("a field holds a control character");
    }
    Ok((name, value.trim_ascii()))
}

/// Whether a field has this name (in lower case), also when `_` is written for `-`: some servers cannot tell the two apart.
fn is_called(name: &[u8], wanted: &[u8]) -> bool {
    let plain = |byte: u8| {
        if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
    };
    name.len() == wanted.len() && name.iter().zip(wanted).all(|(have, want)| plain(*have) == *want)
}

/// What [`is_token_byte`] says, worked out beforehand: it is asked for every byte of every name.
#[expect(clippy::indexing_slicing, reason = "a byte is an index of 256")]
static TOKEN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        byte -= 1;
    }
    table
};

/// RFC 9110 5.6.2.
#[inline]
pub(super) fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// RFC 9110 5.5.
#[inline]
pub(super) const fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

fn unread(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or_default()
}
