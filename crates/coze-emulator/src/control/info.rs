//! What a client needs to know of a running emulator; the JSON of `GET /_emulator/info`.

use crate::accounts::{DemoApp, USER_ID, WORKSPACE_ID};
use crate::apps::{AppKind, ClientSecret, OAuthApp};
use crate::bots::BOTS;
use crate::config::Isolation;
use crate::platform::{Platform, SecretFiles};
use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// What a client needs to know of a running emulator; the JSON of `GET /_emulator/info`.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Base of the REST API, without a trailing slash.
    pub api_base: String,
    /// Base of the console's pages; the same server.
    pub www_base: String,
    /// Base of WebSocket connections; the same server.
    pub ws_base: String,
    /// Apps that may ask for tokens.
    pub apps: Vec<AppInfo>,
    /// The workspace's bots, published or not.
    pub bots: Vec<BotInfo>,
    /// The account's only workspace.
    pub workspace_id: String,
    /// The account's user.
    pub user_id: String,
    /// Who may use a conversation whose id is known.
    pub isolation: Isolation,
    /// Whether the `scope` of a token request narrows the token.
    pub enforces_scope: bool,
    /// File with a personal access token, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_access_token_file: Option<PathBuf>,
}

/// One app. Its private key is not here, its client secret is: there is no other way to a program that only knows the
/// address, and it opens nothing but this run of the double.
#[derive(Debug, Clone, Serialize)]
pub struct AppInfo {
    /// Client type.
    pub kind: AppKind,
    /// Name on the consent page.
    pub name: &'static str,
    /// OAuth app id.
    pub client_id: String,
    /// Fingerprint of the registered public key; JWT apps have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_id: Option<String>,
    /// Web apps have one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub client_secret: Option<ClientSecret>,
    /// Where codes may be sent; web and PKCE apps have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Whether its owner switched it off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The permissions that its owner ticked; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// File with the private key, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_file: Option<PathBuf>,
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotInfo {
    /// Bot id.
    pub id: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Whether it may be chatted with.
    pub published: bool,
}

impl Info {
    pub(crate) fn of(platform: &Platform) -> Self {
        let (addr, files) = (platform.addr, platform.secret_files().clone());
        let apps = platform.apps.list().into_iter();
        Self {
            api_base: format!("http://{addr}"),
            www_base: format!("http://{addr}"),
            ws_base: format!("ws://{addr}"),
            apps: apps
                .map(|app| AppInfo::of(app, &platform.accounts.app, &files))
                .collect(),
            bots: BOTS
                .iter()
                .map(|bot| BotInfo {
                    id: bot.id,
                    name: bot.name,
                    published: bot.published,
                })
                .collect(),
            workspace_id: WORKSPACE_ID.to_owned(),
            user_id: USER_ID.to_owned(),
            isolation: platform.config.isolation,
            enforces_scope: platform.config.enforce_scope,
            personal_access_token_file: files.personal_access_token,
        }
    }
}

impl AppInfo {
    fn of(app: OAuthApp, jwt_app: &DemoApp, files: &SecretFiles) -> Self {
        let signs = app.client_id == jwt_app.client_id;
        Self {
            kind: app.kind,
            name: app.name,
            client_id: app.client_id,
            public_key_id: signs.then(|| jwt_app.public_key_id.clone()),
            client_secret: app.client_secret,
            redirect_uris: app.redirect_uris,
            disabled: app.disabled,
            permissions: app.permissions,
            private_key_file: files.private_key.clone().filter(|_| signs),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn exposed<S: Serializer>(secret: &Option<ClientSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ClientSecret::expose).serialize(serializer)
}
