//! From what is written to what is checked: chooses the source, reads it, lays variables and flags over it, checks all.

use super::apps::{self, AppConfig};
use super::checked::Config;
use super::cors::CorsConfig;
use super::dialect::{COZE_VARIABLES, Dialect, ONLY_APP};
use super::env::Environment;
use super::files::{FilesRead, ReadFault};
use super::limits::LimitsConfig;
use super::log::LogConfig;
use super::mistake::{ConfigErrors, ConfigMistake, MistakeKind};
use super::mode::Mode;
use super::notice::{Notice, NoticeKind};
use super::place::Place;
use super::section::{Checker, Section};
use super::sections::{ChatConfig, LocalConfig, VisitorsConfig};
use super::server::ServerConfig;
use super::settings::{Setting, SettingValue};
use super::sites::{self, MAIN_SITE};
use super::source::{ConfigSource, FileKind};
use super::static_files::FilesConfig;
use super::store::StoreConfig;
use super::suggest::closest;
use super::timeouts::TimeoutsConfig;
use super::traces::TracesConfig;
use super::tree::{Node, Table, Value};
use super::userscript::UserscriptConfig;
use super::{console_file, dot_env, toml_file, yaml_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Our own file.
const TOML_FILE: &str = "cozegate.toml";
/// The console's file; its name is fixed (protocol 1.3).
pub(super) const CONSOLE_FILE: &str = "coze_oauth_config.json";
/// The file of variables.
pub(super) const DOT_ENV_FILE: &str = ".env";

/// What to load.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The file that was asked for; without it we look into `directory`.
    pub explicit: Option<PathBuf>,
    /// The working directory: where we look, and what relative paths in variables start from.
    pub directory: PathBuf,
    /// The captured variables.
    pub environment: Environment,
    /// What flags say; they win over everything.
    pub flags: Vec<Flag>,
}

/// A value that a flag of the command line sets.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The flag with its dashes, for mistakes.
    pub name: &'static str,
    /// The dotted key that it sets.
    pub key: &'static str,
    /// The value as written.
    pub value: String,
}

/// What was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// What works but deserves a word.
    pub notices: Vec<Notice>,
    /// Every setting with its source, for `config show`; secrets redacted.
    pub settings: Vec<Setting>,
    /// What it was read from, for a `Reloader`.
    pub files: FilesRead,
}

impl Loaded {
    /// Returns which variables may hold a secret: those that the configuration names as one's source, and those that set
    /// keys of ours. A program that we start for a person has no use for them.
    pub fn secret_variables<'a>(&'a self, environment: &'a Environment) -> impl Iterator<Item = &'a str> {
        let named = self.settings.iter().filter_map(|setting| match &setting.value {
            SettingValue::Text(name) if setting.key.ends_with("_env") => Some(name.as_str()),
            _ => None,
        });
        named.chain(environment.names_of_settings())
    }
}

/// Loads and checks a configuration; answers every mistake at once.
pub fn load(request: LoadRequest) -> Result<Loaded, ConfigErrors> {
    load_noting(request, &mut FilesRead::default())
}

/// The same, and fills `files` with what was read on the way, right or wrong.
pub(super) fn load_noting(request: LoadRequest, files: &mut FilesRead) -> Result<Loaded, ConfigErrors> {
    let LoadRequest {
        explicit,
        directory,
        environment,
        flags,
    } = request;
    if let Some(path) = explicit.as_deref().filter(|path| is_yaml(path)) {
        return Err(ConfigErrors::of(mistake_in(
            path,
            MistakeKind::YamlIsConverted { path: path.to_owned() },
        )));
    }
    let raw = read_source(explicit, &directory, environment, files);
    let loaded = raw.and_then(|raw| check_source(raw, &directory, &flags, files));
    let mut loaded = loaded.map_err(ConfigErrors::of)?;
    loaded.files = files.clone();
    Ok(loaded)
}

/// Makes the configuration of a demo: the apps are given, the first of them is the default, and every other setting may
/// come from variables and flags.
pub fn load_demo(
    apps: Vec<AppConfig>,
    directory: &Path,
    environment: &Environment,
    flags: &[Flag],
) -> Result<Loaded, ConfigErrors> {
    let mut root = Table::empty(Place::Default);
    environment.write_overlay(&mut root);
    // A demo never speaks with a real app and keeps nothing, whatever the environment describes.
    root.entries
        .retain(|key, _| !matches!(key.as_str(), "apps" | "default_app" | "store"));
    let mut files = FilesRead::default();
    let checker = Checker::new(Dialect::Environment, environment, directory, &mut files);
    check(checker, root, flags, ConfigSource::Demo, Some(apps)).map_err(ConfigErrors::of)
}

/// A source, read but not checked.
pub(super) struct Raw {
    source: ConfigSource,
    dialect: Dialect,
    /// In our own spelling.
    pub(super) root: Table,
    environment: Environment,
    /// What is wrong so far.
    pub(super) mistakes: Vec<ConfigMistake>,
}

/// Chooses where the configuration comes from and reads it.
pub(super) fn read_source(
    explicit: Option<PathBuf>,
    directory: &Path,
    environment: Environment,
    files: &mut FilesRead,
) -> Result<Raw, Vec<ConfigMistake>> {
    if let Some(path) = explicit {
        let text = read_text(&directory.join(&path), files).map_err(|kind| mistake_in(&path, kind))?;
        return from_file(path, &text, environment);
    }
    if let Some(text) = read_if_there(directory, TOML_FILE, files)? {
        return from_toml(PathBuf::from(TOML_FILE), &text, environment);
    }
    if let Some(text) = read_if_there(directory, CONSOLE_FILE, files)? {
        return Ok(from_console_file(PathBuf::from(CONSOLE_FILE), &text, environment));
    }
    let (lines, mistakes) = match read_if_there(directory, DOT_ENV_FILE, files)? {
        Some(text) => dot_env::read(Path::new(DOT_ENV_FILE), &text),
        None => (vec![], vec![]),
    };
    let environment = environment.with_dot_env(lines);
    if environment.describes_an_app() || !mistakes.is_empty() {
        return Ok(from_variables(environment, mistakes));
    }
    let kind = MistakeKind::NoConfiguration {
        directory: directory.to_owned(),
    };
    Err(vec![ConfigMistake::new(Place::Default, "", kind)])
}

/// Whether `path` names a YAML file, which `init` converts and nothing else reads.
fn is_yaml(path: &Path) -> bool {
    matches!(
        path.extension().and_then(|extension| extension.to_str()),
        Some("yaml" | "yml")
    )
}

/// Reads `text` as what the name of `path` says.
pub(super) fn from_file(path: PathBuf, text: &str, environment: Environment) -> Result<Raw, Vec<ConfigMistake>> {
    if is_yaml(&path) {
        return Ok(from_yaml(path, text, environment));
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(from_console_file(path, text, environment)),
        _ if is_dot_env(&path) => {
            let (lines, mistakes) = dot_env::read(&path, text);
            Ok(from_variables(environment.with_dot_env(lines), mistakes))
        }
        _ => from_toml(path, text, environment),
    }
}

/// What is no TOML ends here: it may have set anything, so nothing can be said about the rest.
fn from_toml(path: PathBuf, text: &str, environment: Environment) -> Result<Raw, Vec<ConfigMistake>> {
    let root = toml_file::read(&path, text)?;
    let source = ConfigSource::File {
        path,
        kind: FileKind::Toml,
    };
    Ok(Raw {
        source,
        dialect: Dialect::Toml,
        root,
        environment,
        mistakes: vec![],
    })
}

fn from_console_file(path: PathBuf, text: &str, environment: Environment) -> Raw {
    let (root, mistakes) = console_file::read(&path, text);
    let source = ConfigSource::File {
        path,
        kind: FileKind::ConsoleJson,
    };
    Raw {
        source,
        dialect: Dialect::Console,
        root,
        environment,
        mistakes,
    }
}

fn from_yaml(path: PathBuf, text: &str, environment: Environment) -> Raw {
    let yaml_file::Read {
        root,
        is_flat,
        mistakes,
    } = yaml_file::read(&path, text, &environment);
    let source = ConfigSource::File {
        path,
        kind: FileKind::Yaml,
    };
    Raw {
        source,
        dialect: Dialect::Yaml { is_flat },
        root,
        environment,
        mistakes,
    }
}

/// The `COZE_*` variables as an app; `COZEGATE__` ones are laid over it like over any source. `mistakes` are the lines of a
/// `.env` file that could not be read.
fn from_variables(environment: Environment, mistakes: Vec<ConfigMistake>) -> Raw {
    let mut root = if mistakes.is_empty() || environment.describes_an_app() {
        Table::empty(Place::Default)
    } else {
        // The app may have stood in one of these lines.
        Table::with_refused_apps(Place::Default)
    };
    let has_oauth_app = environment.is_written("COZE_CLIENT_ID");
    for (name, key) in COZE_VARIABLES {
        // With an OAuth app the token would have to be ignored; `check` says so.
        let is_beaten = name == "COZE_API_TOKEN" && has_oauth_app;
        if let Some(value) = environment.value(name).filter(|_| !is_beaten) {
            let path = ["apps", ONLY_APP, key].map(str::to_owned);
            root.write(&path, &environment.place(name), value);
        }
    }
    if !root.entries.is_empty() {
        let kind = if has_oauth_app || !environment.is_written("COZE_API_TOKEN") {
            "jwt"
        } else {
            "pat"
        };
        root.write(
            &["apps", ONLY_APP, "kind"].map(str::to_owned),
            &Place::Default,
            Value::Text(kind.to_owned()),
        );
    }
    Raw {
        source: ConfigSource::Environment,
        dialect: Dialect::Environment,
        root,
        environment,
        mistakes,
    }
}

/// Lays the variables over the source and checks everything.
pub(super) fn check_source(
    raw: Raw,
    directory: &Path,
    flags: &[Flag],
    files: &mut FilesRead,
) -> Result<Loaded, Vec<ConfigMistake>> {
    let Raw {
        source,
        dialect,
        mut root,
        environment,
        mistakes,
    } = raw;
    environment.write_overlay(&mut root);
    let mut checker = Checker::new(dialect, &environment, directory, files);
    checker.mistakes = mistakes;
    let is_set = |name| environment.get(name).is_some();
    if dialect == Dialect::Environment && is_set("COZE_CLIENT_ID") && is_set("COZE_API_TOKEN") {
        let kind = NoticeKind::UnusedVariable {
            winner: "COZE_CLIENT_ID",
        };
        checker.notice(&environment.place("COZE_API_TOKEN"), "", kind);
    }
    check(checker, root, flags, source, None)
}

/// Lays the flags over everything and checks it all. `given` are the apps of a demo.
fn check(
    mut checker: Checker<'_>,
    mut root: Table,
    flags: &[Flag],
    source: ConfigSource,
    given: Option<Vec<AppConfig>>,
) -> Result<Loaded, Vec<ConfigMistake>> {
    for flag in flags {
        let path: Vec<String> = flag.key.split('.').map(str::to_owned).collect();
        root.write(&path, &Place::Flag(flag.name), Value::Text(flag.value.clone()));
    }
    let config = check_root(Section::new(&mut checker, String::new(), root), source, given);
    let Checker {
        mistakes,
        notices,
        settings,
        ..
    } = checker;
    match config {
        Some(config) if mistakes.is_empty() => Ok(Loaded {
            config,
            notices,
            settings,
            files: FilesRead::default(),
        }),
        _ => Err(mistakes),
    }
}

/// Reads every section of the document; `None` when a part of the configuration could not be made at all.
fn check_root(mut root: Section<'_, '_>, source: ConfigSource, given: Option<Vec<AppConfig>>) -> Option<Config> {
    let mode = root.checked_or("mode", Mode::Local, |text| match text {
        "local" => Ok(Mode::Local),
        "public" => Ok(Mode::Public),
        other => Err(MistakeKind::NotOneOf {
            value: other.to_owned(),
            allowed: &["local", "public"],
        }
        .into()),
    });
    let server = ServerConfig::read(root.section("server"), mode);
    // The site `main` takes its origins from here where it names none itself.
    let has_own_origins = |site: &Node| match &site.value {
        Value::Table(table) => table.entries.contains_key("origins"),
        _ => true,
    };
    let main_names_origins = match root.peek("sites") {
        Some(Value::Table(sites)) if !sites.entries.is_empty() => {
            sites.entries.get(MAIN_SITE).is_none_or(has_own_origins)
        }
        _ => false,
    };
    let cors = CorsConfig::read(root.section("cors"), mode == Mode::Public && !main_names_origins);
    let chat = ChatConfig::read(root.section("chat"));
    let userscript = UserscriptConfig::read(root.section("userscript"));
    let local = LocalConfig::read(root.section("local"), mode);
    let visitors = VisitorsConfig::read(root.section("visitors"), mode);
    let store = StoreConfig::read(root.section("store"));
    let limits = LimitsConfig::read(root.section("limits"), mode);
    let files = FilesConfig::read(root.section("files"));
    let log = LogConfig::read(root.section("log"));
    let timeouts = TimeoutsConfig::read(root.section("timeouts"), mode);
    let traces = TracesConfig::of(root.checker.environment);
    let app_names;
    let (apps, default_app) = if let Some(given) = given {
        let default_app = given.first().map(|app| app.name.clone());
        let apps: BTreeMap<_, _> = given.into_iter().map(|app| (app.name.clone(), app)).collect();
        app_names = Some(apps.keys().cloned().collect());
        (apps, default_app)
    } else {
        app_names = root.entry_names("apps");
        let apps = apps::read(root.section("apps"), mode);
        (apps, check_default_app(&mut root, app_names.as_deref()))
    };
    let around = sites::Surroundings {
        mode,
        cors: &cors,
        chat: &chat,
        apps: app_names.as_deref(),
        default_app: default_app.as_deref(),
    };
    let sites = sites::read(root.section("sites"), &around);
    root.finish();
    Some(Config {
        source,
        mode,
        server,
        apps,
        default_app: default_app?,
        cors,
        sites,
        local,
        chat,
        userscript,
        visitors,
        store: store?,
        limits,
        files,
        log,
        timeouts,
        traces,
    })
}

/// The default app: the one that is named, or the only one. `names` are those written, right or wrong; `None` when their
/// section could not be read.
fn check_default_app(root: &mut Section<'_, '_>, names: Option<&[String]>) -> Option<String> {
    let is_written = root.has("default_app");
    let written = root.text("default_app");
    let names = names?;
    if let Some((name, place)) = written {
        if names.contains(&name) {
            root.setting("default_app", &place, SettingValue::Text(name.clone()));
            return Some(name);
        }
        let meant = closest(&name, names.iter().map(String::as_str)).map(str::to_owned);
        root.checker
            .mistake_suggesting(&place, "default_app", MistakeKind::UnknownDefaultApp { name }, meant);
        return None;
    }
    // A wrong one has been named already.
    if is_written {
        return None;
    }
    let place = root.place().clone();
    match names {
        [] => root.mistake("apps", &place, MistakeKind::NoApps),
        [only] => {
            root.setting("default_app", &Place::Default, SettingValue::Text(only.clone()));
            return Some(only.clone());
        }
        several => root.mistake(
            "default_app",
            &place,
            MistakeKind::DefaultAppNeeded {
                names: several.to_vec(),
            },
        ),
    }
    None
}

/// Reads a file of the directory when it is there; a file that is there and cannot be read is a mistake. It is shown by
/// its bare name, as the person in that directory would name it.
fn read_if_there(directory: &Path, name: &str, files: &mut FilesRead) -> Result<Option<String>, Vec<ConfigMistake>> {
    let path = directory.join(name);
    match read_text(&path, files) {
        Err(_) if !path.exists() => Ok(None),
        outcome => outcome.map(Some).map_err(|kind| mistake_in(Path::new(name), kind)),
    }
}

fn read_text(path: &Path, files: &mut FilesRead) -> Result<String, MistakeKind> {
    let bytes = files.read(path).map_err(|fault| match fault {
        ReadFault::Io(error) => MistakeKind::FileUnreadable {
            reason: error.to_string(),
        },
        ReadFault::Untrusted(fault) => MistakeKind::FileUntrusted {
            path: path.to_owned(),
            fault,
        },
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| MistakeKind::NotUtf8)?;
    // Editors on Windows put a byte order mark in front.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

fn mistake_in(path: &Path, kind: MistakeKind) -> Vec<ConfigMistake> {
    vec![ConfigMistake::new(Place::whole_file(path), "", kind)]
}

pub(super) fn is_dot_env(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name == ".env" || name.starts_with(".env.") || name.ends_with(".env"))
}
