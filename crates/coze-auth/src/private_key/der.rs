//! Tells what kind of key some DER bytes are, without understanding the key.
//!
//! Reads just the outer fields of PKCS#8 (RFC 5208), PKCS#1 (RFC 8017 appendix A.1.2), `SubjectPublicKeyInfo` and
//! certificates (RFC 5280), so that a refusal can name its reason. Whether the key is sound is aws-lc-rs's judgement.

pub(super) const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.10
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// 1.2.840.10045.2.1
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What the bytes are.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Content {
    Pkcs8Rsa { modulus_bits: usize },
    Pkcs1Rsa { modulus_bits: usize },
    EllipticCurve,
    Encrypted,
    PublicKey,
    Certificate,
    Other { label: String },
}

/// Returns the kind of key, or `None` when the bytes are none of the known structures.
pub(super) fn identify(der: &[u8]) -> Option<Content> {
    let mut outer = Reader(Reader(der).read(SEQUENCE)?);
    match outer.peek()? {
        INTEGER => {
            outer.read(INTEGER)?;
            match outer.peek()? {
                // PKCS#8: version, algorithm, key
                SEQUENCE => pkcs8(outer),
                // PKCS#1: version, modulus, ...
                INTEGER => Some(Content::Pkcs1Rsa {
                    modulus_bits: bits(outer.read(INTEGER)?),
                }),
                // RFC 5915: version, private key
                OCTET_STRING => Some(Content::EllipticCurve),
                _ => None,
            }
        }
        SEQUENCE => {
            outer.read(SEQUENCE)?;
            match outer.peek()? {
                BIT_STRING => Some(Content::PublicKey),
                OCTET_STRING => Some(Content::Encrypted),
                SEQUENCE => Some(Content::Certificate),
                _ => None,
            }
        }
        _ => None,
    }
}

fn pkcs8(mut after_version: Reader<'_>) -> Option<Content> {
    let algorithm = Reader(after_version.read(SEQUENCE)?).read(OBJECT_IDENTIFIER)?;
    let label = match algorithm {
        RSA_ENCRYPTION => {
            let mut key = Reader(Reader(after_version.read(OCTET_STRING)?).read(SEQUENCE)?);
            key.read(INTEGER)?;
            return Some(Content::Pkcs8Rsa {
                modulus_bits: bits(key.read(INTEGER)?),
            });
        }
        EC_PUBLIC_KEY => return Some(Content::EllipticCurve),
        RSASSA_PSS => "RSA-PSS",
        ED25519 => "Ed25519",
        _ => "unknown algorithm",
    };
    Some(Content::Other {
        label: label.to_owned(),
    })
}

/// Returns the length of a non-negative DER integer in bits.
fn bits(integer: &[u8]) -> usize {
    let significant = integer.iter().skip_while(|byte| **byte == 0);
    match significant.clone().next() {
        Some(first) => significant.count() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

/// Reads one element after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Returns the content of the next element if it has this tag (X.690 section 8.1).
    fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        if *found != tag {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            // Lengths of keys and certificates fit two or three bytes.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_an_integer_do_not_count_leading_zeros() {
        assert_eq!(bits(&[]), 0);
        assert_eq!(bits(&[0]), 0);
        assert_eq!(bits(&[1]), 1);
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[0x01, 0]), 9);
    }

    #[test]
    fn cut_or_foreign_bytes_are_nothing() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x05, 0x02],
            &[0x30, 0x84, 1, 1, 1, 1],
            &[0x04, 0x00],
            &[0x30, 0x00],
        ] {
            assert_eq!(identify(bytes), None, "{bytes:?}");
        }
    }
}
