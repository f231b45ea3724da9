//! Reads the caller's `Authorization` field: a handle of ours, or in local mode a Coze token of the caller's own.

use crate::asked::Once;
use crate::problem::ProblemKind;
use coze_auth::TokenKind;
use cozegate_config::Mode;
use cozegate_store::KnownHandle;
use cozegate_store::handles::{HANDLE_PREFIX, is_well_formed};
use http::header::HeaderValue;
use std::sync::Arc;

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A holder of a handle: the Coze token of its subject takes the handle's place.
    Visitor(Arc<KnownHandle>),
    /// A program on this machine with a Coze token of its own, which passes unchanged (local mode only).
    OwnToken(HeaderValue),
}

/// What a caller shows of itself.
#[derive(Clone, Debug)]
pub enum Presented<'h> {
    /// What has the form of a handle of ours, known or not. Secret.
    Handle(&'h str),
    /// A Coze token of the caller's own (local mode only).
    OwnToken(HeaderValue),
}

/// Reads what the caller shows in the one `Authorization: Bearer` field (RFC 6750 2.1; the scheme in any case).
pub fn presented(authorization: Once<'_>, mode: Mode) -> Result<Presented<'_>, ProblemKind> {
    let field = match authorization {
        Once::Absent => return Err(ProblemKind::CredentialMissing),
        Once::Repeated => return Err(ProblemKind::CredentialNotAccepted),
        Once::One(field) => field,
    };
    let text = visible(field).ok_or(ProblemKind::CredentialNotAccepted)?;
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_matches(' '),
        Some(_) => return Err(ProblemKind::CredentialNotAccepted),
        // The SDKs send "Bearer " for an empty token, which arrives trimmed.
        None => return Err(ProblemKind::CredentialMissing),
    };
    if token.starts_with(HANDLE_PREFIX) {
        return if is_well_formed(token) {
            Ok(Presented::Handle(token))
        } else {
            Err(ProblemKind::HandleUnknown)
        };
    }
    match (mode, TokenKind::of(token)) {
        (Mode::Local, TokenKind::PersonalAccess | TokenKind::ServiceAccess | TokenKind::App | TokenKind::User) => {
            let mut field = HeaderValue::from_bytes(field).map_err(|_| ProblemKind::CredentialNotAccepted)?;
            field.set_sensitive(true);
            Ok(Presented::OwnToken(field))
        }
        (Mode::Local | Mode::Public, _) => Err(ProblemKind::CredentialNotAccepted),
    }
}

/// A field value as text, if it is printable ASCII.
fn visible(field: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    std::str::from_utf8(field).ok().filter(|_| field.iter().all(is_visible))
}
