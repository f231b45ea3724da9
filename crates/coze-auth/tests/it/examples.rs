//! The programs in `examples/` run to their end and print what they promise.
//!
//! `cargo test` builds them beside this test; they need no arguments and no network beyond this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs an example and returns what it printed.
fn output_of(name: &str) -> String {
    let program = program_of(name);

    let ran = Command::new(&program).output().unwrap();

    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{name} failed with {}: {stderr}", ran.status);
    String::from_utf8(ran.stdout).unwrap()
}

/// Finds the program of an example: target/PROFILE/deps/it-HASH -> target/PROFILE/examples/NAME.
///
/// `cargo test --test it` does not build it, so one that is missing or older than its source ends the test.
fn program_of(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join(format!("examples/{name}{}", std::env::consts::EXE_SUFFIX));
    let built_at = program.metadata().and_then(|metadata| metadata.modified()).ok();
    let written_at = source.metadata().and_then(|metadata| metadata.modified()).ok();
    assert!(
        built_at.is_some() && built_at >= written_at,
        "{} is missing or outdated: `cargo test -p coze-auth` builds it",
        program.display()
    );
    program
}

#[test]
fn service_app_gets_one_token_per_user() {
    assert_eq!(
        output_of("service_app"),
        "key of 2048 bits, 0 repairs\n\
         alice: one token for two callers: true\n\
         bob: Bearer token of kind App\n\
         requests to the token endpoint: 2\n"
    );
}

#[test]
fn login_with_a_browser_ends_with_a_renewable_token() {
    assert_eq!(
        output_of("login_pkce"),
        "logged in: Bearer token of kind User\ncan be renewed: true\nlogged out: true\n"
    );
}

#[test]
fn login_on_a_device_shows_a_code_and_ends_with_a_token() {
    let output = output_of("login_device");

    let (instruction, outcome) = output.split_once('\n').unwrap();
    assert!(instruction.starts_with("open http://127.0.0.1:"), "{output}");
    assert_eq!(outcome, "logged in: Bearer token of kind User\n");
}

#[test]
fn own_store_conforms_and_serves_two_sources() {
    let checks = coze_auth::conformance::CHECKS.len();

    assert_eq!(
        output_of("own_store"),
        format!("conformance: {checks} checks passed\ntwo processes, one token: true\n")
    );
}
