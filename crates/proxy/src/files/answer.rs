//! The answer with a file in it: the host's fields that describe the file, and ours that take its power away.
//!
//! A file is handed out under our own origin. As a script of a page it runs with that page's origin, as it would from its
//! own host; opened as a document it would be ours. So each leaves with a policy that sandboxes it and loads nothing, and
//! with its type nailed down. It is public and the same for everybody, so any page may embed it
//! (`Cross-Origin-Resource-Policy`); reading its text stays the business of listed origins (CORS).

use super::body::FileBody;
use super::stored::Stored;
use cozegate_core::limits::Permit;
use cozegate_core::telemetry::labels::FileSource;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The fields of the host that pass. All others speak of its connection, its cookies or its own name.
pub(super) const KEPT: [HeaderName; 9] = [
    AGE,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    DATE,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
];

/// Where an answer comes from, for whoever wonders.
const CACHE_STATUS: HeaderName = HeaderName::from_static("x-cozegate-cache");

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheStatus {
    /// Stored and fresh.
    Hit,
    /// Fetched.
    Miss,
    /// Stored, and its host has said that it is still the one.
    Revalidated,
    /// Stored and stale: its host is slow or away.
    Stale,
}

impl CacheStatus {
    const fn field(self) -> HeaderValue {
        HeaderValue::from_static(self.source().name())
    }

    /// What it counts as.
    pub(super) const fn source(self) -> FileSource {
        match self {
            Self::Hit => FileSource::Hit,
            Self::Miss => FileSource::Miss,
            Self::Revalidated => FileSource::Revalidated,
            Self::Stale => FileSource::Stale,
        }
    }
}

/// Makes the answer to a GET with the file.
pub(super) fn with_file(
    stored: Arc<Stored>,
    age: Duration,
    status: CacheStatus,
    permit: Permit,
    background: Handle,
) -> Response<Option<Box<FileBody>>> {
    let mut response = without_body(&stored.fields, Some(stored.content.length()), age, status);
    if stored.content.length() > 0 {
        *response.body_mut() = Some(Box::new(FileBody::new(stored, permit, background)));
    }
    response
}

/// Makes the answer to a HEAD.
pub(super) fn without_body(
    fields: &HeaderMap,
    length: Option<u64>,
    age: Duration,
    status: CacheStatus,
) -> Response<Option<Box<FileBody>>> {
    let mut response = Response::new(None);
    let headers = response.headers_mut();
    describe(headers, fields, age, status);
    // RFC 9110 14.2: a server without ranges ignores `Range` and may say so.
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// Makes the answer for a caller that has the file already (RFC 9110 15.4.5).
pub(super) fn not_modified(fields: &HeaderMap, age: Duration, status: CacheStatus) -> Response<Option<Box<FileBody>>> {
    let mut response = Response::new(None);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    describe(headers, fields, age, status);
    for name in [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE] {
        headers.remove(name);
    }
    response
}

/// Writes the fields of every answer about a file.
fn describe(headers: &mut HeaderMap, fields: &HeaderMap, age: Duration, status: CacheStatus) {
    for name in KEPT {
        if let Some(value) = fields.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(AGE, HeaderValue::from(age.as_secs()));
    headers.insert(CACHE_STATUS, status.field());
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
