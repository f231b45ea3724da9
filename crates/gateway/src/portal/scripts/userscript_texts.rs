//! The texts that the userscript says, by id and variable names.

use crate::portal::pages::ScriptTexts;

/// What `web/userscript/` says.
pub(super) const USERSCRIPT_TEXTS: ScriptTexts = &[];
