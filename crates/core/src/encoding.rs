//! Content codings (RFC 9110 8.4.1), and which of them a caller takes. Pure.

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};

/// A content coding (RFC 9110 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
    /// None at all.
    Identity,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// The smallest one that a request takes (RFC 9110 12.5.3). Nothing said is no coding: such callers are programs that
    /// read what comes.
    pub fn best_for(request: &HeaderMap) -> Self {
        [Self::Brotli, Self::Gzip]
            .into_iter()
            .find(|coding| takes(request, *coding))
            .unwrap_or(Self::Identity)
    }

    /// Its name in `Accept-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// The value of `Accept-Encoding`.
    pub const fn field(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }
}

/// Whether a request takes a file with these fields.
pub fn takes_file(request: &HeaderMap, file: &HeaderMap) -> bool {
    match file.get(CONTENT_ENCODING) {
        None => true,
        Some(coding) => coding.to_str().is_ok_and(|coding| takes_named(request, coding.trim())),
    }
}

/// Whether a request takes an answer of this coding.
pub fn takes(request: &HeaderMap, coding: Encoding) -> bool {
    takes_named(request, coding.name())
}

fn takes_named(request: &HeaderMap, coding: &str) -> bool {
    let mut by_star = false;
    for item in items(request) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case(coding) {
            return !is_zero(parameters);
        }
        if name == "*" {
            by_star = !is_zero(parameters);
        }
    }
    by_star
}

fn items(request: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = request.get_all(ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
}

/// `q=0`, `q=0.0` and the like: not this one.
fn is_zero(parameters: &str) -> bool {
    let quality = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    quality.is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_coding_that_the_caller_takes_is_asked_for() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip, deflate", Encoding::Gzip),
            ("GZIP;q=1.0", Encoding::Gzip),
            ("br;q=0, gzip;q=0.5", Encoding::Gzip),
            ("br; Q=0.000, gzip ; q=0", Encoding::Identity),
            ("*", Encoding::Brotli),
            ("*;q=0", Encoding::Identity),
            ("*, br;q=0", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(Encoding::best_for(&headers), expected, "{accepted:?}");
        }
        assert_eq!(Encoding::best_for(&HeaderMap::new()), Encoding::Identity);
    }
}
