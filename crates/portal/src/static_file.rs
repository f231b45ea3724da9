//! A file that is the same for everybody until the binary changes: how it is answered.
//!
//! The entity tag is the content's hash, so a browser asks again and gets "not modified". What is text is compressed once
//! and for all, for those who take it: nothing secret is in it, so its length tells nothing.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cozegate_core::encoding::{Encoding, takes};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// One file, ready to be served.
#[derive(Debug)]
pub(super) struct StaticFile {
    content: Bytes,
    /// The same with gzip, where that was asked for and is shorter.
    compressed: Option<Bytes>,
    content_type: &'static str,
    entity_tag: HeaderValue,
}

impl StaticFile {
    /// A file whose kind `path` tells by its ending.
    pub(super) fn new(path: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self {
            entity_tag: entity_tag(&content),
            content_type: content_type(path),
            compressed: None,
            content,
        }
    }

    /// The same, compressed for those who take it. For files that are served again and again.
    pub(super) fn compressed(self) -> Self {
        let compressed = gzip(&self.content).filter(|compressed| compressed.len() < self.content.len());
        Self { compressed, ..self }
    }

    /// The answer to a request with these header fields.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let shared = [
            (ETAG, self.entity_tag.clone()),
            // May be kept, must be asked about: the files belong to the binary that runs now.
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (VARY, HeaderValue::from_static("Accept-Encoding")),
        ];
        if self.is_known(request) {
            return (StatusCode::NOT_MODIFIED, shared).into_response();
        }
        let fields = (shared, [(CONTENT_TYPE, self.content_type)]);
        match &self.compressed {
            Some(compressed) if takes(request, Encoding::Gzip) => {
                let coding = [(CONTENT_ENCODING, Encoding::Gzip.field())];
                (fields, coding, compressed.clone()).into_response()
            }
            Some(_) | None => (fields, self.content.clone()).into_response(),
        }
    }

    /// RFC 9110 13.1.2: `*`, or a list that holds our tag. The comparison is a weak one, since both codings have it.
    fn is_known(&self, request: &HeaderMap) -> bool {
        let lists = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok());
        lists
            .flat_map(|list| list.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| {
                tag == "*"
                    || self
                        .entity_tag
                        .to_str()
                        .is_ok_and(|own| own.trim_start_matches("W/") == tag)
            })
    }
}

/// A weak one (RFC 9110 8.8.1): the same for every coding of the content.
fn entity_tag(content: &[u8]) -> HeaderValue {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, content));
    let tag = format!("W/\"{}\"", hash.get(..22).unwrap_or(&hash));
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn gzip(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    Some(encoder.finish().ok()?.into())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::ACCEPT_ENCODING;

    fn asked(fields: &[(axum::http::HeaderName, &str)]) -> Response {
        let file = StaticFile::new("a.js", "again ".repeat(100)).compressed();
        let fields = fields.iter().cloned();
        file.answer(
            &fields
                .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
                .collect(),
        )
    }

    #[test]
    fn who_takes_gzip_gets_it_and_everybody_may_ask_again() {
        let plain = asked(&[]);
        let zipped = asked(&[(ACCEPT_ENCODING, "gzip, br")]);
        let tag = plain.headers()[ETAG].to_str().unwrap().to_owned();

        assert_eq!(plain.headers().get(CONTENT_ENCODING), None);
        assert_eq!(zipped.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(zipped.headers()[ETAG], tag);
        assert_eq!(zipped.headers()[VARY], "Accept-Encoding");
        assert_eq!(asked(&[(IF_NONE_MATCH, &tag)]).status(), StatusCode::NOT_MODIFIED);
        let strong = tag.trim_start_matches("W/");
        assert_eq!(asked(&[(IF_NONE_MATCH, strong)]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(asked(&[(IF_NONE_MATCH, "\"other\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn what_would_become_longer_stays_as_it_is() {
        let file = StaticFile::new("a.svg", "<svg/>").compressed();

        let answer = file.answer(&HeaderMap::from_iter([(
            ACCEPT_ENCODING,
            HeaderValue::from_static("gzip"),
        )]));

        assert_eq!(answer.headers().get(CONTENT_ENCODING), None);
    }
}
