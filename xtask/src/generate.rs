//! `cargo xtask generate`: the bundles in `crates/portal/web/dist/`, made by esbuild.
//!
//! The bundles are checked in, so building cozegate needs no Node. CI makes them again and compares the bytes: the version of
//! esbuild is pinned in `crates/portal/web/package-lock.json`, and nothing else but the sources decides what comes out.

use crate::report::Outcome;
use crate::step::Step;
use crate::tools::{self, WEB};
use crate::workspace::Workspace;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const BUNDLES: &str = "crates/portal/web/dist";

/// Writes the bundles, or with `is_check` compares them with what would be written.
pub(crate) fn run(workspace: &Workspace, is_check: bool) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, WEB)?;
    let made = workspace.target.join("generated-web");
    clear(&made)?;
    Step::new("node", &workspace.root.join(WEB))
        .arg("build.mjs")
        .arg(&made)
        .succeed()?;
    let wanted = files(&made)?;
    let bundles = workspace.root.join(BUNDLES);
    if !is_check {
        clear(&bundles)?;
        fs::create_dir_all(&bundles).with_context(|| format!("could not create {BUNDLES}"))?;
        for (name, content) in &wanted {
            fs::write(bundles.join(name), content).with_context(|| format!("could not write {BUNDLES}/{name}"))?;
        }
        return Ok(Outcome::Checked(vec![]));
    }
    let found = if bundles.is_dir() {
        files(&bundles)?
    } else {
        BTreeMap::new()
    };
    let mut names: Vec<&String> = wanted.keys().chain(found.keys()).collect();
    names.sort();
    names.dedup();
    let findings = names.into_iter().filter(|name| wanted.get(*name) != found.get(*name));
    let finding = |name: &String| format!("{BUNDLES}/{name} does not match the sources; run: cargo xtask generate");
    Ok(Outcome::Checked(findings.map(finding).collect()))
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    Ok(())
}

/// The files of a folder by name. Git may have changed the ends of lines on Windows, so they are compared as LF.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let list = || format!("could not list {}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(list)? {
        let entry = entry.with_context(list)?;
        let path = entry.path();
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        files.insert(
            entry.file_name().to_string_lossy().into_owned(),
            text.replace("\r\n", "\n"),
        );
    }
    Ok(files)
}
