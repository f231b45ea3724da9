//! The JSON of `config check` and `config show`: a promise to scripts, hence types of its own.
//!
//! Every member is always there, so that nobody has to ask first; what is not known is `null`.

use cozegate_config::text::Language;
use cozegate_config::{ConfigMistake, ConfigSource, FileKind, Notice, Place, Setting, SettingValue};
use serde::Serialize;
use std::path::Path;

/// `config check --json`.
#[derive(Debug, Serialize)]
pub(super) struct CheckAnswer<'a> {
    pub(super) ok: bool,
    pub(super) source: Option<SourceAnswer<'a>>,
    pub(super) mistakes: Vec<MistakeAnswer<'a>>,
    pub(super) notices: Vec<NoticeAnswer<'a>>,
}

/// `config show --json`.
#[derive(Debug, Serialize)]
pub(super) struct ShowAnswer<'a> {
    pub(super) source: SourceAnswer<'a>,
    pub(super) settings: Vec<SettingAnswer<'a>>,
}

/// Where the whole configuration comes from.
#[derive(Debug, Serialize)]
pub(super) struct SourceAnswer<'a> {
    /// `toml`, `console_json`, `yaml`, `environment` or `demo`.
    kind: &'static str,
    file: Option<&'a Path>,
}

impl<'a> From<&'a ConfigSource> for SourceAnswer<'a> {
    fn from(source: &'a ConfigSource) -> Self {
        let (kind, file) = match source {
            ConfigSource::File {
                path,
                kind: FileKind::Toml,
            } => ("toml", Some(path.as_path())),
            ConfigSource::File {
                path,
                kind: FileKind::ConsoleJson,
            } => ("console_json", Some(path.as_path())),
            ConfigSource::File {
                path,
                kind: FileKind::Yaml,
            } => ("yaml", Some(path.as_path())),
            ConfigSource::Environment => ("environment", None),
            ConfigSource::Demo => ("demo", None),
        };
        Self { kind, file }
    }
}

/// Where a value was written; all `null` for a default.
#[derive(Debug, Serialize)]
struct PlaceAnswer<'a> {
    file: Option<&'a Path>,
    line: Option<usize>,
    column: Option<usize>,
    variable: Option<&'a str>,
    flag: Option<&'static str>,
}

impl<'a> From<&'a Place> for PlaceAnswer<'a> {
    fn from(place: &'a Place) -> Self {
        let flag = match place {
            Place::Flag(flag) => Some(*flag),
            Place::Default | Place::File { .. } | Place::Variable(_) | Place::DotEnv { .. } => None,
        };
        Self {
            file: place.file(),
            line: place.position().map(|position| position.line),
            column: place.position().map(|position| position.column),
            variable: place.variable(),
            flag,
        }
    }
}

/// One mistake.
#[derive(Debug, Serialize)]
pub(super) struct MistakeAnswer<'a> {
    #[serde(flatten)]
    place: PlaceAnswer<'a>,
    key: &'a str,
    message: String,
    suggestion: Option<&'a str>,
}

impl<'a> MistakeAnswer<'a> {
    pub(super) fn new(mistake: &'a ConfigMistake, language: Language) -> Self {
        Self {
            place: (&mistake.place).into(),
            key: &mistake.key,
            message: mistake.text(language),
            suggestion: mistake.suggestion.as_deref(),
        }
    }
}

/// One remark.
#[derive(Debug, Serialize)]
pub(super) struct NoticeAnswer<'a> {
    #[serde(flatten)]
    place: PlaceAnswer<'a>,
    key: &'a str,
    message: String,
}

impl<'a> NoticeAnswer<'a> {
    pub(super) fn new(notice: &'a Notice, language: Language) -> Self {
        Self {
            place: (&notice.place).into(),
            key: &notice.key,
            message: notice.text(language),
        }
    }
}

/// One setting.
#[derive(Debug, Serialize)]
pub(super) struct SettingAnswer<'a> {
    key: &'a str,
    /// `null` for a secret.
    value: Option<ValueAnswer<'a>>,
    is_secret: bool,
    is_default: bool,
    #[serde(flatten)]
    place: PlaceAnswer<'a>,
}

/// A value that may be shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ValueAnswer<'a> {
    Text(&'a str),
    Number(u32),
    Switch(bool),
    List(&'a [String]),
}

impl<'a> From<&'a Setting> for SettingAnswer<'a> {
    fn from(setting: &'a Setting) -> Self {
        let value = match &setting.value {
            SettingValue::Text(text) => Some(ValueAnswer::Text(text)),
            SettingValue::Number(number) => Some(ValueAnswer::Number(*number)),
            SettingValue::Switch(is_on) => Some(ValueAnswer::Switch(*is_on)),
            SettingValue::List(items) => Some(ValueAnswer::List(items)),
            SettingValue::Redacted => None,
        };
        Self {
            key: &setting.key,
            is_secret: value.is_none(),
            value,
            is_default: setting.place == Place::Default,
            place: (&setting.place).into(),
        }
    }
}
