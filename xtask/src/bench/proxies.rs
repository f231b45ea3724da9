//! Finds the proxies that cozegate is compared with, or unpacks Debian's packages of them into `.tools`.
//!
//! Unpacked and not installed: an installed web server begins to serve, on port 80, on the machine of somebody who only
//! wanted to measure.

use crate::environment;
use crate::step::Step;
use crate::workspace::Workspace;
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};

/// The proxies that were found.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) nginx: Option<PathBuf>,
    pub(crate) haproxy: Option<PathBuf>,
    /// Where the unpacked ones have their libraries.
    pub(crate) libraries: Option<PathBuf>,
}

/// What Debian and Ubuntu call the packages: a program is in one of them, and haproxy wants one of the Lua libraries.
const PACKAGES: [&str; 5] = ["nginx", "nginx-core", "haproxy", "liblua5.3-0", "liblua5.4-0"];

/// Returns what is there, after trying to get what is not.
pub(crate) fn provide(workspace: &Workspace) -> anyhow::Result<Proxies> {
    let folder = workspace.tools().join("debian");
    let found = find(&folder);
    if (found.nginx.is_some() && found.haproxy.is_some()) || environment::find_program(&["apt-get"]).is_none() {
        return Ok(found);
    }
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    for package in PACKAGES {
        // Each Debian knows some of these names only; what is missing in the end is said by name.
        let _known = Step::new("apt-get", &folder).args(["-q", "download", package]).run()?;
    }
    for package in fs::read_dir(&folder)?.flatten() {
        if package.path().extension().is_some_and(|extension| extension == "deb") {
            Step::new("dpkg-deb", &folder)
                .arg("-x")
                .arg(package.path())
                .arg(&folder)
                .succeed()?;
        }
    }
    Ok(find(&folder))
}

fn find(folder: &Path) -> Proxies {
    let program = |name: &str| {
        let places = [Path::new("/usr/sbin").join(name), folder.join("usr/sbin").join(name)];
        environment::find_program(&[name]).or_else(|| places.into_iter().find(|place| place.is_file()))
    };
    let libraries = fs::read_dir(folder.join("usr/lib")).into_iter().flatten().flatten();
    Proxies {
        nginx: program("nginx"),
        haproxy: program("haproxy"),
        libraries: libraries
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().ends_with("-linux-gnu")),
    }
}
