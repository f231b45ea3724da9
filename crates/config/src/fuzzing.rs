//! What must hold of the readers of configuration files, whatever stands in one.
//!
//! Only reading: checking what was read would open files and run commands that the file names.

use super::env::Environment;
use super::load::from_file;
use std::path::PathBuf;

/// The files that are read, one per dialect.
const FILES: [&str; 4] = ["coze_oauth_config.json", "application.yaml", ".env", "cozegate.toml"];

/// A file of any dialect (chosen by the first byte) is read or its mistakes are told, each at a place within it.
///
/// # Panics
///
/// When that does not hold.
pub fn config_file(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let file = FILES
        .iter()
        .cycle()
        .nth(usize::from(*kind % 4))
        .copied()
        .unwrap_or_default();
    let raw = from_file(PathBuf::from(file), text, Environment::default());
    let mistakes = match raw {
        Ok(raw) => raw.mistakes,
        Err(mistakes) => mistakes,
    };
    let lines = text.split('\n').count();
    for mistake in mistakes {
        let line = mistake.place.position().map_or(1, |position| position.line);
        assert!((1..=lines).contains(&line), "{mistake:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_test_support::property::holds_for;

    #[test]
    fn configuration_files_are_read_or_their_mistakes_told() {
        holds_for(
            config_file,
            &[
                "\u{0}{\"client_id\":\"1\"",
                "\u{1}coze:\n  client-id: 1\n",
                "\u{2}COZE_CLIENT_ID=\"1\"\n",
                "\u{3}[apps.main]\nkind = \"jwt\"\n",
                "{",
                "}",
                "[",
                "]",
                "\"",
                "'",
                ":",
                ",",
                "\n",
                "\r\n",
                "  ",
                "- ",
                "&a ",
                "*a",
                "<<: ",
                "${X:y}",
                "export ",
                "=",
                "#",
                "\\",
                "\t",
                "null",
                "1e9",
                "\"a\":1",
                "---\n",
                "\u{feff}",
                "private_key",
                "apps",
                "\u{4f60}",
            ],
        );
    }
}
