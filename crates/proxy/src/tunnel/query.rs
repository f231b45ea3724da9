//! The credential in a WebSocket's address: `?authorization=Bearer%20<handle>`.
//!
//! Browsers let a page set no header on a handshake, so the platform takes the token from the query too
//! (docs/upstream/websocket.md). Here it is taken out: it goes neither upstream nor into a log. What else stands there
//! stays byte for byte, in its order.

use cozegate_core::problem::ProblemKind;
use http::header::HeaderValue;
use url::form_urlencoded;

const NAME: &str = "authorization";

/// A query without the credential, and the credential.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parted {
    /// As the value of a header field; marked so that it never prints.
    pub(super) credential: Option<HeaderValue>,
    /// `None` where nothing is left.
    pub(super) rest: Option<String>,
}

/// Takes the credential out of `query`. Whoever spells its name otherwise (encoded, in capitals) means the same.
pub(super) fn part(query: Option<&str>) -> Result<Parted, ProblemKind> {
    let mut credential = None;
    let mut rest = Vec::new();
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let named = form_urlencoded::parse(pair.as_bytes()).find(|(name, _)| name.trim().eq_ignore_ascii_case(NAME));
        let Some((_, value)) = named else {
            rest.push(pair);
            continue;
        };
        let mut field = HeaderValue::from_str(&value).map_err(|_| ProblemKind::CredentialNotAccepted)?;
        field.set_sensitive(true);
        if credential.replace(field).is_some() {
            return Err(ProblemKind::CredentialNotAccepted);
        }
    }
    Ok(Parted {
        credential,
        rest: Some(rest.join("&")).filter(|rest| !rest.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_is_found_in_every_spelling_and_the_rest_keeps_its_bytes() {
        let table = [
            ("authorization=Bearer%20cgh_x", None),
            ("bot_id=1&authorization=Bearer+cgh_x", Some("bot_id=1")),
            (
                "authorization=Bearer%20cgh_x&bot_id=1&b=%E4%BD%A0+%20&&c",
                Some("bot_id=1&b=%E4%BD%A0+%20&&c"),
            ),
            ("a&%61uthorization=%42earer%20cgh%5Fx&b=", Some("a&b=")),
            ("Authorization=Bearer%20cgh_x", None),
            (
                "authorization%20=Bearer%20cgh_x&z=authorization",
                Some("z=authorization"),
            ),
        ];
        for (query, rest) in table {
            let parted = part(Some(query)).unwrap();

            let credential = parted.credential.unwrap();
            assert_eq!(credential, "Bearer cgh_x", "{query}");
            assert!(credential.is_sensitive(), "{query}");
            assert_eq!(parted.rest.as_deref(), rest, "{query}");
        }
    }

    #[test]
    fn query_without_one_stays_as_it_is() {
        for query in [None, Some("bot_id=1"), Some("x=authorization&authorizations=1")] {
            let parted = part(query).unwrap();

            assert_eq!((parted.credential, parted.rest.as_deref()), (None, query));
        }
    }

    #[test]
    fn two_of_them_or_one_that_is_no_field_is_no_credential() {
        for query in [
            "authorization=Bearer%20a&authorization=Bearer%20a",
            "authorization=Bearer%20a&AUTHORIZATION=Bearer%20a",
            "authorization=Bearer%20a%0D%0AHost:%20evil",
            "authorization=%00",
        ] {
            assert_eq!(part(Some(query)), Err(ProblemKind::CredentialNotAccepted), "{query}");
        }
    }
}
