//! The scripts for other people's pages: `embed.js`, our own window for it, and the userscript.
//!
//! | request | what it is |
//! |---|---|
//! | `GET /embed.js` | one tag on a page brings the chat; holds no secret, so any page may embed it |
//! | `GET /embed/window.js` | our own window, which it fetches where it is wanted |
//! | `GET /cozegate.user.js` | the userscript (`userscript`), for the person at this machine |
//!
//! esbuild bundles the modules of `web/` into `web/dist/` (`cargo xtask generate`). The gateway puts in what only it knows: the
//! texts, its version, and for the userscript its addresses and the pairing secret. A userscript is not minified, so that the
//! person who installs it can read it.

mod texts;
pub(super) mod userscript;
mod userscript_texts;

use super::language::Reader;
use super::pages::{self, ScriptWords, script_words};
use super::static_file::StaticFile;
use axum::http::HeaderMap;
use axum::response::Response;
use cozegate_config::text::Language;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use texts::EMBED_TEXTS;

/// The name in each bundle that is replaced by JSON: the argument of the entry's `start`.
const SERVED: &str = "COZEGATE_SERVED";

const EMBED_SCRIPT: &str = include_str!("../../web/dist/embed.js");
const WINDOW_SCRIPT: &str = include_str!("../../web/dist/window.js");
/// The style sheet of our own window's shadow root.
const WINDOW_SHEET: &str = include_str!("../../web/dist/window.css");

/// What `web/embed/main.js` is told.
#[derive(Serialize)]
struct ServedToEmbed {
    version: &'static str,
    /// By language.
    texts: BTreeMap<&'static str, ScriptWords>,
}

static EMBED: LazyLock<StaticFile> = LazyLock::new(|| {
    let served = ServedToEmbed {
        version: env!("CARGO_PKG_VERSION"),
        texts: Language::ALL
            .into_iter()
            .map(|language| (language.tag(), script_words(language, EMBED_TEXTS)))
            .collect(),
    };
    compressed(EMBED_SCRIPT, &served)
});

/// `GET /embed.js`.
pub(super) async fn embed(headers: HeaderMap) -> Response {
    EMBED.answer(&headers)
}

/// What `web/window/main.js` is told.
#[derive(Serialize)]
struct ServedToWindow {
    version: &'static str,
    lang: &'static str,
    /// What stands in its shadow root.
    html: String,
    css: &'static str,
    texts: ScriptWords,
}

impl ServedToWindow {
    fn of(language: Language) -> Self {
        let (html, texts) = pages::window(language);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            lang: language.tag(),
            html,
            css: WINDOW_SHEET,
            texts,
        }
    }
}

static WINDOWS: LazyLock<Vec<(Language, StaticFile)>> = LazyLock::new(|| {
    let served = |language: Language| (language, compressed(WINDOW_SCRIPT, &ServedToWindow::of(language)));
    Language::ALL.into_iter().map(served).collect()
});

/// `GET /embed/window.js?lang=…`.
pub(super) async fn window(reader: Reader, headers: HeaderMap) -> Response {
    let found = WINDOWS.iter().find(|(language, _)| *language == reader.language);
    found.map_or_else(Response::default, |(_, made)| made.answer(&headers))
}

fn compressed(script: &str, served: &impl Serialize) -> StaticFile {
    StaticFile::new(".js", with_served(script, served)).compressed()
}

/// Puts what the gateway has to say into a bundle. JSON is JavaScript, since ES2019 to the last character.
fn with_served(script: &str, served: &impl Serialize) -> String {
    // Plain structs of texts always serialize.
    let served = serde_json::to_string(served).unwrap_or_default();
    script.replacen(SERVED, &served, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundle_takes_what_is_served_once() {
        for (name, script) in [
            ("embed.js", EMBED_SCRIPT),
            ("window.js", WINDOW_SCRIPT),
            ("userscript.js", userscript::SCRIPT),
        ] {
            assert_eq!(script.matches(SERVED).count(), 1, "{name}");
            assert!(with_served(script, &["text"]).contains(r#"(["text"])"#), "{name}");
        }
    }

    #[test]
    fn style_sheet_of_the_window_asks_the_page_around_for_no_size_and_for_no_picture() {
        let is_rem = |part: &str| part.ends_with(|before: char| before.is_ascii_digit());
        let parts: Vec<&str> = WINDOW_SHEET.split("rem").collect();
        let before = parts.split_last().map_or(&[][..], |(_, before)| before);

        assert!(!before.iter().any(|part| is_rem(part)));
        assert!(!WINDOW_SHEET.contains("url("));
    }
}
