//! The overview at `/`: what runs, and what to do next.

use super::frame::{Frame, Texts, rendered};
use askama::Template;
use cozegate_config::AppKind;

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

/// Renders the overview.
pub fn home(page: &HomePage<'_>) -> String {
    rendered(&HomeTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
    })
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a HomePage<'a>,
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
