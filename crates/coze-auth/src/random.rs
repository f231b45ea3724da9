//! Randomness: handed in, so that a test can repeat a run.
//!
//! Used for the `jti` of assertions (protocol 2.1), where a repeated value is refused as a replay, and for spreading
//! renewals over time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// A source of random bytes.
pub trait Random: Send + Sync + fmt::Debug {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The cryptographic generator of the operating system, as aws-lc-rs keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "AWS-LC aborts the process before it reports this; going on with predictable bytes would be worse"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system has random bytes");
    }
}

/// Returns `bytes` random bytes as base64url without padding (RFC 4648 section 5): four characters for three bytes.
pub fn base64url(random: &dyn Random, bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    random.fill(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// Repeatable bytes from a seed (`SplitMix64`). Never for anything that must not be guessed.
#[cfg(feature = "test-util")]
#[derive(Debug)]
pub struct SeededRandom(std::sync::atomic::AtomicU64);

#[cfg(feature = "test-util")]
impl SeededRandom {
    /// Makes a source whose bytes depend on `seed` and on nothing else.
    pub fn new(seed: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let previous = self.0.fetch_add(GOLDEN_GAMMA, std::sync::atomic::Ordering::SeqCst);
        let mut mixed = previous.wrapping_add(GOLDEN_GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(feature = "test-util")]
impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_bytes_make_forty_three_url_safe_characters() {
        let text = base64url(&SystemRandom, 32);

        assert_eq!(text.len(), 43);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(base64url(&SystemRandom, 32), base64url(&SystemRandom, 32));
    }
}
