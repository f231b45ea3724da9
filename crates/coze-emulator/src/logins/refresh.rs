//! Logins and their refresh tokens, which rotate (protocol 3.2, RFC 9700 section 4.14.2).
//!
//! A login is a family of refresh tokens: one that works, and the dead ones before it, which are remembered so that their
//! reuse can be told from nonsense.

use std::collections::HashMap;

/// How strict the platform is about refresh tokens. Which of these is true of the real one is unknown: a client has to
/// live with both (protocol 3.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshPolicy {
    /// A dead refresh token or a spent code that comes again ends the whole login, as RFC 9700 section 4.14.2 advises.
    pub revoke_family_on_reuse: bool,
    /// A refresh ends the old access token before its time.
    pub void_access_token: bool,
}

/// The tokens that are handed out now, and until when they work. Unix seconds.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) refresh_expires_at: i64,
}

/// What a refresh token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// It has been replaced; the old access token is to be ended where there is one.
    Rotated {
        login: u64,
        rotation: u32,
        void: Option<String>,
    },
    /// It was replaced before. The access token is to be ended where the policy says so.
    Reused { login: u64, void: Option<String> },
    /// Unknown, expired, another app's, or of a login that has ended.
    Unknown,
}

#[derive(Default)]
pub(super) struct Families {
    count: u64,
    logins: HashMap<u64, Login>,
    /// Every refresh token ever given, to its login.
    refresh_tokens: HashMap<String, u64>,
}

struct Login {
    client_id: String,
    /// Refreshes so far.
    rotation: u32,
    /// `None` before the first tokens are handed out, and after the login was ended.
    current: Option<Issued>,
}

impl Families {
    pub(super) fn begin(&mut self, client_id: &str) -> u64 {
        self.count += 1;
        let login = Login {
            client_id: client_id.to_owned(),
            rotation: 0,
            current: None,
        };
        self.logins.insert(self.count, login);
        self.count
    }

    /// Ends a login; its refresh token is dead from now on. Returns its access token.
    pub(super) fn end(&mut self, login: u64) -> Option<String> {
        let ended = self.logins.get_mut(&login)?.current.take()?;
        Some(ended.access_token)
    }

    pub(super) fn hand_out(&mut self, login: u64, issued: Issued) {
        if let Some(entry) = self.logins.get_mut(&login) {
            self.refresh_tokens.insert(issued.refresh_token.clone(), login);
            entry.current = Some(issued);
        }
    }

    pub(super) fn rotate(
        &mut self,
        client_id: &str,
        old: &str,
        next: Issued,
        policy: RefreshPolicy,
        now: i64,
    ) -> Refreshed {
        let Some(&login) = self.refresh_tokens.get(old) else {
            return Refreshed::Unknown;
        };
        let Some(entry) = self.logins.get_mut(&login).filter(|entry| entry.client_id == client_id) else {
            return Refreshed::Unknown;
        };
        let Some(current) = &entry.current else {
            return Refreshed::Unknown;
        };
        if current.refresh_token != old {
            let void = policy.revoke_family_on_reuse.then(|| self.end(login)).flatten();
            return Refreshed::Reused { login, void };
        }
        if current.refresh_expires_at <= now {
            return Refreshed::Unknown;
        }
        let void = policy.void_access_token.then(|| current.access_token.clone());
        entry.rotation += 1;
        let rotation = entry.rotation;
        self.hand_out(login, next);
        Refreshed::Rotated { login, rotation, void }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(number: u32) -> Issued {
        Issued {
            access_token: format!("a{number}"),
            refresh_token: format!("r{number}"),
            refresh_expires_at: 100,
        }
    }

    fn login() -> Families {
        let mut families = Families::default();
        let login = families.begin("app");
        families.hand_out(login, issued(0));
        families
    }

    #[test]
    fn old_refresh_token_is_dead_and_the_new_one_lives() {
        let mut families = login();
        let lenient = RefreshPolicy::default();

        let first = families.rotate("app", "r0", issued(1), lenient, 1);
        let again = families.rotate("app", "r0", issued(2), lenient, 2);
        let second = families.rotate("app", "r1", issued(3), lenient, 3);

        assert_eq!(
            first,
            Refreshed::Rotated {
                login: 1,
                rotation: 1,
                void: None
            }
        );
        assert_eq!(again, Refreshed::Reused { login: 1, void: None });
        assert_eq!(
            second,
            Refreshed::Rotated {
                login: 1,
                rotation: 2,
                void: None
            }
        );
    }

    #[test]
    fn reuse_ends_the_family_where_the_policy_says_so() {
        let mut families = login();
        let strict = RefreshPolicy {
            revoke_family_on_reuse: true,
            void_access_token: true,
        };

        let first = families.rotate("app", "r0", issued(1), strict, 1);
        let reuse = families.rotate("app", "r0", issued(2), strict, 2);
        let honest = families.rotate("app", "r1", issued(3), strict, 3);

        assert_eq!(
            first,
            Refreshed::Rotated {
                login: 1,
                rotation: 1,
                void: Some("a0".to_owned())
            }
        );
        assert_eq!(
            reuse,
            Refreshed::Reused {
                login: 1,
                void: Some("a1".to_owned())
            }
        );
        assert_eq!(honest, Refreshed::Unknown);
    }

    #[test]
    fn refresh_token_is_bound_to_its_app_and_ends() {
        let mut families = login();
        let policy = RefreshPolicy::default();

        assert_eq!(families.rotate("other", "r0", issued(1), policy, 1), Refreshed::Unknown);
        assert_eq!(families.rotate("app", "r0", issued(1), policy, 100), Refreshed::Unknown);
        assert_eq!(families.rotate("app", "r9", issued(1), policy, 1), Refreshed::Unknown);
    }
}
