//! What comes back from upstream: status, fields and bytes as they are, but for what belongs to the upstream hop and
//! what only we may decide (CORS, cookies, buffering).

use super::body::{Answer, EventDialect};
use super::request::named_by_connection;
use crate::problem::Problem;
use http::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALT_SVC, CONNECTION,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// nginx and some hosting platforms in front of us read it and stop collecting the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const REMOVED: [HeaderName; 16] = [
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
    STRICT_TRANSPORT_SECURITY,
    SET_COOKIE,
    // Whom the answer is readable for is our decision.
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// A JSON answer up to this length is read before it leaves: it may be an error, and the Chat SDK takes an error for
/// one only if it comes in one piece (chat-sdk.md 3.5).
const LONGEST_READ: usize = 64 * 1024;

/// How the body of an answer is passed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    dialect: EventDialect,
}

impl Manners {
    /// Those of the answers from `path`.
    pub(super) fn of(path: &str) -> Self {
        let is_workflow = path.ends_with("/workflow/stream_run") || path.ends_with("/workflow/stream_resume");
        Self {
            dialect: if is_workflow {
                EventDialect::Workflow
            } else {
                EventDialect::Chat
            },
        }
    }

    /// Reads a short JSON answer whole, watches over the end of an event stream, and leaves everything else as it is.
    pub(super) async fn apply(self, answer: Response<Answer>) -> Result<Response<Answer>, Problem> {
        let (head, body) = answer.into_parts();
        let body = if is_of_type(&head.headers, "application/json") {
            body.read_ahead(LONGEST_READ).await?
        // With a length there is no room for an event more, and within a compressed one no event can be seen.
        } else if is_of_type(&head.headers, "text/event-stream")
            && !head.headers.contains_key(CONTENT_LENGTH)
            && !head.headers.contains_key(CONTENT_ENCODING)
        {
            body.into_events(self.dialect)
        } else {
            body
        };
        Ok(Response::from_parts(head, body))
    }
}

fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let stated = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let (essence, _parameters) = stated.split_at(media_type.len().min(stated.len()));
    essence.eq_ignore_ascii_case(media_type.as_bytes())
}

/// Makes the caller's answer from the upstream's.
pub(super) fn incoming(mut response: Response<Answer>) -> Response<Answer> {
    let headers = response.headers_mut();
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    for name in REMOVED {
        headers.remove(name);
    }
    if is_of_type(headers, "text/event-stream") {
        headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    response
}
