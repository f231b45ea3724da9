//! Reading the raw tree: takes values out section by section, and collects everything that is wrong on the way.
//!
//! A [`Section`] knows which keys were asked for; [`Section::finish`] turns whatever is left into "unknown key, did you
//! mean ...". So the list of known keys is the code that reads them, and cannot fall behind. After a mistake a reader
//! goes on with a default: the configuration is thrown away anyway, but the next mistake is still found.

use super::app_kind::AppKind;
use super::dialect::Dialect;
use super::env::Environment;
use super::files::FilesRead;
use super::mistake::{ConfigMistake, MistakeKind};
use super::notice::{Notice, NoticeKind};
use super::place::Place;
use super::settings::{Setting, SettingValue};
use super::suggest::closest;
use super::tree::{Node, Shape, Table, Value};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What checking collects, and what it may ask.
pub(super) struct Checker<'a> {
    pub(super) dialect: Dialect,
    pub(super) environment: &'a Environment,
    /// The working directory: what every shown path is relative to.
    pub(super) directory: &'a Path,
    /// What was read on the way.
    pub(super) files: &'a mut FilesRead,
    pub(super) mistakes: Vec<ConfigMistake>,
    pub(super) notices: Vec<Notice>,
    pub(super) settings: Vec<Setting>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        dialect: Dialect,
        environment: &'a Environment,
        directory: &'a Path,
        files: &'a mut FilesRead,
    ) -> Self {
        Self {
            dialect,
            environment,
            directory,
            files,
            mistakes: vec![],
            notices: vec![],
            settings: vec![],
        }
    }

    /// Records a mistake at `path` (dotted, our own spelling).
    pub(super) fn mistake(&mut self, place: &Place, path: &str, kind: MistakeKind) {
        self.mistake_suggesting(place, path, kind, None);
    }

    /// Records a mistake together with what was probably meant.
    pub(super) fn mistake_suggesting(&mut self, place: &Place, path: &str, kind: MistakeKind, meant: Option<String>) {
        let key = self.spell(place, path);
        self.mistakes.push(ConfigMistake {
            place: place.clone(),
            key,
            kind,
            suggestion: meant,
        });
    }

    /// Records a notice at `path`.
    pub(super) fn notice(&mut self, place: &Place, path: &str, kind: NoticeKind) {
        let key = self.spell(place, path);
        self.notices.push(Notice {
            place: place.clone(),
            key,
            kind,
        });
    }

    /// Remembers what `path` is set to, and from where.
    pub(super) fn setting(&mut self, place: &Place, path: &str, value: SettingValue) {
        self.settings.push(Setting {
            key: path.to_owned(),
            value,
            place: place.clone(),
        });
    }

    /// The key as its source spells it.
    fn spell(&self, place: &Place, path: &str) -> String {
        place.variable().map_or_else(|| self.dialect.spell(path), str::to_owned)
    }

    /// Finds the file that `path`, written at `place`, means: a file names its neighbours, all else starts from the
    /// working directory.
    pub(super) fn resolve(&self, place: &Place, path: &str) -> PathBuf {
        let neighbourhood = place.file().and_then(Path::parent).unwrap_or(Path::new(""));
        self.directory.join(neighbourhood).join(path)
    }
}

/// A section that is being read.
pub(super) struct Section<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    /// Dotted, empty for the root.
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

impl<'c, 'a> Section<'c, 'a> {
    pub(super) const fn new(checker: &'c mut Checker<'a>, path: String, table: Table) -> Self {
        Self {
            checker,
            path,
            table,
            known: Vec::new(),
        }
    }

    /// The dotted path of `key` in this section.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Where the section begins: what a missing key points at.
    pub(super) const fn place(&self) -> &Place {
        &self.table.place
    }

    /// Returns whether `key` was written (and not yet taken).
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.entries.contains_key(key)
    }

    /// Looks at the value of `key` without taking it.
    pub(super) fn peek(&self, key: &str) -> Option<&Value> {
        self.table.entries.get(key).map(|node| &node.value)
    }

    /// Takes the value of `key` as it was written.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        // Some readers look twice.
        self.know(key);
        self.table.entries.remove(key)
    }

    /// Counts `key` as known, so that a mistyped one finds it.
    pub(super) fn know(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// Gives a value back that was only looked at.
    pub(super) fn put_back(&mut self, key: &'static str, node: Node) {
        self.table.entries.insert(key.to_owned(), node);
    }

    /// Takes a text that is not blank. A number is taken as its digits: client ids are written both ways.
    pub(super) fn text(&mut self, key: &'static str) -> Option<(String, Place)> {
        let node = self.take(key)?;
        let text = match node.value {
            Value::Text(text) => text,
            Value::Number(number) => number.to_string(),
            other => {
                self.wrong_shape(key, &node.place, Shape::Text, &other);
                return None;
            }
        };
        let text = text.trim().to_owned();
        if text.is_empty() {
            self.mistake(key, &node.place, MistakeKind::Blank);
            return None;
        }
        Some((text, node.place))
    }

    /// Takes a text and lets `parse` check it; what comes out is remembered as a setting.
    pub(super) fn checked<T: ToString>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let (text, place) = self.text(key)?;
        match parse(&text) {
            Ok(value) => {
                self.setting(key, &place, SettingValue::Text(value.to_string()));
                Some(value)
            }
            Err(Wrong { kind, suggestion }) => {
                let path = self.path_of(key);
                self.checker.mistake_suggesting(&place, &path, kind, suggestion);
                None
            }
        }
    }

    /// The same with a default.
    pub(super) fn checked_or<T: ToString>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> T {
        if !self.has(key) {
            self.setting(key, &Place::Default, SettingValue::Text(default.to_string()));
        }
        self.checked(key, parse).unwrap_or(default)
    }

    /// Takes a text that has to be there.
    pub(super) fn required<T: ToString>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.has(key) {
            self.take(key);
            let place = self.table.place.clone();
            self.mistake(key, &place, MistakeKind::MissingKey);
            return None;
        }
        self.checked(key, parse)
    }

    /// Takes a whole number in `range`. Variables hold digits.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = self.take(key)?;
        let written = match &node.value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) if node.place.variable().is_some() => text.trim().to_owned(),
            other => {
                self.wrong_shape(key, &node.place, Shape::Number, other);
                return None;
            }
        };
        if let Some(number) = written.parse().ok().filter(|number| range.contains(number)) {
            self.setting(key, &node.place, SettingValue::Number(number));
            return Some(number);
        }
        let kind = MistakeKind::OutOfRange {
            value: written,
            min: *range.start(),
            max: *range.end(),
        };
        self.mistake(key, &node.place, kind);
        None
    }

    /// The same with a default.
    pub(super) fn number_or(&mut self, key: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        if !self.has(key) {
            self.setting(key, &Place::Default, SettingValue::Number(default));
        }
        self.number(key, range).unwrap_or(default)
    }

    /// Takes a whole number of seconds in `range`, with a default in seconds.
    pub(super) fn seconds_or(&mut self, key: &'static str, default: u32, range: RangeInclusive<u32>) -> Duration {
        Duration::from_secs(self.number_or(key, default, range).into())
    }

    /// Takes `true` or `false`. Variables hold the words.
    pub(super) fn switch(&mut self, key: &'static str, default: bool) -> bool {
        let Some(node) = self.take(key) else {
            self.setting(key, &Place::Default, SettingValue::Switch(default));
            return default;
        };
        let is_on = match &node.value {
            Value::Switch(is_on) => Some(*is_on),
            Value::Text(text) if node.place.variable().is_some() => text.trim().parse().ok(),
            _ => None,
        };
        match is_on {
            Some(is_on) => self.setting(key, &node.place, SettingValue::Switch(is_on)),
            None => self.wrong_shape(key, &node.place, Shape::Switch, &node.value),
        }
        is_on.unwrap_or(default)
    }

    /// Takes a list of texts, each checked by `parse`. A variable holds them separated by commas, or as a JSON list.
    pub(super) fn list<T: ToString>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let Some(node) = self.take(key) else {
            self.setting(key, &Place::Default, SettingValue::List(vec![]));
            return vec![];
        };
        let place = node.place;
        let items = match node.value {
            Value::List(items) => items,
            Value::Text(text) if place.variable().is_some() => list_of_variable(&text, &place),
            other => {
                self.wrong_shape(key, &place, Shape::List, &other);
                return vec![];
            }
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Text(text) => match parse(text.trim()) {
                    Ok(value) => values.push(value),
                    Err(Wrong { kind, suggestion }) => {
                        let path = self.path_of(key);
                        self.checker.mistake_suggesting(&item.place, &path, kind, suggestion);
                    }
                },
                other => self.wrong_shape(key, &item.place, Shape::Text, &other),
            }
        }
        self.setting(
            key,
            &place,
            SettingValue::List(values.iter().map(T::to_string).collect()),
        );
        values
    }

    /// Enters the section `key`; an empty one when nobody wrote it.
    pub(super) fn section<'s>(&'s mut self, key: &'static str) -> Section<'s, 'a>
    where
        'c: 's,
    {
        let path = self.path_of(key);
        let table = match self.take(key) {
            None => Table::empty(self.table.place.clone()),
            Some(Node {
                value: Value::Table(table),
                ..
            }) => table,
            Some(Node { value, place, .. }) => {
                self.wrong_shape(key, &place, Shape::Table, &value);
                Table::empty(place)
            }
        };
        Section::new(self.checker, path, table)
    }

    /// Enters the section `key` when somebody wrote it.
    pub(super) fn section_if_there<'s>(&'s mut self, key: &'static str) -> Option<Section<'s, 'a>>
    where
        'c: 's,
    {
        if self.has(key) {
            return Some(self.section(key));
        }
        self.take(key);
        None
    }

    /// Returns the names inside the section `key`, without entering it; `None` when something else stands there.
    pub(super) fn entry_names(&self, key: &str) -> Option<Vec<String>> {
        match self.table.entries.get(key).map(|node| &node.value) {
            None => Some(vec![]),
            Some(Value::Table(table)) => Some(table.entries.keys().cloned().collect()),
            Some(_) => None,
        }
    }

    /// Takes every entry that is left, for sections whose keys are names.
    pub(super) fn take_entries(&mut self) -> Vec<(String, Node)> {
        std::mem::take(&mut self.table.entries).into_iter().collect()
    }

    /// Names those of `keys` that were written as belonging to apps of other `kinds` - or, in a file that is not ours,
    /// as fields that nobody reads.
    pub(super) fn refuse_keys_of(&mut self, kinds: &'static [AppKind], keys: &[&'static str]) {
        for key in keys {
            let Some(node) = self.table.entries.remove(*key) else {
                continue;
            };
            if self.checker.dialect.allows_other_keys() && node.place.variable().is_none() {
                let path = self.path_of(key);
                self.checker.notice(&node.key_place, &path, NoticeKind::UnknownField);
            } else {
                self.mistake(key, &node.key_place, MistakeKind::KeyOfOtherKind { kinds });
            }
        }
    }

    /// Everything that nobody asked for is a mistake - or, in a file that is not ours, a notice.
    pub(super) fn finish(self) {
        for (key, node) in self.table.entries {
            let path = if self.path.is_empty() {
                key.clone()
            } else {
                format!("{}.{key}", self.path)
            };
            if self.checker.dialect.allows_other_keys() && node.place.variable().is_none() {
                self.checker.notice(&node.key_place, &path, NoticeKind::UnknownField);
                continue;
            }
            let meant = closest(&key, self.known.iter().copied());
            let known = if meant.is_some() {
                vec![]
            } else {
                self.known.iter().map(ToString::to_string).collect()
            };
            let meant = meant.map(|meant| match node.key_place.variable() {
                Some(variable) => super::env::renamed(variable, &path, meant),
                None => meant.to_owned(),
            });
            self.checker
                .mistake_suggesting(&node.key_place, &path, MistakeKind::UnknownKey { known }, meant);
        }
    }

    /// Records a mistake at `key`.
    pub(super) fn mistake(&mut self, key: &str, place: &Place, kind: MistakeKind) {
        let path = self.path_of(key);
        self.checker.mistake(place, &path, kind);
    }

    /// Records a notice at `key`.
    pub(super) fn notice(&mut self, key: &str, place: &Place, kind: NoticeKind) {
        let path = self.path_of(key);
        self.checker.notice(place, &path, kind);
    }

    /// Remembers what `key` is set to.
    pub(super) fn setting(&mut self, key: &str, place: &Place, value: SettingValue) {
        let path = self.path_of(key);
        self.checker.setting(place, &path, value);
    }

    /// Records that `found` is not what `key` takes - unless it was refused, and named, already.
    pub(super) fn wrong_shape(&mut self, key: &str, place: &Place, expected: Shape, found: &Value) {
        if let Some(found) = found.shape() {
            self.mistake(key, place, MistakeKind::WrongShape { expected, found });
        }
    }
}

fn list_of_variable(text: &str, place: &Place) -> Vec<Node> {
    let items: Vec<String> = serde_json::from_str(text).unwrap_or_else(|_| {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    });
    items
        .into_iter()
        .map(|item| Node::at(place.clone(), Value::Text(item)))
        .collect()
}

/// What a check of a single value answers when it says no.
pub(super) struct Wrong {
    pub(super) kind: MistakeKind,
    pub(super) suggestion: Option<String>,
}

impl Wrong {
    /// No, and we guess what was meant.
    pub(super) fn suggesting(kind: MistakeKind, suggestion: impl Into<String>) -> Self {
        Self {
            kind,
            suggestion: Some(suggestion.into()),
        }
    }
}

impl From<MistakeKind> for Wrong {
    fn from(kind: MistakeKind) -> Self {
        Self { kind, suggestion: None }
    }
}
