//! Finds a browser to test the pages with, or installs one where that is customary.
//!
//! Playwright's own download is not used: it comes from a host of its own, weighs 150 MB, and a browser that people
//! really have is the better test.

use crate::environment;
use crate::step::Step;
use crate::workspace::Workspace;
use anyhow::{bail, ensure};
use std::path::{Path, PathBuf};

const PROGRAMS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// Where the installers of macOS and Windows put it, outside of `PATH`.
const PLACES: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
];

/// Returns the browser: `COZEGATE_CHROMIUM`, else an installed one, else (as root on Debian and Ubuntu) a new one.
pub(crate) fn provide(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if let Some(named) = environment::chromium() {
        ensure!(
            named.is_file(),
            "COZEGATE_CHROMIUM names {}, which is no file",
            named.display()
        );
        return Ok(named);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    if is_debian_root() {
        Step::new("apt-get", &workspace.root)
            .args(["update", "-qq"])
            .succeed()?;
        Step::new("apt-get", &workspace.root)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args([
                "install",
                "-y",
                "-qq",
                "--no-install-recommends",
                "chromium",
                "fonts-noto-cjk",
            ])
            .succeed()?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "found no Chromium. Install Chromium or Google Chrome, or set COZEGATE_CHROMIUM to its program; \
         the other parts run with --only rust, --only web, --only python, --only node"
    )
}

fn find() -> Option<PathBuf> {
    environment::find_program(PROGRAMS).or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.is_file()))
}

/// Whether `apt-get install` can be expected to work without asking anybody. Our user id is that of `/proc/self`: asking
/// the system for it directly would want unsafe code or another crate.
fn is_debian_root() -> bool {
    let debian = Path::new("/etc/debian_version").is_file() && environment::find_program(&["apt-get"]).is_some();
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| is_owned_by_root(&own));
    debian && root
}

#[cfg(unix)]
fn is_owned_by_root(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == 0
}

#[cfg(not(unix))]
fn is_owned_by_root(_: &std::fs::Metadata) -> bool {
    false
}
