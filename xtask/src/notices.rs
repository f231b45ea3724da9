//! `THIRD-PARTY.txt`: the licences of everything that is linked into the binary.
//!
//! Written from `cargo metadata` and the licence files in the packages; CI compares it, so a new dependency cannot be shipped
//! without its notice. All platforms are in it: one file goes with every build.

use crate::environment;
use crate::report::Outcome;
use crate::workspace::Workspace;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = "THIRD-PARTY.txt";
/// The package of the binary that we ship.
const BINARY: &str = "cozegate";

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
    /// `None` for our own.
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    /// `None` for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

/// Writes the file.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<Outcome> {
    fs::write(workspace.root.join(FILE), text(workspace)?).context("could not write the notices")?;
    Ok(Outcome::Checked(vec![]))
}

/// Compares the file with what would be written.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let found = fs::read_to_string(workspace.root.join(FILE)).unwrap_or_default();
    let is_right = found.replace("\r\n", "\n") == text(workspace)?;
    let finding = format!("{FILE} is not what the dependencies ask for; write it anew: cargo xtask notices");
    Ok(Outcome::Checked(if is_right { vec![] } else { vec![finding] }))
}

fn text(workspace: &Workspace) -> anyhow::Result<String> {
    let metadata = metadata(workspace)?;
    let linked = linked(&metadata)?;
    // Each text once, with all that stand under it.
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| linked.contains(package.id.as_str()))
    {
        if package.source.is_none() {
            continue;
        }
        let name = format!("{} {}", package.name, package.version);
        let license = package.license.as_deref().unwrap_or("see the text");
        let texts = license_texts(package)?;
        if texts.is_empty() {
            let text = format!("{license}\n(The package holds no licence text.)");
            by_text.entry(text).or_default().insert(name.clone());
        }
        for text in texts {
            by_text.entry(text).or_default().insert(format!("{name} ({license})"));
        }
    }
    let mut sections: Vec<_> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    sections.sort();
    let mut all =
        String::from("The cozegate binary contains the following packages of third parties, under these licences.\n");
    for (names, text) in sections {
        let rule = "=".repeat(80);
        let names: Vec<String> = names.into_iter().collect();
        write!(all, "\n{rule}\n{}\n{rule}\n\n{text}\n", names.join("\n"))?;
    }
    Ok(all)
}

fn metadata(workspace: &Workspace) -> anyhow::Result<Metadata> {
    let output = Command::new(environment::cargo())
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(&workspace.root)
        .output()
        .context("could not start cargo")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("could not read cargo's metadata")
}

/// The packages that normal dependencies lead to from the binary.
fn linked(metadata: &Metadata) -> anyhow::Result<BTreeSet<&str>> {
    let binary = metadata.packages.iter().find(|package| package.name == BINARY);
    let mut waiting = vec![binary.context("the binary's package is not there")?.id.as_str()];
    let mut linked = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !linked.insert(id) {
            continue;
        }
        let node = metadata.resolve.nodes.iter().find(|node| node.id == id);
        let edges = node.into_iter().flat_map(|node| &node.deps);
        let normal = edges.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        waiting.extend(normal.map(|edge| edge.pkg.as_str()));
    }
    Ok(linked)
}

/// The licence files of a package. Where one may choose, the MIT licence is chosen, as for cozegate itself.
fn license_texts(package: &Package) -> anyhow::Result<Vec<String>> {
    let folder = package.manifest_path.parent().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", package.name))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_licence = ["LICENSE", "LICENCE", "COPYING", "NOTICE"]
            .iter()
            .any(|begin| name.starts_with(begin));
        if is_licence && entry.file_type()?.is_file() {
            files.push((name, entry.path()));
        }
    }
    let has_mit = files.iter().any(|(name, _)| name.contains("MIT"));
    files.retain(|(name, _)| !has_mit || name.contains("MIT") || name.starts_with("NOTICE"));
    files.sort();
    let mut texts = Vec::new();
    for (_, path) in files {
        let bytes = fs::read(&path).with_context(|| format!("could not read a licence of {}", package.name))?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        texts.push(lines.join("\n").trim().to_owned());
    }
    Ok(texts)
}
