//! The token page at `/callback`, for people.

use super::frame::{Frame, Texts, rendered};
use super::script_data::{CALLBACK_TEXTS, script_texts};
use askama::Template;

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

#[derive(Template)]
#[template(path = "callback.html")]
struct CallbackTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a CallbackPage<'a>,
    script_texts: String,
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
