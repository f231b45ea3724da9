//! Frame of every page: language switch, texts of its language, and what the templates share.

use askama::Template;
use cozegate_config::text::{Language, text};
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

/// A bot that a visitor may choose.
#[derive(Clone, Debug, Serialize)]
pub struct BotChoice {
    /// The bot's id at Coze.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// One entry of the language switch.
pub(crate) struct LanguageLink {
    pub(crate) href: String,
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_current: bool,
}

/// The catalogue in the page's language, as templates ask for it.
pub(crate) struct Texts(pub(crate) Language);

impl Texts {
    pub(crate) fn get(&self, id: &str) -> String {
        text(self.0, id, &[])
    }

    pub(crate) fn with(&self, id: &str, name: &str, value: &str) -> String {
        text(self.0, id, &[(name, value)])
    }
}

impl Frame<'_> {
    /// Returns the link that shows the same page in `language`.
    pub(crate) fn in_language(&self, language: Language) -> String {
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
    pub(crate) fn language_links(&self) -> [LanguageLink; 2] {
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

/// Returns `scheme://host:port` of an address; a policy's source with a path would match that very path only (CSP 3,
/// 6.7.2.8). `None` for anything that could end the directive.
pub(crate) fn origin(address: &str) -> Option<&str> {
    let authority = address.find("://")? + "://".len();
    let end = address
        .get(authority..)?
        .find('/')
        .map_or(address.len(), |at| authority + at);
    address
        .get(..end)
        .filter(|origin| origin.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ';' | ',')))
}

pub(crate) fn rendered(template: &impl Template) -> String {
    // Writing into a String does not fail, and no template of ours raises an error of its own.
    template.render().unwrap_or_default()
}
