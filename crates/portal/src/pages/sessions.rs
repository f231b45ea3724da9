//! The page of `/sessions`.

use super::frame::{Frame, Texts, rendered};
use askama::Template;

/// Who has a session.
#[derive(Clone, Debug)]
pub struct SessionsPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The sessions, those that last longest first; `None` where the reader has to ask for them first.
    pub sessions: Option<&'a [SessionLine]>,
    /// There are more than are shown.
    pub is_cut: bool,
    /// The text that the shown sessions were searched for; empty without a search.
    pub search: &'a str,
    /// The session that was to be ended does not exist.
    pub is_unknown: bool,
}

/// One session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// What the button that ends it says.
    pub key: String,
    /// The app's name in the configuration.
    pub app: String,
    /// The platform's `session_name`; without one everybody shares the app's own history.
    pub name: Option<String>,
    /// In how many windows it was opened.
    pub windows: usize,
    /// Until when, as it is shown.
    pub until: String,
}

/// Renders who has a session.
pub fn sessions(page: &SessionsPage<'_>) -> String {
    rendered(&SessionsTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a SessionsPage<'a>,
}
