//! Values of a JSON body, by kind and place.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string; the span is without its quotes.
    String {
        is_escaped: bool,
    },
    /// A number, `true` or `false`.
    Literal,
    Null,
    /// An object or a list.
    Nested,
}

/// A value and its place in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}
