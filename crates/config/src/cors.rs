//! `[cors]`: which web pages may call us from a browser, beside Coze's own.

use super::base_url;
use super::mistake::{MistakeKind, OriginFault};
use super::section::{Section, Wrong};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// `[cors]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsConfig {
    /// Origins in addition to our own pages, and in local mode to Coze's own four.
    pub origins: Vec<Origin>,
}

impl CorsConfig {
    /// `needs_origins`: no site names origins of its own.
    pub(super) fn read(mut section: Section<'_, '_>, needs_origins: bool) -> Self {
        let place = section.place().clone();
        let mistakes = section.checker.mistakes.len();
        let origins = section.list("origins", Origin::parse);
        if needs_origins && origins.is_empty() && section.checker.mistakes.len() == mistakes {
            section.mistake("origins", &place, MistakeKind::PublicNeedsOrigins);
        }
        section.finish();
        Self { origins }
    }
}

/// The origin of a web page as a browser writes it (RFC 6454 6.2): `scheme://host[:port]`, lower case, without a
/// default port. Never `*`, never `null`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Returns the origin as it stands in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let fault = |fault| MistakeKind::InvalidOrigin {
            value: base_url::without_credentials(text),
            fault,
        };
        match text {
            "*" => return Err(fault(OriginFault::Everyone).into()),
            "null" => return Err(fault(OriginFault::Null).into()),
            _ => {}
        }
        if text.contains('*') {
            return Err(fault(OriginFault::NotAnOrigin).into());
        }
        let Ok(url) = Url::parse(text) else {
            let with_scheme = format!("https://{text}");
            return Err(match Url::parse(&with_scheme) {
                Ok(url) if url.origin().is_tuple() && url.path() == "/" => {
                    Wrong::suggesting(fault(OriginFault::NotAnOrigin), url.origin().ascii_serialization())
                }
                _ => fault(OriginFault::NotAnOrigin).into(),
            });
        };
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(fault(OriginFault::NotAnOrigin).into());
        }
        let origin = url.origin().ascii_serialization();
        // `Url` adds the slash of an empty path itself, so the text as written decides.
        let has_more = text
            .split("://")
            .nth(1)
            .is_some_and(|rest| rest.contains(['/', '?', '#']));
        if has_more {
            return Err(Wrong::suggesting(fault(OriginFault::PathOrQuery), origin));
        }
        Ok(Self(origin))
    }
}

impl FromStr for Origin {
    type Err = MistakeKind;

    fn from_str(text: &str) -> Result<Self, MistakeKind> {
        Self::parse(text).map_err(|wrong| wrong.kind)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        for (written, origin) in [
            ("https://Example.COM", "https://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://例子.cn", "https://xn--fsqu00a.cn"),
        ] {
            assert_eq!(Origin::parse(written).map_err(|_| written).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn what_would_let_everybody_in_is_refused() {
        for written in [
            "*",
            "null",
            "https://*.example.com",
            "https://me:canary@example.com",
            "me:canary@example.com",
            "file:///tmp/a.html",
            "",
            "a b",
        ] {
            let wrong = Origin::parse(written).err().unwrap();
            assert!(
                !format!("{:?} {:?}", wrong.kind, wrong.suggestion).contains("canary"),
                "{written}"
            );
        }
    }
}
