//! The token in the query of a WebSocket's address: `authorization=Bearer <token>` (protocol 6.11).
//!
//! Browsers let a page set no header there. The parameter is not encoded by the clients that write it, so its space comes as
//! `%20` or as `+`. A raw space would be no HTTP any more (RFC 9112 3.2): the clients' own libraries encode it.

use url::form_urlencoded;

const NAME: &str = "authorization";

/// Returns the value as a header would have it: `Bearer …`.
pub(crate) fn read(query: Option<&str>) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| name == NAME)
        .map(|(_, value)| value.into_owned())
}

/// Returns the query without the credential: only that there was one stays.
pub(crate) fn hidden(query: &str) -> String {
    let pairs = query.split('&').map(|pair| {
        let is_credential = form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| name == NAME);
        if is_credential { "authorization=..." } else { pair }
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_the_space_are_read() {
        for query in [
            "authorization=Bearer%20czs_x",
            "bot_id=1&authorization=Bearer+czs_x",
            "%61uthorization=%42earer%20czs_x&a",
        ] {
            assert_eq!(read(Some(query)).as_deref(), Some("Bearer czs_x"), "{query}");
        }
        assert_eq!(read(Some("authorizations=Bearer+x&Authorization=Bearer+x")), None);
        assert_eq!(read(None), None);
    }

    #[test]
    fn only_the_credential_is_hidden() {
        assert_eq!(
            hidden("bot_id=1&authorization=Bearer%20secret&x=%20&%61uthorization=secret"),
            "bot_id=1&authorization=...&x=%20&authorization=..."
        );
        assert_eq!(hidden(""), "");
    }
}
