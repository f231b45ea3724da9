//! Repairs of a key text, and reasons why a key cannot be used.

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
