//! What an answer says that it is (`Content-Type`). Asked by the proxy, which treats streams and short JSON in their own ways,
//! and by telemetry, which counts streams. Pure.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

/// Whether the answer says that it is of `media_type`, in any case and with any parameters (RFC 9110 8.3.1).
pub fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let stated = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = stated.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
}

/// Whether it goes on for as long as the platform has something to say.
pub fn is_event_stream(headers: &HeaderMap) -> bool {
    is_of_type(headers, "text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_is_told_in_any_case_and_with_any_parameters() {
        let table = [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/json ;charset=utf-8"), true),
            (Some("application/jsonl"), false),
            (Some("text/event-stream"), false),
            (Some(""), false),
            (None, false),
        ];
        for (stated, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(stated) = stated {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(stated));
            }
            assert_eq!(is_of_type(&headers, "application/json"), expected, "{stated:?}");
        }
    }
}
