//! Makes a `cozegate.toml` of another source, or a template of nothing: what `cozegate init` writes.
//!
//! The source is loaded and checked first, so what comes out is right when what went in was; all its mistakes are
//! answered otherwise. Secrets that stand in the source move to files of their own (mode 0600 is the writer's business):
//! the new file only refers to them. Nothing is written here.

mod render;
mod secrets;

use super::apps::AppConfig;
use super::checked::Config;
use super::dot_env;
use super::env::Environment;
use super::files::FilesRead;
use super::load::{self, CONSOLE_FILE, DOT_ENV_FILE, Loaded};
use super::mistake::ConfigErrors;
use super::notice::{Notice, NoticeKind};
use super::place::Place;
use super::settings::{Setting, SettingValue};
use crate::text::Language;
use coze_auth::{Endpoints, Region};
use render::Values;
pub use secrets::SecretFile;
use std::path::{Path, PathBuf};

/// What to make a configuration of.
#[derive(Clone, Debug)]
pub struct DraftRequest {
    /// The source; without it, what lies in `directory` (the console's file, then `.env`), else nothing.
    pub from: Option<PathBuf>,
    /// Where the new file will lie.
    pub directory: PathBuf,
    /// The captured variables. They fill in what a source refers to, but settings of ours in them are not taken over.
    pub environment: Environment,
    /// The language of the comments.
    pub language: Language,
}

/// A configuration to be written.
#[derive(Debug)]
pub struct Draft {
    /// The file that it was made of; `None` for a template that a person has to fill in.
    pub source: Option<PathBuf>,
    /// The names of its apps.
    pub apps: Vec<String>,
    /// The app that serves where none is named.
    pub default_app: String,
    /// The text of the `cozegate.toml`.
    pub toml: String,
    /// The files that it refers to and that have to be written beside it.
    pub secrets: Vec<SecretFile>,
    /// What was remarkable about the source.
    pub notices: Vec<Notice>,
}

/// Makes the draft; answers every mistake of the source at once.
pub fn draft(request: DraftRequest) -> Result<Draft, ConfigErrors> {
    let DraftRequest {
        from,
        directory,
        environment,
        language,
    } = request;
    let from = from.or_else(|| find_source(&directory));
    let Some(from) = from else {
        return Ok(template(language));
    };
    let environment = environment.without_settings(load::is_dot_env(&from));
    let mut files = FilesRead::default();
    let raw = load::read_source(Some(from.clone()), &directory, environment, &mut files).map_err(ConfigErrors::of)?;
    let inline = secrets::inline_secrets(&raw.root);
    let loaded = load::check_source(raw, &directory, &[], &mut files).map_err(ConfigErrors::of)?;

    let (references, secrets) = secrets::move_out(inline, &loaded.config, &directory);
    let mut values = values_of(&loaded);
    for (key, file) in references {
        values.insert(key, SettingValue::Text(file));
    }
    let Loaded {
        config, mut notices, ..
    } = loaded;
    // It does not any more.
    notices.retain(|notice| !matches!(notice.kind, NoticeKind::InlineSecret));
    Ok(Draft {
        toml: render::render(language, &values, Some(&from)),
        apps: config.apps.keys().cloned().collect(),
        default_app: config.default_app,
        source: Some(from),
        secrets,
        notices,
    })
}

/// The sources that are taken without being named. A `.env` file may be about something else.
fn find_source(directory: &Path) -> Option<PathBuf> {
    if directory.join(CONSOLE_FILE).exists() {
        return Some(PathBuf::from(CONSOLE_FILE));
    }
    let path = Path::new(DOT_ENV_FILE);
    let text = std::fs::read_to_string(directory.join(path)).ok()?;
    let (lines, mistakes) = dot_env::read(path, &text);
    let describes_an_app = Environment::default().with_dot_env(lines).describes_an_app();
    (mistakes.is_empty() && describes_an_app).then(|| path.to_owned())
}

fn template(language: Language) -> Draft {
    let name = "main";
    let text = |value: &str| SettingValue::Text(value.to_owned());
    let values = [
        ("kind", text("jwt")),
        ("region", text("cn")),
        ("client_id", text("")),
        ("public_key_id", text("")),
        ("private_key_file", text("private_key.pem")),
    ]
    .map(|(key, value)| (format!("apps.{name}.{key}"), value))
    .into_iter()
    .chain([("default_app".to_owned(), text(name))])
    .collect();
    Draft {
        source: None,
        apps: vec![name.to_owned()],
        default_app: name.to_owned(),
        toml: render::render(language, &values, None),
        secrets: vec![],
        notices: vec![],
    }
}

/// What the new file has to say, by dotted key.
fn values_of(loaded: &Loaded) -> Values {
    let Config { apps, default_app, .. } = &loaded.config;
    let written = loaded
        .settings
        .iter()
        .filter(|setting| setting.place != Place::Default && setting.value != SettingValue::Redacted)
        .filter(|setting| !is_address(&setting.key))
        .map(|setting| (setting.key.clone(), value_beside(setting)));
    let mut values: Values = written.collect();
    for (name, app) in apps {
        let kind = app.credentials.kind().word().to_owned();
        values.insert(format!("apps.{name}.kind"), SettingValue::Text(kind));
        let addresses = addresses(app).into_iter();
        values.extend(addresses.map(|(key, value)| (format!("apps.{name}.{key}"), SettingValue::Text(value))));
    }
    values.insert("default_app".to_owned(), SettingValue::Text(default_app.clone()));
    values
}

fn is_address(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    key.starts_with("apps.") && matches!(last, "region" | "api_base" | "www_base" | "ws_base")
}

/// The region where that says it all, else the addresses that cannot be derived.
fn addresses(app: &AppConfig) -> Vec<(&'static str, String)> {
    for (region, word) in [(Region::China, "cn"), (Region::International, "com")] {
        if region.endpoints() == app.endpoints {
            return vec![("region", word.to_owned())];
        }
    }
    let base = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let derived = Endpoints::from_api_base(&app.endpoints.api_base);
    let mut addresses = vec![("api_base", base(&app.endpoints.api_base))];
    if derived.www_base != app.endpoints.www_base {
        addresses.push(("www_base", base(&app.endpoints.www_base)));
    }
    if derived.ws_base != app.endpoints.ws_base {
        addresses.push(("ws_base", base(&app.endpoints.ws_base)));
    }
    addresses
}

/// A relative path starts from the file that names it, which is another one now.
fn value_beside(setting: &Setting) -> SettingValue {
    match &setting.value {
        SettingValue::Text(path) if setting.key.ends_with("_file") || setting.key == "store.path" => {
            let folder = setting.place.file().and_then(Path::parent).unwrap_or(Path::new(""));
            SettingValue::Text(folder.join(path).to_string_lossy().into_owned())
        }
        other => other.clone(),
    }
}
