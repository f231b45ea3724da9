//! The app's private RSA key: read as people really paste it, parsed once, never shown.
//!
//! The console hands out PKCS#8 PEM (protocol 1.3). On the way into a configuration it often loses its line breaks, gets
//! them written as `\n`, gains quotes, a byte order mark or Windows line ends. [`SigningKey::parse`] repairs what has only
//! one meaning and tells what it repaired; for all else it says what the text is instead. `pem` finds the key in the text,
//! `der` tells what the bytes are, aws-lc-rs parses and signs. Parsing is half of the cost of a signature, hence once.

mod der;
mod error;
mod pem;
mod signing_key;

pub use error::{KeyError, KeyRepair, SigningFailed};
pub use signing_key::SigningKey;
