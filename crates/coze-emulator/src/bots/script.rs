//! What a bot is going to say, decided before the first word leaves.
//!
//! Pure: question, memory and settings go in, a [`Script`] comes out. `generation` performs it.

use super::bot::Talent;
use crate::config::EmulatorConfig;
use std::time::Duration;

/// How many of the remembered messages the memory bot repeats.
const REPEATED: usize = 5;
/// Characters of a delta where words have no spaces between them.
const GROUP: usize = 2;

/// An answer to perform.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// The deltas, in order.
    pub(crate) pieces: Vec<Piece>,
    /// Suggestions after the answer, 1 to 3.
    pub(crate) follow_ups: &'static [&'static str],
    /// Time between two deltas; `None` is the platform's own pace.
    pub(crate) spacing: Option<Duration>,
}

/// The content of one delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// The machine's time when the delta leaves, in Unix microseconds, and a line break.
    SendTime,
}

impl Script {
    /// Returns what `talent` says to `question`. `remembered` is what the asker said so far, the question included.
    pub(crate) fn write(talent: Talent, question: &str, remembered: &[String], config: &EmulatorConfig) -> Self {
        match talent {
            Talent::Echo => Self {
                pieces: spoken(question),
                follow_ups: &["再说一遍", "换个话题", "Say it in English"],
                spacing: None,
            },
            Talent::Memory => Self {
                pieces: spoken(&recollection(remembered)),
                follow_ups: &["还记得什么？", "What else?"],
                spacing: None,
            },
            Talent::Clock => Self {
                pieces: (0..config.clock_ticks).map(|_| Piece::SendTime).collect(),
                follow_ups: &["再来一次"],
                spacing: Some(config.clock_spacing),
            },
        }
    }
}

fn recollection(remembered: &[String]) -> String {
    let count = remembered.len();
    let last = remembered.get(count.saturating_sub(REPEATED)..).unwrap_or_default();
    let mut text = format!("我记得你说过 {count} 句话（I remember {count} of your messages）：");
    for message in last {
        text.extend(["\n- ", message]);
    }
    text
}

fn spoken(text: &str) -> Vec<Piece> {
    pieces(text)
        .into_iter()
        .map(|piece| Piece::Text(piece.to_owned()))
        .collect()
}

/// Cuts `text` into deltas: words with the spaces behind them, and pairs of characters where a script writes none
/// between words. The parts joined are the text.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, tail) = rest.split_at(first_piece(rest));
        parts.push(part);
        rest = tail;
    }
    parts
}

/// Returns the length in bytes of the first delta of `text`, which is not empty.
fn first_piece(text: &str) -> usize {
    let mut wide = 0;
    let mut after_space = false;
    for (written, (at, character)) in text.char_indices().enumerate() {
        let is_wide = character as u32 >= 0x2E80; // the first block of CJK scripts
        let starts_next =
            written > 0 && !character.is_whitespace() && (after_space || wide == GROUP || (wide > 0) != is_wide);
        if starts_next {
            return at;
        }
        wide += usize::from(is_wide);
        after_space = character.is_whitespace();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn latin_text_is_cut_into_words_and_chinese_into_pairs() {
        assert_eq!(pieces("Hello big world"), ["Hello ", "big ", "world"]);
        assert_eq!(pieces("今天天气好"), ["今天", "天气", "好"]);
        assert_eq!(pieces("用 Rust 写的"), ["用 ", "Rust ", "写的"]);
        assert!(pieces("").is_empty());
    }

    proptest! {
        #[test]
        fn pieces_joined_are_the_text(text in "\\PC*") {
            let parts = pieces(&text);

            prop_assert_eq!(parts.concat(), text.as_str());
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
        }
    }

    #[test]
    fn memory_repeats_the_last_five() {
        let said: Vec<String> = (1..=7).map(|number| format!("m{number}")).collect();

        let text = recollection(&said);

        assert!(text.starts_with("我记得你说过 7 句话"));
        assert!(!text.contains("m2") && text.contains("m3") && text.ends_with("- m7"));
    }
}
