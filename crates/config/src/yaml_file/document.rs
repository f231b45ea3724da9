//! YAML text as raw trees, one per document, in which every key and value knows its position.
//!
//! Built from the parser's events, because the ready-made trees drop where a *key* stands and copy aliases without end:
//! what a few lines of anchors may grow to is bounded here. Anchors, aliases and merge keys (`<<`) are understood, since
//! files with several apps share their settings so.

use super::super::mistake::{ConfigMistake, MistakeKind};
use super::super::place::{Place, Position};
use super::super::tree::{Node, Table, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

/// More than any configuration holds, aliases counted as what they stand for.
const MOST_NODES: usize = 20_000;
/// Deeper than any configuration is.
const DEEPEST: usize = 64;
/// The key whose value is laid under its neighbours (YAML's merge key).
const MERGE_KEY: &str = "<<";

/// Reads every document of `text`, the content of `path`. `None` where it is no YAML, which is added to `mistakes` as what
/// is wrong otherwise.
pub(super) fn read_all(path: &Path, text: &str, mistakes: &mut Vec<ConfigMistake>) -> Option<Vec<Node>> {
    let mut builder = Builder {
        path,
        end: Position::of_offset(text, text.len()),
        open: vec![],
        anchors: BTreeMap::new(),
        documents: vec![],
        nodes: 0,
        mistakes,
    };
    for event in Parser::new_from_str(text) {
        let taken = match event {
            Ok((event, span)) => builder
                .take(event, span.start)
                .map_err(|reason| (span.start, reason.to_owned())),
            Err(error) => Err((*error.marker(), error.info().to_owned())),
        };
        if let Err((at, reason)) = taken {
            builder.wrong(builder.place(at), &reason);
            return None;
        }
    }
    Some(builder.documents)
}

/// A mapping or sequence whose end has not come yet.
enum Open {
    Mapping {
        anchor: usize,
        table: Table,
        /// What `<<` brings; it comes last, so that the mapping's own keys win.
        merged: Vec<Table>,
        key: Option<(String, Place)>,
    },
    Sequence {
        anchor: usize,
        place: Place,
        items: Vec<Node>,
    },
}

struct Builder<'p, 'm> {
    path: &'p Path,
    end: Position,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    documents: Vec<Node>,
    nodes: usize,
    mistakes: &'m mut Vec<ConfigMistake>,
}

type Outcome = Result<(), &'static str>;

impl Builder<'_, '_> {
    fn take(&mut self, event: Event<'_>, at: Marker) -> Outcome {
        let place = self.place(at);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                if let Some(Open::Mapping { key: key @ None, .. }) = self.open.last_mut() {
                    *key = Some((text.into_owned(), place));
                    return Ok(());
                }
                self.close(anchor, Node::at(place, scalar(&text, style)))
            }
            Event::Alias(anchor) => {
                let node = self
                    .anchors
                    .get(&anchor)
                    .ok_or("this alias stands for nothing")?
                    .clone();
                self.close(0, node)
            }
            Event::MappingStart(anchor, _) => self.begin(Open::Mapping {
                anchor,
                table: Table::empty(place),
                merged: vec![],
                key: None,
            }),
            Event::SequenceStart(anchor, _) => self.begin(Open::Sequence {
                anchor,
                place,
                items: vec![],
            }),
            Event::MappingEnd | Event::SequenceEnd => self.end(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn begin(&mut self, open: Open) -> Outcome {
        if let Some(Open::Mapping { key: None, .. }) = self.open.last() {
            return Err("a key has to be a plain text");
        }
        if self.open.len() >= DEEPEST {
            return Err("this is nested too deeply");
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Outcome {
        match self.open.pop() {
            Some(Open::Mapping {
                anchor,
                mut table,
                merged,
                ..
            }) => {
                for merged in merged {
                    lay_under(&mut table, merged);
                }
                let place = table.place.clone();
                self.close(anchor, Node::at(place, Value::Table(table)))
            }
            Some(Open::Sequence { anchor, place, items }) => self.close(anchor, Node::at(place, Value::List(items))),
            None => Ok(()),
        }
    }

    /// Puts a finished node where it belongs.
    fn close(&mut self, anchor: usize, node: Node) -> Outcome {
        self.nodes += size(&node);
        if self.nodes > MOST_NODES {
            return Err("the file says more than a configuration can");
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { table, merged, key, .. }) => {
                let (key, key_place) = key.take().ok_or("a key has to be a plain text")?;
                if key == MERGE_KEY {
                    merged.extend(tables_of(node));
                    return Ok(());
                }
                match table.entries.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(Node { key_place, ..node });
                    }
                    Entry::Occupied(mut entry) => {
                        // What the second one holds is not missing.
                        if let (Value::Table(first), Value::Table(second)) = (&mut entry.get_mut().value, node.value) {
                            lay_under(first, second);
                        }
                        self.wrong(key_place, "this key stands here twice");
                    }
                }
            }
        }
        Ok(())
    }

    fn place(&self, at: Marker) -> Place {
        let told = Position {
            line: at.line(),
            column: at.col() + 1,
        };
        Place::File {
            path: self.path.to_owned(),
            // The parser places what is missing at the end of a text on a line behind it.
            position: Some(told.min(self.end)),
        }
    }

    fn wrong(&mut self, place: Place, reason: &str) {
        let reason = reason.to_owned();
        self.mistakes
            .push(ConfigMistake::new(place, "", MistakeKind::Syntax { reason }));
    }
}

/// Gives `table` what it does not have itself.
fn lay_under(table: &mut Table, other: Table) {
    for (key, node) in other.entries {
        table.entries.entry(key).or_insert(node);
    }
}

/// A merge key takes a mapping or a list of them.
fn tables_of(node: Node) -> Vec<Table> {
    match node.value {
        Value::Table(table) => vec![table],
        Value::List(items) => items.into_iter().flat_map(tables_of).collect(),
        Value::Text(_) | Value::Number(_) | Value::Switch(_) | Value::Moment(_) | Value::Other(_) | Value::Refused => {
            vec![]
        }
    }
}

/// How many nodes this one adds, when those below it have been counted already or not at all (an alias): the parents of
/// a tree count their children again, which bounds depth and breadth at once.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Table(table) => table.entries.values().map(size).sum(),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Text(_) | Value::Number(_) | Value::Switch(_) | Value::Moment(_) | Value::Other(_) | Value::Refused => 0,
    }
}

/// A scalar by the core schema (YAML 1.2.2 10.3). Fractions stay texts: no key of ours takes one, and `1.10` may be a name.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    let as_written = || Value::Text(text.to_owned());
    if style != ScalarStyle::Plain {
        return as_written();
    }
    match text {
        "true" | "True" | "TRUE" => Value::Switch(true),
        "false" | "False" | "FALSE" => Value::Switch(false),
        "~" | "null" | "Null" | "NULL" => Value::Text(String::new()),
        // An id with zeros in front is a text.
        _ => text
            .parse::<i64>()
            .ok()
            .filter(|number| number.to_string() == text)
            .map_or_else(as_written, Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let mut mistakes = vec![];
        read_all(Path::new("a.yaml"), text, &mut mistakes);
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn anchors_are_merged_under_what_is_written() {
        let text = "base: &base {a: 1, b: 2}\napp:\n  b: 3\n  <<: *base\n";

        let documents = read_all(Path::new("a.yaml"), text, &mut vec![]).unwrap();

        let Value::Table(root) = &documents[0].value else {
            panic!()
        };
        let Value::Table(app) = &root.entries["app"].value else {
            panic!()
        };
        assert!(matches!(app.entries["a"].value, Value::Number(1)));
        assert!(matches!(app.entries["b"].value, Value::Number(3)));
        assert_eq!(app.entries["b"].key_place.to_string(), "a.yaml:3:3");
        assert_eq!(app.entries["b"].place.to_string(), "a.yaml:3:6");
    }

    #[test]
    fn aliases_of_aliases_do_not_grow_without_end() {
        let levels = (1..9).map(|level| {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{inner}]\n")
        });
        let text: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
            .chain(levels)
            .collect();

        assert!(refusal(&text).contains("more than a configuration can"));
        insta::assert_snapshot!(refusal(&format!("{}x", "- ".repeat(100))), @"a.yaml:1:129: The file cannot be understood here: this is nested too deeply.");
    }

    #[test]
    fn what_is_not_yaml_is_named_with_its_place() {
        insta::assert_snapshot!(
            [refusal("a: [1\nb: 2\n"), refusal("a: 1\na: 2\n"), refusal("? [x]\n: 1\n")].join("\n"),
            @"
        a.yaml:2:2: The file cannot be understood here: illegal placement of ':' indicator.
        a.yaml:2:1: The file cannot be understood here: this key stands here twice.
        a.yaml:1:3: The file cannot be understood here: a key has to be a plain text.
        "
        );
    }
}
