//! What the pages hand to their scripts, as `<script type="application/json">` blocks: texts and settings.
//!
//! The catalogue stays the only place for words. A script names a text by its id; a test beside the pages fails when a
//! script asks for one that its list lacks.

use cozegate_config::text::{Language, text};
use serde::Serialize;

/// Texts that a script fills in itself: id and variable names.
pub(crate) type ScriptTexts = &'static [(&'static str, &'static [&'static str])];

/// What `web/pages/callback.js` says.
pub(super) const CALLBACK_TEXTS: ScriptTexts = &[
    ("callback-expired", &[]),
    ("callback-expires", &["time"]),
    ("callback-failed-unreachable", &[]),
    ("callback-failed-why", &["reason"]),
    ("callback-fetching", &[]),
    ("callback-hide", &[]),
    ("callback-no-end", &[]),
    ("callback-renewed", &[]),
    ("callback-reveal", &[]),
    ("callback-same", &[]),
    ("callback-until", &["date"]),
    ("site-copied", &[]),
    ("site-copy-failed", &[]),
];

/// What the modules of `web/chat/` say.
pub(super) const CHAT_TEXTS: ScriptTexts = &[
    ("chat-attachment", &["kind"]),
    ("chat-bot", &[]),
    ("chat-cut", &[]),
    ("chat-delete-what", &["name"]),
    ("chat-empty-title", &["bot"]),
    ("chat-error-action", &[]),
    ("chat-error-busy", &[]),
    ("chat-error-code", &["code"]),
    ("chat-error-details", &[]),
    ("chat-error-interrupted", &[]),
    ("chat-error-kept", &[]),
    ("chat-error-log", &["log_id"]),
    ("chat-error-login", &[]),
    ("chat-error-missing", &[]),
    ("chat-error-not-allowed", &[]),
    ("chat-error-permission", &[]),
    ("chat-error-quota", &[]),
    ("chat-error-rate", &[]),
    ("chat-error-refused", &[]),
    ("chat-error-said", &["reason"]),
    ("chat-error-sensitive", &[]),
    ("chat-error-session", &[]),
    ("chat-error-status", &["status"]),
    ("chat-error-too-long", &[]),
    ("chat-error-unpublished", &[]),
    ("chat-error-unreachable", &[]),
    ("chat-error-upstream", &[]),
    ("chat-history-loading", &[]),
    ("chat-inspect-call", &[]),
    ("chat-inspect-credential", &["credential"]),
    ("chat-inspect-events", &["count"]),
    ("chat-inspect-failed", &[]),
    ("chat-inspect-first", &["ms"]),
    ("chat-inspect-gateway", &[]),
    ("chat-inspect-retry", &[]),
    ("chat-inspect-running", &[]),
    ("chat-inspect-session", &[]),
    ("chat-inspect-stopped", &[]),
    ("chat-inspect-stream", &[]),
    ("chat-inspect-token-at-hand", &[]),
    ("chat-inspect-token-awaited", &[]),
    ("chat-inspect-total", &["ms"]),
    ("chat-inspect-upstream", &[]),
    ("chat-loading", &[]),
    ("chat-new", &[]),
    ("chat-pick-id-wrong", &[]),
    ("chat-pick-lead", &[]),
    ("chat-pick-loading", &[]),
    ("chat-pick-none", &[]),
    ("chat-rename-label", &[]),
    ("chat-stopped", &[]),
    ("chat-thinking", &[]),
    ("chat-title", &[]),
    ("chat-unanswered", &[]),
    ("chat-untitled", &[]),
    ("chat-waiting", &[]),
    ("chat-you", &[]),
    ("site-copied", &[]),
    ("site-copy-failed", &[]),
];

/// What `web/window/` says, besides what the chat in it says.
pub(super) const WINDOW_TEXTS: ScriptTexts = &[
    ("window-close", &[]),
    ("window-news", &[]),
    ("window-open", &[]),
    ("window-open-busy", &[]),
    ("window-open-news", &[]),
];

/// The words of texts, by id.
pub(crate) type ScriptWords = serde_json::Map<String, serde_json::Value>;

/// Returns the words; a variable stands in its text as `{name}`, for the script to fill in.
pub(crate) fn script_words(language: Language, ids: ScriptTexts) -> ScriptWords {
    ids.iter()
        .map(|(id, variables)| {
            let holes: Vec<(&str, String)> = variables.iter().map(|name| (*name, format!("{{{name}}}"))).collect();
            let holes: Vec<(&str, &str)> = holes.iter().map(|(name, hole)| (*name, hole.as_str())).collect();
            ((*id).to_owned(), text(language, id, &holes).into())
        })
        .collect()
}

/// The same as a JSON block.
pub(super) fn script_texts(language: Language, ids: ScriptTexts) -> String {
    json_block(&script_words(language, ids))
}

/// Returns `value` as JSON that cannot end the `<script>` element it stands in: without `<` there is neither `</script`
/// nor `<!--`.
pub(super) fn json_block(value: &impl Serialize) -> String {
    // Maps with string keys and plain structs always serialize.
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}
