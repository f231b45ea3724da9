//! How the same key is spelled by the different sources.
//!
//! Checking knows `apps.main.api_base`; whoever wrote the console's JSON wrote `coze_api_base`, and wants to read that.

/// The name of the one app that the console's file and the environment describe.
pub(super) const ONLY_APP: &str = "main";

/// The kind of source that is being checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `cozegate.toml`: our own spelling.
    Toml,
    /// `coze_oauth_config.json` (protocol 1.3).
    Console,
    /// `COZE_*` variables.
    Environment,
}

/// (field of the console's file, our key inside the app)
pub(super) const CONSOLE_FIELDS: [(&str, &str); 8] = [
    ("client_type", "kind"),
    ("client_id", "client_id"),
    ("public_key_id", "public_key_id"),
    ("private_key", "private_key"),
    ("client_secret", "client_secret"),
    ("redirect_uris", "redirect_uri"),
    ("coze_api_base", "api_base"),
    ("coze_www_base", "www_base"),
];

/// (variable, our key inside the app); the names that the SDKs' examples and existing deployments use.
pub(super) const COZE_VARIABLES: [(&str, &str); 6] = [
    ("COZE_CLIENT_ID", "client_id"),
    ("COZE_PUBLIC_KEY", "public_key_id"),
    ("COZE_PRIVATE_KEY_PATH", "private_key_file"),
    ("COZE_PRIVATE_KEY", "private_key"),
    ("COZE_API_BASE", "api_base"),
    ("COZE_API_TOKEN", "token"),
];

impl Dialect {
    /// Says whether the source is somebody else's file, which may hold more than we read.
    pub(super) const fn allows_other_keys(self) -> bool {
        match self {
            Self::Console => true,
            Self::Toml | Self::Environment => false,
        }
    }

    /// Spells the dotted `path` as its source does.
    pub(super) fn spell(self, path: &str) -> String {
        let key = key_of_the_only_app(path);
        match (self.word_for(path), key, self) {
            (Some(word), ..) => word.to_owned(),
            // An unknown field of the console's file keeps the name under which it stands there.
            (None, Some(key), Self::Console) => key.to_owned(),
            (None, ..) => path.to_owned(),
        }
    }

    /// Returns the source's own word for `path`; `None` when it spells keys as we do, or cannot say this.
    pub(super) fn word_for(self, path: &str) -> Option<&'static str> {
        let words: &'static [(&str, &str)] = match self {
            Self::Toml => return None,
            Self::Console => &CONSOLE_FIELDS,
            Self::Environment => &COZE_VARIABLES,
        };
        let key = key_of_the_only_app(path)?;
        words.iter().find(|(_, ours)| *ours == key).map(|(theirs, _)| *theirs)
    }
}

fn key_of_the_only_app(path: &str) -> Option<&str> {
    path.strip_prefix("apps.")?.strip_prefix(ONLY_APP)?.strip_prefix('.')
}
