//! Which media types are handed out. Pure.
//!
//! What pages load: scripts, styles, fonts, images, data. Never a document that could be a page of our origin: HTML, XML
//! with its style sheets, PDF. SVG is an image to a page and could be a document to a person who opens it; the fields that
//! every file leaves with (`answer.rs`) take its scripts away.

use super::failure::FetchFailure;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

const SERVED: [&str; 14] = [
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/octet-stream",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-font-ttf",
    "application/x-font-woff",
    "application/x-javascript",
    "application/font-woff",
    "application/font-woff2",
    "text/css",
    "text/javascript",
    "text/plain",
];
/// The same, for whole families.
const SERVED_FAMILIES: [&str; 2] = ["font/", "image/"];

/// Refuses what says to be of another type, or of none.
pub(super) fn check(headers: &HeaderMap) -> Result<(), FetchFailure> {
    let mut stated = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (stated.next(), stated.next()) else {
        return Err(FetchFailure::MediaType(String::new()));
    };
    let text = only.to_str().unwrap_or_default();
    if is_served(text) {
        Ok(())
    } else {
        Err(FetchFailure::MediaType(shown(only)))
    }
}

/// RFC 9110 8.3.1: in any case and with any parameters.
fn is_served(media_type: &str) -> bool {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_in_family = |family: &&str| essence.strip_prefix(*family).is_some_and(is_subtype);
    SERVED.contains(&essence.as_str()) || SERVED_FAMILIES.iter().any(is_in_family)
}

/// One name of letters, digits and a few signs: no comma that would begin a second type.
fn is_subtype(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pages_load_is_served_and_no_document_is() {
        let good = [
            "text/javascript",
            "application/javascript; charset=utf-8",
            "Text/CSS",
            "font/woff2",
            "image/svg+xml",
            "image/vnd.microsoft.icon",
            "application/wasm",
            "application/json ; x=y",
            "application/octet-stream",
        ];
        let bad = [
            "",
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "application/xhtml+xml",
            "text/xml",
            "application/xml",
            "application/pdf",
            "image/",
            "image/png, text/html",
            "image",
            "multipart/x-mixed-replace",
            "text/javascript,text/html",
            "message/rfc822",
            "video/mp4",
            "application/x-shockwave-flash",
            "text/html;image/png",
            " ",
        ];

        let refused: Vec<_> = good.iter().filter(|text| !is_served(text)).collect();
        let let_through: Vec<_> = bad.iter().filter(|text| is_served(text)).collect();

        println!(
            "media types: bad tried {} / let through {}; good tried {} / refused {}",
            bad.len(),
            let_through.len(),
            good.len(),
            refused.len()
        );
        assert_eq!((let_through, refused), (vec![], vec![]));
    }
}
