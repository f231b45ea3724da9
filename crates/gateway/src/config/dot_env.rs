//! Reads a `.env` file: `NAME=value` lines, as the tools that load such files agree on.
//!
//! `export` is allowed, `#` starts a comment, quotes hold several lines (a PEM key), double quotes understand `\n`.
//! Nothing is expanded: a value is what stands there.

use super::mistake::{ConfigMistake, MistakeKind};
use super::place::{Place, Position};
use std::path::Path;

/// Reads `text`, the content of `path`, into (name, value, place).
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<(String, String, Place)>, Vec<ConfigMistake>> {
    let mut variables = Vec::new();
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
        let wrong = |reason: &str| {
            let place = Place::File {
                path: path.to_owned(),
                position: Some(position),
            };
            ConfigMistake::new(
                place,
                "",
                MistakeKind::Syntax {
                    reason: reason.to_owned(),
                },
            )
        };
        let written = written.strip_prefix("export ").unwrap_or(written);
        let Some((name, value)) = written.split_once('=') else {
            mistakes.push(wrong("expected NAME=value"));
            rest = after;
            continue;
        };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            mistakes.push(wrong("a name holds letters, digits and _ only"));
            rest = after;
            continue;
        }
        let place = Place::DotEnv {
            path: path.to_owned(),
            position,
            name: name.to_owned(),
        };
        let value = value.trim_start();
        match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            None => {
                let value = value.split(" #").next().unwrap_or_default().trim_end();
                variables.push((name.to_owned(), value.to_owned(), place));
                rest = after;
            }
            Some(quote) => {
                // The value may go on behind this line: look for the closing quote from where it opened.
                let opened = line
                    .find('=')
                    .and_then(|equals| Some(equals + line.get(equals..)?.find(quote)? + 1));
                let found = opened.and_then(|opened| quoted(rest.get(opened..)?, quote));
                let Some((value, behind)) = found else {
                    mistakes.push(wrong("the quote is not closed"));
                    break;
                };
                variables.push((name.to_owned(), value, place));
                rest = behind.split_once('\n').map_or("", |(_, next)| next);
            }
        }
    }
    if mistakes.is_empty() {
        Ok(variables)
    } else {
        Err(mistakes)
    }
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
        let variables = read(Path::new(".env"), text).unwrap();
        variables.into_iter().map(|(name, value, _)| (name, value)).collect()
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
    fn every_wrong_line_is_named() {
        let mistakes = read(Path::new(".env"), "nonsense\nA=1\na b=2\nQ='open").unwrap_err();

        let lines: Vec<usize> = mistakes.iter().map(|m| m.place.position().unwrap().line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
