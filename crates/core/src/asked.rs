//! Request head as guard, caller and limits see it: small values in place of a table of header fields.
//!
//! The values borrow from whatever holds the head, so that another parser than hyper's can hand in its own bytes.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, Uri};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
static REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");

/// Field lines of a head, by name.
pub trait FieldLines {
    /// The values of every line called `name`, in their order.
    fn lines(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &[u8]>;
}

impl FieldLines for HeaderMap {
    fn lines(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

/// A field that decides something, and so may stand in a head once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once<'a> {
    /// No line.
    Absent,
    /// One line.
    One(&'a [u8]),
    /// Several lines: two readers could take different ones.
    Repeated,
}

impl<'a> Once<'a> {
    /// The field called `name`.
    pub fn of(head: &'a impl FieldLines, name: &HeaderName) -> Self {
        let mut lines = head.lines(name);
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    /// Whether there is no line.
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether there is one line, with one of `values`.
    pub fn is_one_of(self, values: &[&str]) -> bool {
        matches!(self, Self::One(value) if values.iter().any(|expected| value == expected.as_bytes()))
    }
}

/// What a browser tells about the cause of a request (W3C Fetch Metadata). Other programs send none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchMetadata<'a> {
    /// `Sec-Fetch-Site`
    pub site: Once<'a>,
    /// `Sec-Fetch-Mode`
    pub mode: Once<'a>,
    /// `Sec-Fetch-Dest`
    pub dest: Once<'a>,
}

/// What the guard asks of a request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// Host and port of a target in absolute form (RFC 9112 3.2.2), or of `:authority`.
    pub authority: Option<&'a str>,
    /// `Host`
    pub host: Once<'a>,
    /// `Origin`
    pub origin: Once<'a>,
    /// `Sec-Fetch-*`
    pub fetch: FetchMetadata<'a>,
    /// `Access-Control-Request-Method`, which makes a preflight of `OPTIONS`.
    pub preflight_method: Once<'a>,
    /// `Access-Control-Request-Private-Network`
    pub preflight_private_network: Once<'a>,
}

impl<'a> Asked<'a> {
    /// The values of a head that the `http` crate holds.
    pub fn of(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self {
            method,
            authority: uri.authority().map(http::uri::Authority::as_str),
            host: Once::of(headers, &HOST),
            origin: Once::of(headers, &ORIGIN),
            fetch: FetchMetadata {
                site: Once::of(headers, &SEC_FETCH_SITE),
                mode: Once::of(headers, &SEC_FETCH_MODE),
                dest: Once::of(headers, &SEC_FETCH_DEST),
            },
            preflight_method: Once::of(headers, &ACCESS_CONTROL_REQUEST_METHOD),
            preflight_private_network: Once::of(headers, &REQUEST_PRIVATE_NETWORK),
        }
    }
}
