//! Names of the header fields that cross the gateway: one allow list for requests, one for answers.
//!
//! A field that is not listed does not pass. `server.pass_fields` adds names in both directions, except those of
//! [`may_pass`]. Pure.

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED, LOCATION, RETRY_AFTER,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, USER_AGENT, VARY,
    WWW_AUTHENTICATE,
};

/// Fields that the official SDKs and browsers send to the platform's API and that say nothing about the caller's
/// surroundings (protocol 8.2, chat-sdk.md 3.4).
pub static REQUEST: [HeaderName; 9] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    USER_AGENT,
    HeaderName::from_static("agw-js-conv"),
    HeaderName::from_static("x-coze-client-user-agent"),
    HeaderName::from_static("x-tt-logid"),
];

/// Fields of the platform's answers that clients read. Hop-by-hop fields (RFC 9110 7.6.1), cookies, CORS, and what concerns
/// the platform's own name or network are not among them.
pub static ANSWER: [HeaderName; 25] = [
    ACCEPT_RANGES,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    DATE,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
    LOCATION,
    RETRY_AFTER,
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION,
    VARY,
    WWW_AUTHENTICATE,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("server-timing"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-tt-logid"),
];

/// Whether `server.pass_fields` may name the field: it holds no credential, says nothing about where a request comes from,
/// and belongs to more than one connection.
pub fn may_pass(name: &HeaderName) -> bool {
    !is_refused(name.as_str())
}

/// Whether no setting lets a field of this name, in lower case, go upstream.
///
/// Names are compared with `_` read as `-`: servers behind CGI-like interfaces cannot tell the two apart (CVE-2025-64484).
fn is_refused(name: &str) -> bool {
    let name = name.replace('_', "-");
    let is_listed = matches!(
        name.as_str(),
        // Hop by hop (RFC 9110 7.6.1), beside what `Connection` names.
        "connection" | "expect" | "keep-alive" | "proxy-authenticate" | "proxy-authorization" | "proxy-connection"
        | "te" | "trailer" | "transfer-encoding" | "upgrade"
        // The caller's credentials and cookies: the gateway's own credential replaces them.
        | "authorization" | "cookie" | "cookie2"
        // What frames the message.
        | "content-length" | "content-encoding" | "accept-encoding"
        // Where it came from.
        | "baggage" | "forwarded" | "origin" | "referer" | "traceparent" | "tracestate" | "via" | "x-real-ip"
        // Ours.
        | "host" | "x-session-name"
        // What only the gateway may say to a browser.
        | "alt-svc" | "clear-site-data" | "service-worker-allowed" | "set-cookie" | "set-cookie2"
        | "strict-transport-security" | "timing-allow-origin"
    );
    let families = [
        "access-control-",
        "sec-fetch-",
        "x-forwarded-",
        "x-original-",
        "x-cozegate-",
        "sec-websocket-",
    ];
    is_listed || families.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each for itself: a name that falls out of the list is noticed.
    #[test]
    fn no_setting_lets_a_field_pass_that_is_not_for_the_platform_in_either_spelling() {
        let gone = [
            "access-control-request-headers",
            "access-control-request-private-network",
            "authorization",
            "baggage",
            "connection",
            "cookie",
            "cookie2",
            "expect",
            "forwarded",
            "host",
            "keep-alive",
            "origin",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "referer",
            "sec-fetch-dest",
            "sec-fetch-user",
            "te",
            "traceparent",
            "tracestate",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "via",
            "x-cozegate-user",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-original-url",
            "x-real-ip",
            "x-session-name",
        ];
        let spellings = gone
            .iter()
            .flat_map(|name| [(*name).to_owned(), name.replace('-', "_")]);
        let let_through: Vec<String> = spellings.filter(|name| may_pass(&name.parse().unwrap())).collect();
        let refused = i32::from(!may_pass(&"x-tt-env".parse().unwrap()));
        let (tried, passed) = (2 * gone.len(), let_through.len());
        println!("fields of a request: bad tried {tried} / let through {passed}; good tried 1 / refused {refused}");
        assert_eq!((let_through, refused), (vec![], 0));
    }
}
