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

use crate::asked::{Asked, Once};
use crate::problem::ProblemKind;
use http::Method;
use http::header::HeaderValue;

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

    /// Decides about a request; `origins` are those listed now.
    pub fn check(&self, origins: &OriginList, asked: &Asked<'_>) -> Result<Passage, ProblemKind> {
        if !self.hosts.allow(asked) {
            return Err(ProblemKind::HostNotAllowed);
        }
        match asked.origin {
            Once::One(origin) => match origins.find(origin) {
                Some(listed) => Ok(Passage {
                    origin: Some(listed.clone()),
                    foreign_navigation: false,
                }),
                None => Err(ProblemKind::OriginNotAllowed),
            },
            Once::Repeated => Err(ProblemKind::OriginNotAllowed),
            Once::Absent => check_fetch_metadata(asked),
        }
    }

    /// The same for a file that is public and holds no secret: a page of any site may embed it, as it may embed the original.
    ///
    /// The browser has to say that this is what happens (a script, style, font or image element, whose text the page cannot
    /// read). A request that names an origin is judged by it as always.
    pub fn check_public_file(&self, origins: &OriginList, asked: &Asked<'_>) -> Result<Passage, ProblemKind> {
        match self.check(origins, asked) {
            Err(ProblemKind::CrossSite) if is_embedding(asked) => Ok(Passage {
                origin: None,
                foreign_navigation: false,
            }),
            verdict => verdict,
        }
    }
}

/// Judges a request without `Origin` by what the browser says of its cause (W3C Fetch Metadata). Programs that are no
/// browsers send none of these fields.
fn check_fetch_metadata(asked: &Asked<'_>) -> Result<Passage, ProblemKind> {
    let own = Passage {
        origin: None,
        foreign_navigation: false,
    };
    match asked.fetch.site {
        Once::Absent | Once::One(b"same-origin" | b"none") => Ok(own),
        // "same-site" is foreign as well: all ports of 127.0.0.1 are one site.
        Once::One(_) if is_top_level_navigation(asked) => Ok(Passage {
            foreign_navigation: true,
            ..own
        }),
        Once::One(_) | Once::Repeated => Err(ProblemKind::CrossSite),
    }
}

fn is_top_level_navigation(asked: &Asked<'_>) -> bool {
    (asked.method == Method::GET || asked.method == Method::HEAD)
        && asked.fetch.mode.is_one_of(&["navigate"])
        && asked.fetch.dest.is_one_of(&["document"])
}

/// An element of a page that loads a file without being able to read it.
fn is_embedding(asked: &Asked<'_>) -> bool {
    (asked.method == Method::GET || asked.method == Method::HEAD)
        && asked.fetch.site.is_one_of(&["cross-site", "same-site"])
        && asked.fetch.mode.is_one_of(&["no-cors"])
        && asked.fetch.dest.is_one_of(&["script", "style", "font", "image"])
}

#[cfg(test)]
mod tests;
