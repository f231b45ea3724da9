//! The page for a request that failed.

use super::advice::Advice;
use super::frame::{Frame, Texts, rendered};
use askama::Template;

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

/// Renders the page for a failed request.
pub fn error(page: &ErrorPage<'_>) -> String {
    rendered(&ErrorTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a ErrorPage<'a>,
}
