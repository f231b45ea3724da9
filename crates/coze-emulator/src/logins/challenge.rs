//! Proof key for code exchange (RFC 7636 section 4, protocol 3.3).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What the authorize request said about the verifier.
///
/// Lengths are not checked: the official samples send verifiers shorter than RFC 7636 allows (protocol 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`; `plain` is the documented default. `None` when the method is
    /// neither of the two.
    pub(crate) fn read(challenge: String, method: Option<&str>) -> Option<Self> {
        match method {
            None | Some("" | "plain") => Some(Self::Plain(challenge)),
            Some("S256") => Some(Self::S256(challenge)),
            Some(_) => None,
        }
    }

    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_of_the_python_client_is_met() {
        let challenge = Challenge::read("73oehA2tBul5grZPhXUGQwNAjxh69zNES8bu2bVD0EM".to_owned(), Some("S256"));

        assert!(challenge.unwrap().is_met_by("code_verifier"));
    }

    #[test]
    fn plain_challenge_is_the_verifier_itself() {
        let challenge = Challenge::read("abc".to_owned(), None).unwrap();

        assert!(challenge.is_met_by("abc"));
        assert!(!challenge.is_met_by("abd"));
        assert_eq!(Challenge::read("abc".to_owned(), Some("s256")), None);
    }
}
