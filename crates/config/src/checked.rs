//! The checked configuration as a whole.

use super::apps::AppConfig;
use super::cors::CorsConfig;
use super::limits::LimitsConfig;
use super::log::LogConfig;
use super::mode::Mode;
use super::sections::{ChatConfig, LocalConfig, VisitorsConfig};
use super::server::ServerConfig;
use super::sites::SiteConfig;
use super::source::ConfigSource;
use super::static_files::FilesConfig;
use super::store::StoreConfig;
use super::suggest;
use super::timeouts::TimeoutsConfig;
use super::traces::TracesConfig;
use super::userscript::UserscriptConfig;
use std::collections::BTreeMap;

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
