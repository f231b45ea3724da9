//! Which kind of source a configuration comes from.

use std::path::PathBuf;

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
