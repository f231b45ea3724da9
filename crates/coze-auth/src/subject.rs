//! Whose token it is: what separates one kept token from another.

use crate::scope::Scope;
use crate::session_name::SessionName;
use aws_lc_rs::digest::{Context, SHA256};
use std::fmt::Write as _;

/// The user, the life and the reach that a token is asked for. Equal subjects share one token.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Subject {
    /// The user; `None` for the app itself.
    pub session_name: Option<SessionName>,
    /// The life of the token in seconds; `None` for the app's own setting.
    pub duration_seconds: Option<u32>,
    /// The reach of the token; `None` for all that the app may do.
    pub scope: Option<Scope>,
    /// The user's device, for quota and billing per user (protocol 2.1).
    pub session_context: Option<SessionContext>,
}

/// What an enterprise tells the platform about the device in a user's hand: `session_context.device_info` of an
/// assertion (protocol 2.1).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SessionContext {
    /// `device_id`
    pub device_id: Option<String>,
    /// `custom_consumer`
    pub custom_consumer: Option<String>,
}

impl SessionContext {
    /// Makes a context of what is known; `None` when nothing is.
    pub fn new(device_id: Option<String>, custom_consumer: Option<String>) -> Option<Self> {
        (device_id.is_some() || custom_consumer.is_some()).then_some(Self {
            device_id,
            custom_consumer,
        })
    }
}

impl Subject {
    /// Returns the subject of one user, with the app's usual life and reach.
    pub fn of(session_name: SessionName) -> Self {
        Self {
            session_name: Some(session_name),
            duration_seconds: None,
            scope: None,
            session_context: None,
        }
    }

    /// Returns the subject of one login, by the name under which its person is known here (a profile, an account of the
    /// host's). The name never goes to the platform, which knows the person from the login.
    pub fn login(name: SessionName) -> Self {
        Self::of(name)
    }

    /// Returns the subject of the app itself. All users of its tokens share one history (protocol 5).
    pub fn app() -> Self {
        Self {
            session_name: None,
            duration_seconds: None,
            scope: None,
            session_context: None,
        }
    }

    /// Returns a short name for logs: the same for the same subject, without the user's own name in it.
    ///
    /// It hides a name from a casual reader, not from an attacker who guesses names and compares.
    pub fn fingerprint(&self) -> String {
        let digest = self.digest(&[]);
        digest.iter().take(6).fold(String::with_capacity(12), |mut text, byte| {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }

    /// Hashes the subject after `context`, each part with its length before it, so that no two lists of parts agree.
    pub(crate) fn digest(&self, context: &[&str]) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        let mut part = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for text in context {
            part(text.as_bytes());
        }
        let session_name = self.session_name.as_ref().map(SessionName::as_str);
        part(&[u8::from(session_name.is_some())]);
        part(session_name.unwrap_or_default().as_bytes());
        part(&self.duration_seconds.unwrap_or_default().to_be_bytes());
        let (permissions, bot_ids) = match &self.scope {
            Some(scope) => (scope.permissions(), scope.bot_ids()),
            None => Default::default(),
        };
        for names in [permissions, bot_ids] {
            part(&(names.len() as u64).to_be_bytes());
            for name in names {
                part(name.as_bytes());
            }
        }
        // Left out when there is none, so that digests in a database outlive this member.
        if let Some(context) = &self.session_context {
            for text in [&context.device_id, &context.custom_consumer] {
                part(&[u8::from(text.is_some())]);
                part(text.as_deref().unwrap_or_default().as_bytes());
            }
        }
        let mut bytes = [0; 32];
        for (byte, hashed) in bytes.iter_mut().zip(hash.finish().as_ref()) {
            *byte = *hashed;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Subject {
        Subject::of(SessionName::parse(name).unwrap())
    }

    #[test]
    fn different_subjects_have_different_digests() {
        let mut with_duration = named("a");
        with_duration.duration_seconds = Some(60);
        let mut with_scope = named("a");
        with_scope.scope = Scope::new(["a".to_owned()], []);
        let mut with_bot = named("a");
        with_bot.scope = Scope::new(["a".to_owned()], ["7".to_owned()]);
        let mut on_device = named("a");
        on_device.session_context = SessionContext::new(Some("d".to_owned()), None);
        let mut for_consumer = named("a");
        for_consumer.session_context = SessionContext::new(None, Some("d".to_owned()));
        let subjects = [
            on_device,
            for_consumer,
            Subject::app(),
            named("a"),
            named("b"),
            with_duration,
            with_scope,
            with_bot,
        ];

        let digests: std::collections::HashSet<_> = subjects.iter().map(|subject| subject.digest(&["x"])).collect();

        assert_eq!(digests.len(), subjects.len());
        assert_ne!(named("a").digest(&["x"]), named("a").digest(&["y"]));
    }

    #[test]
    fn fingerprint_is_stable_and_does_not_hold_the_name() {
        let subject = named("alice@example.com");

        assert_eq!(subject.fingerprint(), subject.fingerprint());
        assert_eq!(subject.fingerprint().len(), 12);
        assert!(!subject.fingerprint().contains("alice"));
    }
}
