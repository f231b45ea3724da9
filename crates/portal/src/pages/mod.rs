//! The HTML that people see on the auth service: overview, token page, chat, error.
//!
//! Turns plain values into a page; knows neither HTTP nor configuration, so a page can be rendered in a test by a
//! literal. Values are escaped by the template engine. Nothing here takes a token, a handle or a key: a page that never
//! holds a secret cannot leak one (the scripts fetch what they need after the browser has proved its origin).
//!
//! The pages are written for the policy of [`content_security_policy`]: no inline script, no inline style. What a
//! script needs travels in `<script type="application/json">` blocks, which browsers do not run.

mod advice;
mod login;
mod playground;
mod script_data;
mod sessions;

pub use advice::{Advice, advice};
pub use login::{DevicePage, LoginPage, LoginStanding, device, login, loopback_end, plain, plain_policy};
pub use playground::{PlaygroundPage, PlaygroundPlaces, playground, playground_policy, preview, preview_policy};
pub(super) use script_data::{ScriptTexts, ScriptWords, script_words};
pub use sessions::{SessionLine, SessionsPage, sessions};

use askama::Template;
use cozegate_config::AppKind;
use cozegate_config::text::{Language, text};
use script_data::{CALLBACK_TEXTS, CHAT_TEXTS, WINDOW_TEXTS, json_block, script_texts};
use serde::Serialize;

/// What every page needs to know about the request that asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The language to write in.
    pub language: Language,
    /// The request's query without the `?`, as it came; the language switch keeps it.
    pub query: &'a str,
    /// Our version, as shown in the footer.
    pub version: &'a str,
    /// Pages for the operator are linked to: not for visitors of a public gateway.
    pub is_local: bool,
}

/// How this gateway was set up, in the words of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// For one person's machine, with real credentials.
    Local,
    /// Against the built-in emulator.
    Demo,
    /// For the visitors of other people's sites.
    Public,
}

/// Where an app lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppRegion {
    /// `api.coze.cn`.
    China,
    /// `api.coze.com`.
    International,
    /// An address of one's own, the emulator included.
    Other,
}

/// One configured app, as the overview lists it.
#[derive(Clone, Copy, Debug)]
pub struct AppLine<'a> {
    /// The name in the configuration.
    pub name: &'a str,
    /// How it gets its tokens.
    pub kind: AppKind,
    /// Where it lives.
    pub region: AppRegion,
    /// The address of its API, e.g. `https://api.coze.cn`.
    pub api_base: &'a str,
    /// Whether it serves requests that name no app.
    pub is_default: bool,
    /// For a fixed token that ends within a week: when, as it is shown.
    pub ends_soon: Option<&'a str>,
}

/// The overview at `/`.
#[derive(Clone, Copy, Debug)]
pub struct HomePage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// How this gateway was set up.
    pub setup: Setup,
    /// The proxy's address as a caller writes it, e.g. `http://127.0.0.1:8080`; no slash at the end.
    pub proxy_url: &'a str,
    /// The auth service's address, likewise.
    pub auth_url: &'a str,
    /// The configured apps.
    pub apps: &'a [AppLine<'a>],
    /// A bot that the snippets can name; without one they say `BOT_ID`.
    pub bot_id: Option<&'a str>,
}

/// The token page at `/callback`.
#[derive(Clone, Copy, Debug)]
pub struct CallbackPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The auth service's address as a caller writes it; no slash at the end.
    pub auth_url: &'a str,
    /// The app that the request asked for, by its name; the default one where there is none.
    pub app: Option<&'a str>,
    /// The session name that the request asked for.
    pub session_name: Option<&'a str>,
}

/// A bot that a visitor may choose.
#[derive(Clone, Debug, Serialize)]
pub struct BotChoice {
    /// The bot's id at Coze.
    pub id: String,
    /// What people call it.
    pub name: String,
}

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

/// The page for a request that failed.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words and in the page's language.
    pub title: &'a str,
    /// Why it happened.
    pub detail: &'a str,
    /// What the reader can do about it.
    pub advice: Option<Advice>,
    /// The number under which the log knows this request.
    pub request_id: Option<&'a str>,
}

/// Renders the overview.
pub fn home(page: &HomePage<'_>) -> String {
    rendered(&HomeTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

/// Renders the token page. It holds no token: its script asks for one when the reader does.
pub fn callback(page: &CallbackPage<'_>) -> String {
    let language = page.frame.language;
    rendered(&CallbackTemplate {
        texts: Texts(language),
        frame: page.frame,
        page,
        script_texts: script_texts(language, CALLBACK_TEXTS),
    })
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
pub(super) fn window(language: Language) -> (String, ScriptWords) {
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

/// Renders the page for a failed request.
pub fn error(page: &ErrorPage<'_>) -> String {
    rendered(&ErrorTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
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

/// Returns `scheme://host:port` of an address; a policy's source with a path would match that very path only (CSP 3,
/// 6.7.2.8). `None` for anything that could end the directive.
fn origin(address: &str) -> Option<&str> {
    let authority = address.find("://")? + "://".len();
    let end = address
        .get(authority..)?
        .find('/')
        .map_or(address.len(), |at| authority + at);
    address
        .get(..end)
        .filter(|origin| origin.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ';' | ',')))
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
#[template(path = "home.html")]
struct HomeTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a HomePage<'a>,
}

#[derive(Template)]
#[template(path = "callback.html")]
struct CallbackTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a CallbackPage<'a>,
    script_texts: String,
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

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a ErrorPage<'a>,
}

/// One entry of the language switch.
struct LanguageLink {
    href: String,
    tag: &'static str,
    name: &'static str,
    is_current: bool,
}

/// The catalogue in the page's language, as templates ask for it.
struct Texts(Language);

impl Texts {
    fn get(&self, id: &str) -> String {
        text(self.0, id, &[])
    }

    fn with(&self, id: &str, name: &str, value: &str) -> String {
        text(self.0, id, &[(name, value)])
    }
}

impl Frame<'_> {
    /// Returns the link that shows the same page in `language`.
    fn in_language(&self, language: Language) -> String {
        let mut query: String = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("lang"))
            .flat_map(|pair| [pair, "&"])
            .collect();
        query.push_str("lang=");
        query.push_str(language.tag());
        format!("?{query}")
    }

    /// Returns what the language switch shows: each language by the name that its speakers use.
    fn language_links(&self) -> [LanguageLink; 2] {
        Language::ALL.map(|language| LanguageLink {
            href: self.in_language(language),
            tag: language.tag(),
            name: match language {
                Language::Chinese => "中文",
                Language::English => "English",
            },
            is_current: language == self.language,
        })
    }
}

impl AppLine<'_> {
    fn kind_text(&self) -> &'static str {
        match self.kind {
            AppKind::Jwt => "home-app-jwt",
            AppKind::Web => "home-app-web",
            AppKind::Pkce => "home-app-pkce",
            AppKind::Device => "home-app-device",
            AppKind::PersonalAccessToken => "home-app-pat",
            AppKind::ServiceAccessToken => "home-app-sat",
        }
    }

    fn region_text(&self) -> &'static str {
        match self.region {
            AppRegion::China => "home-region-china",
            AppRegion::International => "home-region-international",
            AppRegion::Other => "home-region-other",
        }
    }
}

impl CallbackPage<'_> {
    /// What a script writes behind the address to get the token that this page speaks of.
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let asked = [("app", self.app), ("session_name", self.session_name)];
        query.extend_pairs(asked.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

impl HomePage<'_> {
    fn mode_text(&self) -> &'static str {
        match self.setup {
            Setup::Local => "home-mode-local",
            Setup::Demo => "home-mode-demo",
            Setup::Public => "home-mode-public",
        }
    }

    fn mode_explanation(&self) -> &'static str {
        match self.setup {
            Setup::Local => "home-mode-local-what",
            Setup::Demo => "home-mode-demo-what",
            Setup::Public => "home-mode-public-what",
        }
    }

    fn callback_url(&self) -> String {
        format!("{}/callback", self.auth_url)
    }

    fn shares_one_history(&self) -> bool {
        self.apps
            .iter()
            .any(|app| matches!(app.kind, AppKind::PersonalAccessToken | AppKind::ServiceAccessToken))
    }
}

fn rendered(template: &impl Template) -> String {
    // Writing into a String does not fail, and no template of ours raises an error of its own.
    template.render().unwrap_or_default()
}

#[cfg(test)]
mod tests;
