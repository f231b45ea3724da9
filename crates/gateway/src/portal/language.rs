//! In which language this reader reads: `?lang=`, else what they chose before (a cookie), else `Accept-Language`.

use crate::cookies;
use crate::problem::language_of;
use crate::telemetry::access_log::path_for_log;
use crate::text::Language;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderValue, SET_COOKIE};
use axum::http::request::Parts;
use std::convert::Infallible;

const COOKIE_NAME: &str = "cozegate_language";

/// Who reads the answer, as far as its form goes.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// The language to answer in.
    pub(super) language: Language,
    /// The language was chosen with this request and shall be remembered.
    chosen_now: bool,
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

    /// Keeps a choice made with this request for a year. No secret, so scripts may read it; this site only.
    pub(super) fn remember_language(&self, headers: &mut HeaderMap) {
        if !self.chosen_now {
            return;
        }
        let cookie = format!(
            "{COOKIE_NAME}={}; Max-Age=31536000; Path=/; SameSite=Lax",
            self.language.tag()
        );
        headers.extend(HeaderValue::from_str(&cookie).ok().map(|value| (SET_COOKIE, value)));
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == "lang")
            .and_then(|(_, tag)| Language::from_tag(&tag));
        let language = asked
            .or_else(|| remembered(&parts.headers))
            .unwrap_or_else(|| language_of(parts.headers.get(ACCEPT_LANGUAGE)));
        Ok(Self {
            language,
            chosen_now: asked.is_some(),
            wants_page: wants_page(&parts.headers),
            query: query.to_owned(),
            request: format!("{} {}", parts.method, path_for_log(parts.uri.path())),
            headers: parts.headers.clone(),
        })
    }
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    cookies::values(headers, COOKIE_NAME).find_map(Language::from_tag)
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
    use axum::http::header::COOKIE;

    async fn reader(uri: &str, cookie: &str, accept_language: &str) -> Reader {
        let request = Request::builder()
            .uri(uri)
            .header(COOKIE, cookie)
            .header("accept-language", accept_language)
            .body(())
            .unwrap();
        Reader::from_request_parts(&mut request.into_parts().0, &())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_query_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        assert_eq!(
            reader("/?lang=zh-CN", "cozegate_language=en", "en").await.language,
            Language::Chinese
        );
        assert_eq!(
            reader("/", "x=y; cozegate_language=zh-CN", "en").await.language,
            Language::Chinese
        );
        assert_eq!(reader("/?lang=fr", "", "zh").await.language, Language::Chinese);
    }

    #[tokio::test]
    async fn only_a_choice_made_now_is_remembered() {
        let cookies = |reader: Reader| {
            let mut headers = HeaderMap::new();
            reader.remember_language(&mut headers);
            headers.len()
        };

        assert_eq!(cookies(reader("/?lang=zh", "", "en").await), 1);
        assert_eq!(cookies(reader("/", "cozegate_language=zh-CN", "en").await), 0);
    }
}
