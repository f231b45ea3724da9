//! What fuzzers and property tests ask of the code that reads the platform's answers and people's keys. Each function takes
//! any bytes, and panics when something that must always hold does not. No part of the API; behind the feature `fuzzing`.

use crate::clock::UnixSeconds;
use crate::private_key::SigningKey;
use crate::token_endpoint::{device_login_by, issued_by};
use std::time::Duration;

const NOW: UnixSeconds = UnixSeconds(1_790_000_000);
const TEN_YEARS: Duration = Duration::from_hours(10 * 365 * 24);

/// What was sent as proof, and may come back in no error.
const PROOF: &str = "eyJhbGciOi.the-proof";

/// A token that is taken fits into a field and has an end that is neither over nor absurd; an error holds nothing of ours
/// and is one line. The first two bytes are the status.
///
/// # Panics
///
/// When that does not hold.
pub fn token_answer(data: &[u8]) {
    let Some((status, body)) = data.split_at_checked(2) else {
        return;
    };
    let status = 100 + status.iter().fold(0_u16, |sum, byte| sum * 31 + u16::from(*byte)) % 500;
    match issued_by(status, body, &[PROOF], NOW) {
        Ok(issued) => {
            let set = issued.token_set;
            let token = set.access_token.expose();
            assert!(
                !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
                "{token:?}"
            );
            if let Some(refresh) = &set.refresh_token {
                assert!(
                    refresh.expose().bytes().all(|byte| byte.is_ascii_graphic()),
                    "a refresh token"
                );
            }
            let is_lasting = set.expires_at.is_some_and(|end| end > NOW && end <= NOW + TEN_YEARS);
            assert!(is_lasting || issued.flaw.is_some(), "{:?}", set.expires_at);
            assert!((200..300).contains(&status), "a token with status {status}");
        }
        Err(error) => {
            let mut text = format!("{error} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(below) = source {
                text.push_str(&below.to_string());
                source = below.source();
            }
            assert!(!text.contains(PROOF), "the proof stands in an error");
            assert!(!text.contains(['\r', '\n']), "an error of several lines");
        }
    }
    if let Ok(login) = device_login_by(status, body, NOW) {
        assert!(matches!(login.verification_uri.scheme(), "http" | "https"));
        assert!(!login.user_code.contains(char::is_control));
    }
}

/// A private key is taken or refused with a reason that holds nothing of it.
///
/// # Panics
///
/// When that does not hold.
pub fn private_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = SigningKey::parse(text) {
        let told = format!("{error} {error:?}");
        let lines = text
            .lines()
            .filter(|line| line.len() > 32 && !line.contains(['-', ' ']));
        for line in lines {
            assert!(!told.contains(line), "a line of the key stands in an error");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    /// The same cases on every run: texts made of these words and of any bytes.
    fn holds_for(check: fn(&[u8]), words: &'static [&'static str]) {
        let config = Config {
            cases: 3_000,
            failure_persistence: None,
            ..Config::default()
        };
        let word = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
        let piece = prop_oneof![8 => word, 1 => proptest::collection::vec(any::<u8>(), 0..6)];
        let texts = proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat());
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let outcome = runner.run(&texts, |text| {
            check(&text);
            Ok(())
        });
        outcome.unwrap();
    }

    #[test]
    fn answers_become_usable_tokens_or_clean_errors() {
        holds_for(
            token_answer,
            &[
                // Two bytes that make 200.
                "\u{3}\u{7}{",
                "\"access_token\":\"czs_x\",",
                "\"access_token\":\"a\\r\\nb\",",
                "\"expires_in\":900,",
                "\"expires_in\":-1,",
                "\"expires_in\":9223372036854775808,",
                "\"expires_in\":\"900\",",
                "\"refresh_token\":\"r\",",
                "\"refresh_token\":\" \",",
                "\"code\":4100,",
                "\"msg\":\"eyJhbGciOi.the-proof\",",
                "\"error_code\":\"invalid_client\",",
                "\"error_message\":\"x\\ny eyJhbGciOi.the-proof\",",
                "\"detail\":{\"logid\":\"eyJhbGciOi.the-proof\"},",
                "\"token_type\":\"Bearer\",",
                "\"device_code\":\"d\",",
                "\"user_code\":\"A\\u0007B\",",
                "\"verification_uri\":\"javascript:1\",",
                "\"verification_uri\":\"https://x/\",",
                "\"z\":0}",
                "}",
            ],
        );
    }

    #[test]
    fn keys_are_taken_or_refused_without_a_word_of_them() {
        holds_for(
            private_key,
            &[
                "-----BEGIN PRIVATE KEY-----",
                "-----END PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----",
                "\n",
                "\r\n",
                "\\n",
                "\"",
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ",
                "MIIEpAIBAAKCAQEA",
                "AAAA",
                "=",
                " ",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----",
                "-----BEGIN EC PRIVATE KEY-----",
                "-----BEGIN \n",
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw",
                "Proc-Type: 4,ENCRYPTED\n",
            ],
        );
    }
}
