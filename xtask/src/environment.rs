//! The environment variables that the tasks read: all of them, here.
//!
//! * `COZEGATE_CHROMIUM`: the browser to test with, when it is none of the usual ones.
//! * `COZEGATE_TEST_POSTGRES`, `COZEGATE_TEST_REDIS`: only whether they are set; the tests of the stores read them.
//! * `CI`: `true` where a check that cannot be made is an error.
//! * `CARGO`: set by cargo; the very cargo that runs us, so that a `+toolchain` stays in force.
//! * `PATH`: where programs are looked for before anything is installed.

#![expect(
    clippy::disallowed_methods,
    reason = "the tasks' rim; the product reads its own in gateway/config/env.rs"
)]

use std::path::PathBuf;

/// Servers that tests of the stores need: the name of these tests, and the variable with the server's address.
pub(crate) const SERVERS: [(&str, &str); 2] = [
    ("rust tests on PostgreSQL", "COZEGATE_TEST_POSTGRES"),
    ("rust tests on Redis", "COZEGATE_TEST_REDIS"),
];

/// Whether a variable has a value.
pub(crate) fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether this is a run of CI.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

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
