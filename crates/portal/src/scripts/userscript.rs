//! `GET /cozegate.user.js`: the userscript, ready to install, with what it needs to know of this gateway.
//!
//! It holds the pairing secret, so it is for whoever sits at this machine: the guard lets no other site's page read or run
//! it, and public mode does not serve it. What it is given otherwise are addresses, texts and the settings that it begins
//! with. No token and no handle is in it.

use super::userscript_texts::USERSCRIPT_TEXTS;
use super::{ServedToWindow, with_served};
use crate::language::Reader;
use crate::pages::{ScriptWords, script_words};
use crate::static_file::StaticFile;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use cozegate_config::Site;
use cozegate_config::text::{Language, text};
use cozegate_core::state::Shared;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use url::Url;

/// The bundle, without the block of metadata.
pub(super) const SCRIPT: &str = include_str!("../../web/dist/userscript.js");

/// What the script asks its manager for, and nothing else.
const GRANTS: [&str; 10] = [
    "GM_addElement",
    "GM_deleteValue",
    "GM_getValue",
    "GM_notification",
    "GM_registerMenuCommand",
    "GM_setClipboard",
    "GM_setValue",
    "GM_unregisterMenuCommand",
    "GM_xmlhttpRequest",
    // Where the Chat SDK cannot run in the script's own world, its requests are rerouted in the page's.
    "unsafeWindow",
];

/// What `web/userscript/main.js` is told.
#[derive(Serialize)]
struct Served<'a> {
    version: &'static str,
    /// Where the auth service is, as seen by the browser that installs the script.
    auth_base: &'a str,
    /// Shown with every session that is opened. Secret.
    pairing: &'a str,
    config: ServedConfig<'a>,
    /// By language.
    texts: BTreeMap<&'static str, ScriptWords>,
    /// Our own window, by language.
    windows: BTreeMap<&'static str, ServedToWindow>,
}

/// The settings that every browser begins with.
#[derive(Serialize)]
struct ServedConfig<'a> {
    bot_id: Option<&'a str>,
    bots: Vec<ServedBot<'a>>,
    title: Option<&'a str>,
    width: u32,
    ui: String,
}

#[derive(Serialize)]
struct ServedBot<'a> {
    id: &'a str,
    name: &'a str,
}

/// `GET /cozegate.user.js`.
pub(crate) async fn serve(State(shared): State<Arc<Shared>>, reader: Reader, headers: HeaderMap) -> Response {
    let live = shared.live();
    let auth_base = shared.auth_base_for(&reader.headers);
    let proxy_base = shared.proxy_base_for(&reader.headers);
    let sdk_url = live.chat.sdk_url(live.apps.default_app().region);
    let served = Served {
        version: env!("CARGO_PKG_VERSION"),
        auth_base: &auth_base,
        pairing: shared.visitor_keys.pairing(),
        config: ServedConfig {
            bot_id: live.chat.bot_id.as_deref(),
            bots: live
                .chat
                .bots
                .iter()
                .map(|bot| ServedBot {
                    id: &bot.id,
                    name: &bot.name,
                })
                .collect(),
            title: live.chat.title.as_deref(),
            width: live.userscript.width,
            ui: live.userscript.ui.to_string(),
        },
        texts: Language::ALL
            .into_iter()
            .map(|language| (language.tag(), script_words(language, USERSCRIPT_TEXTS)))
            .collect(),
        windows: Language::ALL
            .into_iter()
            .map(|language| (language.tag(), ServedToWindow::of(language)))
            .collect(),
    };
    let hosts = [auth_base.as_str(), proxy_base.as_str(), sdk_url];
    let mut script = metadata(&live.userscript.sites, &auth_base, &hosts);
    script.push_str(&with_served(SCRIPT, &served));
    let mut answer = StaticFile::new(".js", script).answer(&headers);
    // It holds the pairing secret: nothing on the way keeps it.
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The block of comments by which a manager knows what the script is and may do.
fn metadata(sites: &[Site], auth_base: &str, bases: &[&str]) -> String {
    let mut block = String::from("// ==UserScript==\n");
    let mut line = |key: &str, value: &str| {
        // Writing into a String cannot fail.
        let _infallible = writeln!(block, "// @{key:<15} {value}");
    };
    line("name", &text(Language::English, "userscript-name", &[]));
    line("name:zh-CN", &text(Language::Chinese, "userscript-name", &[]));
    line("namespace", auth_base);
    line("version", env!("CARGO_PKG_VERSION"));
    line("description", &text(Language::English, "userscript-description", &[]));
    line(
        "description:zh-CN",
        &text(Language::Chinese, "userscript-description", &[]),
    );
    line("icon", &format!("{auth_base}/assets/logo.svg"));
    line("downloadURL", &format!("{auth_base}/cozegate.user.js"));
    line("updateURL", &format!("{auth_base}/cozegate.user.js"));
    for site in sites {
        line("match", site.as_str());
    }
    for host in hosts(bases) {
        line("connect", &host);
    }
    for grant in GRANTS {
        line("grant", grant);
    }
    line("run-at", "document-end");
    block.push_str("// @noframes\n// ==/UserScript==\n\n");
    block
}

/// The hosts of addresses, each once: a manager asks the person about every other one.
fn hosts(bases: &[&str]) -> BTreeSet<String> {
    let urls = bases.iter().filter_map(|base| Url::parse(base).ok());
    urls.filter_map(|url| url.host_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_config::UserscriptConfig;

    #[test]
    fn metadata_asks_for_the_sites_the_hosts_and_the_grants_and_for_nothing_else() {
        let bases = [
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8080",
            "https://lf-cdn.coze.cn/obj/index.js",
        ];

        let block = metadata(&UserscriptConfig::default().sites, bases[0], &bases);

        let of = |key: &str| -> Vec<&str> {
            let lines = block.lines().filter_map(|line| line.strip_prefix("// @"));
            let pairs = lines.filter_map(|line| line.split_once(' '));
            pairs
                .filter(|(found, _)| *found == key)
                .map(|(_, value)| value.trim())
                .collect()
        };
        assert_eq!(of("match"), ["https://www.coze.cn/*", "https://www.coze.com/*"]);
        assert_eq!(of("connect"), ["127.0.0.1", "lf-cdn.coze.cn"]);
        assert_eq!(of("grant"), GRANTS);
        assert_eq!(of("updateURL"), ["http://127.0.0.1:8081/cozegate.user.js"]);
        assert!(block.ends_with("// @noframes\n// ==/UserScript==\n\n"));
        assert!(!block.contains("@require"), "nothing is loaded from elsewhere");
    }
}
