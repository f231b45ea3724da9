//! How pages are sent: the values that they show, their content type and their content security policy.

use super::device_logins::Waiting;
use super::language::Reader;
use super::pages::{
    self, AppLine, AppRegion, BotChoice, CallbackPage, ChatPage, DevicePage, ErrorPage, Frame, HomePage, LoginPage,
    LoginStanding, PlaygroundPage, PlaygroundPlaces, SessionLine, SessionsPage, Setup,
};
use super::query::parameter;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::response::{IntoResponse as _, Response};
use coze_auth::{Region, UnixSeconds};
use cozegate_config::{FileHost, Mode};
use cozegate_core::apps::ServingApp;
use cozegate_core::problem::Problem;
use cozegate_core::reminder;
use cozegate_core::state::{Live, Shared};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The overview.
pub(super) fn home(reader: &Reader, shared: &Shared) -> Response {
    let live = shared.live();
    let default = live.apps.default_app();
    let now = shared.means.clock.now();
    let ends: Vec<Option<String>> = live
        .apps
        .iter()
        .map(|app| reminder::ending_soon(app.fixed_token_ends_at, now).map(moment))
        .collect();
    let apps: Vec<AppLine<'_>> = live
        .apps
        .iter()
        .zip(&ends)
        .map(|(app, end)| app_line(app, Arc::ptr_eq(app, default), end.as_deref()))
        .collect();
    let page = HomePage {
        frame: frame(reader),
        setup: match shared.mode {
            Mode::Public => Setup::Public,
            Mode::Local if shared.is_demo => Setup::Demo,
            Mode::Local => Setup::Local,
        },
        proxy_url: &shared.proxy_base_for(&reader.headers),
        auth_url: &shared.auth_base_for(&reader.headers),
        // How we are set up is no visitor's business.
        apps: if reader.is_visitor { &[] } else { &apps },
        bot_id: live.chat.bot_id.as_deref(),
    };
    html(pages::home(&page), None)
}

/// The token page; it holds no token.
pub(super) fn callback(reader: &Reader, shared: &Shared, app: Option<&str>, session_name: Option<&str>) -> Response {
    let page = CallbackPage {
        frame: frame(reader),
        auth_url: &shared.auth_base_for(&reader.headers),
        app,
        session_name,
    };
    html(pages::callback(&page), None)
}

/// The chat.
pub(super) fn chat(reader: &Reader, shared: &Shared) -> Response {
    let live = shared.live();
    let api_base = shared.proxy_base_for(&reader.headers);
    let bots = bot_choices(&live);
    let app = parameter(Some(&reader.query), "app");
    let page = ChatPage {
        frame: frame(reader),
        app: app.as_deref(),
        api_base: &api_base,
        bot_id: live.chat.bot_id.as_deref(),
        bots: Some(bots.as_slice()).filter(|bots| !bots.is_empty()),
        title: live.chat.title.as_deref(),
    };
    html(pages::chat(&page), Some(&api_base))
}

/// The bots on offer.
fn bot_choices(live: &Live) -> Vec<BotChoice> {
    let bots = live.chat.bots.iter();
    bots.map(|bot| BotChoice {
        id: bot.id.clone(),
        name: bot.name.clone(),
    })
    .collect()
}

/// Where one clicks together the tag for a site.
pub(super) fn playground(reader: &Reader, shared: &Shared) -> Response {
    let live = shared.live();
    let (api_base, auth_url) = (
        shared.proxy_base_for(&reader.headers),
        shared.auth_base_for(&reader.headers),
    );
    let bots = bot_choices(&live);
    let apps: Vec<&str> = live.apps.iter().map(|app| &*app.name).collect();
    let page = PlaygroundPage {
        frame: frame(reader),
        api_base: &api_base,
        auth_url: &auth_url,
        apps: &apps,
        bot_id: live.chat.bot_id.as_deref(),
        bots: Some(bots.as_slice()).filter(|bots| !bots.is_empty()),
    };
    let policy = pages::playground_policy(&api_base, &auth_url);
    with_policy(pages::playground(&page), &policy)
}

/// What the tag brings. No other page than the playground may frame it.
pub(super) fn preview(reader: &Reader, shared: &Shared) -> Response {
    let live = shared.live();
    let (api_base, auth_url) = (
        shared.proxy_base_for(&reader.headers),
        shared.auth_base_for(&reader.headers),
    );
    let ws_base = api_base.replacen("http", "ws", 1);
    let hosts: Vec<&str> = live.targets.hosts().iter().map(FileHost::origin).collect();
    let ui = parameter(Some(&reader.query), "ui");
    let places = PlaygroundPlaces {
        api_base: &api_base,
        auth_url: &auth_url,
        ws_base: &ws_base,
        file_hosts: &hosts,
    };
    let policy = pages::preview_policy(&places, ui.as_deref() != Some("cozegate"));
    let mut page = with_policy(pages::preview(reader.language), &policy);
    let own = HeaderValue::from_static("SAMEORIGIN");
    page.headers_mut().insert(X_FRAME_OPTIONS, own);
    page
}

/// How an app's login stands.
pub(super) fn login(reader: &Reader, app: &ServingApp, standing: LoginStanding) -> Response {
    let page = LoginPage {
        frame: frame(reader),
        app: &app.name,
        standing,
    };
    with_form(html(pages::login(&page), None))
}

/// A page with a form: under `no-referrer` a browser sends the form's `Origin` as "null" (Fetch, `Origin` header), as a
/// stranger's.
fn with_form(mut page: Response) -> Response {
    let policy = HeaderValue::from_static("same-origin");
    page.headers_mut().insert(REFERRER_POLICY, policy);
    page
}

/// What the page of sessions shows.
#[derive(Default)]
pub(super) struct ShownSessions<'a> {
    /// `None` where the reader has to ask for them first.
    pub(super) sessions: Option<&'a [SessionLine]>,
    pub(super) is_cut: bool,
    pub(super) search: &'a str,
    /// The session that was to be ended does not exist.
    pub(super) is_unknown: bool,
}

/// The page of sessions.
pub(super) fn sessions(reader: &Reader, shown: &ShownSessions<'_>) -> Response {
    let page = SessionsPage {
        frame: frame(reader),
        sessions: shown.sessions,
        is_cut: shown.is_cut,
        search: shown.search,
        is_unknown: shown.is_unknown,
    };
    let mut response = with_form(html(pages::sessions(&page), None));
    if shown.is_unknown {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// The code for another device.
pub(super) fn device(reader: &Reader, app: &ServingApp, waiting: &Waiting) -> Response {
    let page = DevicePage {
        frame: frame(reader),
        app: &app.name,
        user_code: &waiting.user_code,
        verification_uri: waiting.verification_uri.as_str(),
        verification_uri_complete: waiting.verification_uri_complete.as_str(),
        until: &moment(waiting.expires_at),
    };
    html(pages::device(&page), None)
}

/// A problem: a page for people, JSON for programs.
pub(super) fn problem(problem: Problem, reader: &Reader) -> Response {
    if !reader.wants_page {
        return problem.into_response(reader.language, &reader.request);
    }
    problem.log(&reader.request);
    let status = problem.kind.status();
    let page = ErrorPage {
        frame: frame(reader),
        status: status.as_u16(),
        title: &problem.kind.title(reader.language),
        detail: &problem.detail(reader.language),
        advice: pages::advice(problem.kind),
        request_id: problem.log_id.as_deref(),
    };
    let mut response = html(pages::error(&page), None);
    *response.status_mut() = status;
    problem.write_fields(response.headers_mut());
    problem.mark(&mut response);
    response
}

fn frame(reader: &Reader) -> Frame<'_> {
    Frame {
        language: reader.language,
        query: &reader.query,
        version: env!("CARGO_PKG_VERSION"),
        is_local: !reader.is_visitor,
    }
}

fn app_line<'a>(app: &'a ServingApp, is_default: bool, ends_soon: Option<&'a str>) -> AppLine<'a> {
    AppLine {
        name: &app.name,
        kind: app.kind,
        region: match app.region {
            Some(Region::China) => AppRegion::China,
            Some(Region::International) => AppRegion::International,
            None => AppRegion::Other,
        },
        api_base: app.api_base.as_str().trim_end_matches('/'),
        is_default,
        ends_soon,
    }
}

/// An instant as people read it, in the machine's time zone.
pub(super) fn moment(instant: UnixSeconds) -> String {
    let timestamp = Timestamp::from_second(instant.0).unwrap_or(Timestamp::MAX);
    let zoned = timestamp.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

fn html(page: String, api_base: Option<&str>) -> Response {
    with_policy(page, &pages::content_security_policy(api_base))
}

fn with_policy(page: String, policy: &str) -> Response {
    let policy = HeaderValue::from_str(policy);
    let mut response = (StatusCode::OK, page).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Where the policy cannot be written, the door's stricter one stands.
    headers.extend(policy.ok().map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    response
}
