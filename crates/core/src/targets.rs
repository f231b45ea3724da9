//! Which URL a request names, and whether it is one that we fetch. Pure: no I/O, no state.
//!
//! A request names a URL in its path, plain or percent-encoded, or as `/?url=` (legacy contract). The text is parsed once,
//! by the URL standard's parser, and the *parsed* value is judged: scheme, host and port together have to equal an entry
//! of the list. The text must also spell that origin plainly, so that what another reader would make of it cannot matter:
//! user info, numbers for addresses, full-width letters, backslashes, tabs and missing slashes end here, whatever they
//! would mean.
//!
//! A URL at the API of one of our apps is the same as its plain path; everything else must be a file of a listed host.

use crate::api_path::without_doubled_slash;
use cozegate_config::FileHost;
use std::borrow::Cow;
use url::Url;

/// No file's address is longer, and no browser's request line much.
const LONGEST: usize = 8 * 1024;

/// The URLs that a request may name.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// The hosts of files.
    hosts: Vec<FileHost>,
    /// The origins of our apps' API bases.
    api_origins: Vec<String>,
}

/// What a URL stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of a listed host.
    File(FileTarget),
    /// A path and query at the API of one of our apps.
    Api(String),
}

/// A file that may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    url: Url,
    may_be_private: bool,
}

impl FileTarget {
    /// Its URL: without user info and fragment, its origin on the list.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same file without the query.
    #[must_use]
    pub fn without_query(mut self) -> Self {
        self.url.set_query(None);
        self
    }

    /// Whether its host may stand in a private network.
    pub fn may_be_private(&self) -> bool {
        self.may_be_private
    }
}

/// Why a URL is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any file's address.
    #[error("the URL is too long")]
    TooLong,
    /// Blanks, backslashes, control characters, or bytes that are no text.
    #[error("the URL holds characters that no URL holds")]
    OddCharacter,
    /// No absolute URL, or one that was encoded more than once.
    #[error("there is no absolute URL")]
    NotAUrl,
    /// A fragment, which no request carries.
    #[error("the URL has a fragment")]
    Fragment,
    /// A query of the URL and one behind it, or `url` with other parameters.
    #[error("it is unclear where the URL ends; its query has to be percent-encoded")]
    Ambiguous,
    /// Another spelling of an origin than the plain one, user info included.
    #[error("the URL's scheme, host and port are not spelled plainly")]
    Spelling,
    /// Neither a host of files nor the API of an app.
    #[error("the URL's scheme, host and port are not on the list")]
    NotListed,
}

impl Allowed {
    /// Files of `hosts`, and the APIs at `api_bases`.
    pub fn new<'u>(hosts: Vec<FileHost>, api_bases: impl IntoIterator<Item = &'u Url>) -> Self {
        let api_origins = api_bases.into_iter().map(|base| base.origin().ascii_serialization());
        Self {
            hosts,
            api_origins: api_origins.collect(),
        }
    }

    /// The hosts of files.
    pub fn hosts(&self) -> &[FileHost] {
        &self.hosts
    }

    /// Judges `text`, which should be an absolute URL.
    pub fn judge(&self, text: &str) -> Result<Target, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Refused::OddCharacter);
        }
        let url = Url::parse(text).map_err(|_| Refused::NotAUrl)?;
        if text.contains('#') {
            return Err(Refused::Fragment);
        }
        let origin = url.origin().ascii_serialization();
        if !begins_with_origin(text, &origin) {
            return Err(Refused::Spelling);
        }
        if self.api_origins.contains(&origin) {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            return Ok(Target::Api(format!("{}{query}", url.path())));
        }
        match self.hosts.iter().find(|host| host.origin() == origin) {
            Some(host) => Ok(Target::File(FileTarget {
                url,
                may_be_private: host.may_be_private(),
            })),
            None => Err(Refused::NotListed),
        }
    }
}

/// Whether `text` is `origin`, in any case of letters, and then a path, a query or nothing.
fn begins_with_origin(text: &str, origin: &str) -> bool {
    let (Some(begin), Some(rest)) = (text.get(..origin.len()), text.get(origin.len()..)) else {
        return false;
    };
    begin.eq_ignore_ascii_case(origin) && (rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Finds the URL that a request names by its path and query, as they stand in the request line. `None`: it names none.
pub fn named_by(path: &str, query: Option<&str>) -> Option<Result<String, Refused>> {
    let path = without_doubled_slash(path);
    let inside = path.strip_prefix('/').unwrap_or(path);
    if inside.is_empty() {
        let parameters: Vec<&str> = query.unwrap_or_default().split('&').collect();
        return parameters
            .iter()
            .any(|parameter| parameter.starts_with("url="))
            .then(|| named_by_parameter(&parameters));
    }
    let scheme = ["https", "http"]
        .into_iter()
        .find(|scheme| starts_with_ignoring_case(inside, scheme))?;
    let behind = inside.get(scheme.len()..).unwrap_or_default();
    let encoded = |rest: &str| rest.starts_with('%');
    match behind.strip_prefix(':') {
        _ if encoded(behind) => Some(named_encoded(inside, query)),
        Some(rest) if encoded(rest) => Some(named_encoded(inside, query)),
        Some(rest) => Some(Ok(named_plainly(scheme, rest, query))),
        None => None,
    }
}

/// `/https://host/path?query`, also with the two slashes merged into one, as some servers in front of us do.
fn named_plainly(scheme: &str, rest: &str, query: Option<&str>) -> String {
    let rest = match rest.strip_prefix('/') {
        Some(merged) if !merged.starts_with('/') => format!("//{merged}"),
        _ => rest.to_owned(),
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}:{rest}{query}")
}

/// `/https%3A%2F%2Fhost%2Fpath%3Fquery`, decoded once. A query behind it belongs to a URL that has none.
fn named_encoded(inside: &str, query: Option<&str>) -> Result<String, Refused> {
    let mut text = decoded(inside)?;
    if let Some(query) = query {
        if text.contains('?') {
            return Err(Refused::Ambiguous);
        }
        text.push('?');
        text.push_str(query);
    }
    Ok(text)
}

/// `/?url=...` and nothing beside it.
fn named_by_parameter(parameters: &[&str]) -> Result<String, Refused> {
    match parameters {
        [only] => decoded(only.strip_prefix("url=").unwrap_or_default()),
        _ => Err(Refused::Ambiguous),
    }
}

fn decoded(text: &str) -> Result<String, Refused> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| Refused::OddCharacter)
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests;
