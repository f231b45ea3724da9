//! Reads a `.env` file: `NAME=value` lines, as the tools that load such files agree on.
//!
//! `export` is allowed, `#` starts a comment, quotes hold several lines (a PEM key), double quotes understand `\n`.
//! Nothing is expanded: a value is what stands there. A line that cannot be read is named, and its variable is kept without a
//! value, so that nobody calls it missing as well.

use super::mistake::{ConfigMistake, MistakeKind};
use super::place::{Place, Position};
use std::path::Path;

/// A variable that the file sets.
pub(super) struct Line {
    pub(super) name: String,
    /// `None` when what stands there could not be read.
    pub(super) value: Option<String>,
    pub(super) place: Place,
}

/// Reads `text`, the content of `path`, and names the lines that cannot be read.
pub(super) fn read(path: &Path, text: &str) -> (Vec<Line>, Vec<ConfigMistake>) {
    let mut lines = Vec::new();
    let mut mistakes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let position = Position::of_offset(text, text.len() - rest.len());
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let written = line.trim();
        if written.is_empty() || written.starts_with('#') {
            rest = after;
            continue;
        }
        let written = written.strip_prefix("export ").unwrap_or(written);
        let set = |name: &str, value: Option<String>| Line {
            name: name.to_owned(),
            value,
            place: Place::DotEnv {
                path: path.to_owned(),
                position,
                name: name.to_owned(),
            },
        };
        let mut refuse = |lines: &mut Vec<Line>, reason: &str| {
            let place = Place::File {
                path: path.to_owned(),
                position: Some(position),
            };
            let reason = reason.to_owned();
            mistakes.push(ConfigMistake::new(place, "", MistakeKind::Syntax { reason }));
            lines.extend(meant_name(written).map(|name| set(&name, None)));
        };
        let Some((name, value)) = written.split_once('=') else {
            refuse(&mut lines, "expected NAME=value");
            rest = after;
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            refuse(&mut lines, "a name holds letters, digits and _ only");
            rest = after;
            continue;
        }
        let value = value.trim_start();
        match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            None => {
                let value = value.split(" #").next().unwrap_or_default().trim_end();
                lines.push(set(name, Some(value.to_owned())));
                rest = after;
            }
            Some(quote) => {
                // The value may go on behind this line: look for the closing quote from where it opened.
                let opened = line
                    .find('=')
                    .and_then(|equals| Some(equals + line.get(equals..)?.find(quote)? + 1));
                let found = opened.and_then(|opened| quoted(rest.get(opened..)?, quote));
                let Some((value, behind)) = found else {
                    refuse(&mut lines, "the quote is not closed");
                    rest = next_variable(after);
                    continue;
                };
                lines.push(set(name, Some(value)));
                rest = behind.split_once('\n').map_or("", |(_, next)| next);
            }
        }
    }
    (lines, mistakes)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// Whether variables are usually called so. A secret that stands alone in its line is not taken for a name, and base64 has
/// no `_`.
fn is_usual_name(text: &str) -> bool {
    is_name(text) && text.contains('_') && !text.contains(|c: char| c.is_ascii_lowercase())
}

/// The variable that a line means which cannot be read: `NAME: value`, `NAME value`, `MY-NAME=value`.
fn meant_name(line: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name = line.split(|c| !is_part(c)).next()?.replace('-', "_");
    is_usual_name(&name).then_some(name)
}

/// Skips what an open quote may hold, a PEM key as a rule: on to the next line that sets a variable.
fn next_variable(text: &str) -> &str {
    let sets_one = |line: &str| {
        let line = line.trim_start();
        let assignment = line.strip_prefix("export ").unwrap_or(line).split_once('=');
        assignment.is_some_and(|(name, _)| is_usual_name(name.trim_end()))
    };
    let skipped = text.split_inclusive('\n').take_while(|line| !sets_one(line));
    text.get(skipped.map(str::len).sum()..).unwrap_or_default()
}

/// Reads up to the closing `quote`; answers the value and what stands behind it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote == '"' => match characters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            _ if character == quote => return Some((value, text.get(at + 1..)?)),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let (lines, mistakes) = read(Path::new(".env"), text);
        assert!(mistakes.is_empty());
        lines.into_iter().map(|line| (line.name, line.value.unwrap())).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn comments_exports_and_quotes_are_understood() {
        let text = "# head\r\nexport A=1\r\nB = two words # why\nC='x # y'\nD=\"a\\nb\" # end\nE=\n";

        let expected = [
            pair("A", "1"),
            pair("B", "two words"),
            pair("C", "x # y"),
            pair("D", "a\nb"),
            pair("E", ""),
        ];
        assert_eq!(values(text), expected);
    }

    #[test]
    fn a_quoted_value_may_span_lines() {
        assert_eq!(values("K=\"one\ntwo\"\nL=3"), [pair("K", "one\ntwo"), pair("L", "3")]);
    }

    #[test]
    fn a_line_that_cannot_be_read_still_tells_its_variable() {
        let text = "MY_NAME: x\nexport MY-OTHER=x\npat_canary\nMY_KEY=\"-----BEGIN\nQUJD=\n-----END\n  A_B = 1\n";

        let (lines, mistakes) = read(Path::new(".env"), text);

        let read: Vec<(&str, Option<&str>)> = lines
            .iter()
            .map(|line| (line.name.as_str(), line.value.as_deref()))
            .collect();
        assert_eq!(
            read,
            [
                ("MY_NAME", None),
                ("MY_OTHER", None),
                ("MY_KEY", None),
                ("A_B", Some("1"))
            ]
        );
        assert_eq!(mistakes.len(), 4);
    }

    #[test]
    fn every_wrong_line_is_named() {
        let (_, mistakes) = read(Path::new(".env"), "nonsense\nA=1\na b=2\nQ='open");

        let lines: Vec<usize> = mistakes.iter().map(|m| m.place.position().unwrap().line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
