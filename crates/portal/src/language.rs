//! In which language this reader reads: `?lang=`, else what they chose before (a cookie), else `Accept-Language`.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, SET_COOKIE};
use axum::http::request::Parts;
use cozegate_config::Mode;
use cozegate_config::text::Language;
use cozegate_core::cookies::OwnCookie;
use cozegate_core::guard::Scheme;
use cozegate_core::problem::language_of;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::access_log::path_for_log;
use std::convert::Infallible;
use std::sync::Arc;

/// No secret, so scripts may read it; this site only.
const COOKIE: OwnCookie<'_> = OwnCookie {
    name: "cozegate_language",
    path: "/",
    attributes: "SameSite=Lax",
};
const A_YEAR_SECONDS: u32 = 365 * 24 * 3600;

/// Who reads the answer, as far as its form goes.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// The language to answer in.
    pub(super) language: Language,
    /// The language was chosen with this request and shall be remembered.
    chosen_now: bool,
    /// How we were reached.
    scheme: Scheme,
    /// A visitor, not the operator: public mode.
    pub(super) is_visitor: bool,
    /// Somebody looks at it in a browser window: problems are pages.
    pub(super) wants_page: bool,
    /// The query as it came, for links that keep it.
    pub(super) query: String,
    /// Method and path, for the log. The query stays out of it.
    pub(super) request: String,
    /// The header fields, of which `Host` says under which name we were reached.
    pub(super) headers: HeaderMap,
}

impl Reader {
    /// The same reader, for a page whose links must not keep what the address holds.
    pub(super) fn without_query(&self) -> Self {
        Self {
            query: String::new(),
            ..self.clone()
        }
    }

    /// Keeps a choice made with this request for a year.
    pub(super) fn remember_language(&self, headers: &mut HeaderMap) {
        if !self.chosen_now {
            return;
        }
        let cookie = COOKIE.set(self.scheme, self.language.tag(), A_YEAR_SECONDS);
        headers.extend(cookie.map(|value| (SET_COOKIE, value)));
    }

    /// The reader of the answer to a request that reached us over `scheme`.
    fn of(parts: &Parts, scheme: Scheme) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == "lang")
            .and_then(|(_, tag)| Language::from_tag(&tag));
        let language = asked
            .or_else(|| remembered(&parts.headers, scheme))
            .unwrap_or_else(|| language_of(parts.headers.get(ACCEPT_LANGUAGE)));
        Self {
            language,
            chosen_now: asked.is_some(),
            scheme,
            is_visitor: false,
            wants_page: wants_page(&parts.headers),
            query: query.to_owned(),
            request: format!("{} {}", parts.method, path_for_log(parts.uri.path())),
            headers: parts.headers.clone(),
        }
    }
}

impl<S> FromRequestParts<S> for Reader
where
    Arc<Shared>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let shared = Arc::<Shared>::from_ref(state);
        Ok(Self {
            is_visitor: shared.mode == Mode::Public,
            ..Self::of(parts, shared.scheme)
        })
    }
}

fn remembered(headers: &HeaderMap, scheme: Scheme) -> Option<Language> {
    COOKIE.values(scheme, headers).find_map(Language::from_tag)
}

/// By what browsers say when a window shows the answer, of a link and of a form alike; scripts say it only on purpose.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn reader(uri: &str, cookie: &str, accept_language: &str) -> Reader {
        let request = Request::builder()
            .uri(uri)
            .header("cookie", cookie)
            .header("accept-language", accept_language)
            .body(())
            .unwrap();
        Reader::of(&request.into_parts().0, Scheme::Http)
    }

    #[test]
    fn the_query_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        assert_eq!(
            reader("/?lang=zh-CN", "cozegate_language=en", "en").language,
            Language::Chinese
        );
        assert_eq!(
            reader("/", "x=y; cozegate_language=zh-CN", "en").language,
            Language::Chinese
        );
        assert_eq!(reader("/?lang=fr", "", "zh").language, Language::Chinese);
    }

    #[test]
    fn only_a_choice_made_now_is_remembered() {
        let cookies = |reader: Reader| {
            let mut headers = HeaderMap::new();
            reader.remember_language(&mut headers);
            headers.len()
        };

        assert_eq!(cookies(reader("/?lang=zh", "", "en")), 1);
        assert_eq!(cookies(reader("/", "cozegate_language=zh-CN", "en")), 0);
    }
}
