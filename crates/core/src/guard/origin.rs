//! Which pages may use us: a list of exact origins.
//!
//! No reflection, no `*`, no suffix match, and `null` is nobody (RFC 6454 7: any page can make itself `null` with a
//! sandboxed frame).

/// Coze's own consoles and shops, whose pages people extend with userscripts (legacy contract).
pub const COZE_ORIGINS: [&str; 4] = [
    "https://www.coze.cn",
    "https://coze.cn",
    "https://www.coze.com",
    "https://coze.com",
];

/// The origins whose pages may call us and read our answers, in the form in which browsers send them (RFC 6454 6.2).
#[derive(Clone, Debug, Default)]
pub struct OriginList(Vec<String>);

impl OriginList {
    /// The origins, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `origin`, as a browser sent it, is on the list. Browsers serialize in lower case, so bytes compare.
    pub fn contains(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|listed| listed.as_bytes() == origin)
    }
}

impl FromIterator<String> for OriginList {
    fn from_iter<I: IntoIterator<Item = String>>(origins: I) -> Self {
        let mut list: Vec<String> = origins.into_iter().collect();
        list.sort();
        list.dedup();
        Self(list)
    }
}
