//! `[store]`: where tokens, handles and pending logins rest, and which key seals them.
//!
//! Only what is written is read here. The file of a key need not exist yet: it is made at the first start, by whoever
//! opens the store.

use super::mistake::MistakeKind;
use super::secret_source::{self, SecretKeys, SecretText};
use super::section::Section;
use super::settings::SettingValue;
use std::path::PathBuf;

/// `[store]`.
#[derive(Clone, Debug, Default)]
pub struct StoreConfig {
    /// Which store.
    pub kind: StoreKind,
    /// Where the key comes from that seals what rests there.
    pub seal_key: SealKeySource,
}

/// Which store.
#[derive(Clone, Debug)]
pub enum StoreKind {
    /// A file, for any number of processes on one machine.
    Sqlite {
        /// Where it lies; below the user's state folder when absent.
        path: Option<PathBuf>,
    },
    /// A PostgreSQL database, for several machines.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: SecretText,
    },
    /// Redis or Valkey, for several machines.
    Redis {
        /// `redis://user:password@host:6379/0`, or `rediss://` for TLS.
        url: SecretText,
        /// What all keys begin with; a usual one when absent.
        prefix: Option<String>,
    },
    /// Nothing outlives the process.
    Memory,
}

impl Default for StoreKind {
    fn default() -> Self {
        Self::Sqlite { path: None }
    }
}

/// Where the key comes from that seals what rests in the store.
#[derive(Clone, Debug)]
pub enum SealKeySource {
    /// A file, made at the first start; beside the SQLite file or in the user's state folder when absent.
    File(Option<PathBuf>),
    /// The key itself, as it was written, or as a variable or a command gave it.
    Text(SecretText),
    /// The system's keyring, under this name.
    Keyring(String),
}

impl Default for SealKeySource {
    fn default() -> Self {
        Self::File(None)
    }
}

/// Every word for a kind, in the order in which they are offered.
const KINDS: [&str; 4] = ["sqlite", "postgres", "redis", "memory"];

const SEAL_KEY_FILE: &str = SecretKeys::SEAL_KEY.file;
const SEAL_KEY_KEYRING: &str = "seal_key_keyring";

impl StoreConfig {
    /// `None` when a part could not be made; the mistake is recorded then.
    pub(super) fn read(mut section: Section<'_, '_>) -> Option<Self> {
        let kind = section.checked_or("kind", "sqlite".to_owned(), |text| {
            if KINDS.contains(&text) {
                return Ok(text.to_owned());
            }
            let kind = MistakeKind::NotOneOf {
                value: text.to_owned(),
                allowed: &KINDS,
            };
            Err(kind.into())
        });
        let kind = match kind.as_str() {
            "postgres" => read_url(&mut section).map(|url| StoreKind::Postgres { url }),
            "redis" => {
                let prefix = section.checked("prefix", |text| Ok(text.to_owned()));
                read_url(&mut section).map(|url| StoreKind::Redis { url, prefix })
            }
            "memory" => {
                section.finish();
                return Some(Self {
                    kind: StoreKind::Memory,
                    seal_key: SealKeySource::default(),
                });
            }
            _ => Some(StoreKind::Sqlite {
                path: read_path(&mut section, "path"),
            }),
        };
        let seal_key = read_seal_key(&mut section);
        section.finish();
        Some(Self {
            kind: kind?,
            seal_key: seal_key?,
        })
    }

    /// What can be told apart of two configurations without showing a secret: whether a restart is needed.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_same_store = match (&self.kind, &other.kind) {
            (StoreKind::Sqlite { path: ours }, StoreKind::Sqlite { path: theirs }) => ours == theirs,
            (StoreKind::Postgres { url: ours }, StoreKind::Postgres { url: theirs }) => {
                ours.expose() == theirs.expose()
            }
            (
                StoreKind::Redis { url: ours, prefix },
                StoreKind::Redis {
                    url: theirs,
                    prefix: their_prefix,
                },
            ) => ours.expose() == theirs.expose() && prefix == their_prefix,
            (StoreKind::Memory, StoreKind::Memory) => true,
            _ => false,
        };
        let is_same_key = match (&self.seal_key, &other.seal_key) {
            (SealKeySource::File(ours), SealKeySource::File(theirs)) => ours == theirs,
            (SealKeySource::Text(ours), SealKeySource::Text(theirs)) => ours.expose() == theirs.expose(),
            (SealKeySource::Keyring(ours), SealKeySource::Keyring(theirs)) => ours == theirs,
            _ => false,
        };
        is_same_store && is_same_key
    }
}

fn read_url(section: &mut Section<'_, '_>) -> Option<SecretText> {
    // A file ends with a line break.
    secret_source::read(section, SecretKeys::URL).map(|(url, _)| SecretText::new(url.expose().trim()))
}

/// Takes the name of a file that need not be there yet.
fn read_path(section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let (path, place) = section.text(key)?;
    section.setting(key, &place, SettingValue::Text(path.clone()));
    Some(section.checker.resolve(&place, &path))
}

/// Takes the one source of the key that is written; the usual file when there is none.
fn read_seal_key(section: &mut Section<'_, '_>) -> Option<SealKeySource> {
    let keys = SecretKeys::SEAL_KEY;
    let sources = [
        keys.inline,
        keys.variable,
        keys.command,
        SEAL_KEY_FILE,
        SEAL_KEY_KEYRING,
    ];
    let written: Vec<&'static str> = sources.into_iter().filter(|key| section.has(key)).collect();
    if let [others @ .., key] = written.as_slice()
        && !others.is_empty()
    {
        let kind = MistakeKind::SeveralSources {
            keys: others.iter().map(ToString::to_string).collect(),
        };
        let nodes: Vec<_> = sources.iter().filter_map(|key| section.take(key)).collect();
        let place = nodes.last().map(|node| node.key_place.clone())?;
        section.mistake(key, &place, kind);
        return None;
    }
    let source = match written.first().copied() {
        None => Some(SealKeySource::default()),
        Some(SEAL_KEY_FILE) => read_path(section, SEAL_KEY_FILE).map(|path| SealKeySource::File(Some(path))),
        Some(SEAL_KEY_KEYRING) => section
            .checked(SEAL_KEY_KEYRING, |text| Ok(text.to_owned()))
            .map(SealKeySource::Keyring),
        Some(_) => secret_source::read(section, keys).map(|(key, _)| SealKeySource::Text(key)),
    };
    // Those that were not written are known as well.
    for key in sources {
        section.take(key);
    }
    source
}
