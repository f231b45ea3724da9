//! Hop-by-hop rules of both heads: which fields a connection names as its own, and how an answer may be framed.

use cozegate_core::problem::{Problem, ProblemKind};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, TRANSFER_ENCODING};
use http::{Response, StatusCode};

/// RFC 9110 7.6.1: the fields that `Connection` names go as well. `Transfer-Encoding` and the like are on our own list;
/// what frames the message (`Content-Length`) cannot be named away.
pub(super) fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .filter(|name| *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING)
        .collect()
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
