//! Reads the text of a `cozegate.toml` into the raw tree, with the position of every key and value.

use super::mistake::{ConfigMistake, MistakeKind};
use super::place::{Place, Position};
use super::tree::{Node, Shape, Table, Value};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads `text`, the content of `path`; answers every syntax mistake, not only the first.
pub(super) fn read(path: &Path, text: &str) -> Result<Table, Vec<ConfigMistake>> {
    let source = Source { path, text };
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(source.table(document.get_ref(), Place::whole_file(path)));
    }
    let mistakes = errors.iter().map(|error| {
        let place = error
            .span()
            .map_or_else(|| Place::whole_file(path), |span| source.place(&span));
        ConfigMistake::new(
            place,
            "",
            MistakeKind::Syntax {
                reason: error.message().to_owned(),
            },
        )
    });
    Err(mistakes.collect())
}

/// The text that spans point into.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        Place::File {
            path: self.path.to_owned(),
            position: Some(Position::of_offset(self.text, span.start)),
        }
    }

    fn table(&self, table: &DeTable<'_>, place: Place) -> Table {
        let entries = table.iter().map(|(key, value)| {
            let node = Node {
                key_place: self.place(&key.span()),
                place: self.place(&value.span()),
                value: self.value(value),
            };
            (key.get_ref().to_string(), node)
        });
        Table {
            place,
            entries: entries.collect(),
        }
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            // A number beyond i64 is beyond every range of ours, too.
            DeValue::Integer(number) => {
                Value::Number(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX))
            }
            DeValue::Float(_) => Value::Other(Shape::Fraction),
            DeValue::Boolean(is_on) => Value::Switch(*is_on),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Node::at(self.place(&item.span()), self.value(item)))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, self.place(&value.span()))),
        }
    }
}
