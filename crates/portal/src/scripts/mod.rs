//! The scripts for other people's pages: `embed.js`, our own window for it, and the userscript.
//!
//! | request | what it is |
//! |---|---|
//! | `GET /embed.js` | one tag on a page brings the chat; holds no secret, so any page may embed it |
//! | `GET /embed/window.js` | our own window, which it fetches where it is wanted |
//! | `GET /cozegate.user.js` | the userscript (`userscript`), for the person at this machine |
//!
//! They are made of the modules in `web/` ([`join`]) and of the texts that they say ([`texts`]). What any page may embed is made short
//! ([`compact`]); a userscript is to be read by whoever installs it.

mod compact;
mod join;
mod sheet;
mod texts;
pub(super) mod userscript;
mod userscript_texts;

use super::assets;
use super::language::Reader;
use super::pages::{self, ScriptWords, script_words};
use super::static_file::StaticFile;
use axum::http::HeaderMap;
use axum::response::Response;
use cozegate_config::text::Language;
use join::Scopes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use texts::EMBED_TEXTS;

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
    made("embed/main.js", &served)
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
    css: String,
    texts: ScriptWords,
}

impl ServedToWindow {
    fn of(language: Language) -> Self {
        let (html, texts) = pages::window(language);
        let sheets = ["styles.css", "chat/chat.css", "window/window.css"];
        Self {
            version: env!("CARGO_PKG_VERSION"),
            lang: language.tag(),
            html,
            css: sheets
                .into_iter()
                .filter_map(assets::text)
                .map(sheet::for_shadow_root)
                .collect(),
            texts,
        }
    }
}

static WINDOWS: LazyLock<Vec<(Language, StaticFile)>> = LazyLock::new(|| {
    let made = |language: Language| (language, made("window/main.js", &ServedToWindow::of(language)));
    Language::ALL.into_iter().map(made).collect()
});

/// `GET /embed/window.js?lang=…`.
pub(super) async fn window(reader: Reader, headers: HeaderMap) -> Response {
    let found = WINDOWS.iter().find(|(language, _)| *language == reader.language);
    found.map_or_else(Response::default, |(_, made)| made.answer(&headers))
}

/// Joins an entry. That all of them can be joined is tested below; a page whose script cannot gets an empty one.
fn made(entry: &str, served: &impl Serialize) -> StaticFile {
    // Plain structs of texts always serialize.
    let served = serde_json::to_string(served).unwrap_or_default();
    let joined = join::join(entry, &served, scopes_of(entry), assets::text).unwrap_or_default();
    StaticFile::new(".js", compact::compact(&joined)).compressed()
}

/// `embed.js` comes before everything that a site's own visitors want, so its modules share what they can.
fn scopes_of(entry: &str) -> Scopes {
    if entry == "embed/main.js" {
        Scopes::Shared
    } else {
        Scopes::Apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_joined() {
        for entry in ["embed/main.js", "window/main.js", "userscript/main.js"] {
            let joined = join::join(entry, "{}", scopes_of(entry), assets::text);

            let joined = joined.unwrap_or_else(|error| panic!("{entry}: {error}"));
            assert!(joined.contains("start({})"), "{entry}");
        }
    }
}
