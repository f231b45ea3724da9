//! `GET /assets/*`: our scripts, styles and pictures, embedded in the binary.
//!
//! The files stand in `web/`, as they are served: no bundler, no build step. The entity tag is the content's hash, so a
//! browser asks again and gets "not modified" until the binary changes. The same holds for what is made of them
//! ([`Made`], `scripts/`).

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::language::Reader;
use super::respond;
use crate::problem::ProblemKind;

/// One embedded file.
struct Asset {
    content: &'static [u8],
    content_type: &'static str,
    entity_tag: HeaderValue,
}

/// Embeds the listed files of `web/`.
macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../../web/", $path)))),+]
    };
}

/// Every file that a page may ask for, by its path below `web/`. A test compares the list with the folder.
const FILES: &[(&str, &[u8])] = embedded![
    "chat/address.js",
    "chat/answer.js",
    "chat/answer_view.js",
    "chat/api.js",
    "chat/chat.css",
    "chat/chat.js",
    "chat/composer.js",
    "chat/drawer.js",
    "chat/failure.js",
    "chat/history.js",
    "chat/keep.js",
    "chat/links.js",
    "chat/main.js",
    "chat/picker.js",
    "chat/room.js",
    "chat/session.js",
    "chat/sse.js",
    "chat/thread.js",
    "chat/view.js",
    "client/frames.js",
    "client/gateway.js",
    "client/patch.js",
    "client/patience.js",
    "client/question.js",
    "client/resume.js",
    "client/said.js",
    "client/session.js",
    "client/transport.js",
    "client/trouble.js",
    "client/xhr.js",
    "embed/chats.js",
    "embed/embed.js",
    "embed/listeners.js",
    "embed/main.js",
    "embed/notice.js",
    "embed/options.js",
    "embed/script_tag.js",
    "embed/user.js",
    "embed/ways.js",
    "embed/words.js",
    "logo.svg",
    "pages/callback.js",
    "pages/copy.js",
    "pages/language.js",
    "pages/page_data.js",
    "pages/pages.css",
    "pages/token_answer.js",
    "styles.css",
    "userscript/commands.js",
    "userscript/companion.js",
    "userscript/explain.js",
    "userscript/faces.js",
    "userscript/gm.js",
    "userscript/gm_answer.js",
    "userscript/gm_transport.js",
    "userscript/growing_text.js",
    "userscript/identity.js",
    "userscript/log.js",
    "userscript/main.js",
    "userscript/menu.js",
    "userscript/notices.js",
    "userscript/page_transport.js",
    "userscript/people.js",
    "userscript/presence.js",
    "userscript/sandbox.js",
    "userscript/sdk_face.js",
    "userscript/sdk_loading.js",
    "userscript/settings.js",
    "userscript/store.js",
    "userscript/trouble_watch.js",
    "userscript/window_face.js",
    "window/chat_window.js",
    "window/gateway_line.js",
    "window/launcher.js",
    "window/main.js",
    "window/markup.js",
    "window/place.js",
    "window/window.css",
];

static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(path, content)| (*path, asset(path, content)))
        .collect()
});

fn asset(path: &str, content: &'static [u8]) -> Asset {
    Asset {
        content,
        content_type: content_type(path),
        entity_tag: entity_tag(content),
    }
}

fn entity_tag(content: &[u8]) -> HeaderValue {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, content));
    let tag = format!("\"{}\"", hash.get(..22).unwrap_or(&hash));
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Returns the text of an embedded file, by its path below `web/`.
pub(super) fn text(path: &str) -> Option<&'static str> {
    std::str::from_utf8(ASSETS.get(path)?.content).ok()
}

/// A script that was made of embedded files.
pub(super) struct Made {
    content: Bytes,
    entity_tag: HeaderValue,
}

impl Made {
    /// Keeps `text` as it is to be served.
    pub(super) fn script(text: String) -> Self {
        Self {
            entity_tag: entity_tag(text.as_bytes()),
            content: text.into(),
        }
    }

    /// The answer to a request with these header fields.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        answer(headers, &self.entity_tag, content_type(".js"), self.content.clone())
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Serves one file.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap, reader: Reader) -> Response {
    let Some(asset) = ASSETS.get(path.as_str()) else {
        return respond::problem(ProblemKind::NoSuchEndpoint.into(), &reader);
    };
    answer(
        &headers,
        &asset.entity_tag,
        asset.content_type,
        Bytes::from_static(asset.content),
    )
}

fn answer(headers: &HeaderMap, entity_tag: &HeaderValue, content_type: &'static str, content: Bytes) -> Response {
    let shared = [
        (ETAG, entity_tag.clone()),
        // May be kept, must be asked about: the files belong to the binary that runs now.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    // RFC 9110 13.1.2: `*`, or a list that holds our tag (weak comparison).
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| {
            list.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag == entity_tag)
        });
    if known {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    (shared, [(CONTENT_TYPE, content_type)], content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path as FilePath;

    fn collect(folder: &FilePath, base: &FilePath, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                if !["node_modules", "tests"].contains(&name.as_str()) {
                    collect(&path, base, found);
                }
            } else if ["js", "css", "svg"]
                .iter()
                .any(|ending| name.ends_with(&format!(".{ending}")))
            {
                let relative = path.strip_prefix(base).unwrap();
                found.push(relative.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/"));
            }
        }
    }

    #[test]
    fn every_file_of_the_web_folder_is_embedded() {
        let web = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
        let mut found = Vec::new();
        collect(&web, &web, &mut found);
        found.sort();
        let mut listed: Vec<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        listed.sort();

        assert_eq!(found, listed);
    }
}
