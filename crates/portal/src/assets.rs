//! `GET /assets/*`: our scripts, styles and pictures, embedded in the binary.
//!
//! The files of `web/` are served as they are, as modules. The bundles of `web/dist/` have their own addresses (`scripts`).

use super::language::Reader;
use super::respond;
use super::static_file::StaticFile;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use cozegate_core::problem::ProblemKind;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Embeds the listed files of `web/`.
macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("../web/", $path)))),+]
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
    "chat/entry_text.js",
    "chat/failure.js",
    "chat/gateway_line.js",
    "chat/history.js",
    "chat/inspector.js",
    "chat/keep.js",
    "chat/links.js",
    "chat/main.js",
    "chat/own_gateway.js",
    "chat/picker.js",
    "chat/recorder.js",
    "chat/room.js",
    "chat/thread.js",
    "chat/view.js",
    "client/event_stream.js",
    "client/frames.js",
    "client/gateway.js",
    "client/patch.js",
    "client/patience.js",
    "client/pinned_user.js",
    "client/question.js",
    "client/resume.js",
    "client/rights.js",
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
    "pages/device.js",
    "pages/language.js",
    "pages/page_data.js",
    "pages/pages.css",
    "pages/playground.css",
    "pages/playground.js",
    "pages/playground_options.js",
    "pages/preview.css",
    "pages/preview.js",
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
    "userscript/logged_send.js",
    "userscript/main.js",
    "userscript/menu.js",
    "userscript/notices.js",
    "userscript/own_requests.js",
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
    "window/launcher.js",
    "window/main.js",
    "window/markup.js",
    "window/place.js",
    "window/window.css",
];

static ASSETS: LazyLock<HashMap<&'static str, StaticFile>> = LazyLock::new(|| {
    let file = |(path, content): &(&'static str, &'static [u8])| (*path, StaticFile::new(path, *content).compressed());
    FILES.iter().map(file).collect()
});

/// Serves one file.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap, reader: Reader) -> Response {
    match ASSETS.get(path.as_str()) {
        Some(file) => file.answer(&headers),
        None => respond::problem(ProblemKind::NoSuchEndpoint.into(), &reader),
    }
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
                if !["dist", "node_modules", "tests"].contains(&name.as_str()) {
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
        let web = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let mut found = Vec::new();
        collect(&web, &web, &mut found);
        found.sort();
        let mut listed: Vec<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        listed.sort();

        assert_eq!(found, listed);
    }
}
