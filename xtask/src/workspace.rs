//! Where things lie: the repository, its build folder, and `.tools`, where the tests' own tools are installed.

use crate::environment;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository that we work on.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's build folder, which `CARGO_TARGET_DIR` may have moved.
    pub(crate) target: PathBuf,
    /// What `cargo metadata` says about our own crates.
    pub(crate) packages: Vec<Package>,
}

/// A crate of the workspace, as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) rust_version: Option<String>,
    pub(crate) targets: Vec<Target>,
}

/// Something that cargo builds of a crate: a library, a program, a test, ...
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

/// One line of a `[dependencies]` table.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    pub(crate) optional: bool,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo about the workspace that this program was built from; needs no network.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let output = Command::new(environment::cargo())
            .args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
            .output()
            .context("could not start cargo")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("could not read cargo's metadata")?;
        Ok(Self {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            packages: metadata.packages,
        })
    }

    /// The debug build of the product, which the foreign clients start.
    pub(crate) fn debug_binary(&self) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("cozegate{}", std::env::consts::EXE_SUFFIX))
    }

    /// `.tools`: what the tests need and the machine need not have. Git-ignored; may be deleted at any time.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }
}
