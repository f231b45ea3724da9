//! The chat at `/chat`, and our own window for other pages, which has the same markup.

use super::frame::{BotChoice, Frame, Texts, origin, rendered};
use super::script_data::{CHAT_TEXTS, ScriptWords, WINDOW_TEXTS, json_block, script_texts, script_words};
use askama::Template;
use cozegate_config::text::Language;
use serde::Serialize;

/// The chat at `/chat`.
#[derive(Clone, Copy, Debug)]
pub struct ChatPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The app that the request asked for, by its name; the default one where there is none.
    pub app: Option<&'a str>,
    /// The proxy's address as this visitor's browser reaches it; no slash at the end.
    pub api_base: &'a str,
    /// The bot to talk to when the address does not name one.
    pub bot_id: Option<&'a str>,
    /// The bots to choose from; without them the page asks Coze.
    pub bots: Option<&'a [BotChoice]>,
    /// The site's own name for the page.
    pub title: Option<&'a str>,
}

/// Renders the chat.
pub fn chat(page: &ChatPage<'_>) -> String {
    let language = page.frame.language;
    rendered(&ChatTemplate {
        texts: Texts(language),
        frame: page.frame,
        page,
        own_page: Some(page),
        room: "main",
        heading: "h1",
        script_texts: script_texts(language, CHAT_TEXTS),
        script_config: json_block(&ChatConfig {
            api_base: page.api_base,
            bot_id: page.bot_id,
            bots: page.bots,
            title: page.title,
            lang: language.tag(),
        }),
    })
}

/// Our own window for other people's pages: its markup (the chat's part of the page, and what is around it there), and what
/// its script says.
pub(crate) fn window(language: Language) -> (String, ScriptWords) {
    let markup = rendered(&WindowTemplate {
        language,
        texts: Texts(language),
        own_page: None,
        // The page around it has a main part and a first heading of its own.
        room: "div",
        heading: "h2",
    });
    let mut words = script_words(language, CHAT_TEXTS);
    words.extend(script_words(language, WINDOW_TEXTS));
    (markup, words)
}

/// Returns the `Content-Security-Policy` under which the pages work; `api_base` for the chat, which talks to the proxy.
pub fn content_security_policy(api_base: Option<&str>) -> String {
    let connect = api_base
        .and_then(origin)
        .map_or_else(String::new, |origin| format!(" {origin}"));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{connect}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// What `web/chat/main.js` is told.
#[derive(Serialize)]
struct ChatConfig<'a> {
    api_base: &'a str,
    bot_id: Option<&'a str>,
    bots: Option<&'a [BotChoice]>,
    title: Option<&'a str>,
    lang: &'a str,
}

#[derive(Template)]
#[template(path = "chat.html")]
struct ChatTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a ChatPage<'a>,
    own_page: Option<&'a ChatPage<'a>>,
    room: &'static str,
    heading: &'static str,
    script_texts: String,
    script_config: String,
}

#[derive(Template)]
#[template(path = "window.html")]
struct WindowTemplate<'a> {
    language: Language,
    texts: Texts,
    own_page: Option<&'a ChatPage<'a>>,
    room: &'static str,
    heading: &'static str,
}
