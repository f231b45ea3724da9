//! Secrets that stand in a source: found in the raw tree, and moved to files under free names.

use super::super::checked::Config;
use super::super::secret_source::{SecretKeys, SecretText};
use super::super::tree::{Table, Value};
use std::path::Path;

/// A secret that moves into a file of its own.
#[derive(Debug)]
pub struct SecretFile {
    /// The file's name, in the directory of the configuration. Nothing else stands there under this name.
    pub name: String,
    /// What goes into it.
    pub content: SecretText,
}

/// A secret with the section that it stands in.
pub(super) struct InlineSecret {
    /// Dotted: `apps.main`, `store`.
    section: String,
    keys: SecretKeys,
    content: SecretText,
}

/// Where each kind of secret goes, without the app's name.
const FILES: [(SecretKeys, &str); 5] = [
    (SecretKeys::PRIVATE_KEY, "private_key.pem"),
    (SecretKeys::CLIENT_SECRET, "client_secret"),
    (SecretKeys::TOKEN, "token"),
    (SecretKeys::URL, "store.url"),
    (SecretKeys::SEAL_KEY, "store.key"),
];

/// Finds the secrets that stand in the source itself.
pub(super) fn inline_secrets(root: &Table) -> Vec<InlineSecret> {
    let apps = section(root, "apps").into_iter().flat_map(|apps| {
        let names = apps.entries.keys();
        names.filter_map(|name| Some((format!("apps.{name}"), section(apps, name)?)))
    });
    let store = section(root, "store").map(|store| ("store".to_owned(), store));
    let mut found = Vec::new();
    for (section, table) in apps.chain(store) {
        for (keys, _) in FILES {
            if let Some(Value::Text(text)) = table.entries.get(keys.inline).map(|node| &node.value) {
                found.push(InlineSecret {
                    section: section.clone(),
                    keys,
                    content: SecretText::new(as_file(text)),
                });
            }
        }
    }
    found
}

fn section<'t>(table: &'t Table, name: &str) -> Option<&'t Table> {
    match table.entries.get(name).map(|node| &node.value) {
        Some(Value::Table(section)) => Some(section),
        _ => None,
    }
}

/// Line breaks that JSON and `.env` files could not hold.
fn as_file(text: &str) -> String {
    format!("{}\n", text.trim().replace("\\r\\n", "\n").replace("\\n", "\n"))
}

/// Gives each secret a file; answers the keys that refer to them and the files that are not there yet.
pub(super) fn move_out(
    secrets: Vec<InlineSecret>,
    config: &Config,
    directory: &Path,
) -> (Vec<(String, String)>, Vec<SecretFile>) {
    let mut references = Vec::new();
    let mut files: Vec<SecretFile> = Vec::new();
    for InlineSecret { section, keys, content } in secrets {
        let usual = FILES
            .iter()
            .find(|(known, _)| known.inline == keys.inline)
            .map_or(keys.inline, |(_, name)| *name);
        let wanted = match section.strip_prefix("apps.") {
            Some(app) if config.apps.len() > 1 => format!("{app}_{usual}"),
            Some(_) | None => usual.to_owned(),
        };
        let (name, is_there) = free_name(directory, &wanted, &content);
        references.push((format!("{section}.{}", keys.file), name.clone()));
        if !is_there {
            files.push(SecretFile { name, content });
        }
    }
    (references, files)
}

/// The wanted name, or the next number that is free; a file that holds the very secret already is used as it is. A key
/// is never written over: nobody could bring it back.
fn free_name(directory: &Path, wanted: &str, content: &SecretText) -> (String, bool) {
    let numbered = (2_u32..).map(|number| format!("{number}_{wanted}"));
    for name in std::iter::once(wanted.to_owned()).chain(numbered) {
        let path = directory.join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|there| there.trim() == content.expose().trim()) {
            return (name, true);
        }
        if std::fs::symlink_metadata(&path).is_err() {
            return (name, false);
        }
    }
    (wanted.to_owned(), false)
}
