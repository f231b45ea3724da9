//! The configuration: what was written ([`load`]) becomes what is checked ([`Config`]).
//!
//! Every source - `cozegate.toml`, the console's `coze_oauth_config.json`, an `application.yaml`, a `.env` file, the environment - becomes one
//! raw tree in which each value knows its place (`tree.rs`, `place.rs`). Reading the tree section by section
//! (`section.rs`) collects *all* mistakes, with file, line, column and "did you mean". Behind this door there is no
//! `Option` that is always set and no text that still has to be parsed.
//!
//! This module reads files and, in `env.rs` alone, the environment. It prints nothing: mistakes and notices are kinds,
//! their words stand in `locales/*/config.ftl`.

mod apps;
mod base_url;
mod console_file;
mod cors;
mod dialect;
mod dot_env;
mod draft;
mod env;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod key_words;
mod limits;
mod load;
mod log;
mod mistake;
mod notice;
mod place;
mod reload;
mod secret_source;
mod section;
mod sections;
mod server;
mod settings;
mod sites;
mod static_files;
mod store;
mod suggest;
pub mod text;
mod tls;
mod toml_file;
mod traces;
mod tree;
mod trust;
mod userscript;
mod yaml_file;

pub use apps::{AppConfig, AppKind, Credentials, DeviceInfo, JwtAccount, JwtOptions};
pub use cors::{CorsConfig, Origin};
pub use draft::{Draft, DraftRequest, SecretFile, draft};
pub use env::{Environment, PREFIX, VARIABLES};
pub use files::FilesRead;
pub use limits::LimitsConfig;
pub use load::{Flag, LoadRequest, Loaded, load, load_demo};
pub use log::{AccessLog, LogConfig, LogFormat};
pub use mistake::{BaseFault, CommandFault, ConfigErrors, ConfigMistake, MistakeKind, OriginFault, RedirectFault};
pub use notice::{Notice, NoticeKind};
pub use place::{Place, Position};
pub use reload::{ReloadHandle, ReloadOutcome, Reloader};
pub use secret_source::SecretText;
pub use sections::{ChatBot, ChatConfig, LocalConfig, PageAuthority, TimeoutsConfig, VisitorKind, VisitorsConfig};
pub use server::{ForwardedField, PublicUrls, ServerConfig};
pub use settings::{Setting, SettingValue};
pub use sites::{AllowedBots, MAIN_SITE, OwnershipMode, PolicyMode, SiteConfig};
pub use static_files::{FileHost, FilesConfig};
pub use store::{SealKeySource, StoreConfig, StoreKind};
pub use tls::{TlsConfig, TlsFault};
pub use traces::TracesConfig;
pub use tree::Shape;
pub use trust::TrustFault;
pub use userscript::{ChatWindow, Site, UserscriptConfig};

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it comes from.
    pub source: ConfigSource,
    /// Whom the services trust.
    pub mode: Mode,
    /// Where they listen.
    pub server: ServerConfig,
    /// Our apps at Coze, by name; at least one.
    pub apps: BTreeMap<String, AppConfig>,
    /// The app that serves where none is named; a key of `apps`.
    pub default_app: String,
    /// Which web pages may call us.
    pub cors: CorsConfig,
    /// The sites whose visitors are served, by name; in public mode at least one, in local mode none.
    pub sites: BTreeMap<String, SiteConfig>,
    /// What local mode lets web pages do.
    pub local: LocalConfig,
    /// What the chat page opens with.
    pub chat: ChatConfig,
    /// What the userscript is served with.
    pub userscript: UserscriptConfig,
    /// The handles of visitors.
    pub visitors: VisitorsConfig,
    /// Where things rest.
    pub store: StoreConfig,
    /// What a caller may use.
    pub limits: LimitsConfig,
    /// Whose static files are fetched.
    pub files: FilesConfig,
    /// What is written to stderr.
    pub log: LogConfig,
    /// How long we wait.
    pub timeouts: TimeoutsConfig,
    /// Where traces go, if anywhere.
    pub traces: Option<TracesConfig>,
}

impl Config {
    /// A configuration with one app and our defaults for everything else.
    pub fn for_app(source: ConfigSource, app: AppConfig) -> Self {
        Self {
            source,
            mode: Mode::Local,
            server: ServerConfig::default(),
            default_app: app.name.clone(),
            apps: BTreeMap::from([(app.name.clone(), app)]),
            cors: CorsConfig::default(),
            sites: BTreeMap::new(),
            local: LocalConfig::default(),
            chat: ChatConfig::default(),
            userscript: UserscriptConfig::default(),
            visitors: VisitorsConfig::default(),
            store: StoreConfig::default(),
            limits: LimitsConfig::of_mode(Mode::Local),
            files: FilesConfig::default(),
            log: LogConfig::default(),
            timeouts: TimeoutsConfig::default(),
            traces: None,
        }
    }

    /// Returns the app called `name`, or the default one.
    pub fn app(&self, name: Option<&str>) -> Result<&AppConfig, UnknownApp> {
        let name = name.unwrap_or(&self.default_app);
        self.apps.get(name).ok_or_else(|| UnknownApp {
            name: name.to_owned(),
            known: self.apps.keys().cloned().collect(),
            suggestion: suggest::closest(name, self.apps.keys().map(String::as_str)).map(str::to_owned),
        })
    }
}

/// The configuration has no app of this name.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no app called {name:?} in the configuration; it has: {}", known.join(", "))]
pub struct UnknownApp {
    /// The name that was asked for.
    pub name: String,
    /// The names that are there.
    pub known: Vec<String>,
    /// The one that was probably meant.
    pub suggestion: Option<String>,
}

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A file.
    File {
        /// As it was named, or found.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// Variables, possibly from a `.env` file.
    Environment,
    /// Nobody wrote it: the demo makes it up.
    Demo,
}

/// What a configuration file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Our own `cozegate.toml`.
    Toml,
    /// The console's `coze_oauth_config.json`.
    ConsoleJson,
    /// A Spring-style `application.yaml`.
    Yaml,
}

/// Whom the services trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One person's machine: listens on loopback only, programs of this machine are trusted.
    Local,
    /// A site's visitors: nobody is trusted, and everybody has a history of their own.
    Public,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Public => f.write_str("public"),
        }
    }
}

#[cfg(test)]
mod tests;
