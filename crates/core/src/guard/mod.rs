//! May this request be answered at all? Decided before anything else, from the head alone.
//!
//! Listening on loopback is no wall: every page that the user visits can send requests to 127.0.0.1, and a page that
//! rebinds its own DNS name can even read the answers (CVE-2024-28224, CVE-2025-49596). So three things have to fit:
//!
//! 1. `host`: `Host` names us, with our port - against DNS rebinding.
//! 2. `origin`: an `Origin`, where a browser sends one, is on the list - against foreign pages.
//! 3. fetch metadata (`Sec-Fetch-*`): a request that another site caused without naming its origin is refused, except
//!    a top-level navigation, which gets pages that hold no secret, and an element that embeds a public file.
//!
//! Pure: no I/O, no state. Both listeners ask the same guard, through [`Guard::check`]; the proxy asks
//! [`Guard::check_public_file`] for what is nothing but a file of a listed host.

pub mod cors;
mod host;
mod origin;

pub use host::{OwnHosts, Scheme};
pub use origin::{COZE_ORIGINS, OriginList};

use crate::problem::ProblemKind;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};

/// The rules of one listener.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: OwnHosts,
}

/// What the guard found out about a request that may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The listed origin of the page that asks: the answer is readable for it (CORS). `None`: no page, or one that
    /// sends no `Origin`.
    pub origin: Option<HeaderValue>,
    /// Another site sent the user here by a link. Answers must neither hold a secret nor cause anything.
    pub foreign_navigation: bool,
}

impl Guard {
    /// The guard of the listener that is reached as `hosts`.
    pub fn new(hosts: OwnHosts) -> Self {
        Self { hosts }
    }

    /// Decides about a request by its method, target and header fields; `origins` are those listed now.
    pub fn check(
        &self,
        origins: &OriginList,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Passage, ProblemKind> {
        if !self.hosts.allow(uri, headers) {
            return Err(ProblemKind::HostNotAllowed);
        }
        match at_most_one(headers, &http::header::ORIGIN) {
            Ok(Some(origin)) if origins.contains(origin.as_bytes()) => Ok(Passage {
                origin: Some(origin.clone()),
                foreign_navigation: false,
            }),
            Ok(Some(_)) | Err(Repeated) => Err(ProblemKind::OriginNotAllowed),
            Ok(None) => check_fetch_metadata(method, headers),
        }
    }

    /// The same for a file that is public and holds no secret: a page of any site may embed it, as it may embed the original.
    ///
    /// The browser has to say that this is what happens (a script, style, font or image element, whose text the page cannot
    /// read). Whoever names an origin is judged by it as always.
    pub fn check_public_file(
        &self,
        origins: &OriginList,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Passage, ProblemKind> {
        match self.check(origins, method, uri, headers) {
            Err(ProblemKind::CrossSite) if is_embedding(method, headers) => Ok(Passage {
                origin: None,
                foreign_navigation: false,
            }),
            verdict => verdict,
        }
    }
}

/// Judges a request without `Origin` by what the browser says of its cause (W3C Fetch Metadata). Programs that are no
/// browsers send none of these fields.
fn check_fetch_metadata(method: &Method, headers: &HeaderMap) -> Result<Passage, ProblemKind> {
    let Ok(site) = at_most_one(headers, &SEC_FETCH_SITE) else {
        return Err(ProblemKind::CrossSite);
    };
    let own = Passage {
        origin: None,
        foreign_navigation: false,
    };
    match site.map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(own),
        // "same-site" is foreign as well: all ports of 127.0.0.1 are one site.
        Some(_) if is_top_level_navigation(method, headers) => Ok(Passage {
            foreign_navigation: true,
            ..own
        }),
        Some(_) => Err(ProblemKind::CrossSite),
    }
}

fn is_top_level_navigation(method: &Method, headers: &HeaderMap) -> bool {
    (method == Method::GET || method == Method::HEAD)
        && is_one_of(headers, &SEC_FETCH_MODE, &["navigate"])
        && is_one_of(headers, &SEC_FETCH_DEST, &["document"])
}

/// An element of a page that loads a file without being able to read it.
fn is_embedding(method: &Method, headers: &HeaderMap) -> bool {
    (method == Method::GET || method == Method::HEAD)
        && is_one_of(headers, &SEC_FETCH_SITE, &["cross-site", "same-site"])
        && is_one_of(headers, &SEC_FETCH_MODE, &["no-cors"])
        && is_one_of(headers, &SEC_FETCH_DEST, &["script", "style", "font", "image"])
}

fn is_one_of(headers: &HeaderMap, name: &HeaderName, values: &[&str]) -> bool {
    matches!(at_most_one(headers, name), Ok(Some(value)) if values.iter().any(|expected| value == expected))
}

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A field that decides something stands there more than once.
struct Repeated;

fn at_most_one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        Err(Repeated)
    } else {
        Ok(first)
    }
}

#[cfg(test)]
mod tests;
