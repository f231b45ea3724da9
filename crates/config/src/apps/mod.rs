//! `[apps.NAME]`: our apps at Coze, each with its credentials and the addresses of its region.

mod credentials;
mod endpoints;
mod kind;
mod moment;
mod redirect_uri;

pub use credentials::{Credentials, DeviceInfo, JwtAccount, JwtOptions};

use super::app_kind::AppKind;
use super::mistake::MistakeKind;
use super::mode::Mode;
use super::section::Section;
use super::tree::{Shape, Value};
use coze_auth::Endpoints;
use std::collections::BTreeMap;

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
    /// How long the access tokens live that we ask for; only a service app may ask.
    pub duration_seconds: u32,
}

/// Reads every app of `[apps]`.
pub(super) fn read(mut section: Section<'_, '_>, mode: Mode) -> BTreeMap<String, AppConfig> {
    let mut apps = BTreeMap::new();
    for (name, node) in section.take_entries() {
        let path = section.path_of(&name);
        let table = match node.value {
            Value::Table(table) => table,
            other => {
                section.wrong_shape(&name, &node.place, Shape::Table, &other);
                continue;
            }
        };
        if !is_name(&name) {
            section.mistake(
                &name,
                &node.key_place,
                MistakeKind::InvalidAppName { name: name.clone() },
            );
        }
        if let Some(app) = read_app(Section::new(section.checker, path, table), &name, mode) {
            apps.insert(name, app);
        }
    }
    apps
}

/// Whether an app or a site can be called `name`: the name appears in variables and addresses, and keeps to what both can
/// carry.
pub(super) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

fn read_app(mut section: Section<'_, '_>, name: &str, mode: Mode) -> Option<AppConfig> {
    let kind = kind::read(&mut section);
    let endpoints = endpoints::read(&mut section);
    let Some(kind) = kind else {
        // What the app has to have hangs on its kind; what no app has does not.
        kind::take_own_keys(&mut section);
        section.finish();
        return None;
    };
    kind::refuse_foreign_keys(&mut section, kind);
    if mode == Mode::Public && !kind.keeps_visitors_apart() {
        let place = section.place().clone();
        section.mistake("kind", &place, MistakeKind::PublicSharesHistory { kind });
    }
    let duration_seconds = match kind {
        AppKind::Jwt => section.number_or(
            "duration_seconds",
            DEFAULT_DURATION_SECONDS,
            1..=LONGEST_DURATION_SECONDS,
        ),
        // The platform decides (protocol 3.2).
        AppKind::Web | AppKind::Pkce | AppKind::Device | AppKind::PersonalAccessToken | AppKind::ServiceAccessToken => {
            DEFAULT_DURATION_SECONDS
        }
    };
    let credentials = credentials::read(&mut section, kind);
    section.finish();
    Some(AppConfig {
        name: name.to_owned(),
        credentials: credentials?,
        endpoints: endpoints?,
        duration_seconds,
    })
}
