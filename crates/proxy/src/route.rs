//! The closed set of paths that the proxy serves, and the refusal of paths that would climb out of it.
//!
//! The upstream is chosen from the configuration only; a request chooses nothing but a path below `/v1/`, `/v3/` and
//! `/open_api/`, or a file of a listed host. In particular `/api/permission/**`, where tokens are made, is not reachable.

use cozegate_config::LimitsConfig;
use cozegate_core::api_path::{ApiKind, ApiPath, without_doubled_slash};
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::targets::{Allowed, FileTarget, Target, named_by};
use http::Uri;
use http::uri::PathAndQuery;
use std::borrow::Cow;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The proxy about itself.
    About,
    /// The same path at the app's API base.
    Api(ApiPath),
    /// A file of a listed host.
    File(FileTarget),
}

const API_PREFIXES: [&str; 3] = ["/v1/", "/v3/", "/open_api/"];

/// What the paths of every kind of route begin with: whoever walks all routes begins there.
pub fn beginnings() -> impl Iterator<Item = &'static str> {
    ["/", "/https://"].into_iter().chain(API_PREFIXES)
}

/// How long a request's body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimit {
    pub(super) bytes: u64,
    /// The setting that says so.
    pub(super) limit: Limit,
}

/// How long a body of such a call may be.
pub(super) fn body_limit(kind: ApiKind, limits: &LimitsConfig) -> BodyLimit {
    let (bytes, limit) = if kind.takes_upload() {
        (limits.upload_bytes, Limit::UploadBytes)
    } else {
        (limits.body_bytes, Limit::BodyBytes)
    };
    let bytes = if bytes == 0 { u64::MAX } else { bytes.into() };
    BodyLimit { bytes, limit }
}

/// How often a path is decoded in search of hidden dot segments; who encodes four times means no good.
const DECODING_ROUNDS: usize = 3;

/// Finds what `uri` (as it stands in the request line) asks for; and for an API that is named by a whole URL, the path that
/// takes the URL's place.
pub(super) fn find(uri: &Uri, allowed: &Allowed) -> Result<(Route, Option<PathAndQuery>), Problem> {
    let Some(named) = named_by(uri.path(), uri.query()) else {
        return Ok((find_path(uri.path())?, None));
    };
    let target = named.and_then(|url| allowed.judge(&url));
    match target.map_err(|refused| Problem::with_inside(ProblemKind::TargetRefused, refused))? {
        Target::File(file) => Ok((Route::File(file), None)),
        Target::Api(plain) => {
            let plain = PathAndQuery::try_from(plain)
                .map_err(|error| Problem::with_inside(ProblemKind::TargetRefused, error))?;
            match find_path(plain.path())? {
                route @ Route::Api(_) => Ok((route, Some(plain))),
                _ => Err(ProblemKind::NoSuchEndpoint.into()),
            }
        }
    }
}

/// Finds what `path` asks for, when it is a path of our own.
pub(super) fn find_path(path: &str) -> Result<Route, ProblemKind> {
    let plain = without_doubled_slash(path);
    // `*` comes with OPTIONS only, and is about the server as a whole (RFC 9110 9.3.7).
    if plain == "/" || plain.is_empty() || plain == "*" {
        return Ok(Route::About);
    }
    if !API_PREFIXES.iter().any(|prefix| plain.starts_with(prefix)) {
        return Err(ProblemKind::NoSuchEndpoint);
    }
    if climbs(plain) {
        Err(ProblemKind::PathRefused)
    } else {
        Ok(Route::Api(ApiPath::of(path)))
    }
}

/// Whether the path, however often it is decoded on the way, could leave its prefix: dot segments (RFC 3986 5.2.4),
/// backslashes, which some servers take for slashes, and control characters.
fn climbs(path: &str) -> bool {
    let mut bytes = Cow::Borrowed(path.as_bytes());
    for _ in 0..=DECODING_ROUNDS {
        let has_odd_byte = bytes.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\');
        let has_dot_segment = bytes.split(|byte| *byte == b'/').any(|segment| {
            // A path parameter ("..;x") is cut off by some servers before they resolve dots.
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            name == b"." || name == b".."
        });
        if has_odd_byte || has_dot_segment {
            return true;
        }
        // Nothing was left to decode.
        let Cow::Owned(decoded) = Cow::from(percent_encoding::percent_decode(&bytes)) else {
            return false;
        };
        bytes = Cow::Owned(decoded);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_paths_are_served_and_others_are_not() {
        for path in [
            "/v3/chat",
            "//v3/chat",
            "/v1/conversations/75/clear",
            "/open_api/v2/chat",
            "/v1/a..b",
            "/v1/%E4%BD%A0",
        ] {
            assert_eq!(find_path(path), Ok(Route::Api(ApiPath::of(path))), "{path}");
        }
        assert_eq!(find_path("/"), Ok(Route::About));
        for path in [
            "/v1",
            "/v2/chat",
            "/api/permission/oauth2/token",
            "/v10/x",
            "/V1/chat",
            "/favicon.ico",
            "/v1%2fchat",
        ] {
            assert_eq!(find_path(path), Err(ProblemKind::NoSuchEndpoint), "{path}");
        }
    }

    #[test]
    fn no_spelling_climbs_out_of_its_prefix() {
        let bad = [
            "/v1/../api/permission/oauth2/token",
            "/v1/..",
            "/v1/.",
            "/v1/./users",
            "/v1/%2e%2e/api",
            "/v1/%2E%2e/api",
            "/v1/.%2e/api",
            "/v1/%252e%252e/api",
            "/v1/%25252e%25252e/api",
            "/v1/%2525252525252e/api",
            "/v1/..%2fapi",
            "/v1/..%5capi",
            "/v1/..;x/api",
            "/v1/..%3bx/api",
            "/v1/a\\..\\b",
            "/v1/%5c",
            "/v1/%00",
            "/v1/%0d%0aHost:%20x",
            "/v3/%2e/",
            "/open_api/../v1",
            "//v1/../api",
        ];

        let let_through: Vec<_> = bad
            .iter()
            .filter(|path| find_path(path) != Err(ProblemKind::PathRefused))
            .collect();

        println!("paths: bad tried {} / let through {}", bad.len(), let_through.len());
        assert_eq!(let_through, Vec::<&&str>::new());
    }
}
