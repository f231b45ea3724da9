//! [`App`]: an OAuth app of the platform and its proof of identity.
//!
//! A closed set, one variant per `client_type` of the console (protocol 1.3) and one for fixed tokens: a new way in is
//! a new variant, and the compiler lists the places to visit.

use crate::clock::UnixSeconds;
use crate::pkce::ChallengeMethod;
use crate::private_key::SigningKey;
use crate::region::Endpoints;
use crate::scope::Scope;
use crate::secret::{AccessToken, ClientSecret};
use crate::subject::{SessionContext, Subject};

/// An identity at Coze.
#[derive(Clone, Debug)]
pub enum App {
    /// A service app that signs its requests (protocol 2). The only kind that keeps users apart by a name that the
    /// caller chooses.
    Jwt(JwtApp),
    /// A web app: people log in with a browser, and the app proves itself with a secret (protocol 3.1, 3.2).
    Web(WebApp),
    /// A public app: people log in with a browser, and each login proves itself (protocol 3.3).
    Pkce(PkceApp),
    /// An app on a device without a browser: people log in elsewhere with a short code (protocol 3.4).
    Device(DeviceApp),
    /// A token that a person made in the console (protocol 2.4): the same for everybody, never renewed.
    PersonalAccessToken {
        /// The token.
        token: AccessToken,
        /// Where it is valid.
        endpoints: Endpoints,
        /// When it ends, as its owner noted it: the platform does not tell.
        expires_at: Option<UnixSeconds>,
    },
}

impl App {
    /// Returns the addresses of the app's platform.
    pub fn endpoints(&self) -> &Endpoints {
        match self {
            Self::Jwt(app) => &app.endpoints,
            Self::Web(app) => &app.endpoints,
            Self::Pkce(app) => &app.endpoints,
            Self::Device(app) => &app.endpoints,
            Self::PersonalAccessToken { endpoints, .. } => endpoints,
        }
    }

    /// Says whether tokens of different subjects see different conversations (protocol 5). Logins do, because each is
    /// another person to the platform.
    pub fn isolates_users(&self) -> bool {
        match self {
            Self::Jwt(_) | Self::Web(_) | Self::Pkce(_) | Self::Device(_) => true,
            Self::PersonalAccessToken { .. } => false,
        }
    }
}

/// A service app with a key pair whose public half the console holds.
#[derive(Clone, Debug)]
pub struct JwtApp {
    /// The numeric id of the OAuth app: the assertion's `iss`.
    pub client_id: String,
    /// The fingerprint of the public key as the console shows it: the assertion's `kid`.
    pub public_key_id: String,
    /// The private half.
    pub signing_key: SigningKey,
    /// The platform where the app is registered.
    pub endpoints: Endpoints,
    /// How long a token lives when the subject does not say, in seconds. The platform takes 1 to 86399; values outside
    /// are brought inside.
    pub duration_seconds: u32,
    /// What its tokens may do when the subject does not say; `None`: all that the app may.
    pub scope: Option<Scope>,
    /// The device that its assertions name when the subject does not.
    pub session_context: Option<SessionContext>,
    /// For whom it acts.
    pub tenant: Tenant,
}

impl JwtApp {
    /// Makes an app with the defaults of the platform: tokens of 15 minutes for the developer's own account, with all
    /// permissions of the app.
    ///
    /// `public_key_id` is the fingerprint of the public key as the console shows it.
    pub fn new(
        client_id: impl Into<String>,
        public_key_id: impl Into<String>,
        signing_key: SigningKey,
        endpoints: Endpoints,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            public_key_id: public_key_id.into(),
            signing_key,
            endpoints,
            duration_seconds: Self::DEFAULT_DURATION_SECONDS,
            scope: None,
            session_context: None,
            tenant: Tenant::Own,
        }
    }

    /// The platform's default lifetime of a token (protocol 2.2), in seconds.
    pub const DEFAULT_DURATION_SECONDS: u32 = 900;

    /// The longest lifetime that the platform allows (protocol 2.2), in seconds.
    pub const LONGEST_DURATION_SECONDS: u32 = 86_399;

    /// Returns the subject with the app's own reach and device where it names none. Tokens are kept under this one, so
    /// that a token of a wider reach is not served after the app's was narrowed.
    pub(crate) fn complete(&self, subject: &Subject) -> Subject {
        let mut complete = subject.clone();
        complete.scope = complete.scope.or_else(|| self.scope.clone());
        complete.session_context = complete.session_context.or_else(|| self.session_context.clone());
        complete
    }
}

/// For whom a service app acts: which variant of the token endpoint it asks (protocol 2.2).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Tenant {
    /// The developer's own account.
    #[default]
    Own,
    /// Another account, by the id of the workspace's owner or of the organisation.
    Account(String),
    /// An enterprise, for apps with enterprise privileges (`volcano_210...`).
    Enterprise(String),
}

impl Tenant {
    /// Returns what stands between `oauth2` and `token` in the endpoint's path.
    pub(crate) fn segments(&self) -> Vec<&str> {
        match self {
            Self::Own => Vec::new(),
            Self::Account(id) => vec!["account", id],
            Self::Enterprise(id) => vec!["enterprise_id", id],
        }
    }

    /// Returns the segments as one text, as in [`TokenKey::tenant`](crate::TokenKey::tenant).
    pub(crate) fn path(&self) -> Option<String> {
        let segments = self.segments();
        (!segments.is_empty()).then(|| segments.join("/"))
    }
}

/// A confidential app with a secret (`client_type` web).
#[derive(Clone, Debug)]
pub struct WebApp {
    /// `<32 digits>.app.coze`
    pub client_id: String,
    /// The secret that the console shows once.
    pub client_secret: ClientSecret,
    /// The platform where the app is registered.
    pub endpoints: Endpoints,
    /// The workspace whose members log in to collaborate there; `None` for everybody.
    pub workspace_id: Option<String>,
}

impl WebApp {
    /// Makes an app that is open to all users of the platform.
    pub fn new(client_id: impl Into<String>, client_secret: ClientSecret, endpoints: Endpoints) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            endpoints,
            workspace_id: None,
        }
    }
}

/// A public app without a secret (`client_type` pkce).
#[derive(Clone, Debug)]
pub struct PkceApp {
    /// `<32 digits>.app.coze`
    pub client_id: String,
    /// The platform where the app is registered.
    pub endpoints: Endpoints,
    /// The workspace whose members log in to collaborate there; `None` for everybody.
    pub workspace_id: Option<String>,
    /// How the challenge is derived from the verifier. Only a platform without S256 needs another.
    pub challenge_method: ChallengeMethod,
}

impl PkceApp {
    /// Makes an app that is open to all users of the platform, with S256 challenges.
    pub fn new(client_id: impl Into<String>, endpoints: Endpoints) -> Self {
        Self {
            client_id: client_id.into(),
            endpoints,
            workspace_id: None,
            challenge_method: ChallengeMethod::S256,
        }
    }
}

/// A public app on a device without a browser (`client_type` device).
#[derive(Clone, Debug)]
pub struct DeviceApp {
    /// `<32 digits>.app.coze`
    pub client_id: String,
    /// The platform where the app is registered.
    pub endpoints: Endpoints,
    /// The workspace whose members log in to collaborate there; `None` for everybody.
    pub workspace_id: Option<String>,
}

impl DeviceApp {
    /// Makes an app that is open to all users of the platform.
    pub fn new(client_id: impl Into<String>, endpoints: Endpoints) -> Self {
        Self {
            client_id: client_id.into(),
            endpoints,
            workspace_id: None,
        }
    }
}

/// What all apps with logins have in common.
#[derive(Clone, Debug)]
pub(crate) struct LoginClient {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) endpoints: Endpoints,
    pub(crate) workspace_id: Option<String>,
}

impl LoginClient {
    /// Returns what stands after `oauth2` in the paths of a workspace's logins (protocol 3.1, 3.4).
    pub(crate) fn segments(&self) -> Vec<&str> {
        match &self.workspace_id {
            None => Vec::new(),
            Some(id) => vec!["workspace_id", id],
        }
    }

    /// Returns what stands behind `Authorization: Bearer` (protocol 3.2).
    pub(crate) fn proof(&self) -> Option<&str> {
        self.client_secret.as_ref().map(ClientSecret::expose)
    }

    /// Returns the segments as one text, as in [`TokenKey::tenant`](crate::TokenKey::tenant).
    pub(crate) fn tenant(&self) -> Option<String> {
        self.workspace_id.as_ref().map(|id| format!("workspace_id/{id}"))
    }
}

impl From<&WebApp> for LoginClient {
    fn from(app: &WebApp) -> Self {
        Self {
            client_id: app.client_id.clone(),
            client_secret: Some(app.client_secret.clone()),
            endpoints: app.endpoints.clone(),
            workspace_id: app.workspace_id.clone(),
        }
    }
}

impl From<&PkceApp> for LoginClient {
    fn from(app: &PkceApp) -> Self {
        Self {
            client_id: app.client_id.clone(),
            client_secret: None,
            endpoints: app.endpoints.clone(),
            workspace_id: app.workspace_id.clone(),
        }
    }
}

impl From<&DeviceApp> for LoginClient {
    fn from(app: &DeviceApp) -> Self {
        Self {
            client_id: app.client_id.clone(),
            client_secret: None,
            endpoints: app.endpoints.clone(),
            workspace_id: app.workspace_id.clone(),
        }
    }
}
