//! Reads an `application.yaml` in the manner of Spring: `coze.oauth`, `coze.oauth2`, ... one app each.
//!
//! Only `init` reads one, to make a `cozegate.toml` of it: Spring's rules are not needed while the gateway runs.
//!
//! The files hold much else, so everything outside `coze` is left alone. Keys may be written `clientId`, `client-id` or
//! `client_id` (Spring's relaxed binding), values may hold `${VARIABLE}` and `${VARIABLE:default}`, and a path may begin
//! with `classpath:` - the folder of the file, in a project as in a package.
//!
//! What is wrong is named and does not end the reading, so that checking finds the other mistakes as well.

mod document;
mod placeholder;

use super::dialect::{ONLY_APP, YAML_WORDS};
use super::env::Environment;
use super::mistake::{ConfigMistake, MistakeKind};
use super::place::Place;
use super::tree::{Node, Table, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// The key below which everything of ours stands.
const SECTION: &str = "coze";
/// The app that comes first by its name.
const FIRST_APP: &str = "oauth";

/// What was read.
pub(super) struct Read {
    /// The tree in our own spelling.
    pub(super) root: Table,
    /// Whether the one app stands directly below `coze`.
    pub(super) is_flat: bool,
    /// What is wrong so far.
    pub(super) mistakes: Vec<ConfigMistake>,
}

/// Reads `text`, the content of `path`.
pub(super) fn read(path: &Path, text: &str, environment: &Environment) -> Read {
    let mut mistakes = Vec::new();
    let section = find_section(path, text, &mut mistakes);
    let read = section.and_then(|coze| translate(path, coze, environment, &mut mistakes));
    let (root, is_flat) = read.unwrap_or((Table::with_refused_apps(Place::whole_file(path)), false));
    Read {
        root,
        is_flat,
        mistakes,
    }
}

/// Makes our tree of what stands below `coze`; answers it with [`Read::is_flat`].
fn translate(
    path: &Path,
    coze: Table,
    environment: &Environment,
    mistakes: &mut Vec<ConfigMistake>,
) -> Option<(Table, bool)> {
    let (mut apps, mut shared, others) = sort_entries(coze);
    let is_flat = apps.is_empty() && describes_an_app(&shared);
    if is_flat {
        let place = Place::whole_file(path);
        let app = Table {
            place: place.clone(),
            entries: std::mem::take(&mut shared),
        };
        apps.insert(ONLY_APP.to_owned(), Node::at(place, Value::Table(app)));
    }
    if apps.is_empty() {
        mistakes.push(no_app(path));
        return None;
    }
    let default_app = default_app(&apps);
    share_settings(&mut apps, &shared);
    translate_apps(&mut apps, is_flat, environment, mistakes);

    let whole_file = Place::whole_file(path);
    let apps = Table {
        place: whole_file.clone(),
        entries: apps,
    };
    let mut root = Table::empty(whole_file.clone());
    root.entries
        .insert("apps".to_owned(), Node::at(whole_file, Value::Table(apps)));
    if let Some(default_app) = default_app {
        root.entries.insert("default_app".to_owned(), default_app);
    }
    // Nobody reads them, and checking says so under this name.
    root.entries
        .extend(others.into_iter().map(|(key, node)| (format!("{SECTION}.{key}"), node)));
    Some((root, is_flat))
}

/// Finds the one `coze` among all documents of the file.
fn find_section(path: &Path, text: &str, mistakes: &mut Vec<ConfigMistake>) -> Option<Table> {
    let documents = document::read_all(path, text, mistakes)?;
    let mut sections = documents.into_iter().filter_map(|document| match document.value {
        Value::Table(mut root) => root.entries.remove(SECTION),
        _ => None,
    });
    let section = sections.next();
    if let Some(second) = sections.next() {
        // Which of them is meant decides what is wrong with it.
        let kind = MistakeKind::SeveralDocuments;
        mistakes.push(ConfigMistake::new(second.key_place, SECTION, kind));
        return None;
    }
    if let Some(Value::Table(table)) = section.map(|node| node.value) {
        return Some(table);
    }
    mistakes.push(no_app(path));
    None
}

fn no_app(path: &Path) -> ConfigMistake {
    ConfigMistake::new(Place::whole_file(path), SECTION, MistakeKind::NoAppInYaml)
}

type Entries = BTreeMap<String, Node>;

/// Sorts what stands below `coze`: apps, settings of ours that hold for all of them, and what is not ours.
fn sort_entries(coze: Table) -> (Entries, Entries, Entries) {
    let (mut apps, mut shared, mut others) = (Entries::new(), Entries::new(), Entries::new());
    for (key, node) in coze.entries {
        match &node.value {
            Value::Table(table) if describes_an_app(&table.entries) => apps.insert(key, node),
            Value::Text(_) | Value::Number(_) if our_key(&key).is_some() => shared.insert(key, node),
            _ => others.insert(key, node),
        };
    }
    (apps, shared, others)
}

/// An address alone may be that of anything.
fn describes_an_app(entries: &Entries) -> bool {
    entries
        .keys()
        .filter_map(|key| our_key(key))
        .any(|key| !matches!(key, "api_base" | "www_base" | "ws_base" | "region"))
}

/// The app called `oauth`, or the first of the file. One app needs no choice.
fn default_app(apps: &Entries) -> Option<Node> {
    if apps.len() < 2 {
        return None;
    }
    let (name, node) = apps
        .get_key_value(FIRST_APP)
        .or_else(|| apps.iter().min_by_key(|(_, node)| node.key_place.position()))?;
    Some(Node::at(node.key_place.clone(), Value::Text(name.clone())))
}

/// Gives every app what stands beside the apps, and an address to those without one: that of the app that is written
/// first. Files name the platform once and go on with the next app.
fn share_settings(apps: &mut Entries, shared: &Entries) {
    let has_address = |entries: &Entries| {
        let mut keys = entries.keys().filter_map(|key| our_key(key));
        keys.any(|key| matches!(key, "api_base" | "region"))
    };
    let with_address = apps.values().filter_map(|node| match &node.value {
        Value::Table(table) if has_address(&table.entries) => Some((node.key_place.position(), &table.entries)),
        _ => None,
    });
    let first: Entries = with_address
        .min_by_key(|(position, _)| *position)
        .map(|(_, entries)| entries.iter())
        .into_iter()
        .flatten()
        .filter(|(key, _)| matches!(our_key(key), Some("api_base" | "www_base" | "ws_base" | "region")))
        .map(|(key, node)| (key.clone(), node.clone()))
        .collect();
    for node in apps.values_mut() {
        let Value::Table(app) = &mut node.value else { continue };
        let missing = |app: &Table, key: &str| app.entries.keys().all(|own| our_key(own) != our_key(key));
        for (key, node) in shared {
            if missing(app, key) {
                app.entries.insert(key.clone(), node.clone());
            }
        }
        if !has_address(&app.entries) {
            app.entries.extend(first.clone());
        }
    }
}

/// Puts every app into our own spelling.
fn translate_apps(apps: &mut Entries, is_flat: bool, environment: &Environment, mistakes: &mut Vec<ConfigMistake>) {
    for (name, node) in apps {
        let Value::Table(app) = &mut node.value else { continue };
        let section = if is_flat {
            SECTION.to_owned()
        } else {
            format!("{SECTION}.{name}")
        };
        let mut entries = Entries::new();
        for (key, mut node) in std::mem::take(&mut app.entries) {
            let Some(ours) = our_key(&key) else {
                entries.insert(key, node);
                continue;
            };
            let ours = placeholder::resolve(ours, &mut node, environment).unwrap_or_else(|unset| {
                let kind = MistakeKind::SecretVariableUnset { name: unset };
                mistakes.push(ConfigMistake::new(node.place.clone(), format!("{section}.{key}"), kind));
                node.value = Value::Refused;
                ours
            });
            if ours == "private_key_file" {
                without_scheme(&mut node);
            }
            entries.insert(ours.to_owned(), node);
        }
        let kind = guess_kind(&entries);
        entries
            .entry("kind".to_owned())
            .or_insert_with(|| Node::at(Place::Default, Value::Text(kind.to_owned())));
        app.entries = entries;
    }
}

/// Spring's resource paths; the class path of a file is where the file lies.
fn without_scheme(node: &mut Node) {
    if let Value::Text(path) = &mut node.value {
        for scheme in ["classpath:", "file:"] {
            if let Some(rest) = path.strip_prefix(scheme) {
                *path = rest.to_owned();
                return;
            }
        }
    }
}

fn guess_kind(entries: &Entries) -> &'static str {
    let has_any = |keys: &[&str]| keys.iter().any(|key| entries.contains_key(*key));
    if has_any(&["token", "token_env", "token_file"]) {
        "pat"
    } else if has_any(&["client_secret", "client_secret_env", "client_secret_file"]) {
        "web"
    } else {
        "jwt"
    }
}

/// Finds our key for theirs, however it is spelled.
fn our_key(theirs: &str) -> Option<&'static str> {
    let relaxed = |key: &str| key.replace(['-', '_'], "").to_lowercase();
    let theirs = relaxed(theirs);
    YAML_WORDS
        .iter()
        .find(|(word, _)| relaxed(word) == theirs)
        .map(|(_, ours)| *ours)
}
