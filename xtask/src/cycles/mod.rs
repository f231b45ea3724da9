//! `cargo xtask check-cycles`: no file and no folder of a crate imports itself by way of others.
//!
//! The arrows are those of the code, not those of one spelling: every path of every file is resolved to the file that
//! defines what it names. Cycles are looked for among files, and in each folder among the files and folders in it.

mod graph;
mod modules;
mod references;
mod resolve;
mod syntax;

use crate::report::Outcome;
use crate::workspace::{Package, Workspace};
use anyhow::{Context, ensure};
use graph::Graph;
use modules::Modules;
use resolve::{Resolver, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Names that are printed for one arrow.
const SHOWN_NAMES: usize = 6;

/// Checks the crates named in `only`, or all of them.
pub(crate) fn check(workspace: &Workspace, only: &[String]) -> anyhow::Result<Outcome> {
    for name in only {
        let is_known = workspace.packages.iter().any(|package| &package.name == name);
        ensure!(is_known, "there is no crate {name} in this workspace");
    }
    let mut findings = Vec::new();
    for package in &workspace.packages {
        if only.is_empty() || only.contains(&package.name) {
            let cycles = Cycles::of(package)?;
            findings.extend(cycles.found.iter().map(|cycle| format!("{}: {cycle}", package.name)));
        }
    }
    Ok(Outcome::Checked(findings))
}

/// Every cycle of one crate, described.
#[derive(Debug, Default)]
struct Cycles {
    found: Vec<String>,
}

impl Cycles {
    fn of(package: &Package) -> anyhow::Result<Self> {
        let manifest = package.manifest_path.parent().context("a manifest has a folder")?;
        let mut modules = Modules::default();
        for target in &package.targets {
            if target.kind.iter().any(|kind| kind == "lib" || kind == "bin") {
                modules.add_root(&target.name.replace('-', "_"), &target.src_path)?;
            }
        }
        Ok(Self::among(&Arrows::of(&modules, manifest)))
    }

    fn among(arrows: &Arrows) -> Self {
        let mut cycles = Self::default();
        for members in graph::cycles(&arrows.graph()) {
            let title = format!("cycle of {} files", members.len());
            cycles.found.push(arrows.describe(&title, &members));
        }
        for folder in arrows.folders() {
            let inside = arrows.inside(&folder);
            for members in graph::cycles(&inside.graph()) {
                // A cycle of files in one folder has been found above.
                let are_files = members.iter().all(|member| arrows.is_file(member));
                if !are_files {
                    let title = format!("cycle of {} in {}/", members.len(), folder.display());
                    cycles.found.push(inside.describe(&title, &members));
                }
            }
        }
        cycles
    }
}

/// The paths that tie one arrow, each with the first line on which it is written.
type Names = BTreeMap<String, usize>;

/// Who imports what of whom. Places are relative to the crate's folder, with `/`.
#[derive(Debug, Default)]
struct Arrows {
    names: BTreeMap<(String, String), Names>,
}

impl Arrows {
    fn of(modules: &Modules, base: &Path) -> Self {
        let mut arrows = Self::default();
        let mut resolver = Resolver::new(modules);
        for (id, module) in modules.list.iter().enumerate() {
            let from = place(&module.file, base);
            for reference in &module.references {
                for target in resolver.resolve(id, &reference.path) {
                    let Target::ItemOf(other) = target else { continue };
                    let Some(definer) = modules.list.get(other) else {
                        continue;
                    };
                    let to = place(&definer.file, base);
                    if from != to {
                        let names = arrows.names.entry((from.clone(), to)).or_default();
                        let line = names.entry(reference.path.join("::")).or_insert(reference.line);
                        *line = reference.line.min(*line);
                    }
                }
            }
        }
        arrows
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in self.names.keys() {
            graph.entry(from.clone()).or_default().insert(to.clone());
        }
        graph
    }

    fn is_file(&self, place: &str) -> bool {
        self.names.keys().any(|(from, to)| from == place || to == place)
    }

    /// Every folder above a file.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let places = self.names.keys().flat_map(|(from, to)| [from, to]);
        places
            .flat_map(|place| {
                Path::new(self.home(place))
                    .ancestors()
                    .skip(1)
                    .map(Path::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The folder that a file belongs to is its own where it is the face of one: `a.rs` of `a/`.
    fn home<'p>(&self, place: &'p str) -> &'p str {
        let face = place.strip_suffix(".rs").unwrap_or(place);
        let prefix = format!("{face}/");
        let has_folder = self
            .names
            .keys()
            .any(|(from, to)| from.starts_with(&prefix) || to.starts_with(&prefix));
        if has_folder { face } else { place }
    }

    /// The arrows between the files and folders directly in `folder`.
    fn inside(&self, folder: &Path) -> Self {
        let mut inside = Self::default();
        let child = |place: &str| {
            let rest = Path::new(self.home(place)).strip_prefix(folder).ok()?.to_owned();
            let first = rest.components().next()?;
            Some(folder.join(first).to_string_lossy().replace('\\', "/"))
        };
        for ((from, to), names) in &self.names {
            if let (Some(a), Some(b)) = (child(from), child(to))
                && a != b
            {
                let named = names
                    .iter()
                    .map(|(name, line)| (format!("{from} -> {to}: {name}"), *line));
                inside.names.entry((a, b)).or_default().extend(named);
            }
        }
        inside
    }

    /// Lists the arrows between `members` with the names that tie them.
    fn describe(&self, title: &str, members: &[String]) -> String {
        let mut text = title.to_owned();
        for ((from, to), names) in &self.names {
            if members.contains(from) && members.contains(to) {
                let shown: Vec<String> = names
                    .iter()
                    .take(SHOWN_NAMES)
                    .map(|(name, line)| format!("{name} (line {line})"))
                    .collect();
                let more = names.len() - shown.len();
                let _ = write!(text, "\n  {from} -> {to}: {}", shown.join(", "));
                if more > 0 {
                    let _ = write!(text, ", and {more} more");
                }
            }
        }
        text
    }
}

fn place(file: &Path, base: &Path) -> String {
    let relative = file.strip_prefix(base).unwrap_or(file);
    relative.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests;
