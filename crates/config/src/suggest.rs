//! "Did you mean": the one known word that a typing slip away from what was written.

/// Returns the word nearest to `written`, if it is near enough to be worth asking: at most a third of its letters
/// differ.
pub(super) fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &word.replace('-', "_")), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["proxy_addr", "auth_addr", "workers"];

        assert_eq!(closest("proxy_adr", known), Some("proxy_addr"));
        assert_eq!(closest("proxy-addr", known), Some("proxy_addr"));
        assert_eq!(closest("worker", known), Some("workers"));
        assert_eq!(closest("timeout", known), None);
    }
}
