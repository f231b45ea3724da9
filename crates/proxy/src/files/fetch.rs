//! Asks for a file: follows redirects from one allowed host to another, and reads the body up to a limit.
//!
//! Every hop is judged as if a caller had named it, carries the same few fields, and never a credential, since there is
//! none to carry. A file is read whole before a caller has a byte of it: what is cut, too long or of a type that we do not
//! hand out never looks like an answer.

use super::collect::Collector;
use super::failure::FetchFailure;
use super::host::{Exchange, Hosts};
use super::media_type;
use cozegate_core::encoding::Encoding;
use cozegate_core::targets::{Allowed, FileTarget, Refused, Target};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use http::{Method, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::timeout;

/// RFC 9110 15.4 leaves the number to us; a CDN's move takes one or two.
const MOST_REDIRECTS: usize = 3;
/// However slowly it drips.
pub(super) const LONGEST_FETCH: Duration = Duration::from_mins(5);

/// What bounds a fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Of a file, in bytes.
    pub(super) largest: usize,
    /// Between two pieces of a body.
    pub(super) idle_timeout: Duration,
}

/// What a host answers.
pub(super) enum Fetched {
    /// The file.
    File(Opened),
    /// It is still the one that the conditions of the request name; with the fields that have changed.
    NotModified(HeaderMap),
}

/// A file whose head has been judged and whose body is still to come.
pub(super) struct Opened {
    exchange: Exchange,
    /// It lies elsewhere for the time being.
    pub(super) is_moved: bool,
}

/// Asks for `target` by `method`, on the conditions in `fields`.
pub(super) async fn open(
    hosts: &Hosts,
    allowed: &Allowed,
    method: &Method,
    mut target: FileTarget,
    fields: HeaderMap,
) -> Result<Fetched, FetchFailure> {
    let is_conditional = fields.contains_key(IF_NONE_MATCH) || fields.contains_key(IF_MODIFIED_SINCE);
    let mut is_moved = false;
    for _ in 0..=MOST_REDIRECTS {
        let exchange = hosts.exchange(method, &target, fields.clone()).await?;
        match exchange.answer.status() {
            StatusCode::OK => {
                media_type::check(exchange.answer.headers())?;
                return Ok(Fetched::File(Opened { exchange, is_moved }));
            }
            StatusCode::NOT_MODIFIED if is_conditional => {
                return Ok(Fetched::NotModified(exchange.answer.headers().clone()));
            }
            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => {
                target = next_hop(allowed, &target, &exchange.answer)?;
            }
            StatusCode::FOUND | StatusCode::SEE_OTHER | StatusCode::TEMPORARY_REDIRECT => {
                target = next_hop(allowed, &target, &exchange.answer)?;
                is_moved = true;
            }
            other => return Err(FetchFailure::Status(other)),
        }
    }
    Err(FetchFailure::RedirectedTooOften)
}

/// Where a redirect leads, judged like any URL.
fn next_hop(allowed: &Allowed, from: &FileTarget, answer: &Response<Incoming>) -> Result<FileTarget, FetchFailure> {
    let mut locations = answer.headers().get_all(LOCATION).iter();
    let (Some(location), None) = (locations.next(), locations.next()) else {
        return Err(FetchFailure::RedirectedTooOften);
    };
    let location = location
        .to_str()
        .ok()
        .and_then(|location| from.url().join(location).ok());
    let mut location = location.ok_or(FetchFailure::RedirectedTooOften)?;
    // RFC 9110 10.2.2: it is the browser's, and the browser sees no redirect.
    location.set_fragment(None);
    match allowed.judge(location.as_str()).map_err(FetchFailure::Redirected)? {
        Target::File(file) => Ok(file),
        // An API is no place for files, and nothing is sent there without a caller.
        Target::Api(_) => Err(FetchFailure::Redirected(Refused::NotListed)),
    }
}

impl Opened {
    pub(super) fn headers(&self) -> &HeaderMap {
        self.exchange.answer.headers()
    }

    /// Refuses a file in a coding that was not asked for: its callers take no other.
    pub(super) fn check_coding(&self, asked: Encoding) -> Result<(), FetchFailure> {
        let mut codings = self.headers().get_all(CONTENT_ENCODING).iter();
        let is_right = match (codings.next(), codings.next()) {
            (None, _) => true,
            (Some(only), None) => [asked.name(), Encoding::Identity.name()]
                .iter()
                .any(|name| only.as_bytes().trim_ascii().eq_ignore_ascii_case(name.as_bytes())),
            (Some(_), Some(_)) => false,
        };
        if is_right {
            Ok(())
        } else {
            Err(FetchFailure::Broken(
                "the file has a coding that was not asked for".to_owned(),
            ))
        }
    }

    /// The length that the head of an answer to HEAD states.
    pub(super) fn stated_length(&self) -> Option<u64> {
        self.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// How long the body is at least. Fails when that is too much.
    pub(super) fn announced(&self, bounds: Bounds) -> Result<usize, FetchFailure> {
        let announced = usize::try_from(self.exchange.answer.body().size_hint().lower());
        announced
            .ok()
            .filter(|length| *length <= bounds.largest)
            .ok_or(FetchFailure::TooLarge)
    }

    /// Reads the body into `collector`. The connection ends with it.
    pub(super) async fn read(self, collector: &mut Collector, bounds: Bounds) -> Result<(), FetchFailure> {
        let Exchange {
            answer,
            connection: _connection,
        } = self.exchange;
        let mut body = answer.into_body();
        while let Some(frame) = timeout(bounds.idle_timeout, body.frame())
            .await
            .map_err(|_| FetchFailure::Overdue)?
        {
            if let Ok(data) = frame.map_err(|error| FetchFailure::broken(&error))?.into_data() {
                collector.push(&data).await?;
            }
        }
        Ok(())
    }
}
