//! Files of the repository, without what was built or installed.

use anyhow::Context;
use std::fs;
use std::path::Path;

/// Folders that hold nothing written here.
const NOT_OURS: &[&str] = &[
    "target",
    "node_modules",
    ".git",
    ".tools",
    ".venv",
    "corpus",
    "artifacts",
];

/// Every file below `root`, relative to it, with `/`.
pub(crate) fn below(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = || format!("could not read {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !path.is_dir() {
                let relative = path.strip_prefix(root).unwrap_or(&path);
                files.push(relative.to_string_lossy().replace('\\', "/"));
            } else if !NOT_OURS.contains(&name.as_ref()) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
