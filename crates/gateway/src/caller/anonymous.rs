//! Anonymous visitors: an id that we make, kept by the browser in a cookie that we signed - or, where no cookie comes
//! back, by the page itself in a pass that we signed.
//!
//! The id is never taken from the outside: without a cookie or a pass of ours a visitor is new. The signature keeps anybody
//! from planting an id of their choice (session fixation); the cookie is HttpOnly, same-site, and in clear sent to
//! `/auth/session` only (`cookies.rs` tells how it is bound over HTTPS).
//!
//! Browsers keep no cookie for a frame or a page of another site, and a mini-program keeps none at all. The pass is for
//! those: scripts of the page can read it, as they could act for the visitor anyway. It opens nothing at the platform.

use super::session_name::VisitorKeys;
use crate::cookies::OwnCookie;
use crate::guard::Scheme;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::Random;
use http::HeaderMap;
use http::header::HeaderValue;
use std::fmt::Write as _;

/// What every pass starts with.
const PASS_PREFIX: &str = "cgv_";

/// 256 random bits in base64url.
const ID_LENGTH: usize = 43;
/// 400 days, the longest that browsers keep a cookie (RFC 6265bis 5.5).
const MAX_AGE_SECONDS: u32 = 400 * 24 * 3600;

/// A visitor's id. Knowing it is not enough to be that visitor (the cookie is signed), yet it stays inside.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitorId(String);

impl VisitorId {
    /// Makes a new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(coze_auth::random::base64url(random, 32))
    }

    /// Returns the id, for deriving names from it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a short name of the visitor that may be shown: one cannot get back from it to the id.
    pub fn public_id(&self) -> String {
        let hash = digest(&SHA256, format!("cozegate public visitor id\x1f{}", self.0).as_bytes());
        let mut text = BASE64_URL_SAFE_NO_PAD.encode(hash);
        text.truncate(16);
        format!("v_{text}")
    }
}

/// Makes the pass of a visitor. Whoever shows it is that visitor.
pub fn write_pass(visitor: &VisitorId, keys: &VisitorKeys) -> String {
    format!("{PASS_PREFIX}{}", signed(visitor, &keys.pass))
}

/// Finds the visitor whose pass this is; one that we did not sign counts as none.
pub fn read_pass(pass: &str, keys: &VisitorKeys) -> Option<VisitorId> {
    verify(pass.strip_prefix(PASS_PREFIX)?, &keys.pass)
}

impl std::fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VisitorId({})", self.public_id())
    }
}

/// The cookie that carries a [`VisitorId`].
///
/// Browsers keep cookies per host and not per port, so two gateways on one machine see each other's. The name carries a
/// tag of the app, and each finds its own.
#[derive(Clone, Debug)]
pub struct VisitorCookie {
    name: String,
}

impl VisitorCookie {
    /// The cookie for visitors of the app `tenant` (its `client_id`).
    pub fn for_tenant(tenant: &str) -> Self {
        let mut name = "cozegate_visitor_".to_owned();
        for byte in digest(&SHA256, tenant.as_bytes()).as_ref().iter().take(4) {
            // Writing into a String cannot fail.
            let _infallible = write!(name, "{byte:02x}");
        }
        Self { name }
    }

    /// Finds the visitor in the cookies of a request that reached us over `scheme`; a cookie that we did not sign counts as
    /// none.
    pub fn read(&self, headers: &HeaderMap, scheme: Scheme, keys: &VisitorKeys) -> Option<VisitorId> {
        self.own()
            .values(scheme, headers)
            .find_map(|value| verify(value, &keys.cookie))
    }

    /// Writes the `Set-Cookie` value that keeps `visitor`.
    pub fn write(&self, visitor: &VisitorId, scheme: Scheme, keys: &VisitorKeys) -> Option<HeaderValue> {
        let mut cookie = self
            .own()
            .set(scheme, &signed(visitor, &keys.cookie), MAX_AGE_SECONDS)?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Writes the `Set-Cookie` value that makes the browser's visitor a new one with the next session.
    pub fn removal(&self, scheme: Scheme) -> Option<HeaderValue> {
        self.own().removal(scheme)
    }

    fn own(&self) -> OwnCookie<'_> {
        OwnCookie {
            name: &self.name,
            path: "/auth/session",
            attributes: "HttpOnly; SameSite=Strict",
        }
    }
}

fn signed(visitor: &VisitorId, key: &hmac::Key) -> String {
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(key, visitor.0.as_bytes()));
    format!("{}.{signature}", visitor.0)
}

fn verify(value: &str, key: &hmac::Key) -> Option<VisitorId> {
    let (id, signature) = value.split_once('.')?;
    if id.len() != ID_LENGTH {
        return None;
    }
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    // Constant time, by aws-lc.
    hmac::verify(key, id.as_bytes(), &signature).ok()?;
    Some(VisitorId(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::SeededRandom;
    use cozegate_store::GatewaySecret;
    use http::header::COOKIE;

    fn keys(seed: u64) -> VisitorKeys {
        VisitorKeys::derive(&GatewaySecret::throw_away(&SeededRandom::new(seed)))
    }

    fn request_with(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    /// `name=value` of a Set-Cookie field.
    fn pair(set_cookie: &HeaderValue) -> String {
        set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_visitor_comes_back_by_the_cookie() {
        let (cookie, keys) = (VisitorCookie::for_tenant("app"), keys(1));
        let visitor = VisitorId::generate(&SeededRandom::new(7));
        let kept = pair(&cookie.write(&visitor, Scheme::Http, &keys).unwrap());

        assert_eq!(
            cookie.read(&request_with(&format!("theme=dark; {kept}; x=y")), Scheme::Http, &keys),
            Some(visitor)
        );
    }

    #[test]
    fn forged_cookies_make_nobody() {
        let (cookie, own) = (VisitorCookie::for_tenant("app"), keys(1));
        let visitor = VisitorId::generate(&SeededRandom::new(7));
        let kept = pair(&cookie.write(&visitor, Scheme::Http, &own).unwrap());
        let (name, value) = kept.split_once('=').unwrap();
        let (id, signature) = value.split_once('.').unwrap();
        let other = VisitorId::generate(&SeededRandom::new(8));
        let forged_elsewhere = pair(&cookie.write(&visitor, Scheme::Http, &keys(2)).unwrap());
        let bad = [
            format!("{name}="),
            format!("{name}={id}"),
            format!("{name}={id}."),
            format!("{name}={}.{signature}", other.as_str()),
            format!("{name}={id}.{}", signature.to_lowercase()),
            format!("{name}={id}.{signature}A"),
            format!("{name}={}.{signature}", id.get(1..).unwrap()),
            format!("{name}=a.b"),
            format!("{name}2={value}"),
            forged_elsewhere,
        ];

        let let_through: Vec<_> = bad
            .iter()
            .filter(|c| cookie.read(&request_with(c), Scheme::Http, &own).is_some())
            .collect();

        let refused = i32::from(cookie.read(&request_with(&kept), Scheme::Http, &own).is_none());
        println!(
            "cookies: bad tried {} / let through {}; good tried 1 / refused {refused}",
            bad.len(),
            let_through.len()
        );
        assert_eq!((let_through, refused), (vec![], 0));
    }

    #[test]
    fn visitor_comes_back_by_the_pass_and_nobody_by_a_forged_one() {
        let (cookie, keys_of_ours) = (VisitorCookie::for_tenant("app"), keys(1));
        let visitor = VisitorId::generate(&SeededRandom::new(7));
        let pass = write_pass(&visitor, &keys_of_ours);
        let kept = pair(&cookie.write(&visitor, Scheme::Http, &keys_of_ours).unwrap());
        let (_, in_cookie) = kept.split_once('=').unwrap();
        let bad = [
            String::new(),
            PASS_PREFIX.to_owned(),
            visitor.as_str().to_owned(),
            format!("{PASS_PREFIX}{}", visitor.as_str()),
            format!("{PASS_PREFIX}{in_cookie}"),
            format!("{pass}A"),
            pass.to_uppercase(),
            pass.replacen(PASS_PREFIX, "", 1),
            write_pass(&visitor, &keys(2)),
        ];

        let let_through: Vec<_> = bad
            .iter()
            .filter(|pass| read_pass(pass, &keys_of_ours).is_some())
            .collect();

        println!(
            "visitor passes: bad tried {} / let through {}; good tried 1 / refused {}",
            bad.len(),
            let_through.len(),
            i32::from(read_pass(&pass, &keys_of_ours).is_none())
        );
        assert_eq!(let_through, Vec::<&String>::new());
        assert_eq!(read_pass(&pass, &keys_of_ours), Some(visitor));
    }

    #[test]
    fn the_cookie_of_another_app_is_not_ours() {
        let (cookie, keys) = (VisitorCookie::for_tenant("one"), keys(1));
        let foreign = VisitorCookie::for_tenant("two")
            .write(&VisitorId::generate(&SeededRandom::new(7)), Scheme::Http, &keys)
            .unwrap();

        assert_eq!(cookie.read(&request_with(&pair(&foreign)), Scheme::Http, &keys), None);
    }

    #[test]
    fn scripts_and_foreign_sites_do_not_get_the_cookie() {
        let value = VisitorCookie::for_tenant("app")
            .write(&VisitorId::generate(&SeededRandom::new(7)), Scheme::Http, &keys(1))
            .unwrap();
        let text = value.to_str().unwrap();

        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/auth/session"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(
            !format!("{value:?}").contains("cozegate_visitor"),
            "sensitive values print redacted"
        );
    }
}
