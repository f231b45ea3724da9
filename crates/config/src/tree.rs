//! The raw configuration: what was written, where, before anybody asks whether it is right.
//!
//! TOML, the console's JSON, YAML and environment variables all become this one tree, so that checking (`section.rs` and the
//! files per section) exists once. The tree may hold secrets; it has no `Debug` and does not outlive loading.

use super::place::Place;
use std::collections::BTreeMap;

/// A value with the places of its key and of itself.
#[derive(Clone)]
pub(super) struct Node {
    /// Where the key stands: what an unknown key points at.
    pub(super) key_place: Place,
    /// Where the value stands: what a wrong value points at.
    pub(super) place: Place,
    /// What was written.
    pub(super) value: Value,
}

impl Node {
    /// A node of a source that knows one place only.
    pub(super) fn at(place: Place, value: Value) -> Self {
        Self {
            key_place: place.clone(),
            place,
            value,
        }
    }
}

/// What was written.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Switch(bool),
    /// A TOML date or time, as written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
    /// Something that no key of ours takes; kept for its name in the mistake.
    Other(Shape),
    /// Something that the source's reader has refused, and named. Whoever asks for it goes on and says nothing more.
    Refused,
}

impl Value {
    /// Returns what kind of value this is; `None` for one that has been refused already.
    pub(super) fn shape(&self) -> Option<Shape> {
        match self {
            Self::Text(_) => Some(Shape::Text),
            Self::Number(_) => Some(Shape::Number),
            Self::Switch(_) => Some(Shape::Switch),
            Self::Moment(_) => Some(Shape::Moment),
            Self::List(_) => Some(Shape::List),
            Self::Table(_) => Some(Shape::Table),
            Self::Other(shape) => Some(*shape),
            Self::Refused => None,
        }
    }
}

/// A kind of value, for "expected this, found that".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A whole number.
    Number,
    /// A number with a fraction.
    Fraction,
    /// `true` or `false`.
    Switch,
    /// A date or time.
    Moment,
    /// A list.
    List,
    /// A section.
    Table,
    /// JSON's `null`.
    Null,
}

impl Shape {
    /// The id of its name in the catalogue.
    pub(super) const fn text_id(self) -> &'static str {
        match self {
            Self::Text => "config-shape-text",
            Self::Number => "config-shape-number",
            Self::Fraction => "config-shape-fraction",
            Self::Switch => "config-shape-switch",
            Self::Moment => "config-shape-moment",
            Self::List => "config-shape-list",
            Self::Table => "config-shape-table",
            Self::Null => "config-shape-null",
        }
    }
}

/// A section as written.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) place: Place,
    pub(super) entries: BTreeMap<String, Node>,
}

impl Table {
    /// A section in which nothing was written.
    pub(super) const fn empty(place: Place) -> Self {
        Self {
            place,
            entries: BTreeMap::new(),
        }
    }

    /// The root of a source of which nobody can say what its apps are: what is wrong with it has been named.
    pub(super) fn with_refused_apps(place: Place) -> Self {
        let apps = Node::at(place.clone(), Value::Refused);
        Self {
            place,
            entries: BTreeMap::from([("apps".to_owned(), apps)]),
        }
    }

    /// Writes `value` at `path`, over what stands there, and makes sections on the way. Answers whether it could: a
    /// plain value on the way cannot hold anything. One that has been refused may have been a section.
    pub(super) fn write(&mut self, path: &[String], place: &Place, value: Value) -> bool {
        let Some((key, rest)) = path.split_first() else {
            return false;
        };
        if rest.is_empty() {
            self.entries.insert(key.clone(), Node::at(place.clone(), value));
            return true;
        }
        // A section that only variables make begins nowhere: what is missing in it cannot be pointed at.
        let node = self.entries.entry(key.clone()).or_insert_with(|| Node {
            key_place: place.clone(),
            place: place.clone(),
            value: Value::Table(Self::empty(Place::Default)),
        });
        match &mut node.value {
            Value::Table(table) => table.write(rest, place, value),
            Value::Refused => true,
            _ => false,
        }
    }
}
