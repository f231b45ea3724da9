//! Proof Key for Code Exchange: a code is worth nothing without what stayed here (RFC 7636, protocol 3.3).
//!
//! S256 always: a `plain` challenge in an address is the verifier itself. `plain` exists for a platform that knows
//! nothing else, and has to be asked for by name; nothing ever falls back to it (RFC 7636 section 7.2).

use crate::random::{Random, base64url};
use crate::secret::CodeVerifier;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// RFC 7636 section 4.1 recommends 256 random bits: 43 characters, the shortest that it allows. The official samples
/// have 16 or 22.
const VERIFIER_BYTES: usize = 32;

/// How the challenge hides the verifier.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ChallengeMethod {
    /// The SHA-256 of the verifier.
    #[default]
    S256,
    /// The verifier itself: no protection when the address leaks.
    Plain,
}

impl ChallengeMethod {
    /// Returns the name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}

impl CodeVerifier {
    /// Makes a verifier of 256 random bits.
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(base64url(random, VERIFIER_BYTES))
    }

    /// Returns what goes into the address (RFC 7636 section 4.2).
    pub fn challenge(&self, method: ChallengeMethod) -> String {
        match method {
            ChallengeMethod::S256 => URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes())),
            ChallengeMethod::Plain => self.expose().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn verifier(text: &str) -> CodeVerifier {
        CodeVerifier::new(text.to_owned())
    }

    #[test]
    fn challenge_of_rfc_7636_appendix_b_is_reproduced() {
        let verifier = verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

        assert_eq!(
            verifier.challenge(ChallengeMethod::S256),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn challenge_of_the_official_client_is_reproduced() {
        assert_eq!(
            verifier("code_verifier").challenge(ChallengeMethod::S256),
            "73oehA2tBul5grZPhXUGQwNAjxh69zNES8bu2bVD0EM"
        );
    }

    #[test]
    fn verifier_has_43_unreserved_characters_and_is_never_the_same() {
        let verifiers: std::collections::HashSet<String> = (0..100)
            .map(|_| CodeVerifier::generate(&SystemRandom).expose().to_owned())
            .collect();

        assert_eq!(verifiers.len(), 100);
        for verifier in verifiers {
            assert_eq!(verifier.len(), 43);
            assert!(
                verifier
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
            );
        }
    }

    #[test]
    fn method_is_s256_unless_somebody_asks_for_plain() {
        assert_eq!(ChallengeMethod::default(), ChallengeMethod::S256);
        assert_eq!(verifier("v").challenge(ChallengeMethod::Plain), "v");
    }
}
