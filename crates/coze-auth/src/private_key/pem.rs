//! Finds the private key in a text and undoes what copying did to it (RFC 7468).
//!
//! Only repairs with one possible meaning: line breaks, quotes, marks, armor. The base64 itself is never guessed at. All
//! intermediate texts are wiped.

use super::error::{KeyError, KeyRepair};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest line of a PEM body that is still a line and not a lost line break: RFC 7468 wants 64, others write 76.
const LONGEST_LINE: usize = 76;

/// Padding that went missing while copying does not change the meaning.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a key and what was done to get at them.
pub(super) struct Block {
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) repairs: Vec<KeyRepair>,
}

/// Returns the first private key of the text, or says what the text holds instead.
pub(super) fn find_key(text: &str) -> Result<Block, KeyError> {
    let mut repairs = Vec::new();
    let text = unwrap_text(text, &mut repairs);
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    let Some(armored) = choose_block(&text)? else {
        return without_armor(&text, repairs);
    };
    if !armored.is_alone {
        repairs.push(KeyRepair::SurroundingText);
    }
    refuse_label(armored.label)?;
    // RFC 1421 headers stand in PKCS#1 files that OpenSSL encrypted.
    if armored.body.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    if has_lost_line_breaks(armored.body) {
        repairs.push(KeyRepair::MissingLineBreaks);
    }
    let der = decode(armored.body).ok_or(KeyError::Malformed)?;
    Ok(Block { der, repairs })
}

/// Takes off what editors, shells, JSON and YAML put around or into the text.
fn unwrap_text(text: &str, repairs: &mut Vec<KeyRepair>) -> Zeroizing<String> {
    let mut rest = text.trim();
    if let Some(unmarked) = rest.strip_prefix('\u{feff}') {
        repairs.push(KeyRepair::ByteOrderMark);
        rest = unmarked.trim();
    }
    if let Some(unquoted) = strip_quotes(rest) {
        repairs.push(KeyRepair::SurroundingQuotes);
        rest = unquoted.trim();
    }
    let mut text = Zeroizing::new(rest.to_owned());
    if text.contains("\\n") || text.contains("\\r") {
        repairs.push(KeyRepair::EscapedNewlines);
        // Text that went through two encoders carries two backslashes.
        while text.contains("\\\\") {
            text = Zeroizing::new(text.replace("\\\\", "\\"));
        }
        text = Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
    }
    if text.contains('\r') {
        repairs.push(KeyRepair::CarriageReturns);
        text = Zeroizing::new(text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    Zeroizing::new(text.trim().to_owned())
}

fn strip_quotes(text: &str) -> Option<&str> {
    let text = text.strip_suffix(',').unwrap_or(text);
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
}

/// One `-----BEGIN X----- ... -----END X-----` of a text.
struct Armored<'a> {
    label: &'a str,
    body: &'a str,
    /// Nothing else stands in the text.
    is_alone: bool,
}

/// Picks the first private key, else the first block of any kind. A text without any `-----BEGIN` has none.
fn choose_block(text: &str) -> Result<Option<Armored<'_>>, KeyError> {
    let mut chosen: Option<Armored<'_>> = None;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or(KeyError::Malformed)?;
        let (body, after) = after.split_once(END).ok_or(KeyError::Malformed)?;
        let (_, after) = after.split_once(DASHES).ok_or(KeyError::Malformed)?;
        let is_alone = chosen.is_none() && before.trim().is_empty() && after.trim().is_empty();
        let block = Armored {
            label: label.trim(),
            body,
            is_alone,
        };
        let is_better = match &chosen {
            None => true,
            Some(earlier) => !is_private(earlier.label) && is_private(block.label),
        };
        if is_better {
            chosen = Some(block);
        }
        rest = after;
    }
    Ok(chosen)
}

fn is_private(label: &str) -> bool {
    label.ends_with("PRIVATE KEY")
}

/// Names what is not an RSA private key by its label. Labels that may hold one are judged by their content instead.
fn refuse_label(label: &str) -> Result<(), KeyError> {
    match label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" => Ok(()),
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        "EC PRIVATE KEY" | "EC PARAMETERS" => Err(KeyError::EllipticCurve),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Err(KeyError::Certificate),
        _ if label.ends_with("PUBLIC KEY") => Err(KeyError::PublicKey),
        _ if is_label(label) => Err(KeyError::Unsupported {
            label: label.to_owned(),
        }),
        _ => Err(KeyError::Malformed),
    }
}

/// Whether this is the name of a kind of key or file. In a damaged text the key itself may stand in a label's place, and
/// must not be shown: it has small letters, and no blanks.
fn is_label(text: &str) -> bool {
    let is_word = |word: &str| {
        (1..=16).contains(&word.len())
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'.')
    };
    text.len() <= 40 && text.split(' ').all(is_word)
}

/// Takes bare base64 as a key when it decodes to something that starts like DER.
fn without_armor(text: &str, mut repairs: Vec<KeyRepair>) -> Result<Block, KeyError> {
    if text.starts_with("ssh-") || text.starts_with("ecdsa-") {
        return Err(KeyError::PublicKey);
    }
    let der = decode(text)
        .filter(|der| der.first() == Some(&super::der::SEQUENCE))
        .ok_or(KeyError::NotPem)?;
    repairs.push(KeyRepair::MissingArmor);
    Ok(Block { der, repairs })
}

fn has_lost_line_breaks(body: &str) -> bool {
    body.lines().any(|line| line.trim().len() > LONGEST_LINE)
}

fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let compact = Zeroizing::new(
        body.chars()
            .filter(|character| !character.is_whitespace())
            .collect::<String>(),
    );
    BASE64.decode(compact.as_bytes()).ok().map(Zeroizing::new)
}
