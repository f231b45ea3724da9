//! The mark: one sealed word per store. A process whose keys do not open it has another key than those who wrote there.
//!
//! Without it that process would start, find nothing readable, and seal its own beside it: logins would be lost one by
//! one instead of nobody being hurt.

use super::{Place, SealError, Sealer};

const PLACE: Place<'_> = Place {
    column: "seal_mark.sealed_mark",
    row: b"",
    version: 0,
};

const WORD: &[u8] = b"cozegate";

/// What the keys at hand make of a mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MarkVerdict {
    /// It was made with the newest key.
    Ours,
    /// It was made with an older key that is still here: to be written anew, so that the old key may go one day.
    Older,
    /// None of the keys made it.
    Foreign,
}

impl Sealer {
    /// Makes a mark with the newest key.
    pub(crate) fn make_mark(&self) -> Result<Vec<u8>, SealError> {
        self.seal(PLACE, WORD)
    }

    /// Judges a mark that was found.
    pub(crate) fn judge_mark(&self, mark: &[u8]) -> MarkVerdict {
        match self.open(PLACE, mark) {
            Ok(word) if *word == WORD && self.is_of_newest_key(mark) => MarkVerdict::Ours,
            Ok(word) if *word == WORD => MarkVerdict::Older,
            Ok(_) | Err(_) => MarkVerdict::Foreign,
        }
    }
}
