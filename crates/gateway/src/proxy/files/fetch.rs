//! Fetches a file: follows redirects from one allowed host to another, and reads the body up to a limit.
//!
//! Every hop is judged as if a caller had named it, carries the same few fields, and never a credential, since there is
//! none to carry. A file is read whole before anybody has a byte of it: what is cut, too long or of a type that we do not
//! hand out never looks like an answer.

use super::failure::FetchFailure;
use super::host::{Exchange, Hosts};
use super::media_type;
use super::target::{Allowed, FileTarget, Target};
use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use http::{Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::timeout;

/// RFC 9110 15.4 leaves the number to us; a CDN's move takes one or two.
const MOST_REDIRECTS: usize = 3;
/// However slowly it drips.
const LONGEST_FETCH: Duration = Duration::from_mins(5);

/// What bounds a fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Of a file, in bytes.
    pub(super) largest: usize,
    /// Between two pieces of a body.
    pub(super) idle_timeout: Duration,
}

/// What a host has to say.
pub(super) enum Fetched {
    /// The file; `is_moved` when it lies elsewhere for the time being.
    File { answer: Response<Bytes>, is_moved: bool },
    /// It is still the one that the conditions of the request name; with the fields that have changed.
    NotModified(HeaderMap),
}

/// Fetches `target`, on the conditions in `fields`.
pub(super) async fn fetch(
    hosts: &Hosts,
    allowed: &Allowed,
    target: FileTarget,
    fields: HeaderMap,
    bounds: Bounds,
) -> Result<Fetched, FetchFailure> {
    timeout(LONGEST_FETCH, follow(hosts, allowed, target, fields, bounds))
        .await
        .map_err(|_| FetchFailure::Overdue)?
}

async fn follow(
    hosts: &Hosts,
    allowed: &Allowed,
    mut target: FileTarget,
    fields: HeaderMap,
    bounds: Bounds,
) -> Result<Fetched, FetchFailure> {
    let is_conditional = fields.contains_key(IF_NONE_MATCH) || fields.contains_key(IF_MODIFIED_SINCE);
    let mut is_moved = false;
    for _ in 0..=MOST_REDIRECTS {
        let exchange = hosts.exchange(&target, fields.clone()).await?;
        match exchange.answer.status() {
            StatusCode::OK => {
                let answer = read(exchange, bounds).await?;
                return Ok(Fetched::File { answer, is_moved });
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
        Target::Api(_) => Err(FetchFailure::Redirected(super::target::Refused::NotListed)),
    }
}

async fn read(exchange: Exchange, bounds: Bounds) -> Result<Response<Bytes>, FetchFailure> {
    // The connection ends with this function.
    let Exchange {
        answer,
        connection: _connection,
    } = exchange;
    media_type::check(answer.headers())?;
    let (head, mut body) = answer.into_parts();
    let is_too_large = |length: usize| length > bounds.largest;
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, is_too_large) {
        return Err(FetchFailure::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = timeout(bounds.idle_timeout, body.frame())
        .await
        .map_err(|_| FetchFailure::Overdue)?
    {
        let Ok(data) = frame.map_err(|error| FetchFailure::broken(&error))?.into_data() else {
            continue;
        };
        if is_too_large(whole.len() + data.len()) {
            return Err(FetchFailure::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(Response::from_parts(head, whole.freeze()))
}
