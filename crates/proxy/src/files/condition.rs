//! Whether the caller has the file already (RFC 9110 13): then it is told so and sent nothing. Pure.

use http::header::{ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

/// Whether `request` names the file that these fields describe.
pub(super) fn has_it(request: &HeaderMap, fields: &HeaderMap) -> bool {
    // RFC 9110 13.2.2: with entity tags, the date does not count.
    if request.contains_key(IF_NONE_MATCH) {
        let Some(ours) = fields.get(ETAG).and_then(text) else {
            return false;
        };
        let values = request.get_all(IF_NONE_MATCH).iter().filter_map(text);
        return values
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || opaque(tag) == opaque(ours));
    }
    let date = |value: Option<&HeaderValue>| httpdate::parse_http_date(value.and_then(text)?).ok();
    match (date(request.get(IF_MODIFIED_SINCE)), date(fields.get(LAST_MODIFIED))) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// RFC 9110 8.8.3.2: compared weakly, since the same bytes are meant.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_that_has_the_file_is_told_by_its_tag_or_else_by_its_date() {
        const DATE: &str = "Tue, 01 Sep 2026 00:00:00 GMT";
        let fields = HeaderMap::from_iter([
            (ETAG, HeaderValue::from_static("W/\"1\"")),
            (LAST_MODIFIED, HeaderValue::from_static(DATE)),
        ]);
        for (request, expected) in [
            (vec![(IF_NONE_MATCH, "\"1\"")], true),
            (vec![(IF_NONE_MATCH, "\"0\", W/\"1\"")], true),
            (vec![(IF_NONE_MATCH, "*")], true),
            (vec![(IF_NONE_MATCH, "\"2\""), (IF_MODIFIED_SINCE, DATE)], false),
            (vec![(IF_MODIFIED_SINCE, DATE)], true),
            (vec![(IF_MODIFIED_SINCE, "Tue, 01 Sep 2026 00:00:01 GMT")], true),
            (vec![(IF_MODIFIED_SINCE, "Mon, 31 Aug 2026 23:59:59 GMT")], false),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], false),
            (vec![], false),
        ] {
            let request: HeaderMap = request
                .into_iter()
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .collect();
            assert_eq!(has_it(&request, &fields), expected, "{request:?}");
        }
        let tag = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static("*"))]);
        assert!(!has_it(&tag, &HeaderMap::new()));
    }
}
