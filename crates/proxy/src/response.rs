//! Builds the caller's answer from the upstream's: status and bytes as they are, and an allow list of header fields.

use super::body::{Answer, EventDialect};
use super::framing::named_by_connection;
use cozegate_core::limits::Buffer;
use cozegate_core::media_type::{is_event_stream, is_of_type};
use cozegate_core::problem::Problem;
use cozegate_policy::fields;
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use std::sync::Arc;

/// nginx and some hosting platforms in front of the gateway read it and do not buffer the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A JSON answer up to this length is read before it leaves: it may be an error, and the Chat SDK takes an error for
/// one only if it comes in one piece (chat-sdk.md 3.5).
const LONGEST_READ: usize = 64 * 1024;

/// Decides how the body of an answer is passed on: a short JSON answer is read whole, the end of an event stream is
/// watched over, and everything else stays as it is.
pub(super) async fn mannered(
    answer: Response<Answer>,
    dialect: EventDialect,
    buffer: &Arc<Buffer>,
) -> Result<Response<Answer>, Problem> {
    let (head, body) = answer.into_parts();
    let headers = &head.headers;
    // With a length there is no room for an event more, and within a compressed stream no event can be seen.
    let is_watched =
        is_event_stream(headers) && !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(CONTENT_ENCODING);
    let body = if is_of_type(headers, "application/json") {
        body.read_ahead(LONGEST_READ, buffer).await?
    } else if is_watched {
        body.into_events(dialect)
    } else {
        body
    };
    Ok(Response::from_parts(head, body))
}

/// Makes the caller's answer from the upstream's: the listed fields, and `more`.
pub(super) fn incoming(mut response: Response<Answer>, more: &[HeaderName]) -> Response<Answer> {
    let headers = response.headers_mut();
    let named = named_by_connection(headers);
    let removed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| !(fields::ANSWER.contains(name) || more.contains(name)) || named.contains(name))
        .cloned()
        .collect();
    for name in removed {
        headers.remove(name);
    }
    if is_event_stream(headers) {
        headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each for itself: a name that falls out of the list is noticed.
    #[test]
    fn every_name_of_the_other_hop_and_of_our_own_decisions_is_removed() {
        let gone = [
            "access-control-allow-credentials",
            "access-control-allow-headers",
            "access-control-allow-methods",
            "access-control-allow-origin",
            "access-control-allow-private-network",
            "access-control-expose-headers",
            "access-control-max-age",
            "alt-svc",
            "clear-site-data",
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-connection",
            "service-worker-allowed",
            "set-cookie",
            "set-cookie2",
            "strict-transport-security",
            "timing-allow-origin",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        let (mut let_through, mut refused) = (vec![], 0);
        for name in gone {
            let response = Response::builder()
                .header(name, "x")
                .header(name, "y")
                .header("etag", "z");
            let mut answer = incoming(response.body(Answer::default()).unwrap(), &[]);
            refused += i32::from(answer.headers_mut().remove("etag").is_none());
            if !answer.headers().is_empty() {
                let_through.push(name);
            }
        }
        let (tried, passed) = (gone.len(), let_through.len());
        println!(
            "fields of an answer: bad tried {tried} / let through {passed}; good tried {tried} / refused {refused}"
        );
        assert_eq!((let_through, refused), (vec![], 0));
    }
}
