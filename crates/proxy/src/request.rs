//! Builds the request head that goes upstream: an allow list of the caller's header fields, and our own.
//!
//! Hop-by-hop fields (RFC 9110 7.6.1), credentials, cookies, and whatever a browser, a reverse proxy, an access gateway or a
//! tracing tool adds stay here, because a field that is not listed does not pass. `server.pass_fields` adds names.

use super::connect::Target;
use super::framing::named_by_connection;
use super::upload::Upload;
use cozegate_core::api_path::ApiPath;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_policy::fields;
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri, Version};

/// Fields that most requests go upstream with. The connection keeps their table for as long as an answer comes, so a larger
/// one would be a kibibyte for each open stream.
const USUAL_FIELDS: usize = 8;

/// Makes the head that goes to `target` from the caller's. What is left to add is a credential.
pub(super) fn prepare(parts: &mut Parts, path: ApiPath, target: &Target, more: &[HeaderName]) -> Result<(), Problem> {
    let uri = upstream_uri(&parts.uri, path, target.base_path())
        .map_err(|error| Problem::with_inside(ProblemKind::PathRefused, error))?;
    parts.uri = uri;
    parts.version = Version::HTTP_11;
    clean(&mut parts.headers, more);
    parts.headers.insert(HOST, target.host_field().clone());
    // A compressed stream would be buffered on the way; the clients ask for event streams in clear.
    parts
        .headers
        .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(())
}

/// The same request once more, if its body was kept.
pub(super) fn copy(request: &Request<Upload>) -> Option<Box<Request<Upload>>> {
    let mut copy = Box::new(Request::new(request.body().copy()?));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// Path and query as they came, behind the base path of the configured upstream.
fn upstream_uri(uri: &Uri, path: ApiPath, base_path: &str) -> Result<Uri, http::Error> {
    let path_and_query = uri.path_and_query().map_or("/", |p| p.as_str());
    let path_and_query = path.plain(path_and_query);
    if base_path.is_empty() {
        return Uri::builder().path_and_query(path_and_query).build();
    }
    Uri::builder()
        .path_and_query(format!("{base_path}{path_and_query}"))
        .build()
}

/// Leaves the fields that may go upstream: those of the list, and `more`.
pub(super) fn clean(headers: &mut HeaderMap, more: &[HeaderName]) {
    let named = named_by_connection(headers);
    let all = std::mem::take(headers);
    headers.reserve(USUAL_FIELDS);
    // Of a field that comes several times, only the first line carries the name.
    let mut last = None;
    for (name, value) in all {
        if let Some(name) = name {
            let is_passed = fields::REQUEST.contains(&name) || more.contains(&name);
            last = Some(name).filter(|name| is_passed && !named.contains(name));
        }
        if let Some(name) = &last {
            headers.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    /// What proxies in front, access gateways and tracing tools add (bug reports S2).
    #[test]
    fn fields_of_the_surroundings_stay_here() {
        let surroundings = [
            "cf-connecting-ip",
            "true-client-ip",
            "x-client-ip",
            "client-ip",
            "x-cluster-client-ip",
            "fastly-client-ip",
            "x-envoy-external-address",
            "x-azure-clientip",
            "x-forwarded",
            "forwarded-for",
            "x-amzn-trace-id",
            "sentry-trace",
            "sw8",
            "x-b3-traceid",
            "x-datadog-trace-id",
            "x-auth-request-email",
            "remote-user",
            "cf-access-authenticated-user-email",
            "cf-access-jwt-assertion",
            "x-csrf-token",
            "x-api-key",
            "x-use-ppe",
            "x-tt-env",
            "x-http-method-override",
            "x-coze-anything",
            "range",
            "cache-control",
        ];
        let mut let_through = vec![];
        for name in surroundings {
            let mut sent = headers(&[("accept", "*/*"), (name, "x")]);
            clean(&mut sent, &[]);
            let_through.extend(sent.contains_key(name).then_some(name));
            assert!(sent.contains_key("accept"), "{name}");
        }
        let (tried, passed) = (surroundings.len(), let_through.len());
        println!("fields of surroundings: bad tried {tried} / let through {passed}");
        assert_eq!(let_through, Vec::<&str>::new());

        let mut sent = headers(&[("x-tt-env", "ppe_x"), ("x-use-ppe", "1")]);
        clean(&mut sent, &["x-tt-env".parse().unwrap()]);
        assert_eq!(names(&sent), ["x-tt-env"]);
    }

    #[test]
    fn nothing_of_the_callers_standing_goes_upstream() {
        let mut sent = headers(&[
            ("accept", "*/*"),
            ("authorization", "Bearer cgh_x"),
            ("connection", "keep-alive, X-Named, content-length"),
            ("content-length", "2"),
            ("content-type", "application/json"),
            ("cookie", "a=b"),
            ("expect", "100-continue"),
            ("forwarded", "for=1.2.3.4"),
            ("keep-alive", "timeout=5"),
            ("origin", "http://127.0.0.1:8081"),
            ("proxy-authorization", "Basic x"),
            ("referer", "http://127.0.0.1:8081/chat"),
            ("sec-fetch-site", "same-site"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("user-agent", "cozepy/0.20.0"),
            ("via", "1.1 x"),
            ("x-coze-client-user-agent", "{}"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x_forwarded_user", "admin"),
            ("X-Forwarded_Host", "evil"),
            ("x_real_ip", "1.2.3.4"),
            ("x-named", "1"),
            ("x-session-name", "somebody"),
        ]);

        clean(&mut sent, &[]);

        let passed = [
            "accept",
            "content-length",
            "content-type",
            "user-agent",
            "x-coze-client-user-agent",
        ];
        assert_eq!(names(&sent), passed);
    }

    #[test]
    fn cleaning_twice_changes_nothing_more() {
        let mut once = headers(&[
            ("accept", "*/*"),
            ("connection", "close, accept-language"),
            ("accept-language", "zh"),
        ]);
        clean(&mut once, &[]);
        let mut twice = once.clone();
        clean(&mut twice, &[]);

        assert_eq!(once, twice);
        assert_eq!(names(&once), ["accept"]);
    }

    #[test]
    fn path_and_query_stay_as_they_are_behind_the_base_path() {
        let uri: Uri = "//v3/chat?conversation_id=7&x=%E4%BD%A0"
            .parse()
            .unwrap_or_else(|_| Uri::from_static("/"));
        let uri = if uri.path() == "/" {
            Uri::from_static("/v3/chat?conversation_id=7&x=%E4%BD%A0")
        } else {
            uri
        };

        assert_eq!(
            upstream_uri(&uri, ApiPath::of(uri.path()), "").unwrap(),
            "/v3/chat?conversation_id=7&x=%E4%BD%A0"
        );
        assert_eq!(
            upstream_uri(&uri, ApiPath::of(uri.path()), "/coze").unwrap(),
            "/coze/v3/chat?conversation_id=7&x=%E4%BD%A0"
        );
    }
}
