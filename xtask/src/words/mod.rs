//! `cargo xtask check-words`: phrases that comments, documents and English texts avoid.
//!
//! The phrases hide the actor of a sentence or personify a thing. Places that had them before the check began are counted
//! per file in `allowed.txt`. The numbers only fall: a file above its number is an error, and so is one below it, which
//! says to lower the number. A phrase that is broken over two lines is not seen.

mod text;

use crate::files;
use crate::report::Outcome;
use crate::workspace::Workspace;
use anyhow::{Context, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use text::Found;

/// The list of allowed places, from the root: lines of `COUNT PATH`.
const ALLOWED: &str = "xtask/src/words/allowed.txt";

type Counts = BTreeMap<String, usize>;

/// Compares every file with the list.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let found = read_tree(&workspace.root)?;
    let allowed = read_allowed(&workspace.root)?;
    Ok(Outcome::Checked(compare(&found, &allowed)))
}

/// Writes the list anew, for files that moved and numbers that fell. The sum never grows.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let counts: Counts = read_tree(&workspace.root)?
        .into_iter()
        .map(|(file, found)| (file, found.len()))
        .collect();
    let before: usize = read_allowed(&workspace.root)?.values().sum();
    let after: usize = counts.values().sum();
    ensure!(
        after <= before,
        "{after} places have an avoided phrase, and the list allows {before}; reword the new ones"
    );
    let lines: Vec<String> = counts.iter().map(|(file, count)| format!("{count} {file}\n")).collect();
    let path = workspace.root.join(ALLOWED);
    fs::write(&path, lines.concat()).with_context(|| format!("could not write {}", path.display()))?;
    Ok(Outcome::Checked(Vec::new()))
}

fn compare(found: &BTreeMap<String, Vec<Found>>, allowed: &Counts) -> Vec<String> {
    let mut findings = Vec::new();
    let files: BTreeSet<&String> = found.keys().chain(allowed.keys()).collect();
    for file in files {
        let places = found.get(file).map(Vec::as_slice).unwrap_or_default();
        let limit = allowed.get(file).copied().unwrap_or(0);
        if places.len() > limit {
            let extra = format!("{file}: {} avoided phrases, {limit} allowed", places.len());
            findings.push(extra);
            let each = places
                .iter()
                .map(|place| format!("  {file}:{}: {:?}", place.line, place.phrase));
            findings.extend(each);
        } else if places.len() < limit {
            findings.push(format!(
                "{file}: {} avoided phrases; lower its number in {ALLOWED} from {limit} (`cargo xtask check-words --write`)",
                places.len()
            ));
        }
    }
    findings
}

fn read_allowed(root: &Path) -> anyhow::Result<Counts> {
    let text = fs::read_to_string(root.join(ALLOWED)).with_context(|| format!("could not read {ALLOWED}"))?;
    text.lines()
        .map(|line| {
            let (count, file) = line
                .split_once(' ')
                .with_context(|| format!("{ALLOWED}: {line:?} is not COUNT PATH"))?;
            let count = count
                .parse()
                .with_context(|| format!("{ALLOWED}: {line:?} does not begin with a number"))?;
            Ok((file.to_owned(), count))
        })
        .collect()
}

/// The files below `root` that have an avoided phrase.
fn read_tree(root: &Path) -> anyhow::Result<BTreeMap<String, Vec<Found>>> {
    let mut found = BTreeMap::new();
    for file in files::below(root)? {
        let Some(kind) = text::Kind::of(&file) else { continue };
        let content = fs::read_to_string(root.join(&file)).with_context(|| format!("could not read {file}"))?;
        let places = text::phrases(&content, kind);
        if !places.is_empty() {
            found.insert(file, places);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize) -> BTreeMap<String, Vec<Found>> {
        let place = |line| Found { line, phrase: "nobody" };
        BTreeMap::from([("a.md".to_owned(), (1..=count).map(place).collect())])
    }

    fn allowed(count: usize) -> Counts {
        Counts::from([("a.md".to_owned(), count)])
    }

    #[test]
    fn the_allowed_number_is_well() {
        assert_eq!(compare(&found(2), &allowed(2)), Vec::<String>::new());
    }

    #[test]
    fn one_more_is_listed_with_its_lines() {
        let findings = compare(&found(2), &allowed(1));

        assert_eq!(
            findings,
            [
                "a.md: 2 avoided phrases, 1 allowed",
                "  a.md:1: \"nobody\"",
                "  a.md:2: \"nobody\""
            ]
        );
    }

    #[test]
    fn fewer_ask_for_a_lower_number_also_in_a_file_that_is_gone() {
        for found in [found(1), BTreeMap::new()] {
            let findings = compare(&found, &allowed(2));

            assert_eq!(findings.len(), 1);
            assert!(findings[0].contains("lower its number"), "{findings:?}");
        }
    }
}
