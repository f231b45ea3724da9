//! Reads the cookies of a request (RFC 6265 4.2.1): `name=value` pairs, separated by semicolons.

use http::HeaderMap;
use http::header::COOKIE;

/// The values of every cookie called `name`, in the order in which the browser sent them.
pub(crate) fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|field| field.as_bytes().split(|byte| *byte == b';'))
        // Whatever listens on another port of this machine sets cookies for us too, in any letters: one that is no text
        // hides none of ours.
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn cookie_of_another_service_in_foreign_letters_hides_none_of_ours() {
        let field = HeaderValue::from_bytes(b"theirs=caf\xe9; name=\xe5\x90\x8d; ours=1; last=\xff").unwrap();
        let headers = HeaderMap::from_iter([(COOKIE, field)]);

        assert_eq!(values(&headers, "ours").collect::<Vec<_>>(), ["1"]);
    }
}
