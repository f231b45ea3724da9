//! Redirect URIs of the apps, by path: where people come back to from the consent page.

use cozegate_core::state::Live;

/// Whether people come back to `path` from the consent page of one of the apps.
pub(super) fn is_redirect_uri(live: &Live, path: &str) -> bool {
    let mut uris = live.apps.iter().filter_map(|app| app.redirect_uri.as_ref());
    uris.any(|uri| uri.path() == path)
}

/// Whether a query is the platform's answer to a login, and not a request of the legacy contract.
pub(super) fn is_answer(query: Option<&str>) -> bool {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, _)| matches!(name.as_ref(), "state" | "code" | "error"))
}
