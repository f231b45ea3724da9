//! The environment: every variable that we read, and the only place that reads them.
//!
//! The rim captures the variables once ([`Environment::of_process`]) and hands them in, so that tests bring their own
//! and nobody below can look anything up on the side.

use super::dialect::COZE_VARIABLES;
use super::dot_env;
use super::place::Place;
use super::tree::{Table, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What stands before every variable that sets a key of `cozegate.toml`: `COZEGATE__SERVER__PROXY_ADDR`.
pub const PREFIX: &str = "COZEGATE__";

/// Every variable with what it is for. The last ones belong to the command line's rim.
pub const VARIABLES: [(&str, &str); 13] = [
    (
        "COZEGATE__<SECTION>__<KEY>",
        "any key of cozegate.toml, over the file; a list is separated by commas, or JSON",
    ),
    ("COZE_CLIENT_ID", "the OAuth app's id (read when there is no file)"),
    ("COZE_PUBLIC_KEY", "the id (fingerprint) of the public key, not the key"),
    ("COZE_PRIVATE_KEY_PATH", "the private key's PEM file"),
    ("COZE_PRIVATE_KEY", "the private key's PEM text"),
    ("COZE_API_BASE", "https://api.coze.cn or https://api.coze.com"),
    ("COZE_API_TOKEN", "a personal access token, instead of an OAuth app"),
    (
        "XDG_STATE_HOME, HOME, LOCALAPPDATA",
        "where the visitors' secret and the store rest when the configuration does not say",
    ),
    ("RUST_LOG", "which log lines are written"),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, \
         OTEL_SERVICE_NAME, OTEL_SDK_DISABLED",
        "where traces go, in a build with the feature otel",
    ),
    ("NO_COLOR", "no colours when set to anything"),
    ("LC_ALL, LC_MESSAGES, LANG", "the language of the command line"),
    (
        "HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
        "how the Coze platform is reached when tokens are fetched",
    ),
];

/// Captured variables. `Debug` shows names only: values may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// A line of a `.env` file that could not be read leaves a variable without a value.
    variables: BTreeMap<String, (Option<String>, Option<Place>)>,
}

impl Environment {
    /// Captures the variables of this process. What is not UTF-8 is not one of ours.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Returns the value of `name`; an empty value counts as not set, as shells and containers use it so.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .and_then(|(value, _)| value.as_deref())
            .filter(|value| !value.trim().is_empty())
    }

    /// Returns what `name` brings into the tree.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        match self.variables.get(name) {
            Some((None, _)) => Some(Value::Refused),
            _ => self.get(name).map(|value| Value::Text(value.to_owned())),
        }
    }

    /// Returns whether somebody wrote `name`, be it in a line that could not be read.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns where `name` is set.
    pub(super) fn place(&self, name: &str) -> Place {
        let place = self.variables.get(name).and_then(|(_, place)| place.clone());
        place.unwrap_or_else(|| Place::Variable(name.to_owned()))
    }

    /// Adds what a `.env` file sets; the process wins where both speak.
    pub(super) fn with_dot_env(mut self, lines: Vec<dot_env::Line>) -> Self {
        for dot_env::Line { name, value, place } in lines {
            if self.get(&name).is_none() {
                self.variables.insert(name, (value, Some(place)));
            }
        }
        self
    }

    /// Returns whether the variables describe an app by themselves.
    pub(super) fn describes_an_app(&self) -> bool {
        COZE_VARIABLES.iter().any(|(name, _)| self.is_written(name))
            || self.overlay().any(|(name, _)| name.starts_with("COZEGATE__APPS__"))
    }

    /// Returns the names of the variables that set keys of ours.
    pub(super) fn names_of_settings(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().map(String::as_str);
        names.filter(|name| name.starts_with(PREFIX) || COZE_VARIABLES.iter().any(|(variable, _)| variable == name))
    }

    /// Drops what sets keys of ours, and with `dot_env` what such a file sets itself.
    pub(super) fn without_settings(mut self, dot_env: bool) -> Self {
        self.variables.retain(|name, _| {
            let describes_an_app = COZE_VARIABLES.iter().any(|(variable, _)| variable == name);
            !(name.starts_with(PREFIX) || dot_env && describes_an_app)
        });
        self
    }

    /// Writes every `COZEGATE__` variable into `root`, over what a file says.
    pub(super) fn write_overlay(&self, root: &mut Table) {
        for (name, value) in self.overlay() {
            let path: Vec<String> = path_of(name).collect();
            let place = self.place(name);
            if path.iter().any(String::is_empty) || !root.write(&path, &place, value.clone()) {
                // Nothing is there to hold it; under its own name it becomes an unknown key.
                root.write(&[path.join(".")], &place, value);
            }
        }
    }

    fn overlay(&self) -> impl Iterator<Item = (&str, Value)> {
        let names = self.variables.keys().filter(|name| name.starts_with(PREFIX));
        names.filter_map(|name| Some((name.as_str(), self.value(name)?)))
    }
}

/// `COZEGATE__APPS__MAIN__CLIENT_ID` -> apps, main, `client_id`.
fn path_of(variable: &str) -> impl Iterator<Item = String> {
    variable
        .strip_prefix(PREFIX)
        .unwrap_or(variable)
        .split("__")
        .map(str::to_lowercase)
}

/// The name of `variable` when the last part of the dotted `path` inside it is called `meant`.
pub(super) fn renamed(variable: &str, path: &str, meant: &str) -> String {
    let depth = path.split('.').count();
    let parts = path_of(variable).enumerate();
    let parts: Vec<String> = parts
        .map(|(at, part)| if at + 1 == depth { meant.to_owned() } else { part })
        .collect();
    format!("{PREFIX}{}", parts.join("__").to_uppercase())
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name, (Some(value), None)))
                .collect(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment")
            .field(&self.variables.keys().collect::<Vec<_>>())
            .finish()
    }
}
