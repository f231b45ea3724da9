//! Prose of a file, and the avoided phrases in it.

/// In lower case.
const PHRASES: &[&str] = &[
    "whoever",
    "nobody",
    "somebody",
    "anybody",
    "stands for",
    "stands in",
    "stands there",
    "affair",
    "of ours",
    "is told",
    "are told",
    "as good as",
    "the rest of",
    "so long as",
];

/// A phrase and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) line: usize,
    pub(super) phrase: &'static str,
}

/// Which part of a file is prose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it.
    Document,
    /// Comments that begin with `//`, or with `/*` and `*` at the start of a line.
    Slashes,
    /// Comments that begin with `#`.
    Hash,
}

impl Kind {
    /// Reads the kind from a path relative to the root; `None` for a file that is not read.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            // The Chinese documents and texts have no such phrase.
            "md" => Some(Self::Document),
            "ftl" => path.starts_with("locales/en/").then_some(Self::Document),
            "rs" | "js" => Some(Self::Slashes),
            "py" | "toml" => Some(Self::Hash),
            _ => None,
        }
    }

    fn prose(self, line: &str) -> &str {
        match self {
            Self::Document => line,
            Self::Slashes if line.trim_start().starts_with(['*', '/']) => line,
            // A URL has no space in front of its slashes.
            Self::Slashes => line.split_once(" // ").map_or("", |(_, comment)| comment),
            Self::Hash if line.trim_start().starts_with('#') => line,
            Self::Hash => line.split_once(" # ").map_or("", |(_, comment)| comment),
        }
    }
}

/// Every avoided phrase of a text, with its line.
pub(super) fn phrases(content: &str, kind: Kind) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let prose = kind.prose(line).to_lowercase();
        for &phrase in PHRASES {
            let count = prose
                .match_indices(phrase)
                .filter(|(at, _)| is_whole(&prose, *at, phrase))
                .count();
            for _ in 0..count {
                found.push(Found {
                    line: index + 1,
                    phrase,
                });
            }
        }
    }
    found
}

fn is_whole(text: &str, at: usize, phrase: &str) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at + phrase.len()..).and_then(|text| text.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &str, kind: Kind) -> Vec<usize> {
        phrases(content, kind).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn only_comments_of_code_are_read() {
        let rust = "let nobody = 1;\n/// Nobody asks.\ncall(); // as good as done\nlet url = \"http://nobody\";\n";

        assert_eq!(lines(rust, Kind::Slashes), [2, 3]);
        assert_eq!(lines("nobody = 1\n# Nobody.\nx = 1  # nobody\n", Kind::Hash), [2, 3]);
    }

    #[test]
    fn documents_are_read_whole_and_words_are_whole_words() {
        assert_eq!(
            lines(
                "It stands for it.\nAffairs, outstands inside\nWhoever, nobody",
                Kind::Document
            ),
            [1, 3, 3]
        );
    }

    #[test]
    fn chinese_texts_and_data_are_not_read() {
        assert_eq!(Kind::of("locales/zh-CN/cli.ftl"), None);
        assert_eq!(Kind::of("Cargo.lock"), None);
        assert_eq!(Kind::of("locales/en/cli.ftl"), Some(Kind::Document));
    }
}
