//! The app's private RSA key: read as people really paste it, parsed once, never shown.
//!
//! The console hands out PKCS#8 PEM (protocol 1.3). On the way into a configuration it often loses its line breaks, gets
//! them written as `\n`, gains quotes, a byte order mark or Windows line ends. [`SigningKey::parse`] repairs what has only
//! one meaning and tells what it repaired; for all else it says what the text is instead. `pem` finds the key in the text,
//! `der` tells what the bytes are, aws-lc-rs parses and signs. Parsing is half of the cost of a signature, hence once.

mod der;
mod pem;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use der::Content;
use std::fmt;
use std::sync::Arc;

/// The smallest modulus that RS256 allows (RFC 7518 section 3.3), in bits.
const FEWEST_BITS: usize = 2048;

/// The largest modulus that aws-lc-rs signs with, in bits.
const MOST_BITS: usize = 8192;

/// An RSA private key, ready to sign. Clones share one key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<KeyPair>,
}

impl SigningKey {
    /// Reads a private key from PEM text and tells what had to be repaired for it, in the order of the repairs.
    pub fn parse(text: &str) -> Result<(Self, Vec<KeyRepair>), KeyError> {
        let block = pem::find_key(text)?;
        let mut repairs = block.repairs;
        let pair = match der::identify(&block.der).ok_or(KeyError::Malformed)? {
            Content::Pkcs8Rsa { modulus_bits } => {
                check_strength(modulus_bits)?;
                KeyPair::from_pkcs8(&block.der)
            }
            Content::Pkcs1Rsa { modulus_bits } => {
                check_strength(modulus_bits)?;
                repairs.push(KeyRepair::Pkcs1);
                KeyPair::from_der(&block.der)
            }
            Content::EllipticCurve => return Err(KeyError::EllipticCurve),
            Content::Encrypted => return Err(KeyError::Encrypted),
            Content::PublicKey => return Err(KeyError::PublicKey),
            Content::Certificate => return Err(KeyError::Certificate),
            Content::Other { label } => return Err(KeyError::Unsupported { label }),
        };
        let pair = Arc::new(pair.map_err(|_| KeyError::Malformed)?);
        Ok((Self { pair }, repairs))
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, the `RS256` of RFC 7518. Takes about 0.3 ms: not for an I/O thread.
    pub fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningFailed)?;
        Ok(signature)
    }

    /// Returns the size of the modulus in bits, rounded up to whole bytes: 2048 to 8192.
    pub fn bits(&self) -> usize {
        self.pair.public_modulus_len() * 8
    }

    /// Returns the public half as DER (`SubjectPublicKeyInfo`), for comparing it with the half that the console holds.
    pub fn public_key_der(&self) -> Result<Vec<u8>, SigningFailed> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| SigningFailed)?;
        Ok(der.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({} bits, ..)", self.bits())
    }
}

fn check_strength(modulus_bits: usize) -> Result<(), KeyError> {
    match modulus_bits {
        0..FEWEST_BITS => Err(KeyError::TooWeak { bits: modulus_bits }),
        FEWEST_BITS..=MOST_BITS => Ok(()),
        _ => Err(KeyError::Unsupported {
            label: format!("RSA key of {modulus_bits} bits"),
        }),
    }
}

/// What was mended in a key's text before it could be read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyRepair {
    /// A byte order mark, as Windows editors write it, was dropped.
    ByteOrderMark,
    /// Quotation marks around the whole text were dropped.
    SurroundingQuotes,
    /// `\n` written as two characters became a line break.
    EscapedNewlines,
    /// Windows line ends became plain ones.
    CarriageReturns,
    /// The key stood on one line, with spaces or nothing where line breaks belong.
    MissingLineBreaks,
    /// The `-----BEGIN`/`-----END` lines were missing.
    MissingArmor,
    /// Other text or other PEM blocks around the key were ignored.
    SurroundingText,
    /// The older PKCS#1 form was accepted. The console's own keys are PKCS#8, and coze-go takes only these.
    Pkcs1,
}

/// Why a text is not a key that can sign.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Nothing but white space.
    #[error("the private key is empty")]
    Empty,
    /// The half that belongs into the console.
    #[error("this is a public key; the private one of the same pair is needed")]
    PublicKey,
    /// Protected by a passphrase.
    #[error("the private key is encrypted with a passphrase; a service needs it without one")]
    Encrypted,
    /// Another algorithm: the platform takes RS256 only (protocol 2.1).
    #[error("this is an elliptic curve key; Coze takes RSA keys only")]
    EllipticCurve,
    /// Below what RS256 allows.
    #[error("the RSA key has {bits} bits; at least 2048 are needed")]
    TooWeak {
        /// The size of the modulus.
        bits: usize,
    },
    /// A certificate holds a public key only.
    #[error("this is a certificate; the private key that belongs to it is needed")]
    Certificate,
    /// No key in the text at all.
    #[error("the text is not a PEM key: it has no line \"-----BEGIN PRIVATE KEY-----\"")]
    NotPem,
    /// It calls itself a key, but its inside is damaged.
    #[error("the private key is damaged or incomplete: its content cannot be read")]
    Malformed,
    /// Something else, named as it names itself.
    #[error("\"{label}\" is not a kind of key that can be used here; an RSA key in PKCS#8 form is needed")]
    Unsupported {
        /// The PEM label, the algorithm or the size that was found.
        label: String,
    },
}

/// The cryptographic library refused to use a key that it had accepted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("could not sign with the private key")]
pub struct SigningFailed;
