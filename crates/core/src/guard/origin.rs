//! Which pages may use us: a list of exact origins.
//!
//! No reflection, no `*`, no suffix match, and `null` is nobody (RFC 6454 7: any page can make itself `null` with a
//! sandboxed frame).

use http::header::HeaderValue;

/// Coze's own consoles and shops, whose pages people extend with userscripts (legacy contract).
pub const COZE_ORIGINS: [&str; 4] = [
    "https://www.coze.cn",
    "https://coze.cn",
    "https://www.coze.com",
    "https://coze.com",
];

/// The origins whose pages may call us and read our answers, in the form in which browsers send them (RFC 6454 6.2).
#[derive(Clone, Debug, Default)]
pub struct OriginList(Vec<HeaderValue>);

impl OriginList {
    /// The origins, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|origin| origin.to_str().ok())
    }

    /// The listed origin that equals `origin`, as a browser sent it. Browsers serialize in lower case, so bytes compare.
    pub fn find(&self, origin: &[u8]) -> Option<&HeaderValue> {
        self.0.iter().find(|listed| listed.as_bytes() == origin)
    }

    /// Whether `origin`, as a browser sent it, is on the list.
    pub fn contains(&self, origin: &[u8]) -> bool {
        self.find(origin).is_some()
    }
}

impl FromIterator<String> for OriginList {
    /// Takes checked origins; text that no header field can hold is no origin, and no browser could send it.
    fn from_iter<I: IntoIterator<Item = String>>(origins: I) -> Self {
        let mut list: Vec<String> = origins.into_iter().collect();
        list.sort();
        list.dedup();
        Self(list.into_iter().filter_map(|origin| origin.try_into().ok()).collect())
    }
}
