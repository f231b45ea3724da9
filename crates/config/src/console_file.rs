//! Reads the console's own `coze_oauth_config.json` as it is (protocol 1.3).
//!
//! The file becomes an app named `main`. Shapes that old tutorials show (`app_id`, `coze_domain`) are recognised by
//! name, because whoever copied them sees nothing wrong with them. They do not end the reading: the field that was
//! meant counts as written, and the rest of the file is checked as well.

use super::dialect::{CONSOLE_FIELDS, ONLY_APP};
use super::mistake::{ConfigMistake, MistakeKind};
use super::place::{Place, Position};
use super::tree::{Node, Shape, Table, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads `text`, the content of `path`, into a tree with the one app, and names what is no field of today's file.
pub(super) fn read(path: &Path, text: &str) -> (Table, Vec<ConfigMistake>) {
    let whole_file = Place::whole_file(path);
    let mut mistakes = Vec::new();
    let Some(fields) = parse(path, text, &mut mistakes) else {
        return (Table::with_refused_apps(whole_file), mistakes);
    };
    let mut entries: BTreeMap<String, Node> = BTreeMap::new();
    for (field, value) in fields {
        let place = Place::File {
            path: path.to_owned(),
            position: position_of_field(text, &field),
        };
        if let Some((kind, meant, key)) = historic(&field) {
            let refused = Node::at(place.clone(), Value::Refused);
            // Where today's field stands beside it, that one is checked.
            entries.entry(key.to_owned()).or_insert(refused);
            let mut mistake = ConfigMistake::new(place, field, kind);
            mistake.suggestion = Some(meant.to_owned());
            mistakes.push(mistake);
            continue;
        }
        let key = CONSOLE_FIELDS
            .iter()
            .find(|(theirs, _)| *theirs == field)
            .map(|(_, ours)| *ours);
        let value = match (key, &value) {
            // The first of the registered ones; an empty list registers none.
            (Some("redirect_uri"), Json::Array(uris)) => match uris.first() {
                Some(first) => raw(first),
                None => continue,
            },
            _ => raw(&value),
        };
        entries.insert(key.map_or(field, str::to_owned), Node::at(place, value));
    }

    let app = Node::at(
        whole_file.clone(),
        Value::Table(Table {
            place: whole_file.clone(),
            entries,
        }),
    );
    let apps = Table {
        place: whole_file.clone(),
        entries: BTreeMap::from([(ONLY_APP.to_owned(), app)]),
    };
    let apps = Node::at(whole_file.clone(), Value::Table(apps));
    let root = Table {
        place: whole_file,
        entries: BTreeMap::from([("apps".to_owned(), apps)]),
    };
    (root, mistakes)
}

/// Reads the fields of the file. `None` where it has none, which is added to `mistakes`.
fn parse(path: &Path, text: &str, mistakes: &mut Vec<ConfigMistake>) -> Option<serde_json::Map<String, Json>> {
    let (position, kind) = match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => return Some(fields),
        Ok(other) => {
            let kind = MistakeKind::WrongShape {
                expected: Shape::Table,
                found: shape(&other),
            };
            (None, kind)
        }
        Err(error) => {
            let position = Position::of_offset(text, offset_of(text, &error));
            let reason = error.to_string();
            // serde_json ends its message with the position that we show in front.
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            (Some(position), MistakeKind::Syntax { reason })
        }
    };
    let place = Place::File {
        path: path.to_owned(),
        position,
    };
    mistakes.push(ConfigMistake::new(place, "", kind));
    None
}

/// What is to be said about a field of an old shape, the field of today's file that was meant, and our key for that.
fn historic(field: &str) -> Option<(MistakeKind, &'static str, &'static str)> {
    match field {
        "app_id" | "appid" => Some((MistakeKind::HistoricAppId, "client_id", "client_id")),
        "coze_domain" => Some((MistakeKind::HistoricDomain, "coze_api_base", "api_base")),
        _ => None,
    }
}

/// `serde_json` counts columns in bytes from 1, and from 0 at the end of the input.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines_before.map(str::len).sum::<usize>() + error.column().saturating_sub(1)
}

fn raw(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => number.as_i64().map_or(Value::Other(Shape::Fraction), Value::Number),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Value::Other(shape(json)),
    }
}

fn shape(json: &Json) -> Shape {
    match json {
        Json::Null => Shape::Null,
        Json::Bool(_) => Shape::Switch,
        Json::Number(_) => Shape::Number,
        Json::String(_) => Shape::Text,
        Json::Array(_) => Shape::List,
        Json::Object(_) => Shape::Table,
    }
}

/// Finds `"field"` followed by a colon. The file is flat, so the first such place is the field; inside a string value
/// the quotes would be escaped.
fn position_of_field(text: &str, field: &str) -> Option<Position> {
    let quoted = format!("\"{field}\"");
    let found = text.match_indices(&quoted).find(|(at, _)| {
        let before = text.get(..*at).unwrap_or_default();
        let behind = text.get(at + quoted.len()..).unwrap_or_default();
        !before.ends_with('\\') && behind.trim_start().starts_with(':')
    });
    found.map(|(at, _)| Position::of_offset(text, at))
}
