//! The OAuth apps that the demo account has registered: one of each client type (protocol 1.3).
//!
//! Kind, name and secret are fixed when the double starts. Redirect URIs and the owner's switch change while it runs,
//! as they do in the console. Private keys are not here: `accounts` holds the JWT app's pair.

use crate::ids::random_text;
use aws_lc_rs::error::Unspecified;
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::{Host, Url};

/// OAuth app ids of JWT apps are numbers, all others `<32 digits>.app.coze` (protocol 1.3).
pub(crate) const JWT_CLIENT_ID: &str = "1150000000001";
const WEB_CLIENT_ID: &str = "11500000000000000000000000000002.app.coze";
const PKCE_CLIENT_ID: &str = "11500000000000000000000000000003.app.coze";
const DEVICE_CLIENT_ID: &str = "11500000000000000000000000000004.app.coze";
/// What cozegate asks its users to register.
const REDIRECT_URI: &str = "http://127.0.0.1:8081/callback";
/// Protocol 3.1.
const MOST_REDIRECT_URIS: usize = 3;

/// Client type of an app; it decides which grants the app may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppKind {
    /// Service app: signs assertions.
    Jwt,
    /// Web back end: authorization code and a client secret.
    Web,
    /// Public client: authorization code and PKCE.
    Pkce,
    /// Public client without a browser: device code.
    Device,
}

/// Secret of a web app. Worth nothing anywhere else, yet no Debug shows it.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Returns the secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// One registered app, as its owner sees it in the console.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    /// Client type.
    pub kind: AppKind,
    /// OAuth app id.
    pub client_id: String,
    /// Name on the consent page and in the error of a disabled app.
    pub name: &'static str,
    /// Secret; web apps have one.
    pub client_secret: Option<ClientSecret>,
    /// Where codes may be sent, compared character by character; web and PKCE apps have them.
    pub redirect_uris: Vec<String>,
    /// Whether its owner switched it off.
    pub disabled: bool,
    /// The permissions that its owner ticked (protocol 2.5); `None` means all.
    pub permissions: Option<Vec<String>>,
}

/// The registered apps. Clones share them.
#[derive(Debug, Clone)]
pub struct Apps {
    list: Arc<Mutex<Vec<OAuthApp>>>,
}

/// Why a change to an app was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAppChange {
    /// No app has this id.
    #[error("no app has the client_id {0:?}")]
    UnknownApp(String),
    /// The client type has no redirect.
    #[error("an app of this kind has no redirect_uris")]
    NoRedirects,
    /// More than the console takes.
    #[error("an app has at most {MOST_REDIRECT_URIS} redirect_uris")]
    TooManyRedirects,
    /// Not an address that the double sends codes to.
    #[error("redirect_uri {0:?} is not an http(s) address on 127.0.0.1, [::1] or localhost without a fragment")]
    RedirectUri(String),
}

impl Apps {
    pub(crate) fn generate(permissions: Option<&[String]>) -> Result<Self, Unspecified> {
        let app = |kind, client_id: &str, name, redirects: bool| OAuthApp {
            kind,
            client_id: client_id.to_owned(),
            name,
            client_secret: None,
            redirect_uris: if redirects {
                vec![REDIRECT_URI.to_owned()]
            } else {
                Vec::new()
            },
            disabled: false,
            permissions: permissions.map(<[String]>::to_vec),
        };
        let web = OAuthApp {
            client_secret: Some(ClientSecret(random_text("")?)),
            ..app(AppKind::Web, WEB_CLIENT_ID, "Demo Web", true)
        };
        let list = vec![
            app(AppKind::Jwt, JWT_CLIENT_ID, "Demo Service", false),
            web,
            app(AppKind::Pkce, PKCE_CLIENT_ID, "Demo PKCE", true),
            app(AppKind::Device, DEVICE_CLIENT_ID, "Demo Device", false),
        ];
        Ok(Self {
            list: Arc::new(Mutex::new(list)),
        })
    }

    /// Returns all apps as they are now.
    pub fn list(&self) -> Vec<OAuthApp> {
        self.apps().clone()
    }

    /// Returns the app `client_id` as it is now.
    pub fn find(&self, client_id: &str) -> Option<OAuthApp> {
        self.apps().iter().find(|app| app.client_id == client_id).cloned()
    }

    /// Replaces the redirect URIs of an app. The double sends codes to this machine only.
    pub fn set_redirect_uris(&self, client_id: &str, redirect_uris: Vec<String>) -> Result<(), InvalidAppChange> {
        if redirect_uris.len() > MOST_REDIRECT_URIS {
            return Err(InvalidAppChange::TooManyRedirects);
        }
        if let Some(uri) = redirect_uris.iter().find(|uri| !is_loopback_address(uri)) {
            return Err(InvalidAppChange::RedirectUri(uri.clone()));
        }
        self.change(client_id, |app| match app.kind {
            AppKind::Web | AppKind::Pkce => {
                app.redirect_uris = redirect_uris;
                Ok(())
            }
            AppKind::Jwt | AppKind::Device => Err(InvalidAppChange::NoRedirects),
        })
    }

    /// Sets the permissions of an app, for its tokens of before too; `None` means all.
    pub fn set_permissions(&self, client_id: &str, permissions: Option<Vec<String>>) -> Result<(), InvalidAppChange> {
        self.change(client_id, |app| {
            app.permissions = permissions;
            Ok(())
        })
    }

    /// Switches an app off or on. While it is off, it gets no token and its tokens are not accepted (protocol 3.5).
    pub fn set_disabled(&self, client_id: &str, disabled: bool) -> Result<(), InvalidAppChange> {
        self.change(client_id, |app| {
            app.disabled = disabled;
            Ok(())
        })
    }

    fn change(
        &self,
        client_id: &str,
        change: impl FnOnce(&mut OAuthApp) -> Result<(), InvalidAppChange>,
    ) -> Result<(), InvalidAppChange> {
        let mut apps = self.apps();
        let app = apps.iter_mut().find(|app| app.client_id == client_id);
        change(app.ok_or_else(|| InvalidAppChange::UnknownApp(client_id.to_owned()))?)
    }

    fn apps(&self) -> MutexGuard<'_, Vec<OAuthApp>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A demo that redirected to any host would be an open redirector on its user's machine (RFC 9700 section 4.11).
fn is_loopback_address(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    loopback && matches!(url.scheme(), "http" | "https") && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_machine() {
        for (uri, accepted) in [
            ("http://127.0.0.1:8081/callback", true),
            ("http://localhost:3000/", true),
            ("https://[::1]/x?y=1", true),
            ("http://127.0.0.1/#x", false),
            ("http://127.0.0.1.evil.example/", false),
            ("http://evil.example/", false),
            ("javascript:alert(1)", false),
            ("/callback", false),
        ] {
            assert_eq!(is_loopback_address(uri), accepted, "{uri}");
        }
    }

    #[test]
    fn change_is_refused_by_name_and_changes_nothing() {
        let apps = Apps::generate(None).unwrap();
        let uris = |count| vec![REDIRECT_URI.to_owned(); count];

        assert_eq!(
            apps.set_redirect_uris(WEB_CLIENT_ID, uris(4)),
            Err(InvalidAppChange::TooManyRedirects)
        );
        assert_eq!(
            apps.set_redirect_uris(DEVICE_CLIENT_ID, uris(1)),
            Err(InvalidAppChange::NoRedirects)
        );
        assert_eq!(
            apps.set_disabled("nobody", true),
            Err(InvalidAppChange::UnknownApp("nobody".to_owned()))
        );
        assert_eq!(apps.find(WEB_CLIENT_ID).unwrap().redirect_uris, uris(1));
    }

    #[test]
    fn debug_shows_no_client_secret() {
        let apps = Apps::generate(None).unwrap();
        let web = apps.find(WEB_CLIENT_ID).unwrap();

        let shown = format!("{apps:?} {web:?}");

        assert!(!shown.contains(web.client_secret.unwrap().expose()));
    }
}
