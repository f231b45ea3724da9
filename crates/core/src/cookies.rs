//! Reads the cookies of a request (RFC 6265 4.2.1: `name=value` pairs, separated by semicolons), and names and writes ours.
//!
//! Over HTTPS the name of a cookie of ours begins with `__Host-` (RFC 6265bis 4.1.3.2): browsers take such a one only over
//! HTTPS, marked `Secure`, for every path and without a domain. So neither a page in clear under the same name nor another
//! host of a common domain can plant one, and a cookie of the plain name, which anybody could have planted, is not read.
//! In clear browsers would take none of that (Safari not even on loopback), and names are plain.

use crate::guard::Scheme;
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// A cookie of ours.
#[derive(Clone, Copy, Debug)]
pub struct OwnCookie<'c> {
    /// Without a prefix.
    pub name: &'c str,
    /// Where it is sent to in clear; over HTTPS the prefix wants every path.
    pub path: &'c str,
    /// Who gets to see it: `HttpOnly` or not, and `SameSite`.
    pub attributes: &'static str,
}

impl OwnCookie<'_> {
    /// The `Set-Cookie` that keeps `value`. `None` only for what fits into no field.
    pub fn set(self, scheme: Scheme, value: &str, max_age_seconds: u32) -> Option<HeaderValue> {
        let (name, attributes) = (self.name_over(scheme), self.attributes);
        let (path, secure) = match scheme {
            Scheme::Http => (self.path, ""),
            Scheme::Https => ("/", "; Secure"),
        };
        let text = format!("{name}={value}; Max-Age={max_age_seconds}; Path={path}; {attributes}{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// The `Set-Cookie` that removes it again.
    pub fn removal(self, scheme: Scheme) -> Option<HeaderValue> {
        self.set(scheme, "", 0)
    }

    /// Its values in a request: several when somebody else has set one of the same name.
    pub fn values(self, scheme: Scheme, headers: &HeaderMap) -> impl Iterator<Item = &str> {
        values(headers, self.name_over(scheme))
    }

    fn name_over(self, scheme: Scheme) -> String {
        match scheme {
            Scheme::Http => self.name.to_owned(),
            Scheme::Https => format!("__Host-{}", self.name),
        }
    }
}

/// The values of every cookie called `name`, in the order in which the browser sent them.
fn values(headers: &HeaderMap, name: String) -> impl Iterator<Item = &str> {
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

    const COOKIE_OF_OURS: OwnCookie<'_> = OwnCookie {
        name: "ours",
        path: "/auth/session",
        attributes: "HttpOnly; SameSite=Strict",
    };

    fn request_with(cookies: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(cookies).unwrap())])
    }

    #[test]
    fn cookie_of_another_service_in_foreign_letters_hides_none_of_ours() {
        let headers = request_with(b"theirs=caf\xe9; name=\xe5\x90\x8d; ours=1; last=\xff");

        let found: Vec<_> = COOKIE_OF_OURS.values(Scheme::Http, &headers).collect();

        assert_eq!(found, ["1"]);
    }

    #[test]
    fn over_https_a_cookie_is_the_hosts_own_and_in_clear_it_is_plain() {
        let set = |scheme| COOKIE_OF_OURS.set(scheme, "1", 60).unwrap();
        let removal = |scheme| COOKIE_OF_OURS.removal(scheme).unwrap();

        assert_eq!(
            set(Scheme::Http),
            "ours=1; Max-Age=60; Path=/auth/session; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            set(Scheme::Https),
            "__Host-ours=1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            removal(Scheme::Https),
            "__Host-ours=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
    }

    #[test]
    fn the_name_of_the_other_scheme_is_not_read() {
        let headers = request_with(b"ours=plain; __Host-ours=host; __host-ours=other letters; __Secure-ours=secure");
        let found = |scheme| COOKIE_OF_OURS.values(scheme, &headers).collect::<Vec<_>>();

        assert_eq!(found(Scheme::Http), ["plain"]);
        assert_eq!(found(Scheme::Https), ["host"]);
    }
}
