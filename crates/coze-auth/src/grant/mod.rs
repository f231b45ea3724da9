//! The ways to ask for a token, as far as they are built: each knows its proof and its body, none of them sends.

pub(crate) mod jwt_bearer;

use crate::scope::Scope;
use crate::secret::Assertion;
use serde_json::{Value, json};

/// A token request, ready to be sent by `token_endpoint`.
#[derive(Debug)]
pub(crate) enum Grant<'a> {
    /// RFC 7523 section 2.1, in Coze's dialect (protocol 2.2).
    JwtBearer {
        assertion: Assertion,
        duration_seconds: u32,
        scope: Option<&'a Scope>,
    },
}

impl Grant<'_> {
    /// Returns what stands behind `Authorization: Bearer`. Coze wants the assertion there and not in the body.
    pub(crate) fn proof(&self) -> &str {
        match self {
            Self::JwtBearer { assertion, .. } => assertion.expose(),
        }
    }

    /// Returns the JSON body. It is never form-encoded (protocol 2.2).
    pub(crate) fn body(&self) -> Value {
        match self {
            Self::JwtBearer {
                duration_seconds,
                scope,
                ..
            } => {
                let mut body = json!({ "grant_type": jwt_bearer::GRANT_TYPE, "duration_seconds": duration_seconds });
                if let (Some(members), Some(scope)) = (body.as_object_mut(), scope) {
                    members.insert("scope".to_owned(), scope.to_json());
                }
                body
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jwt_bearer_body_has_no_scope_unless_one_is_asked_for() {
        let assertion = Assertion::new("a.b.c".to_owned());
        let grant = Grant::JwtBearer {
            assertion,
            duration_seconds: 900,
            scope: None,
        };

        assert_eq!(
            grant.body(),
            json!({ "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "duration_seconds": 900 })
        );
    }
}
