//! `cargo xtask check-links`: relative links of the Markdown files, and their fragments.
//!
//! A link to another host is not followed. A fragment must be a heading of the Markdown file, as GitHub names it.

use crate::files;
use crate::report::Outcome;
use crate::workspace::Workspace;
use anyhow::Context;
use std::fs;
use std::path::Path;

/// Checks every Markdown file of the repository.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Outcome> {
    Ok(Outcome::Checked(dead_links(&workspace.root)?))
}

fn dead_links(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files::below(root)? {
        if Path::new(&file).extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let path = root.join(&file);
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {file}"))?;
        for (line, link) in links(&text) {
            let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap_or(root).join(target)
            };
            if !target.exists() {
                findings.push(format!("{file}:{line}: {link} leads to no file"));
            } else if !fragment.is_empty() && !has_heading(&target, fragment)? {
                findings.push(format!("{file}:{line}: {link} leads to no heading"));
            }
        }
    }
    Ok(findings)
}

/// The relative links of a text, each with its line. Blocks and spans of code have none.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for part in line.split("](").skip(1) {
            let link = part.split([')', ' ']).next().unwrap_or_default();
            if !link.is_empty() && !link.contains(':') {
                found.push((number, link));
            }
        }
    }
    found
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((index + 1, line))
    })
}

fn has_heading(file: &Path, fragment: &str) -> anyhow::Result<bool> {
    let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut headings = prose(&text).filter_map(|(_, line)| line.strip_prefix('#'));
    Ok(headings.any(|heading| slug(heading.trim_start_matches('#').trim()) == fragment))
}

/// GitHub's name of a heading: lower case, spaces as hyphens, punctuation left out.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_files_and_headings_are_named_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let text = "# One `two`, three\n[a](b.md) [c](#one-two-three)\n[d](gone.md) [e](b.md#gone)\n[f](https://x.test/y)\n```\n[g](h)\n```\n";
        fs::write(folder.path().join("a.md"), text).unwrap();
        fs::write(folder.path().join("b.md"), "").unwrap();

        assert_eq!(
            dead_links(folder.path()).unwrap(),
            [
                "a.md:3: gone.md leads to no file",
                "a.md:3: b.md#gone leads to no heading"
            ]
        );
    }
}
