//! Pages for people: how they leave the server, and the error page that all of them share.
//!
//! They work without JavaScript and carry no script. Their words are in two languages at once, because the double has
//! no settings to ask.

use super::refusal::Refusal;
use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::de::DeserializeOwned;

/// Marks an answer that only people read; the rim does not open it to scripts of other origins.
#[derive(Debug, Clone, Copy)]
struct Page;

/// Tells whether an answer is one of these pages.
pub(crate) fn is_page(response: &Response) -> bool {
    response.extensions().get::<Page>().is_some()
}

#[derive(Debug, Template)]
#[template(path = "refused.html")]
struct Refused {
    message: String,
}

/// Renders a page. It may not be framed (RFC 9700 section 4.16), kept, or named to other sites.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // No form-action: browsers apply it to the redirect after the form too, and that leaves this server.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ),
        // Not `no-referrer`, which would turn the form's Origin into "null".
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut response = (status, headers, html).into_response();
    response.extensions_mut().insert(Page);
    response
}

/// Renders a refusal that may not be told to the app: its address is the very thing that is in doubt (RFC 6749 section
/// 4.1.2.1).
pub(super) fn refused(refusal: &Refusal) -> Response {
    let message = refusal.to_string();
    page(StatusCode::BAD_REQUEST, &Refused { message })
}

/// Sends the browser on. A `303` makes it forget the form (RFC 9700 section 4.12).
pub(super) fn redirect(status: StatusCode, location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return refused(&Refusal::InvalidRequest("redirect_uri"));
    };
    let mut response = (status, [(header::LOCATION, location)]).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Page);
    response
}

/// Reads a query. A parameter that comes twice is refused (RFC 6749 section 3.1).
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    Query::try_from_uri(uri)
        .map(|Query(params)| params)
        .map_err(|_| Refusal::InvalidRequest("parameters"))
}

/// Refuses a form that a page of another origin has sent.
pub(super) fn same_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let ours = headers.get(header::HOST).map(HeaderValue::as_bytes);
    if ours.is_some() && origin.as_bytes().strip_prefix(b"http://") == ours {
        return Ok(());
    }
    Err(Refusal::InvalidRequest("origin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_of_another_page_is_refused() {
        for (origin, accepted) in [
            ("http://127.0.0.1:90", true),
            ("http://127.0.0.1:91", false),
            ("https://127.0.0.1:90", false),
            ("null", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:90".parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            assert_eq!(same_origin(&headers).is_ok(), accepted, "{origin}");
        }
        assert!(same_origin(&HeaderMap::new()).is_ok());
    }
}
