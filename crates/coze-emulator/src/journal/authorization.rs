//! What the journal keeps of a credential: its kind, its first characters, the session name behind it.
//!
//! Nothing here decides whether a credential is good; an assertion is read without its signature being checked.

use crate::query_authorization;
use crate::tokens::Tokens;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

/// Characters of a token that the journal keeps: enough to tell two tokens apart, useless to anybody else.
const PREFIX_CHARS: usize = 10;

/// Kind of the credential in a request's `Authorization` header, told by its form (protocol 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthorizationKind {
    /// No header, or nothing after `Bearer`.
    None,
    /// Three dot-separated parts: an assertion.
    Jwt,
    /// `czs_`: a token bought with an assertion.
    Czs,
    /// `czu_`: a token that a user allowed an app.
    Czu,
    /// `pat_`: a personal access token.
    Pat,
    /// `sat_`: a service access token.
    Sat,
    /// Anything else, for example a handle that should never have come here.
    Other,
}

/// The journal's view of one `Authorization` header, or of what stands in its place in a WebSocket's address.
#[derive(Debug)]
pub(crate) struct Authorization {
    pub(crate) kind: AuthorizationKind,
    pub(crate) token_prefix: Option<String>,
    pub(crate) session_name: Option<String>,
}

impl Authorization {
    pub(crate) fn read(headers: &HeaderMap, query: Option<&str>, tokens: &Tokens) -> Self {
        let header = headers
            .get(header::AUTHORIZATION)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let value = header.or_else(|| query_authorization::read(query)).unwrap_or_default();
        let value = value.as_str();
        let credential = value.strip_prefix("Bearer").unwrap_or(value).trim();
        let kind = kind_of(credential);
        Self {
            kind,
            token_prefix: keeps_prefix(kind).then(|| credential.chars().take(PREFIX_CHARS).collect()),
            session_name: match kind {
                AuthorizationKind::Jwt => session_name_asked_for(credential),
                AuthorizationKind::Czs => tokens.session_name(credential),
                AuthorizationKind::None
                | AuthorizationKind::Czu
                | AuthorizationKind::Pat
                | AuthorizationKind::Sat
                | AuthorizationKind::Other => None,
            },
        }
    }
}

fn kind_of(credential: &str) -> AuthorizationKind {
    if credential.is_empty() {
        AuthorizationKind::None
    } else if credential.starts_with("czs_") {
        AuthorizationKind::Czs
    } else if credential.starts_with("czu_") {
        AuthorizationKind::Czu
    } else if credential.starts_with("pat_") {
        AuthorizationKind::Pat
    } else if credential.starts_with("sat_") {
        AuthorizationKind::Sat
    } else if credential.split('.').count() == 3 {
        AuthorizationKind::Jwt
    } else {
        AuthorizationKind::Other
    }
}

/// An assertion's first characters are the same for everybody (`eyJhbGciOi`).
fn keeps_prefix(kind: AuthorizationKind) -> bool {
    match kind {
        AuthorizationKind::None | AuthorizationKind::Jwt => false,
        AuthorizationKind::Czs
        | AuthorizationKind::Czu
        | AuthorizationKind::Pat
        | AuthorizationKind::Sat
        | AuthorizationKind::Other => true,
    }
}

fn session_name_asked_for(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        session_name: Option<String>,
    }
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok()?.session_name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_follows_the_form_of_the_credential() {
        for (credential, kind) in [
            ("", AuthorizationKind::None),
            ("a.b.c", AuthorizationKind::Jwt),
            ("czs_a.b.c", AuthorizationKind::Czs),
            ("czu_x", AuthorizationKind::Czu),
            ("pat_x", AuthorizationKind::Pat),
            ("sat_x", AuthorizationKind::Sat),
            ("something", AuthorizationKind::Other),
        ] {
            assert_eq!(kind_of(credential), kind, "{credential}");
        }
    }

    #[test]
    fn header_without_bearer_is_other() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Basic dTpw".parse().unwrap());

        let seen = Authorization::read(&headers, None, &Tokens::default());

        assert_eq!(seen.kind, AuthorizationKind::Other);
        assert_eq!(seen.token_prefix.as_deref(), Some("Basic dTpw"));
    }
}
