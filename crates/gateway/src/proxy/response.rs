//! What comes back from upstream: status, fields and bytes as they are, but for what belongs to the upstream hop and
//! what only we may decide (CORS, cookies, buffering).

use super::body::{Answer, EventDialect};
use super::request::named_by_connection;
use crate::media_type::{is_event_stream, is_of_type};
use crate::problem::{Problem, ProblemKind};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALT_SVC, CONNECTION,
    CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, PROXY_AUTHENTICATE, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Response, StatusCode};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// nginx and some hosting platforms in front of us read it and stop collecting the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");
const SET_COOKIE2: HeaderName = HeaderName::from_static("set-cookie2");
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

static REMOVED: [HeaderName; 21] = [
    // Hop by hop (RFC 9110 7.6.1).
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_CONNECTION,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    // Said about the upstream's own name, and wrong under ours.
    ALT_SVC,
    CLEAR_SITE_DATA,
    SERVICE_WORKER_ALLOWED,
    SET_COOKIE,
    SET_COOKIE2,
    STRICT_TRANSPORT_SECURITY,
    // Whom the answer is readable for is our decision.
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ALLOW_PRIVATE_NETWORK,
    TIMING_ALLOW_ORIGIN,
];

/// A JSON answer up to this length is read before it leaves: it may be an error, and the Chat SDK takes an error for
/// one only if it comes in one piece (chat-sdk.md 3.5).
const LONGEST_READ: usize = 64 * 1024;

/// Decides how the body of an answer is passed on: a short JSON answer is read whole, the end of an event stream is
/// watched over, and everything else stays as it is.
pub(super) async fn mannered(answer: Response<Answer>, dialect: EventDialect) -> Result<Response<Answer>, Problem> {
    let (head, body) = answer.into_parts();
    let headers = &head.headers;
    // With a length there is no room for an event more, and within a compressed stream no event can be seen.
    let is_watched =
        is_event_stream(headers) && !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(CONTENT_ENCODING);
    let body = if is_of_type(headers, "application/json") {
        body.read_ahead(LONGEST_READ).await?
    } else if is_watched {
        body.into_events(dialect)
    } else {
        body
    };
    Ok(Response::from_parts(head, body))
}

/// Refuses an answer whose frame two readers could understand in two ways, and one that is none.
///
/// We announce no transfer coding but `chunked`, so there is no other; beside it a length "ought to be handled as an error"
/// (RFC 9112 6.1, 6.3). And another protocol comes only where the request `asks_to_switch` (RFC 9110 15.2.2).
pub(super) fn check_frame<B>(answer: &Response<B>, asks_to_switch: bool) -> Result<(), Problem> {
    let headers = answer.headers();
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_sound = match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().eq_ignore_ascii_case(b"chunked") && !headers.contains_key(CONTENT_LENGTH),
        (Some(_), Some(_)) => false,
    };
    if !is_sound {
        return Err(Problem::with_inside(
            ProblemKind::UpstreamBroken,
            "the answer is framed in two ways, or in one that nobody asked for",
        ));
    }
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS && !asks_to_switch {
        return Err(Problem::with_inside(
            ProblemKind::UpstreamBroken,
            "the answer is another protocol, which nobody asked for",
        ));
    }
    Ok(())
}

/// Makes the caller's answer from the upstream's.
pub(super) fn incoming(mut response: Response<Answer>) -> Response<Answer> {
    let headers = response.headers_mut();
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    // An answer has some ten fields, and most often none of these: walking them costs less than asking for each.
    let removed: Vec<HeaderName> = headers.keys().filter(|name| REMOVED.contains(name)).cloned().collect();
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
            let mut answer = incoming(response.body(Answer::default()).unwrap());
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
