//! The name of one kept token, as a value, as a hash and as bytes.

use crate::scope::Scope;
use crate::session_name::SessionName;
use crate::subject::{SessionContext, Subject};
use crate::versioned_json::{self, UnreadableBytes};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Names one kept token: the platform, the app there and the subject.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TokenKey {
    /// The platform, as the audience of its assertions (`api.coze.cn`). Tokens of the two regions can never be mixed up.
    pub audience: String,
    /// The app.
    pub client_id: String,
    /// The foreign account, enterprise or workspace that the token is for, as the path segments before `token` or
    /// `authorize` (`account/7`, `workspace_id/7`); `None` for the app's own.
    pub tenant: Option<String>,
    /// Whose token.
    pub subject: Subject,
}

#[derive(Deserialize, Serialize)]
struct Written {
    audience: String,
    client_id: String,
    tenant: Option<String>,
    session_name: Option<String>,
    duration_seconds: Option<u32>,
    permissions: Vec<String>,
    bot_ids: Vec<String>,
    device_id: Option<String>,
    custom_consumer: Option<String>,
}

impl TokenKey {
    /// Returns a SHA-256 over all parts: a fixed-size key for a database that need not hold users' names.
    pub fn digest(&self) -> [u8; 32] {
        match &self.tenant {
            None => self.subject.digest(&[&self.audience, &self.client_id]),
            Some(tenant) => self.subject.digest(&[&self.audience, &self.client_id, tenant]),
        }
    }

    /// Returns the name of the lease under which this token is renewed: the digest in hexadecimal after `token:`.
    pub fn lease_name(&self) -> String {
        self.digest().iter().fold("token:".to_owned(), |mut text, byte| {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }

    /// Writes all parts down, for a store that keeps a hash and has to find its way back
    /// ([`TokenStore::due`](crate::TokenStore::due)). Holds the user's name: to be sealed like the token.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Subject {
            session_name,
            duration_seconds,
            scope,
            session_context,
        } = &self.subject;
        let (permissions, bot_ids) = match scope {
            Some(scope) => (scope.permissions().to_vec(), scope.bot_ids().to_vec()),
            None => Default::default(),
        };
        let written = Written {
            audience: self.audience.clone(),
            client_id: self.client_id.clone(),
            tenant: self.tenant.clone(),
            session_name: session_name.as_ref().map(ToString::to_string),
            duration_seconds: *duration_seconds,
            permissions,
            bot_ids,
            device_id: session_context.as_ref().and_then(|context| context.device_id.clone()),
            custom_consumer: session_context
                .as_ref()
                .and_then(|context| context.custom_consumer.clone()),
        };
        versioned_json::write(&written).to_vec()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableBytes> {
        let written: Written = versioned_json::read(bytes)?;
        let session_name = match written.session_name {
            Some(name) => Some(SessionName::parse(&name).map_err(UnreadableBytes::new)?),
            None => None,
        };
        let subject = Subject {
            session_name,
            duration_seconds: written.duration_seconds,
            scope: Scope::new(written.permissions, written.bot_ids),
            session_context: SessionContext::new(written.device_id, written.custom_consumer),
        };
        Ok(Self {
            audience: written.audience,
            client_id: written.client_id,
            tenant: written.tenant,
            subject,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subject: Subject) -> TokenKey {
        TokenKey {
            audience: "api.coze.example".to_owned(),
            client_id: "1".to_owned(),
            tenant: None,
            subject,
        }
    }

    #[test]
    fn key_that_was_written_down_is_read_as_the_same() {
        let mut full = key(Subject {
            session_name: Some(SessionName::parse("张三").unwrap()),
            duration_seconds: Some(60),
            scope: Scope::new([], ["7".to_owned()]),
            session_context: SessionContext::new(Some("device".to_owned()), None),
        });
        full.tenant = Some("account/7".to_owned());

        for key in [key(Subject::app()), full] {
            assert_eq!(TokenKey::from_bytes(&key.to_bytes()).unwrap(), key);
        }
    }

    #[test]
    fn other_bytes_are_no_key() {
        for bytes in [&b""[..], b"{}", b"null", b"\xff", br#"{"format":2}"#] {
            assert!(TokenKey::from_bytes(bytes).is_err());
        }
    }

    #[test]
    fn tenants_of_one_app_have_keys_and_leases_of_their_own() {
        let own = key(Subject::app());
        let mut foreign = own.clone();
        foreign.tenant = Some("account/7".to_owned());

        assert_ne!(own.digest(), foreign.digest());
        assert_ne!(own.lease_name(), foreign.lease_name());
        assert_eq!(own.lease_name().len(), "token:".len() + 64);
    }
}
