//! Reads the gateway's source: a listener's folder does not import another listener's.
//!
//! They share `guard`, `caller`, `state` and `problem`; what one wants of another goes through those. A textual check
//! is enough: paths inside a crate are written out, and a false alarm shows itself with file and line.

use super::Breach;
use anyhow::Context;
use std::fs;
use std::path::Path;

/// The folders under `crates/gateway/src` that serve something of their own.
const LISTENERS: &[&str] = &["proxy", "openai", "portal", "admin"];

const REASON: &str = "the listeners do not import each other; share through guard, caller, state or problem";

/// Looks through the listeners that exist.
pub(super) fn breaches(source: &Path) -> anyhow::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for listener in LISTENERS {
        let folder = source.join(listener);
        if folder.is_dir() {
            look_through(&folder, listener, &mut breaches)?;
        }
    }
    Ok(breaches)
}

fn look_through(folder: &Path, listener: &str, breaches: &mut Vec<Breach>) -> anyhow::Result<()> {
    let unreadable = || format!("could not read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.is_dir() {
            look_through(&path, listener, breaches)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
            for (number, what) in foreign_imports(&text, listener) {
                breaches.push(Breach {
                    who: format!("{}:{number}", path.display()),
                    what,
                    reason: REASON,
                });
            }
        }
    }
    Ok(())
}

/// The lines of `text` that name another listener's module, with their number.
fn foreign_imports(text: &str, listener: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for other in LISTENERS.iter().filter(|other| **other != listener) {
            let path = format!("crate::{other}");
            let names_it = code.match_indices(&path).any(|(at, _)| {
                let after = code.get(at + path.len()..).unwrap_or_default();
                !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            });
            if names_it {
                found.push((index + 1, path));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_listener_is_found_with_its_line() {
        let text = "use crate::guard::host;\nuse crate::portal::pages;\n";

        assert_eq!(foreign_imports(text, "proxy"), [(2, "crate::portal".to_owned())]);
    }

    #[test]
    fn ones_own_folder_comments_and_longer_names_are_no_import() {
        let text = "use crate::proxy::route;\n// see crate::portal\nuse crate::portal_theme::Theme;\n";

        assert_eq!(foreign_imports(text, "proxy"), []);
    }
}
