//! Installs what the tests need and the machine need not have: Python packages into `.tools/python`, Node packages
//! beside their lock files. Idempotent: a second run compares one file and does nothing.
//!
//! What it does not install: Python and Node themselves. A sentence says which versions are wanted.

use crate::environment;
use crate::step::Step;
use crate::workspace::Workspace;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// npm is a script on Windows, and `Command` does not try extensions.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The folder of the Python clients, from the root.
pub(crate) const PYTHON_CLIENTS: &str = "tests/clients/python";
/// The folder of the Node and browser clients, from the root.
pub(crate) const NODE_CLIENTS: &str = "tests/clients/node";
/// The folder of the JavaScript that we hand out, from the root.
pub(crate) const WEB: &str = "crates/portal/web";

/// Returns the Python of a virtual environment that holds exactly `tests/clients/python/requirements.txt`.
pub(crate) fn python(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    python_with(workspace, "python", &workspace.root.join(PYTHON_CLIENTS))
}

/// The same with what the stack needs that the proxy is compared with.
pub(crate) fn python_of_bench(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    python_with(workspace, "bench-python", &workspace.root.join("crates/bench/python"))
}

/// A virtual environment in `.tools/NAME` with the `requirements.txt` of `folder`.
fn python_with(workspace: &Workspace, name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let home = workspace.tools().join(name);
    let python = home.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let requirements = folder.join("requirements.txt");
    let stamp = Stamp::of(&requirements, home.join("installed-requirements.txt"))?;
    if stamp.is_current() && python.is_file() {
        return Ok(python);
    }

    let Some(system) = environment::find_program(&["python3", "python"]) else {
        bail!("found no Python; the Python clients want 3.10 or newer on PATH");
    };
    // From scratch: an environment that an older list has left behind would hold more than the list says.
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("could not remove {}", home.display()))?;
    }
    Step::new(system, &workspace.root)
        .args(["-m", "venv"])
        .arg(&home)
        .succeed()
        .context("could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv")?;
    Step::new(&python, &workspace.root)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&requirements)
        .succeed()
        .context("could not install the Python packages")?;
    stamp.write()?;
    Ok(python)
}

/// Installs the Node packages of `folder` as its lock file says.
pub(crate) fn node_packages(workspace: &Workspace, folder: &str) -> anyhow::Result<()> {
    let folder = workspace.root.join(folder);
    let stamp = Stamp::of(
        &folder.join("package-lock.json"),
        folder.join("node_modules/.installed-lock.json"),
    )?;
    if stamp.is_current() {
        return Ok(());
    }
    // No package of ours needs an install script, so none gets to run.
    Step::new(NPM, &folder)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .succeed()
        .context("could not install the Node packages; Node 20 or newer with npm is wanted on PATH")?;
    stamp.write()
}

/// Runs a script of `folder`'s `package.json`.
pub(crate) fn npm_script(workspace: &Workspace, folder: &str, script: &str) -> Step {
    Step::new(NPM, &workspace.root.join(folder)).args(["run", "--silent", script])
}

/// Remembers which list was installed, by keeping a copy of it beside what was installed.
struct Stamp {
    wanted: Vec<u8>,
    copy: PathBuf,
}

impl Stamp {
    fn of(list: &Path, copy: PathBuf) -> anyhow::Result<Self> {
        let wanted = fs::read(list).with_context(|| format!("could not read {}", list.display()))?;
        Ok(Self { wanted, copy })
    }

    fn is_current(&self) -> bool {
        fs::read(&self.copy).is_ok_and(|installed| installed == self.wanted)
    }

    fn write(&self) -> anyhow::Result<()> {
        fs::write(&self.copy, &self.wanted).with_context(|| format!("could not write {}", self.copy.display()))
    }
}
