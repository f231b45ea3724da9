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
use super::visitor_id::VisitorId;
use crate::cookies::OwnCookie;
use crate::guard::Scheme;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::UnixSeconds;
use http::HeaderMap;
use http::header::HeaderValue;
use std::fmt::Write as _;
use std::time::Duration;

/// What every pass starts with.
const PASS_PREFIX: &str = "cgv_";

/// 256 random bits in base64url.
const ID_LENGTH: usize = 43;
/// 400 days, the longest that browsers keep a cookie (RFC 6265bis 5.5).
const MAX_AGE_SECONDS: u32 = 400 * 24 * 3600;

/// What a cookie or a pass says: a visitor, and what decides how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedVisitor {
    /// The visitor.
    pub id: VisitorId,
    /// When the visitor came for the first time. Using a pass does not renew it.
    pub issued_at: UnixSeconds,
    /// The generation that was in force then (`cozegate_store::generations`).
    pub generation: u64,
}

/// A cookie or a pass that we signed. Whether it is still good is for the caller to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownVisitor {
    /// In the form that is written now.
    Dated(IssuedVisitor),
    /// In the form of the versions before, without date and generation.
    Undated(VisitorId),
}

impl ShownVisitor {
    /// Returns the visitor.
    pub fn id(&self) -> &VisitorId {
        match self {
            Self::Dated(issued) => &issued.id,
            Self::Undated(id) => id,
        }
    }
}

/// Makes the pass of a visitor. A page that shows it is that visitor.
pub fn write_pass(visitor: &IssuedVisitor, keys: &VisitorKeys) -> String {
    format!("{PASS_PREFIX}{}", signed(visitor, &keys.pass))
}

/// Finds the visitor whose pass this is; one that we did not sign counts as none.
pub fn read_pass(pass: &str, keys: &VisitorKeys) -> Option<ShownVisitor> {
    verify(pass.strip_prefix(PASS_PREFIX)?, &keys.pass)
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
    pub fn read(&self, headers: &HeaderMap, scheme: Scheme, keys: &VisitorKeys) -> Option<ShownVisitor> {
        self.own()
            .values(scheme, headers)
            .find_map(|value| verify(value, &keys.cookie))
    }

    /// Writes the `Set-Cookie` value that keeps `visitor` for `life`, or for as long as browsers do.
    pub fn write(
        &self,
        visitor: &IssuedVisitor,
        life: Option<Duration>,
        scheme: Scheme,
        keys: &VisitorKeys,
    ) -> Option<HeaderValue> {
        let life = life.and_then(|life| u32::try_from(life.as_secs()).ok());
        let max_age = life.unwrap_or(MAX_AGE_SECONDS).min(MAX_AGE_SECONDS);
        let mut cookie = self.own().set(scheme, &signed(visitor, &keys.cookie), max_age)?;
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

/// `id.issued_at.generation.signature`; the signature covers all that stands before it. Cookies and passes of earlier
/// versions were `id.signature`.
fn signed(visitor: &IssuedVisitor, key: &hmac::Key) -> String {
    let IssuedVisitor {
        id,
        issued_at,
        generation,
    } = visitor;
    let content = format!("{}.{}.{generation}", id.as_str(), issued_at.0);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(key, content.as_bytes()));
    format!("{content}.{signature}")
}

fn verify(value: &str, key: &hmac::Key) -> Option<ShownVisitor> {
    let (content, signature) = value.rsplit_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    // Constant time, by aws-lc.
    hmac::verify(key, content.as_bytes(), &signature).ok()?;
    let mut parts = content.split('.');
    let id = parts.next().filter(|id| id.len() == ID_LENGTH)?;
    let id = VisitorId::from_signed(id);
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Some(ShownVisitor::Undated(id)),
        (Some(issued_at), Some(generation), None) => Some(ShownVisitor::Dated(IssuedVisitor {
            id,
            issued_at: UnixSeconds(issued_at.parse().ok()?),
            generation: generation.parse().ok()?,
        })),
        (Some(_), ..) => None,
    }
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

    fn issued(seed: u64) -> IssuedVisitor {
        IssuedVisitor {
            id: VisitorId::generate(&SeededRandom::new(seed)),
            issued_at: UnixSeconds(1_800_000_000),
            generation: 3,
        }
    }

    /// `name=value` of a Set-Cookie field.
    fn pair(set_cookie: &HeaderValue) -> String {
        set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_visitor_comes_back_by_the_cookie() {
        let (cookie, keys) = (VisitorCookie::for_tenant("app"), keys(1));
        let visitor = issued(7);
        let kept = pair(&cookie.write(&visitor, None, Scheme::Http, &keys).unwrap());

        assert_eq!(
            cookie.read(&request_with(&format!("theme=dark; {kept}; x=y")), Scheme::Http, &keys),
            Some(ShownVisitor::Dated(visitor))
        );
    }

    #[test]
    fn forged_cookies_make_nobody() {
        let (cookie, own) = (VisitorCookie::for_tenant("app"), keys(1));
        let visitor = issued(7);
        let kept = pair(&cookie.write(&visitor, None, Scheme::Http, &own).unwrap());
        let (name, value) = kept.split_once('=').unwrap();
        let (content, signature) = value.rsplit_once('.').unwrap();
        let (id, dated) = content.split_once('.').unwrap();
        let other = issued(8);
        let forged_elsewhere = pair(&cookie.write(&visitor, None, Scheme::Http, &keys(2)).unwrap());
        let bad = [
            format!("{name}="),
            format!("{name}={id}"),
            format!("{name}={id}."),
            format!("{name}={id}.{signature}"),
            format!("{name}={content}"),
            format!("{name}={}.{dated}.{signature}", other.id.as_str()),
            format!("{name}={content}.{}", signature.to_lowercase()),
            format!("{name}={content}.{signature}A"),
            format!("{name}={}.{signature}", content.get(1..).unwrap()),
            format!("{name}={id}.1900000000.3.{signature}"),
            format!("{name}={id}.1800000000.4.{signature}"),
            format!("{name}={id}.18000000003.{signature}"),
            format!("{name}={id}.1800000000.3.0.{signature}"),
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
        let visitor = issued(7);
        let pass = write_pass(&visitor, &keys_of_ours);
        let kept = pair(&cookie.write(&visitor, None, Scheme::Http, &keys_of_ours).unwrap());
        let (_, in_cookie) = kept.split_once('=').unwrap();
        let bad = [
            String::new(),
            PASS_PREFIX.to_owned(),
            visitor.id.as_str().to_owned(),
            format!("{PASS_PREFIX}{}", visitor.id.as_str()),
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
        assert_eq!(read_pass(&pass, &keys_of_ours), Some(ShownVisitor::Dated(visitor)));
    }

    #[test]
    fn form_of_the_versions_before_is_read_and_signs_nothing_else() {
        let keys = keys(1);
        let id = issued(7).id;
        let sign = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&keys.pass, text.as_bytes()));
        let undated = format!("{PASS_PREFIX}{}.{}", id.as_str(), sign(id.as_str()));
        assert_eq!(read_pass(&undated, &keys), Some(ShownVisitor::Undated(id.clone())));

        // Signed by us, and still none of the two forms.
        for content in [
            String::new(),
            ".".to_owned(),
            format!("{}.", id.as_str()),
            format!("{}.1800000000", id.as_str()),
            format!("{}.1800000000.x", id.as_str()),
            format!("{}.1800000000.-1", id.as_str()),
            format!("{}.1800000000.1.1", id.as_str()),
            format!("{}..1", id.as_str()),
            format!("{}x.1800000000.1", id.as_str()),
        ] {
            let pass = format!("{PASS_PREFIX}{content}.{}", sign(&content));
            assert_eq!(read_pass(&pass, &keys), None, "{content}");
        }
    }

    #[test]
    fn cookie_lives_as_long_as_what_it_says() {
        let cookie = VisitorCookie::for_tenant("app");
        for (life, max_age) in [
            (None, "Max-Age=34560000"),
            (Some(Duration::from_mins(1)), "Max-Age=60"),
            (Some(Duration::from_secs(u64::MAX)), "Max-Age=34560000"),
        ] {
            let value = cookie.write(&issued(7), life, Scheme::Http, &keys(1)).unwrap();
            assert!(value.to_str().unwrap().contains(max_age), "{value:?}");
        }
    }

    #[test]
    fn the_cookie_of_another_app_is_not_ours() {
        let (cookie, keys) = (VisitorCookie::for_tenant("one"), keys(1));
        let foreign = VisitorCookie::for_tenant("two")
            .write(&issued(7), None, Scheme::Http, &keys)
            .unwrap();

        assert_eq!(cookie.read(&request_with(&pair(&foreign)), Scheme::Http, &keys), None);
    }

    #[test]
    fn scripts_and_foreign_sites_do_not_get_the_cookie() {
        let value = VisitorCookie::for_tenant("app")
            .write(&issued(7), None, Scheme::Http, &keys(1))
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
