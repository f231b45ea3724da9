//! How an app proves itself: a private key, a client secret, a person's login, or a fixed token.

use super::super::app_kind::AppKind;
use super::super::mistake::MistakeKind;
use super::super::notice::NoticeKind;
use super::super::place::Place;
use super::super::secret_source::{self, SecretKeys, SecretText};
use super::super::section::{Checker, Section, Wrong};
use super::{moment, redirect_uri};
use coze_auth::{ChallengeMethod, Scope, SigningKey, UnixSeconds};
use url::Url;

/// The words for how a verifier is hidden, the better one first.
const CHALLENGE_METHODS: [&str; 2] = ["S256", "plain"];

/// How an app proves itself.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A service app that signs assertions (RFC 7523; protocol 2).
    Jwt {
        /// The OAuth app's id: the issuer of the assertions.
        client_id: String,
        /// The fingerprint under which the platform knows the public key.
        public_key_id: String,
        /// The private key, read and found usable.
        signing_key: SigningKey,
        /// What every token is asked for with.
        options: JwtOptions,
    },
    /// A web app: a person logs in, the app shows its secret (RFC 6749 4.1; protocol 3.1, 3.2).
    Web {
        /// The OAuth app's id.
        client_id: String,
        /// Its secret.
        client_secret: SecretText,
        /// Where the person comes back to.
        redirect_uri: Url,
        /// The workspace whose members log in to collaborate there.
        workspace_id: Option<String>,
    },
    /// An app without a secret: a person logs in, the login proves itself (RFC 7636; protocol 3.3).
    Pkce {
        /// The OAuth app's id.
        client_id: String,
        /// Where the person comes back to.
        redirect_uri: Url,
        /// The workspace whose members log in to collaborate there.
        workspace_id: Option<String>,
        /// How the verifier is hidden (RFC 7636 4.2).
        challenge_method: ChallengeMethod,
    },
    /// An app without a browser: a person logs in on another device (RFC 8628; protocol 3.4).
    Device {
        /// The OAuth app's id.
        client_id: String,
        /// The workspace whose members log in to collaborate there.
        workspace_id: Option<String>,
    },
    /// A person's fixed token (`pat_`). Everybody shares that person's identity.
    PersonalAccessToken {
        /// The token.
        token: SecretText,
        /// When the console says that it ends.
        expires_at: Option<UnixSeconds>,
    },
    /// A service's fixed token (`sat_`). Everybody shares that service's identity.
    ServiceAccessToken {
        /// The token.
        token: SecretText,
        /// When the console says that it ends; some never do.
        expires_at: Option<UnixSeconds>,
    },
}

impl Credentials {
    /// Returns the kind of app.
    pub const fn kind(&self) -> AppKind {
        match self {
            Self::Jwt { .. } => AppKind::Jwt,
            Self::Web { .. } => AppKind::Web,
            Self::Pkce { .. } => AppKind::Pkce,
            Self::Device { .. } => AppKind::Device,
            Self::PersonalAccessToken { .. } => AppKind::PersonalAccessToken,
            Self::ServiceAccessToken { .. } => AppKind::ServiceAccessToken,
        }
    }

    /// Returns the OAuth app's id; a fixed token has none.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Jwt { client_id, .. }
            | Self::Web { client_id, .. }
            | Self::Pkce { client_id, .. }
            | Self::Device { client_id, .. } => Some(client_id),
            Self::PersonalAccessToken { .. } | Self::ServiceAccessToken { .. } => None,
        }
    }
}

/// What a service app asks for with every token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtOptions {
    /// For whose resources.
    pub account: JwtAccount,
    /// What the tokens may do; everything that the app may when absent (protocol 2.2).
    pub scope: Option<Scope>,
    /// Whether visitors' tokens are asked for with a scope of their own: to chat with the bots of their site. Documented as
    /// effective for channel apps only; what it does to others is uncertain (protocol 2.2, 13.4).
    pub narrows_visitors: bool,
    /// The device that the enterprise edition counts by; a claim of the assertion (protocol 2.1).
    pub device_info: Option<DeviceInfo>,
}

/// Whose resources the tokens of a service app reach (protocol 2.2, endpoint variants).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JwtAccount {
    /// Those of the app's own account.
    #[default]
    Own,
    /// Those of another account that has let the app in: a person's UID, or an organisation's id.
    Account(String),
    /// Those of an enterprise.
    Enterprise(String),
}

/// `session_context.device_info` (protocol 2.1). At least one of the two is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The device.
    pub device_id: Option<String>,
    /// Whom it is billed to.
    pub custom_consumer: Option<String>,
}

/// Reads the credentials of an app of this kind.
pub(super) fn read(section: &mut Section<'_, '_>, kind: AppKind) -> Option<Credentials> {
    match kind {
        AppKind::Jwt => read_jwt(section),
        AppKind::Web => read_web(section),
        AppKind::Pkce => {
            let (client_id, redirect_uri) = (read_client_id(section), redirect_uri::read(section));
            let workspace_id = section.checked("workspace_id", id);
            let challenge_method = read_challenge_method(section);
            Some(Credentials::Pkce {
                client_id: client_id?,
                redirect_uri: redirect_uri?,
                workspace_id,
                challenge_method,
            })
        }
        AppKind::Device => {
            let (client_id, workspace_id) = (read_client_id(section), section.checked("workspace_id", id));
            client_id.map(|client_id| Credentials::Device {
                client_id,
                workspace_id,
            })
        }
        AppKind::PersonalAccessToken => {
            read_fixed_token(section).map(|(token, expires_at)| Credentials::PersonalAccessToken { token, expires_at })
        }
        AppKind::ServiceAccessToken => {
            read_fixed_token(section).map(|(token, expires_at)| Credentials::ServiceAccessToken { token, expires_at })
        }
    }
}

fn read_client_id(section: &mut Section<'_, '_>) -> Option<String> {
    section.required("client_id", |text| Ok(text.to_owned()))
}

fn read_jwt(section: &mut Section<'_, '_>) -> Option<Credentials> {
    let client_id = read_client_id(section);
    let public_key_id = section.required("public_key_id", |text| {
        // COZE_PUBLIC_KEY invites to paste the key itself.
        if text.contains("BEGIN ") {
            Err(MistakeKind::KeyInsteadOfId.into())
        } else {
            Ok(text.to_owned())
        }
    });
    let options = read_jwt_options(section);
    let (private_key, place) = secret_source::read(section, SecretKeys::PRIVATE_KEY)?;
    let path = section.path_of("private_key");
    let signing_key = parse_private_key(section.checker, &path, &private_key, &place);
    Some(Credentials::Jwt {
        client_id: client_id?,
        public_key_id: public_key_id?,
        signing_key: signing_key?,
        options: options?,
    })
}

fn read_jwt_options(section: &mut Section<'_, '_>) -> Option<JwtOptions> {
    let account = read_account(section);
    let scope = section.section_if_there("scope").and_then(|mut scope| {
        let permissions = scope.list("permissions", |text| Ok(text.to_owned()));
        let bots = scope.list("bots", |text| Ok(text.to_owned()));
        scope.finish();
        Scope::new(permissions, bots)
    });
    let is_channel = section.switch("channel", false);
    let visitor_scope = section.checked_or("visitor_scope", "all".to_owned(), |text| match text {
        "all" | "chat" => Ok(text.to_owned()),
        other => Err(MistakeKind::NotOneOf {
            value: other.to_owned(),
            allowed: &["all", "chat"],
        }
        .into()),
    });
    let device_info = section.section_if_there("session_context").and_then(|mut context| {
        let device_id = context.checked("device_id", |text| Ok(text.to_owned()));
        let custom_consumer = context.checked("custom_consumer", |text| Ok(text.to_owned()));
        context.finish();
        (device_id.is_some() || custom_consumer.is_some()).then_some(DeviceInfo {
            device_id,
            custom_consumer,
        })
    });
    Some(JwtOptions {
        account: account?,
        scope,
        narrows_visitors: is_channel || visitor_scope == "chat",
        device_info,
    })
}

/// The id becomes a segment of an endpoint's path, so it is held to what ids look like (`volcano_210`).
fn id(text: &str) -> Result<String, Wrong> {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    {
        Ok(text.to_owned())
    } else {
        Err(MistakeKind::InvalidId { value: text.to_owned() }.into())
    }
}

/// S256, unless somebody insists on `plain` (RFC 7636 4.2).
fn read_challenge_method(section: &mut Section<'_, '_>) -> ChallengeMethod {
    const KEY: &str = "challenge_method";
    let word = section.checked_or(KEY, ChallengeMethod::S256.as_str().to_owned(), |text| {
        if CHALLENGE_METHODS.contains(&text) {
            return Ok(text.to_owned());
        }
        let kind = MistakeKind::NotOneOf {
            value: text.to_owned(),
            allowed: &CHALLENGE_METHODS,
        };
        Err(kind.into())
    });
    if word == ChallengeMethod::Plain.as_str() {
        ChallengeMethod::Plain
    } else {
        ChallengeMethod::S256
    }
}

fn read_account(section: &mut Section<'_, '_>) -> Option<JwtAccount> {
    if section.has("account_id") && section.has("enterprise_id") {
        section.take("account_id");
        let place = section.take("enterprise_id").map(|node| node.key_place)?;
        section.mistake("enterprise_id", &place, MistakeKind::AccountAndEnterprise);
        return None;
    }
    let written = section.has("account_id") || section.has("enterprise_id");
    let account = section.checked("account_id", id).map(JwtAccount::Account);
    let enterprise = section.checked("enterprise_id", id).map(JwtAccount::Enterprise);
    // A wrong one has been named already.
    account.or(enterprise).or((!written).then_some(JwtAccount::Own))
}

/// Reads the key now, so that a wrong one is found at the start and not with the first visitor.
fn parse_private_key(checker: &mut Checker<'_>, path: &str, text: &SecretText, place: &Place) -> Option<SigningKey> {
    match SigningKey::parse(text.expose()) {
        Ok((signing_key, repairs)) => {
            for repair in repairs {
                checker.notice(place, path, NoticeKind::KeyRepaired { repair });
            }
            Some(signing_key)
        }
        Err(source) => {
            checker.mistake(place, path, MistakeKind::PrivateKeyUnusable { source });
            None
        }
    }
}

fn read_web(section: &mut Section<'_, '_>) -> Option<Credentials> {
    let client_id = read_client_id(section);
    let redirect_uri = redirect_uri::read(section);
    let workspace_id = section.checked("workspace_id", id);
    let client_secret = read_bearer(section, SecretKeys::CLIENT_SECRET);
    Some(Credentials::Web {
        client_id: client_id?,
        client_secret: client_secret?,
        redirect_uri: redirect_uri?,
        workspace_id,
    })
}

fn read_fixed_token(section: &mut Section<'_, '_>) -> Option<(SecretText, Option<UnixSeconds>)> {
    let expires_at = section
        .take("expires_at")
        .and_then(|node| moment::read(section, "expires_at", node));
    Some((read_bearer(section, SecretKeys::TOKEN)?, expires_at))
}

/// Reads a secret that is sent as `Authorization: Bearer`, so that it holds what a header can (RFC 6750 2.1). The
/// platform wants a web app's secret there as well (protocol 3.2).
fn read_bearer(section: &mut Section<'_, '_>, keys: SecretKeys) -> Option<SecretText> {
    let (secret, place) = secret_source::read(section, keys)?;
    let secret = secret.expose().trim();
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        section.mistake(keys.inline, &place, MistakeKind::TokenMalformed);
        return None;
    }
    Some(SecretText::new(secret))
}
