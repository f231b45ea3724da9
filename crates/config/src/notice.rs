//! What works but deserves a word: a secret in the open, a key that had to be mended, a field that nobody reads.

use super::mistake::located;
use super::place::Place;
use crate::text::{Language, text};
use std::fmt;
use std::path::PathBuf;

/// One remark about a configuration that works.
#[derive(Debug)]
pub struct Notice {
    /// Where it stands.
    pub place: Place,
    /// The key as its source spells it; may be empty.
    pub key: String,
    /// What is to be said.
    pub kind: NoticeKind,
}

/// What is to be said.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are named after what they hold, and the sentences show them"
)]
pub enum NoticeKind {
    /// A secret stands in the configuration file itself.
    InlineSecret,
    /// Others on this machine may read a file that holds a secret; `mode` in octal.
    SecretFileReadable { path: PathBuf, mode: String },
    /// The private key was written in a damaged form and could be mended.
    KeyRepaired { repair: coze_auth::KeyRepair },
    /// A field of the console's file that nobody reads.
    UnknownField,
    /// A variable that is set but loses against another one.
    UnusedVariable { winner: &'static str },
    /// A site refuses nothing.
    PolicyOnlyReports,
    /// A site lets visitors use conversations and files of others.
    OwnershipOnlyObserves,
    /// A site's visitors may use every bot.
    EveryBot,
    /// Credentials would travel unencrypted to another machine.
    PlainHttp { host: String },
    /// The code of a login would travel unencrypted to another machine.
    PlainRedirect { host: String },
}

impl Notice {
    /// The notice in one line.
    pub fn text(&self, language: Language) -> String {
        let (id, args) = match &self.kind {
            NoticeKind::InlineSecret => ("config-notice-inline-secret", vec![]),
            NoticeKind::SecretFileReadable { path, mode } => (
                "config-notice-secret-file-readable",
                vec![("path", path.display().to_string()), ("mode", mode.clone())],
            ),
            NoticeKind::KeyRepaired { repair } => (super::key_words::of_repair(*repair), vec![]),
            NoticeKind::UnknownField => ("config-notice-unknown-field", vec![]),
            NoticeKind::UnusedVariable { winner } => {
                ("config-notice-unused-variable", vec![("winner", (*winner).to_owned())])
            }
            NoticeKind::PolicyOnlyReports => ("config-notice-policy-only-reports", vec![]),
            NoticeKind::OwnershipOnlyObserves => ("config-notice-ownership-only-observes", vec![]),
            NoticeKind::EveryBot => ("config-notice-every-bot", vec![]),
            NoticeKind::PlainHttp { host } => ("config-notice-plain-http", vec![("host", host.clone())]),
            NoticeKind::PlainRedirect { host } => ("config-notice-plain-redirect", vec![("host", host.clone())]),
        };
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        located(language, &self.place, &self.key, &text(language, id, &args))
    }
}

/// English, for logs; people get [`Notice::text`] in their language.
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}
