//! The words for what coze-auth says about a private key: one sentence per reason, in the person's language.

use coze_auth::{KeyError, KeyRepair};

/// The id of the sentence for a key that cannot sign, and what to fill in.
pub(super) fn of_error(error: &KeyError) -> (&'static str, Vec<(&'static str, String)>) {
    match error {
        KeyError::Empty => ("config-secret-empty", vec![]),
        KeyError::PublicKey => ("config-key-public", vec![]),
        KeyError::Encrypted => ("config-key-encrypted", vec![]),
        KeyError::EllipticCurve => ("config-key-elliptic-curve", vec![]),
        KeyError::TooWeak { bits } => ("config-key-too-weak", vec![("bits", bits.to_string())]),
        KeyError::Certificate => ("config-key-certificate", vec![]),
        KeyError::NotPem => ("config-key-not-pem", vec![]),
        KeyError::Malformed => ("config-key-malformed", vec![]),
        KeyError::Unsupported { label } => ("config-key-unsupported", vec![("label", label.clone())]),
    }
}

/// The id of the sentence for what had to be mended.
pub(super) const fn of_repair(repair: KeyRepair) -> &'static str {
    match repair {
        KeyRepair::ByteOrderMark => "config-repair-byte-order-mark",
        KeyRepair::SurroundingQuotes => "config-repair-quotes",
        KeyRepair::EscapedNewlines => "config-repair-escaped-newlines",
        KeyRepair::CarriageReturns => "config-repair-carriage-returns",
        KeyRepair::MissingLineBreaks => "config-repair-line-breaks",
        KeyRepair::MissingArmor => "config-repair-armor",
        KeyRepair::SurroundingText => "config-repair-surrounding-text",
        KeyRepair::Pkcs1 => "config-repair-pkcs1",
    }
}
