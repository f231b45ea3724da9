//! The pages of a login: how it stands, the code for another device, and the one page of the command line's listener.

use super::frame::{Frame, Texts, rendered};
use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cozegate_config::text::{Language, text};

/// How an app's login stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginStanding {
    /// Nobody is logged in.
    Nobody,
    /// Somebody is; instants as they are shown.
    LoggedIn {
        /// When it was begun or last renewed.
        since: String,
        /// Until when it holds if nobody renews it; not always known.
        until: Option<String>,
    },
    /// Somebody was, and Coze does not renew the login any more.
    Lost,
}

/// The page at `/login` and `/logout`.
#[derive(Clone, Debug)]
pub struct LoginPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The app's name in the configuration.
    pub app: &'a str,
    /// How its login stands.
    pub standing: LoginStanding,
}

/// The page at `/device`.
#[derive(Clone, Debug)]
pub struct DevicePage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The app's name in the configuration.
    pub app: &'a str,
    /// What the person types.
    pub user_code: &'a str,
    /// Where.
    pub verification_uri: &'a str,
    /// The same with the code in it.
    pub verification_uri_complete: &'a str,
    /// Until when, as it is shown.
    pub until: &'a str,
}

/// Renders how a login stands.
pub fn login(page: &LoginPage<'_>) -> String {
    rendered(&LoginTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

/// Renders the code for another device. The page looks again by itself, without a script.
pub fn device(page: &DevicePage<'_>) -> String {
    rendered(&DeviceTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

/// Renders a page that needs no other file: for the listener of the command line, which serves none.
pub fn plain(language: Language, title: &str, what: &str) -> String {
    rendered(&PlainTemplate {
        language,
        title,
        what,
        style: PLAIN_STYLE,
    })
}

/// Renders the last page of a login that the command line began.
pub fn loopback_end(language: Language, is_done: bool) -> String {
    let (title, what) = if is_done {
        ("loopback-done-title", "loopback-done-what")
    } else {
        ("loopback-failed-title", "loopback-failed-what")
    };
    plain(language, &text(language, title, &[]), &text(language, what, &[]))
}

/// The policy of [`plain`] pages: nothing but their own style, by its hash.
pub fn plain_policy() -> String {
    let hash = BASE64_STANDARD.encode(digest(&SHA256, PLAIN_STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

const PLAIN_STYLE: &str = "body{margin:0;font:1.05rem/1.6 system-ui,sans-serif}main{max-width:34rem;margin:14vh auto;padding:0 24px}\
p:first-child{color:GrayText}h1{font-size:1.8rem;line-height:1.25;margin:.2em 0 .5em}";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a LoginPage<'a>,
}

#[derive(Template)]
#[template(path = "device.html")]
struct DeviceTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a DevicePage<'a>,
}

#[derive(Template)]
#[template(path = "plain.html")]
struct PlainTemplate<'a> {
    language: Language,
    title: &'a str,
    what: &'a str,
    style: &'static str,
}

impl LoginPage<'_> {
    fn is_logged_in(&self) -> bool {
        matches!(self.standing, LoginStanding::LoggedIn { .. })
    }

    fn standing_text(&self) -> &'static str {
        match self.standing {
            LoginStanding::Nobody => "login-nobody",
            LoginStanding::LoggedIn { .. } => "login-logged-in",
            LoginStanding::Lost => "login-lost",
        }
    }

    fn begin_text(&self) -> &'static str {
        if self.is_logged_in() {
            "login-another"
        } else {
            "login-begin"
        }
    }

    fn since(&self) -> Option<&str> {
        match &self.standing {
            LoginStanding::LoggedIn { since, .. } => Some(since),
            LoginStanding::Nobody | LoginStanding::Lost => None,
        }
    }

    fn until(&self) -> Option<&str> {
        match &self.standing {
            LoginStanding::LoggedIn { until, .. } => until.as_deref(),
            LoginStanding::Nobody | LoginStanding::Lost => None,
        }
    }
}
