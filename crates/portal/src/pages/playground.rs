//! The playground, where one clicks together the tag for a site, and the page in which it shows what the tag brings.
//!
//! The preview runs the platform's own script, in the version for everybody's pages, at our own origin. So its policy is
//! wider in what that script needs (styles, pictures, the hosts of its files) and narrower in whom it may talk to: of this
//! service only the address that opens sessions, so that no token can be asked for from there.

use super::frame::{BotChoice, Frame, Texts, origin, rendered};
use super::script_data::json_block;
use askama::Template;
use cozegate_config::text::Language;
use serde::Serialize;

/// The playground at `/playground`.
#[derive(Clone, Copy, Debug)]
pub struct PlaygroundPage<'a> {
    /// Language, query and version.
    pub frame: Frame<'a>,
    /// The proxy's address as this visitor's browser reaches it; no slash at the end.
    pub api_base: &'a str,
    /// The auth service's address, likewise.
    pub auth_url: &'a str,
    /// The names of the configured apps.
    pub apps: &'a [&'a str],
    /// The bot that the tag names at first.
    pub bot_id: Option<&'a str>,
    /// The bots on offer; without them the page asks Coze.
    pub bots: Option<&'a [BotChoice]>,
}

/// Where the preview may go.
#[derive(Clone, Copy, Debug)]
pub struct PlaygroundPlaces<'a> {
    /// The proxy's address as this visitor's browser reaches it.
    pub api_base: &'a str,
    /// The auth service's address, likewise.
    pub auth_url: &'a str,
    /// The proxy's address for its WebSocket side.
    pub ws_base: &'a str,
    /// The hosts that files are fetched from, as origins.
    pub file_hosts: &'a [&'a str],
}

/// Renders the playground.
pub fn playground(page: &PlaygroundPage<'_>) -> String {
    rendered(&PlaygroundTemplate {
        texts: Texts(page.frame.language),
        frame: page.frame,
        page,
        script_config: json_block(&PlaygroundConfig {
            api_base: page.api_base,
            auth_url: page.auth_url,
            bot_id: page.bot_id,
            bots: page.bots,
        }),
    })
}

/// Renders the page of the preview. What is previewed is its script's business, which reads the address.
pub fn preview(language: Language) -> String {
    rendered(&PreviewTemplate {
        language,
        texts: Texts(language),
    })
}

/// The `Content-Security-Policy` of the playground.
pub fn playground_policy(api_base: &str, auth_url: &str) -> String {
    let connect = sources(&[api_base], auth_url);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src{connect}; \
         frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The `Content-Security-Policy` of the preview: `is_sdk` for the platform's window, else for ours.
pub fn preview_policy(places: &PlaygroundPlaces<'_>, is_sdk: bool) -> String {
    if !is_sdk {
        let connect = sources(&[places.api_base], places.auth_url);
        return format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src{connect}; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
        );
    }
    let files = places.file_hosts.iter().filter_map(|host| origin(host));
    let files: String = files.flat_map(|host| [" ", host]).collect();
    let proxy = origin(places.api_base).unwrap_or_default();
    let connect = sources(&[places.api_base, places.ws_base], places.auth_url);
    format!(
        "default-src 'none'; script-src 'self' {proxy}{files}; style-src 'self' 'unsafe-inline' {proxy}{files}; \
         img-src * data: blob:; font-src {proxy}{files} data:; media-src * data: blob:; connect-src{connect}{files}; \
         worker-src blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
}

/// The origins of `bases`, and of the auth service the one address that opens sessions.
fn sources(bases: &[&str], auth_url: &str) -> String {
    let mut sources: String = bases
        .iter()
        .filter_map(|base| origin(base))
        .flat_map(|origin| [" ", origin])
        .collect();
    if let Some(auth) = origin(auth_url) {
        sources.push(' ');
        sources.push_str(auth);
        sources.push_str("/auth/session");
    }
    sources
}

/// What `web/pages/playground.js` is told.
#[derive(Serialize)]
struct PlaygroundConfig<'a> {
    api_base: &'a str,
    auth_url: &'a str,
    bot_id: Option<&'a str>,
    bots: Option<&'a [BotChoice]>,
}

#[derive(Template)]
#[template(path = "playground.html")]
struct PlaygroundTemplate<'a> {
    texts: Texts,
    frame: Frame<'a>,
    page: &'a PlaygroundPage<'a>,
    script_config: String,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewTemplate {
    language: Language,
    texts: Texts,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: PlaygroundPlaces<'_> = PlaygroundPlaces {
        api_base: "http://127.0.0.1:8080",
        auth_url: "http://127.0.0.1:8081",
        ws_base: "ws://127.0.0.1:8080",
        file_hosts: &["https://cdn.example", "https://evil.example;script-src *"],
    };

    fn directive(policy: &str, name: &str) -> String {
        let directive = policy.split("; ").find_map(|directive| directive.strip_prefix(name));
        directive.unwrap_or_default().trim().to_owned()
    }

    #[test]
    fn neither_page_may_ask_this_service_for_anything_but_a_session() {
        for policy in [
            playground_policy(PLACES.api_base, PLACES.auth_url),
            preview_policy(&PLACES, true),
            preview_policy(&PLACES, false),
        ] {
            let connect = directive(&policy, "connect-src");

            assert!(connect.contains("http://127.0.0.1:8081/auth/session"), "{connect}");
            assert!(!connect.contains("'self'"), "{connect}");
            assert!(!connect.contains("8081 "), "{connect}");
        }
    }

    #[test]
    fn only_the_platforms_window_gets_what_it_needs() {
        let (sdk, own) = (preview_policy(&PLACES, true), preview_policy(&PLACES, false));

        assert_eq!(
            directive(&sdk, "script-src"),
            "'self' http://127.0.0.1:8080 https://cdn.example"
        );
        assert!(directive(&sdk, "style-src").contains("'unsafe-inline'"));
        assert!(!sdk.contains("evil"));
        assert_eq!(directive(&own, "script-src"), "'self'");
        assert_eq!(directive(&own, "style-src"), "'self'");
        assert_eq!(directive(&own, "frame-ancestors"), "'self'");
        assert_eq!(
            directive(&playground_policy(PLACES.api_base, PLACES.auth_url), "frame-ancestors"),
            "'none'"
        );
    }
}
