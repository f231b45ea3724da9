//! The environment variables that the tasks read: all of them, here.
//!
//! * `COZEGATE_CHROMIUM`: the browser to test with, when it is none of the usual ones.
//! * `CARGO`: set by cargo; the very cargo that runs us, so that a `+toolchain` stays in force.
//! * `PATH`: where programs are looked for before anything is installed.

#![expect(
    clippy::disallowed_methods,
    reason = "the tasks' rim; the product reads its own in gateway/config/env.rs"
)]

use std::path::PathBuf;

/// The browser named by `COZEGATE_CHROMIUM`.
pub(crate) fn chromium() -> Option<PathBuf> {
    std::env::var_os("COZEGATE_CHROMIUM")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The cargo that started us.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The first of `names` that lies in a folder of `PATH`.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|candidate| candidate.is_file())
    })
}
