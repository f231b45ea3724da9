//! One-pass reader of JSON bodies: finds the top-level members and every named file, and refuses ambiguous text.
//!
//! Coze's open-source server is written in Go, whose JSON reader takes `BOT_ID` for `bot_id`, the last of two equal names
//! for the value, and `\u0062ot_id` for a third spelling. Only text that every reader understands alike passes, so that
//! the checked value is the value that the server uses. The bytes are not changed.

mod hidden;
mod reader;
mod text;
mod value;

#[cfg(test)]
pub(crate) use reader::MAX_MEMBERS;
pub(crate) use reader::{Names, Scan, folds_to, scan};
pub(crate) use value::{Kind, Value};
