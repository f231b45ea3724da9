//! `[apps.NAME]`: our apps at Coze, each with its credentials and the addresses of its region.

use super::base_url;
use super::dialect::Dialect;
use super::mistake::MistakeKind;
use super::notice::NoticeKind;
use super::place::Place;
use super::secret_source::{self, SecretKeys, SecretText};
use super::section::{Checker, Section};
use super::settings::SettingValue;
use super::tree::{Node, Shape, Value};
use coze_auth::{Endpoints, Region, SigningKey, UnixSeconds};
use std::collections::BTreeMap;
use url::Url;

/// How long an access token lives when nothing is said (protocol 2.2).
const DEFAULT_DURATION_SECONDS: u32 = 900;
/// The platform refuses a day or more (protocol 2.2).
const LONGEST_DURATION_SECONDS: u32 = 86_399;

/// An app at Coze.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Its name in our configuration.
    pub name: String,
    /// How it proves itself.
    pub credentials: Credentials,
    /// The addresses of its region.
    pub endpoints: Endpoints,
    /// How long the access tokens live that we ask for.
    pub duration_seconds: u32,
}

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
    },
    /// A person's fixed token. Everybody shares that person's identity.
    PersonalAccessToken {
        /// The token.
        token: SecretText,
        /// When the console says that it ends.
        expires_at: Option<UnixSeconds>,
    },
}

/// Keys that belong to one kind only.
const JWT_KEYS: [&str; 7] = [
    "client_id",
    "public_key_id",
    "duration_seconds",
    SecretKeys::PRIVATE_KEY.inline,
    SecretKeys::PRIVATE_KEY.file,
    SecretKeys::PRIVATE_KEY.variable,
    SecretKeys::PRIVATE_KEY.command,
];
const TOKEN_KEYS: [&str; 5] = [
    "expires_at",
    SecretKeys::TOKEN.inline,
    SecretKeys::TOKEN.file,
    SecretKeys::TOKEN.variable,
    SecretKeys::TOKEN.command,
];

/// Reads every app of `[apps]`.
pub(super) fn read(mut section: Section<'_, '_>) -> BTreeMap<String, AppConfig> {
    let mut apps = BTreeMap::new();
    for (name, node) in section.take_entries() {
        let path = section.path_of(&name);
        let table = match node.value {
            Value::Table(table) => table,
            other => {
                let kind = MistakeKind::WrongShape {
                    expected: Shape::Table,
                    found: other.shape(),
                };
                section.mistake(&name, &node.place, kind);
                continue;
            }
        };
        if !is_app_name(&name) {
            section.mistake(
                &name,
                &node.key_place,
                MistakeKind::InvalidAppName { name: name.clone() },
            );
        }
        if let Some(app) = read_app(Section::new(section.checker, path, table), &name) {
            apps.insert(name, app);
        }
    }
    apps
}

/// The name appears in variables and addresses, so it keeps to what both can carry.
fn is_app_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

fn read_app(mut section: Section<'_, '_>, name: &str) -> Option<AppConfig> {
    let kind = read_kind(&mut section)?;
    let endpoints = read_endpoints(&mut section);
    let (credentials, duration_seconds) = match kind {
        Kind::Jwt => {
            section.refuse_keys_of("pat", &TOKEN_KEYS);
            let duration_seconds = section.number_or(
                "duration_seconds",
                DEFAULT_DURATION_SECONDS,
                1..=LONGEST_DURATION_SECONDS,
            );
            (read_jwt(&mut section), duration_seconds)
        }
        Kind::PersonalAccessToken => {
            section.refuse_keys_of("jwt", &JWT_KEYS);
            (read_personal_access_token(&mut section), DEFAULT_DURATION_SECONDS)
        }
    };
    section.finish();
    Some(AppConfig {
        name: name.to_owned(),
        credentials: credentials?,
        endpoints: endpoints?,
        duration_seconds,
    })
}

enum Kind {
    Jwt,
    PersonalAccessToken,
}

/// The kinds of this version; the others need a person who logs in.
const KINDS: [&str; 2] = ["jwt", "pat"];
const LOGIN_KINDS: [&str; 3] = ["web", "pkce", "device"];

fn read_kind(section: &mut Section<'_, '_>) -> Option<Kind> {
    let guess = if TOKEN_KEYS.iter().any(|key| section.has(key)) {
        "pat"
    } else {
        "jwt"
    };
    if !section.has("kind") {
        section.take("kind");
        let (place, path) = (section.place().clone(), section.path_of("kind"));
        let meant = Some(guess.to_owned());
        section
            .checker
            .mistake_suggesting(&place, &path, MistakeKind::MissingKey, meant);
        return None;
    }
    let kind = section.checked("kind", |text| match text {
        "jwt" | "pat" => Ok(text.to_owned()),
        login if LOGIN_KINDS.contains(&login) => Err(MistakeKind::LoginKind { kind: login.to_owned() }.into()),
        other => Err(MistakeKind::NotOneOf {
            value: other.to_owned(),
            allowed: &KINDS,
        }
        .into()),
    })?;
    Some(if kind == "pat" {
        Kind::PersonalAccessToken
    } else {
        Kind::Jwt
    })
}

/// The addresses: by region, or by the API's base with the other two derived (protocol 1.2).
fn read_endpoints(section: &mut Section<'_, '_>) -> Option<Endpoints> {
    if section.has("region") && section.has("api_base") {
        section.take("region");
        let place = section.take("api_base").map(|node| node.key_place)?;
        section.mistake("api_base", &place, MistakeKind::RegionAndBase);
        return None;
    }
    let www_base = read_base(section, "www_base", &["https", "http"]);
    let ws_base = read_base(section, "ws_base", &["wss", "ws"]);
    let is_said = section.has("api_base") || section.has("region");
    let api_base = read_base(section, "api_base", &["https", "http"]);
    let region = section.checked("region", |text| match text {
        "cn" | "com" => Ok(text.to_owned()),
        other => Err(MistakeKind::NotOneOf {
            value: other.to_owned(),
            allowed: &["cn", "com"],
        }
        .into()),
    });
    let derived = match (&api_base, region.as_deref()) {
        (Some((api_base, _)), _) => Endpoints::from_api_base(api_base),
        (None, Some("cn")) => Region::China.endpoints(),
        (None, Some(_)) => Region::International.endpoints(),
        (None, None) => {
            // A wrong one has been named already.
            if !is_said {
                region_unknown(section, www_base.as_ref().map(|(url, _)| url));
            }
            return None;
        }
    };
    for (key, base) in [("www_base", &www_base), ("ws_base", &ws_base)] {
        if let Some((url, place)) = base {
            refuse_mixed_regions(section, key, place, &derived, url);
        }
    }
    let derived_from = api_base.as_ref().map_or(Place::Default, |(_, place)| place.clone());
    let mut choose = |key: &str, written: Option<(Url, Place)>, derived: Url| {
        let (url, place) = written.unwrap_or((derived, derived_from.clone()));
        section.setting(key, &place, SettingValue::Text(url.to_string()));
        url
    };
    Some(Endpoints {
        api_base: choose("api_base", api_base, derived.api_base),
        www_base: choose("www_base", www_base, derived.www_base),
        ws_base: choose("ws_base", ws_base, derived.ws_base),
    })
}

fn read_base(section: &mut Section<'_, '_>, key: &'static str, schemes: &[&str]) -> Option<(Url, Place)> {
    let (text, place) = section.text(key)?;
    match base_url::parse(&text, key, schemes) {
        Ok(url) => {
            if let Some(host) = base_url::plain_host(&url) {
                let path = section.path_of(key);
                section.checker.notice(&place, &path, NoticeKind::PlainHttp { host });
            }
            Some((url, place))
        }
        Err(wrong) => {
            let path = section.path_of(key);
            section
                .checker
                .mistake_suggesting(&place, &path, wrong.kind, wrong.suggestion);
            None
        }
    }
}

/// Nothing says which platform is meant. The console's address, when it is there, tells what to write.
fn region_unknown(section: &mut Section<'_, '_>, www_base: Option<&Url>) {
    let place = section.place().clone();
    let twin = www_base.and_then(Url::host_str).and_then(|host| match host {
        "www.coze.cn" => Some("https://api.coze.cn".to_owned()),
        "www.coze.com" => Some("https://api.coze.com".to_owned()),
        _ => None,
    });
    let key = if section.checker.dialect == Dialect::Toml {
        "region"
    } else {
        "api_base"
    };
    let path = section.path_of(key);
    section
        .checker
        .mistake_suggesting(&place, &path, MistakeKind::RegionUnknown, twin);
}

/// Accounts, apps and tokens of the two regions are strangers to each other (protocol 1.1).
fn refuse_mixed_regions(section: &mut Section<'_, '_>, key: &str, place: &Place, api: &Endpoints, other: &Url) {
    let region = base_url::official_region(&api.api_base);
    let other_region = base_url::official_region(other);
    if region.is_some() && other_region.is_some() && region != other_region {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        let kind = MistakeKind::RegionsMixed {
            api_host: host(&api.api_base),
            other_host: host(other),
        };
        section.mistake(key, place, kind);
    }
}

fn read_jwt(section: &mut Section<'_, '_>) -> Option<Credentials> {
    let client_id = section.required("client_id", |text| Ok(text.to_owned()));
    let public_key_id = section.required("public_key_id", |text| {
        // COZE_PUBLIC_KEY invites to paste the key itself.
        if text.contains("BEGIN ") {
            Err(MistakeKind::KeyInsteadOfId.into())
        } else {
            Ok(text.to_owned())
        }
    });
    let (private_key, place) = secret_source::read(section, SecretKeys::PRIVATE_KEY)?;
    let path = section.path_of("private_key");
    let signing_key = parse_private_key(section.checker, &path, &private_key, &place);
    Some(Credentials::Jwt {
        client_id: client_id?,
        public_key_id: public_key_id?,
        signing_key: signing_key?,
    })
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

fn read_personal_access_token(section: &mut Section<'_, '_>) -> Option<Credentials> {
    let expires_at = section
        .take("expires_at")
        .and_then(|node| read_moment(section, "expires_at", node));
    let (token, place) = secret_source::read(section, SecretKeys::TOKEN)?;
    let token = token.expose().trim();
    // It becomes a header: RFC 6750 2.1 (b64token).
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        section.mistake("token", &place, MistakeKind::TokenMalformed);
        return None;
    }
    Some(Credentials::PersonalAccessToken {
        token: SecretText::new(token),
        expires_at,
    })
}

/// A point in time: TOML's date or date-time, RFC 3339 text, or Unix seconds. A bare date is its first second in UTC.
fn read_moment(section: &mut Section<'_, '_>, key: &'static str, node: Node) -> Option<UnixSeconds> {
    let text = match node.value {
        Value::Number(seconds) => {
            section.setting(key, &node.place, SettingValue::Text(seconds.to_string()));
            return Some(UnixSeconds(seconds));
        }
        Value::Text(text) | Value::Moment(text) => text.trim().to_owned(),
        other => {
            let kind = MistakeKind::WrongShape {
                expected: Shape::Moment,
                found: other.shape(),
            };
            section.mistake(key, &node.place, kind);
            return None;
        }
    };
    let midnight = format!("{text}T00:00:00Z");
    let moment = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| midnight.parse::<jiff::Timestamp>())
        .ok();
    let seconds = moment.map(jiff::Timestamp::as_second).or_else(|| text.parse().ok());
    if seconds.is_none() {
        section.mistake(key, &node.place, MistakeKind::InvalidMoment { value: text.clone() });
    }
    section.setting(key, &node.place, SettingValue::Text(text));
    seconds.map(UnixSeconds)
}
