//! [`TokenSource`]: gives out valid tokens of one app.

use super::renewals::{Issuer, Renewals};
use crate::app::{App, LoginClient};
use crate::clock::Clock;
use crate::error::AuthError;
use crate::personal_access_token;
use crate::store::TokenKey;
use crate::subject::Subject;
use crate::token::Token;
use std::sync::Arc;

/// Gives out valid tokens of one app. Clones share everything.
#[derive(Clone, Debug)]
pub struct TokenSource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: App,
    clock: Arc<dyn Clock>,
    way: Way,
}

/// How an app comes by its tokens.
#[derive(Debug)]
pub(super) enum Way {
    Fixed(Token),
    Renewed(Arc<Renewals>),
}

impl TokenSource {
    pub(super) fn new(app: App, clock: Arc<dyn Clock>, way: Way) -> Self {
        Self(Arc::new(Inner { app, clock, way }))
    }

    /// Returns the name under which the store keeps a subject's token; `None` for a fixed token, which no store keeps.
    pub fn token_key(&self, subject: &Subject) -> Option<TokenKey> {
        match &self.0.way {
            Way::Fixed(_) => None,
            Way::Renewed(renewals) => Some(renewals.key(subject)),
        }
    }

    /// Returns who renews logins; `None` for apps without them.
    pub(super) fn logins(&self) -> Option<(Arc<Renewals>, LoginClient)> {
        match &self.0.way {
            Way::Fixed(_) => None,
            Way::Renewed(renewals) => match &renewals.issuer {
                Issuer::Jwt(_) => None,
                Issuer::Login(client) => Some((Arc::clone(renewals), client.clone())),
            },
        }
    }

    /// Returns the app whose tokens these are.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// Returns a token if there is one to be had without waiting; for hot paths.
    ///
    /// Does no I/O and takes no lock. When the token is due for renewal, one caller starts that behind.
    pub fn ready_token(&self, subject: &Subject) -> Option<Token> {
        match &self.0.way {
            Way::Fixed(token) => personal_access_token::check(token, self.0.clock.now()).ok(),
            Way::Renewed(renewals) => renewals.ready_token(subject),
        }
    }

    /// Returns a valid token, after waiting for a renewal if there is none.
    ///
    /// However many ask for the same subject, one request goes to the platform; it finishes and its token is kept even if
    /// all of them leave. After a failure the same error is given for a while without asking the platform again
    /// ([`AuthError::RecentFailure`]).
    pub async fn access_token(&self, subject: &Subject) -> Result<Token, AuthError> {
        match &self.0.way {
            Way::Fixed(token) => personal_access_token::check(token, self.0.clock.now()),
            Way::Renewed(renewals) => match renewals.ready_token(subject) {
                Some(token) => Ok(token),
                None => renewals.renewed_token(subject).await,
            },
        }
    }

    /// Takes note that the platform refused this very token: the next call renews it.
    ///
    /// Without effect when a newer token is there already, for a fixed token, and for a while when tokens are refused
    /// one after the other.
    pub fn refused(&self, subject: &Subject, token: &Token) {
        match &self.0.way {
            Way::Fixed(_) => {}
            Way::Renewed(renewals) => renewals.refuse(subject, token),
        }
    }
}
