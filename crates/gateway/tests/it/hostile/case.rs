//! One hostile request, but for the route that it is aimed at.

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Refused before anybody looks at the route.
    BeRefused,
    /// Another site's link that the user has clicked: pages may open, and nothing more.
    OpenNothingButPages,
}

/// A combination of `Host`, `Origin` and fetch metadata, and how it is sent.
#[derive(Clone, Debug)]
pub struct Case {
    /// Scheme and authority of an absolute-form request line.
    pub absolute: Option<String>,
    /// `HTTP/1.1`, or an older one.
    pub version: &'static str,
    /// Whole field lines with their ends.
    pub fields: Vec<u8>,
    /// Only this method, where the method decides.
    pub method: Option<&'static str>,
    pub must: Must,
}

impl Case {
    /// With these field lines.
    pub fn of(fields: impl Into<Vec<u8>>) -> Self {
        Self {
            absolute: None,
            version: "HTTP/1.1",
            fields: fields.into(),
            method: None,
            must: Must::BeRefused,
        }
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = String::from_utf8_lossy(&self.fields);
        write!(f, "{:?} {} {fields:?}", self.absolute, self.version)
    }
}
