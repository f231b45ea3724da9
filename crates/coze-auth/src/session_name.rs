//! `session_name`: what keeps one user's conversations apart from another's (protocol 5).
//!
//! The platform binds it to the token at issue, and a renewed token must carry the same name. How a name is derived
//! from a user is the gateway's task; here it is only a text that is safe to sign.

use std::fmt;
use std::sync::Arc;

/// The longest name in bytes. The platform's limit is not known (protocol 5); this holds any e-mail address, UUID or
/// keyed hash and keeps the assertion small enough for a header.
const LONGEST_NAME: usize = 256;

/// A user's isolation key, a claim of the assertion: 1 to 256 bytes, not blank, no control characters.
///
/// Kept exactly as given, letter case and spaces included: to the platform they make different users.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionName(Arc<str>);

impl SessionName {
    /// Checks `name` and takes it as it is.
    pub fn parse(name: &str) -> Result<Self, InvalidSessionName> {
        if name.trim().is_empty() {
            return Err(InvalidSessionName::Blank);
        }
        if name.len() > LONGEST_NAME {
            return Err(InvalidSessionName::TooLong { bytes: name.len() });
        }
        if name.chars().any(char::is_control) {
            return Err(InvalidSessionName::ControlCharacter);
        }
        Ok(Self(Arc::from(name)))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why a text is not a session name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidSessionName {
    /// Nothing but white space, or nothing at all.
    #[error("the session name is blank")]
    Blank,
    /// More than 256 bytes in UTF-8.
    #[error("the session name has {bytes} bytes; at most 256 are allowed")]
    TooLong {
        /// The length found.
        bytes: usize,
    },
    /// A line break, a tab, a zero byte or the like.
    #[error("the session name holds a control character")]
    ControlCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_business_keys_are_names() {
        for name in [
            "42",
            "user@example.com",
            "张三",
            "a b",
            "1723540000000-k3v9",
            &"x".repeat(256),
        ] {
            assert_eq!(SessionName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn text_that_cannot_be_a_name_is_refused_with_its_reason() {
        let table = [
            (String::new(), InvalidSessionName::Blank),
            (" \u{3000}".to_owned(), InvalidSessionName::Blank),
            ("a\nb".to_owned(), InvalidSessionName::ControlCharacter),
            ("a\u{0}".to_owned(), InvalidSessionName::ControlCharacter),
            ("张".repeat(86), InvalidSessionName::TooLong { bytes: 258 }),
        ];

        for (name, reason) in table {
            assert_eq!(SessionName::parse(&name), Err(reason), "{name:?}");
        }
    }
}
