//! The isolation rule: (tenant, kind, subject) -> `session_name`.
//!
//! The platform keeps one history per `session_name` of a JWT (protocol 5), so whoever chooses the name chooses whose
//! history is read. We derive it with a keyed hash: nobody can compute a neighbour's name, no personal data reaches the
//! platform, and the parts cannot be joined in two ways, because the separator cannot occur in them.

use super::visitor_id::VisitorId;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::{SessionName, Subject};
use cozegate_store::GatewaySecret;
use cozegate_store::generations::GenerationKey;

/// How the user was proved. Two kinds never share a history, even with equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// An id that we made for a browser.
    Anonymous,
}

impl SubjectKind {
    const fn label(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
        }
    }
}

/// Between the parts of the hashed text; control characters are refused in ids.
const SEPARATOR: u8 = 0x1f;

/// 72 bits: enough to tell subjects apart.
const LOG_NAME_LENGTH: usize = 12;

/// The keys derived from the gateway's secret, one for each purpose.
pub struct VisitorKeys {
    pepper: hmac::Key,
    pub(super) cookie: hmac::Key,
    pub(super) pass: hmac::Key,
    log: hmac::Key,
    generation: hmac::Key,
    pairing: String,
}

impl VisitorKeys {
    /// Derives them. The labels carry a version: changing one starts every visitor with an empty history.
    pub fn derive(secret: &GatewaySecret) -> Self {
        let root = hmac::Key::new(HMAC_SHA256, secret.expose());
        let key = |label: &str| hmac::Key::new(HMAC_SHA256, hmac::sign(&root, label.as_bytes()).as_ref());
        Self {
            pepper: key("cozegate session_name v1"),
            cookie: key("cozegate visitor cookie v1"),
            pass: key("cozegate visitor pass v1"),
            log: key("cozegate access log v1"),
            generation: key("cozegate visitor generation v1"),
            pairing: BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&root, b"cozegate userscript pairing v1")),
        }
    }

    /// Returns a name for `subject` of `app` that may stand in a log: the same for the same subject. Without the gateway's
    /// secret nobody can find the subject by guessing.
    pub fn log_name(&self, app: &str, subject: &Subject) -> String {
        let mut context = hmac::Context::with_key(&self.log);
        context.update(app.as_bytes());
        context.update(&[SEPARATOR]);
        context.update(subject.fingerprint().as_bytes());
        let mut name = BASE64_URL_SAFE_NO_PAD.encode(context.sign());
        name.truncate(LOG_NAME_LENGTH);
        name
    }

    /// Returns the key under which the passes of `visitor` are withdrawn, whatever app they are shown to.
    pub fn generation_key(&self, visitor: &VisitorId) -> GenerationKey {
        let mut key = GenerationKey::default();
        let digest = hmac::sign(&self.generation, visitor.as_str().as_bytes());
        for (to, from) in key.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        key
    }

    /// Returns what the userscript that we serve shows of itself. Secret: whoever has it may open sessions on this machine.
    pub fn pairing(&self) -> &str {
        &self.pairing
    }

    /// Whether `shown` is that, in constant time.
    pub fn is_pairing(&self, shown: &[u8]) -> bool {
        verify_slices_are_equal(shown, self.pairing.as_bytes()).is_ok()
    }

    /// Returns the `session_name` of `id` with the platform: `cg1_` and 43 characters. `tenant` is the app's
    /// `client_id`.
    ///
    /// # Panics
    ///
    /// Never: what it builds is a name by construction.
    pub fn session_name(&self, tenant: &str, kind: SubjectKind, id: &str) -> SessionName {
        let mut context = hmac::Context::with_key(&self.pepper);
        for (index, part) in [tenant, kind.label(), id].into_iter().enumerate() {
            if index > 0 {
                context.update(&[SEPARATOR]);
            }
            context.update(part.as_bytes());
        }
        let name = format!("cg1_{}", BASE64_URL_SAFE_NO_PAD.encode(context.sign()));
        #[expect(clippy::expect_used, reason = "47 characters of base64url are always a session_name")]
        let name = SessionName::parse(&name).expect("a derived name is a valid one");
        name
    }
}

impl std::fmt::Debug for VisitorKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VisitorKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::SeededRandom;
    use std::collections::HashSet;

    fn keys(seed: u64) -> VisitorKeys {
        VisitorKeys::derive(&GatewaySecret::throw_away(&SeededRandom::new(seed)))
    }

    #[test]
    fn the_same_visitor_keeps_the_same_name_and_another_secret_gives_another() {
        let name = |keys: &VisitorKeys| keys.session_name("app", SubjectKind::Anonymous, "visitor");

        assert_eq!(name(&keys(1)), name(&keys(1)));
        assert_ne!(name(&keys(1)), name(&keys(2)));
        assert_eq!(name(&keys(1)).as_str().len(), 47);
    }

    #[test]
    fn name_for_a_log_hangs_on_the_secret_the_app_and_the_subject() {
        let subject = |name: &str| Subject::of(SessionName::parse(name).unwrap());
        let names: HashSet<_> = [
            keys(1).log_name("app", &subject("a")),
            keys(2).log_name("app", &subject("a")),
            keys(1).log_name("ap", &subject("a")),
            keys(1).log_name("app", &subject("b")),
        ]
        .into();

        assert_eq!(names.len(), 4);
        assert_eq!(
            keys(1).log_name("app", &subject("a")),
            keys(1).log_name("app", &subject("a"))
        );
        assert!(names.iter().all(|name| name.len() == LOG_NAME_LENGTH));
    }

    #[test]
    fn no_two_visitors_of_a_hundred_thousand_share_a_name() {
        let keys = keys(1);
        let names: HashSet<_> = (0..100_000)
            .map(|n| keys.session_name("app", SubjectKind::Anonymous, &format!("v{n}")))
            .collect();

        assert_eq!(names.len(), 100_000);
    }

    #[test]
    fn parts_cannot_be_joined_into_another_visitor() {
        let keys = keys(1);

        assert_ne!(
            keys.session_name("app", SubjectKind::Anonymous, "x"),
            keys.session_name("ap", SubjectKind::Anonymous, "px")
        );
    }
}
