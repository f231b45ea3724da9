//! Where a value was written: a file with line and column, an environment variable, a flag, or nowhere.
//!
//! Every value carries its place through checking, so that a mistake can point at it and `config show` can tell where
//! a value came from.

use std::fmt;
use std::path::{Path, PathBuf};

/// A position in a text file; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters and not in bytes, as editors count.
    pub column: usize,
}

impl Position {
    /// Finds the position of byte `offset` in `text`; the end of the text when the offset lies behind it.
    pub(super) fn of_offset(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nobody wrote it: our default.
    Default,
    /// A file, with the position where it is known.
    File {
        /// The file as it was named to us, relative to the working directory.
        path: PathBuf,
        /// Line and column.
        position: Option<Position>,
    },
    /// A variable of the process environment.
    Variable(String),
    /// A variable that a `.env` file sets.
    DotEnv {
        /// The `.env` file, relative to the working directory.
        path: PathBuf,
        /// Where the variable stands.
        position: Position,
        /// The variable's name.
        name: String,
    },
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
}

impl Place {
    /// Returns the place of a whole file.
    pub(super) fn whole_file(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            position: None,
        }
    }

    /// Returns the file that holds the value, when a file does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } | Self::DotEnv { path, .. } => Some(path),
            Self::Default | Self::Variable(_) | Self::Flag(_) => None,
        }
    }

    /// Returns line and column, when they are known.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::File { position, .. } => *position,
            Self::DotEnv { position, .. } => Some(*position),
            Self::Default | Self::Variable(_) | Self::Flag(_) => None,
        }
    }

    /// Returns the environment variable's name, when one holds the value.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Variable(name) | Self::DotEnv { name, .. } => Some(name),
            Self::Default | Self::File { .. } | Self::Flag(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
            Self::File { path, position: None } => write!(f, "{}", path.display()),
            Self::File {
                path,
                position: Some(Position { line, column }),
            }
            | Self::DotEnv {
                path,
                position: Position { line, column },
                ..
            } => {
                write!(f, "{}:{line}:{column}", path.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let text = "# 说明\nname = \"中文\" # x";

        let position = Position::of_offset(text, text.find("# x").unwrap());

        assert_eq!(position, Position { line: 2, column: 13 });
    }

    #[test]
    fn an_offset_behind_the_end_is_the_end() {
        assert_eq!(Position::of_offset("a\nbc", 99), Position { line: 2, column: 3 });
    }
}
