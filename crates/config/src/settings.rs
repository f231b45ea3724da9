//! Every setting with its value and where it came from, for `config show`.

use super::place::Place;

/// One setting of a checked configuration.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The dotted key, as in `cozegate.toml`.
    pub key: String,
    /// Its value.
    pub value: SettingValue,
    /// Who says so.
    pub place: Place,
}

/// A value that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(u32),
    /// `true` or `false`.
    Switch(bool),
    /// A list of texts.
    List(Vec<String>),
    /// A secret stands here.
    Redacted,
}
