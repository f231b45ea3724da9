//! The configuration: what was written ([`load`]) becomes what is checked ([`Config`]).
//!
//! Every source - `cozegate.toml`, the console's `coze_oauth_config.json`, a `.env` file, the environment, and for `init` an
//! `application.yaml` - becomes one raw tree in which each value knows its place (`tree.rs`, `place.rs`). Reading the tree section by section
//! (`section.rs`) collects *all* mistakes, with file, line, column and "did you mean". Behind this door there is no
//! `Option` that is always set and no text that still has to be parsed.
//!
//! This module reads files and, in `env.rs` alone, the environment. It prints nothing: mistakes and notices are kinds,
//! their words stand in `locales/*/config.ftl`.

mod app_kind;
mod apps;
mod base_url;
mod checked;
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
mod mode;
mod notice;
mod number_key;
mod place;
mod reload;
mod secret_source;
mod section;
mod sections;
mod server;
mod settings;
mod sites;
mod source;
mod static_files;
mod store;
mod suggest;
pub mod text;
mod timeouts;
mod tls;
mod toml_file;
mod traces;
mod tree;
mod trust;
mod userscript;
mod yaml_file;

pub use app_kind::AppKind;
pub use apps::{AppConfig, Credentials, DeviceInfo, JwtAccount, JwtOptions};
pub use checked::{Config, UnknownApp};
pub use cors::{CorsConfig, Origin};
pub use draft::{Draft, DraftRequest, SecretFile, draft};
pub use env::{Environment, PREFIX, VARIABLES};
pub use files::FilesRead;
pub use limits::LimitsConfig;
pub use load::{Flag, LoadRequest, Loaded, load, load_demo};
pub use log::{AccessLog, LogConfig, LogFormat};
pub use mistake::{
    BaseFault, CommandFault, ConfigErrors, ConfigMistake, MistakeKind, OriginFault, RedirectFault, TlsFault,
};
pub use mode::Mode;
pub use notice::{Notice, NoticeKind};
pub use place::{Place, Position};
pub use reload::{ReloadHandle, ReloadOutcome, Reloader};
pub use secret_source::SecretText;
pub use sections::{ChatBot, ChatConfig, LocalConfig, PageAuthority, VisitorKind, VisitorsConfig};
pub use server::{ForwardedField, PublicUrls, ServerConfig};
pub use settings::{Setting, SettingValue};
pub use sites::{AllowedBots, MAIN_SITE, OwnershipMode, PolicyMode, SiteConfig};
pub use source::{ConfigSource, FileKind};
pub use static_files::{FileHost, FilesConfig};
pub use store::{SealKeySource, StoreConfig, StoreKind};
pub use timeouts::TimeoutsConfig;
pub use tls::TlsConfig;
pub use traces::TracesConfig;
pub use tree::Shape;
pub use trust::TrustFault;
pub use userscript::{ChatWindow, Site, UserscriptConfig};

#[cfg(test)]
mod tests;
