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
    /// A Spring-style `application.yaml`.
    Yaml {
        /// Whether the one app stands directly below `coze`.
        is_flat: bool,
    },
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

/// (key below `coze.NAME`, our key inside the app), in the usual spelling first. How the words are joined does not matter.
pub(super) const YAML_WORDS: [(&str, &str); 32] = [
    ("baseUrl", "api_base"),
    ("apiBase", "api_base"),
    ("baseUri", "api_base"),
    ("apiUrl", "api_base"),
    ("cozeApiBase", "api_base"),
    ("wwwBase", "www_base"),
    ("wwwUrl", "www_base"),
    ("cozeWwwBase", "www_base"),
    ("wsBase", "ws_base"),
    ("wsUrl", "ws_base"),
    ("region", "region"),
    ("kind", "kind"),
    ("type", "kind"),
    ("clientType", "kind"),
    ("clientId", "client_id"),
    ("publicKey", "public_key_id"),
    ("publicKeyId", "public_key_id"),
    ("keyId", "public_key_id"),
    ("privateKeyPath", "private_key_file"),
    ("privateKeyFile", "private_key_file"),
    ("privateKey", "private_key"),
    ("privateKey", "private_key_env"),
    ("clientSecret", "client_secret"),
    ("clientSecret", "client_secret_env"),
    ("redirectUri", "redirect_uri"),
    ("redirectUrl", "redirect_uri"),
    ("token", "token"),
    ("accessToken", "token"),
    ("token", "token_env"),
    ("durationSeconds", "duration_seconds"),
    ("expiresAt", "expires_at"),
    ("accountId", "account_id"),
];

impl Dialect {
    /// Says whether the source is somebody else's file, which may hold more than we read.
    pub(super) const fn allows_other_keys(self) -> bool {
        match self {
            Self::Console | Self::Yaml { .. } => true,
            Self::Toml | Self::Environment => false,
        }
    }

    /// Spells the dotted `path` as its source does.
    pub(super) fn spell(self, path: &str) -> String {
        match self {
            Self::Toml => path.to_owned(),
            Self::Environment => self.word_for(path).unwrap_or(path).to_owned(),
            // An unknown field of the console's file keeps the name under which it stands there.
            Self::Console => self
                .word_for(path)
                .or_else(|| key_of_the_only_app(path))
                .unwrap_or(path)
                .to_owned(),
            Self::Yaml { is_flat } => match key_of_app(path) {
                Some((_, key)) if is_flat => format!("coze.{}", self.word_for(path).unwrap_or(key)),
                Some((name, key)) => format!("coze.{name}.{}", self.word_for(path).unwrap_or(key)),
                None => path
                    .strip_prefix("apps.")
                    .map_or_else(|| path.to_owned(), |name| format!("coze.{name}")),
            },
        }
    }

    /// Returns the source's own word for `path`; `None` when it spells keys as we do, or cannot say this.
    pub(super) fn word_for(self, path: &str) -> Option<&'static str> {
        let (words, key): (&'static [(&str, &str)], _) = match self {
            Self::Toml => return None,
            Self::Console => (&CONSOLE_FIELDS, key_of_the_only_app(path)?),
            Self::Environment => (&COZE_VARIABLES, key_of_the_only_app(path)?),
            Self::Yaml { .. } => (&YAML_WORDS, key_of_app(path)?.1),
        };
        words.iter().find(|(_, ours)| *ours == key).map(|(theirs, _)| *theirs)
    }
}

fn key_of_the_only_app(path: &str) -> Option<&str> {
    key_of_app(path)
        .filter(|(name, _)| *name == ONLY_APP)
        .map(|(_, key)| key)
}

/// The name of the app that the dotted `path` lies in, and the key there.
fn key_of_app(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("apps.")?.split_once('.')
}
