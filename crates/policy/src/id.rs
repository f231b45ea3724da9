//! Decimal ids of the platform: bots, conversations, chats, messages and files.

use std::fmt;

/// The longest decimal id: a 64-bit number has 20 digits at most.
const MAX_DIGITS: usize = 20;

/// An id of 1 to 20 decimal digits without a leading zero, as the platform writes its 64-bit numbers.
///
/// One number has one spelling here. `007` would be another key of the ownership register than `7`, and the same
/// conversation for a server that reads numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    length: u8,
    digits: [u8; MAX_DIGITS],
}

impl Id {
    /// Reads an id; `None` when `text` is not one.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut digits = [0; MAX_DIGITS];
        digits.get_mut(..text.len())?.copy_from_slice(text);
        let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
        let has_leading_zero = length > 1 && text.first() == Some(&b'0');
        (!has_leading_zero && text.iter().all(u8::is_ascii_digit)).then_some(Self { length, digits })
    }

    /// The digits.
    #[inline]
    pub fn as_str(&self) -> &str {
        let digits = self.digits.get(..self.length.into()).unwrap_or_default();
        str::from_utf8(digits).unwrap_or_default()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Id({})", self.as_str())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A set of ids, sorted once so that a look-up is a binary search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet(Vec<Id>);

impl IdSet {
    /// Whether the set holds `id`.
    #[inline]
    pub fn contains(&self, id: Id) -> bool {
        match self.0.as_slice() {
            [only] => *only == id,
            ids => ids.binary_search(&id).is_ok(),
        }
    }

    /// The ids, in order of their digits.
    pub fn iter(&self) -> impl Iterator<Item = Id> {
        self.0.iter().copied()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many ids the set holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Id> for IdSet {
    fn from_iter<I: IntoIterator<Item = Id>>(ids: I) -> Self {
        let mut ids: Vec<Id> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for good in ["0", "7", "7500000000000000001", "18446744073709551615"] {
            assert_eq!(
                Id::parse(good.as_bytes()).map(|id| id.to_string()).as_deref(),
                Some(good)
            );
        }
        for bad in [
            "",
            "07",
            "00",
            "-1",
            "+1",
            "1 ",
            " 1",
            "1.0",
            "1e3",
            "٣",
            "a",
            "184467440737095516150",
            "1\0",
        ] {
            assert_eq!(Id::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn sets_find_what_they_hold() {
        let id = |text: &str| Id::parse(text.as_bytes()).unwrap();
        let set: IdSet = ["3", "10", "2", "10"].map(id).into_iter().collect();

        assert_eq!(set.len(), 3);
        assert!(set.contains(id("10")) && !set.contains(id("1")) && !IdSet::default().contains(id("1")));
    }
}
