//! Binds a login to the browser in which it was begun (RFC 6749 10.12, RFC 9700 4.7).
//!
//! `state` alone proves that an answer belongs to a login; a cookie proves that it comes back in the same browser. Its
//! value is random and kept as a hash only. It stays in the browser until its ten minutes are over, so that a browser that
//! comes back twice is recognized. Each login has a cookie of its own, named after its `state`, so that two tabs
//! do not disturb each other.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use coze_auth::{LoginState, Random};
use cozegate_core::cookies::OwnCookie;
use cozegate_core::guard::Scheme;
use http::HeaderMap;
use http::header::HeaderValue;
use std::fmt::Write as _;

/// As long as a person may take on the consent page.
const MAX_AGE_SECONDS: u32 = 600;

/// A login's cookie, made when the login begins.
pub(super) struct BrowserBinding {
    /// For the browser.
    pub cookie: HeaderValue,
    /// For the record of the login.
    pub hash: String,
}

impl BrowserBinding {
    /// Draws one for the login of this `state`, whose answer comes back to `path`. `None` only for a path that is none.
    pub(super) fn draw(state: &LoginState, scheme: Scheme, path: &str, random: &dyn Random) -> Option<Self> {
        let secret = coze_auth::random::base64url(random, 32);
        let mut cookie = own(&name(state), path).set(scheme, &secret, MAX_AGE_SECONDS)?;
        cookie.set_sensitive(true);
        Some(Self {
            cookie,
            hash: hex(&hash(&secret)),
        })
    }

    /// Says whether a request comes from the browser whose cookie has this hash.
    pub(super) fn is_same_browser(headers: &HeaderMap, scheme: Scheme, state: &LoginState, expected: &str) -> bool {
        own(&name(state), "/")
            .values(scheme, headers)
            .any(|secret| verify_slices_are_equal(hex(&hash(secret)).as_bytes(), expected.as_bytes()).is_ok())
    }

    /// The `Set-Cookie` that removes it again.
    pub(super) fn removal(state: &LoginState, scheme: Scheme, path: &str) -> Option<HeaderValue> {
        own(&name(state), path).removal(scheme)
    }
}

/// Lax: the way back is a navigation that another site causes.
fn own<'c>(name: &'c str, path: &'c str) -> OwnCookie<'c> {
    OwnCookie {
        name,
        path,
        attributes: "HttpOnly; SameSite=Lax",
    }
}

/// Says nothing about the `state` to who does not know it.
fn name(state: &LoginState) -> String {
    let mut name = "cozegate_login_".to_owned();
    name.push_str(hex(&hash(state.expose())).get(..12).unwrap_or_default());
    name
}

fn hash(text: &str) -> Digest {
    digest(&SHA256, text.as_bytes())
}

fn hex(digest: &Digest) -> String {
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::{Callback, SeededRandom};
    use http::header::COOKIE;

    fn state(text: &str) -> LoginState {
        Callback::parse(&format!("state={text}")).state().unwrap()
    }

    fn request_with(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    fn pair(cookie: &HeaderValue) -> String {
        cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn only_the_browser_that_began_a_login_is_taken_for_it() {
        let random = SeededRandom::new(1);
        let ours = BrowserBinding::draw(&state("a"), Scheme::Http, "/callback", &random).unwrap();
        let other_login = BrowserBinding::draw(&state("b"), Scheme::Http, "/callback", &random).unwrap();
        let other_browser = BrowserBinding::draw(&state("a"), Scheme::Http, "/callback", &random).unwrap();
        let bad = [
            String::new(),
            "x=y".to_owned(),
            pair(&other_login.cookie),
            pair(&other_browser.cookie),
            format!("{}x", pair(&ours.cookie)),
            pair(&ours.cookie).split('=').next().unwrap().to_owned() + "=" + &ours.hash,
        ];

        let is_taken = |cookie: &str| {
            BrowserBinding::is_same_browser(&request_with(cookie), Scheme::Http, &state("a"), &ours.hash)
        };
        let let_through = bad.iter().filter(|cookie| is_taken(cookie)).count();
        let refused = i32::from(!is_taken(&format!("theme=dark; {}", pair(&ours.cookie))));

        println!(
            "browsers of a login: bad tried {} / let through {let_through}; good tried 1 / refused {refused}",
            bad.len()
        );
        assert_eq!((let_through, refused), (0, 0));
    }

    #[test]
    fn cookie_is_for_the_way_back_and_not_for_scripts() {
        let binding = BrowserBinding::draw(&state("a"), Scheme::Http, "/callback", &SeededRandom::new(1)).unwrap();
        let text = binding.cookie.to_str().unwrap();

        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/callback", "Max-Age=600"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(!format!("{:?}", binding.cookie).contains("cozegate_login"));
        assert!(!text.contains(&binding.hash));
    }
}
