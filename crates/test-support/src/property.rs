//! Property tests over texts made of interesting words.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Texts made of these words and of any bytes: by chance alone the interesting ones would not be found.
fn texts(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![4 => word, 1 => proptest::collection::vec(any::<u8>(), 0..6)];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Calls `check`, which panics when a property does not hold, with 3,000 texts. The same texts on every run.
///
/// # Panics
///
/// When `check` does.
#[expect(clippy::unwrap_used, reason = "a property that fails ends its test")]
pub fn holds_for(check: fn(&[u8]), words: &'static [&'static str]) {
    let config = Config {
        cases: 3_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&texts(words), |text| {
        check(&text);
        Ok(())
    });
    outcome.unwrap();
}
