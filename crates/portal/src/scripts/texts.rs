//! The texts that the scripts for other people's pages say, by id and variable names. A script gets them in both languages
//! or in the one that it is asked for in.

use crate::pages::ScriptTexts;

/// What `web/embed/` says.
pub(super) const EMBED_TEXTS: ScriptTexts = &[
    ("embed-away", &[]),
    ("embed-close", &[]),
    ("embed-no-bot", &[]),
    ("embed-no-proof", &[]),
    ("embed-not-allowed", &[]),
    ("embed-refused", &["reason"]),
];
