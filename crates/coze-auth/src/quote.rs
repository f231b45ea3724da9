//! Foreign text in error messages: short, without control characters and without our secrets.

/// The longest text of a peer that an error message keeps, in characters.
const LONGEST_QUOTE: usize = 300;

/// Prepares foreign text for an error message: replaces our secrets, which the peer may have sent back.
pub(crate) fn quote(text: &str, secrets: &[&str]) -> String {
    let text = secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "(..)"));
    printable(&text)
}

/// Prepares foreign text for an error message: removes control characters and cuts it.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(LONGEST_QUOTE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_that_was_sent_back_is_taken_out_of_the_text() {
        let proof = "eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl";

        assert_eq!(
            quote(
                "bad token eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl!",
                &[proof, "c2lnbmF0dXJl"]
            ),
            "bad token (..)!"
        );
        assert_eq!(
            quote("signature c2lnbmF0dXJl is wrong", &[proof, "c2lnbmF0dXJl"]),
            "signature (..) is wrong"
        );
    }

    #[test]
    fn quoted_text_is_one_short_line() {
        assert_eq!(quote("a\r\nb\u{1b}[31m", &["x.y.z", ""]), "ab[31m");
        assert_eq!(quote(&"界".repeat(1_000), &["x.y.z"]).chars().count(), LONGEST_QUOTE);
    }
}
