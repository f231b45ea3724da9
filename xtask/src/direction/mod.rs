//! `cargo xtask check-direction`: who depends on whom, against the table that ARCHITECTURE.md draws.
//!
//! Two tables: the crates of our own, which never depend upwards, and the walls around libraries that would otherwise
//! spread (a web framework in the token library, SQL in the HTTP service). A dependency that only tests use is a lighter
//! matter and has its own column. What the files of one crate import of each other is `cycles`'.

mod table;

use crate::report::Outcome;
use crate::workspace::{Dependency, Package, Workspace};
use std::fmt;
use table::{OURS, Own, WALLS, Wall};

/// Something that goes where it should not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// The crate that has it.
    who: String,
    /// What it should not have.
    what: String,
    /// Why the line is drawn there.
    reason: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must not use {}: {}", self.who, self.what, self.reason)
    }
}

/// Prints every breach of the real workspace.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let breaches = breaches(&workspace.packages);
    Outcome::Checked(breaches.iter().map(Breach::to_string).collect())
}

/// Compares the manifests with both tables.
fn breaches(packages: &[Package]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in packages {
        let Some(own) = OURS.iter().find(|own| own.name == package.name) else {
            breaches.push(Breach {
                who: package.name.clone(),
                what: "this workspace".to_owned(),
                reason: "it is not in xtask/src/direction/table.rs; a new crate needs a reason and a place there",
            });
            continue;
        };
        for dependency in &package.dependencies {
            breaches.extend(own_breach(own, dependency));
            breaches.extend(wall_breach(own, dependency));
        }
    }
    breaches
}

/// A dependency on a crate of ours that points the wrong way.
fn own_breach(own: &Own, dependency: &Dependency) -> Option<Breach> {
    let is_ours = OURS.iter().any(|other| other.name == dependency.name);
    // A crate names itself to give its own tests a feature such as `test-util`.
    if !is_ours || dependency.name == own.name {
        return None;
    }
    let breach = |reason| {
        Some(Breach {
            who: own.name.to_owned(),
            what: dependency.name.clone(),
            reason,
        })
    };
    if dependency.is_dev() {
        let allowed =
            own.may_use.contains(&dependency.name.as_str()) || own.tests_may_use.contains(&dependency.name.as_str());
        return if allowed { None } else { breach(own.reason) };
    }
    if !own.may_use.contains(&dependency.name.as_str()) {
        return breach(own.reason);
    }
    if own.only_as_feature.contains(&dependency.name.as_str()) && !dependency.optional {
        return breach("it has to stay optional, so that a binary can be built without it");
    }
    None
}

/// A library outside of its wall.
fn wall_breach(own: &Own, dependency: &Dependency) -> Option<Breach> {
    let wall: &Wall = WALLS
        .iter()
        .find(|wall| wall.libraries.contains(&dependency.name.as_str()))?;
    if wall.inside.contains(&own.name) || (dependency.is_dev() && wall.tests_anywhere) {
        return None;
    }
    Some(Breach {
        who: own.name.to_owned(),
        what: dependency.name.clone(),
        reason: wall.reason,
    })
}

impl Dependency {
    fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Package {
        let dependencies = dependencies.iter().map(|(name, kind, optional)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            optional: *optional,
        });
        Package {
            name: name.to_owned(),
            dependencies: dependencies.collect(),
            manifest_path: std::path::PathBuf::new(),
            rust_version: None,
            targets: Vec::new(),
        }
    }

    fn found(packages: &[Package]) -> Vec<(String, String)> {
        breaches(packages)
            .into_iter()
            .map(|breach| (breach.who, breach.what))
            .collect()
    }

    #[test]
    fn the_planned_direction_is_no_breach() {
        let packages = [
            package(
                "coze-auth",
                &[("reqwest", None, false), ("coze-emulator", Some("dev"), false)],
            ),
            package("cozegate-gateway", &[("coze-auth", None, false), ("axum", None, false)]),
            package(
                "cozegate",
                &[
                    ("cozegate-gateway", None, false),
                    ("coze-emulator", None, true),
                    ("clap", None, false),
                ],
            ),
        ];

        assert_eq!(found(&packages), []);
    }

    #[test]
    fn a_crate_may_name_itself_to_enable_a_feature_for_its_tests() {
        let packages = [package("coze-auth", &[("coze-auth", Some("dev"), false)])];

        assert_eq!(found(&packages), []);
    }

    #[test]
    fn a_dependency_upwards_is_a_breach() {
        let packages = [package("coze-auth", &[("cozegate-store", None, false)])];

        assert_eq!(
            found(&packages),
            [("coze-auth".to_owned(), "cozegate-store".to_owned())]
        );
    }

    #[test]
    fn the_emulator_must_not_know_us_not_even_in_its_tests() {
        let packages = [package("coze-emulator", &[("coze-auth", Some("dev"), false)])];

        assert_eq!(found(&packages), [("coze-emulator".to_owned(), "coze-auth".to_owned())]);
    }

    #[test]
    fn the_emulator_in_the_binary_has_to_be_optional() {
        let packages = [package("cozegate", &[("coze-emulator", None, false)])];

        assert_eq!(found(&packages), [("cozegate".to_owned(), "coze-emulator".to_owned())]);
    }

    #[test]
    fn a_web_framework_in_the_token_library_is_a_breach_unless_only_tests_use_it() {
        let used = [package("coze-auth", &[("axum", None, false)])];
        let tested = [package("coze-auth", &[("axum", Some("dev"), false)])];

        assert_eq!(found(&used), [("coze-auth".to_owned(), "axum".to_owned())]);
        assert_eq!(found(&tested), []);
    }

    #[test]
    fn argument_parsing_stays_out_of_the_libraries_even_in_tests() {
        let packages = [package("cozegate-gateway", &[("clap", Some("dev"), false)])];

        assert_eq!(found(&packages), [("cozegate-gateway".to_owned(), "clap".to_owned())]);
    }

    #[test]
    fn a_crate_without_a_place_in_the_table_is_a_breach() {
        assert_eq!(found(&[package("coze-utils", &[])]).len(), 1);
    }

    #[test]
    fn every_wall_names_crates_that_exist() {
        for wall in WALLS {
            for name in wall.inside {
                assert!(OURS.iter().any(|own| own.name == *name), "{name} is not ours");
            }
        }
    }
}
