//! Id of an anonymous visitor: 256 random bits, made here and never taken from outside.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::Random;

/// A visitor's id. Knowing it is not enough to be that visitor (the cookie is signed), yet it stays inside.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitorId(String);

impl VisitorId {
    /// Makes a new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(coze_auth::random::base64url(random, 32))
    }

    /// Takes an id that a signature of ours has proved.
    pub(super) fn from_signed(id: &str) -> Self {
        Self(id.to_owned())
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

impl std::fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VisitorId({})", self.public_id())
    }
}
