//! The table of what the RFCs demand names tests, here and in the crates through which people log in; each of them exists.

use std::fs;
use std::path::{Path, PathBuf};

/// All names in backticks that look like a test: `module::a_sentence_of_words`.
fn named_tests(page: &str) -> Vec<(&str, &str)> {
    page.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|name| name.rsplit_once("::"))
        .filter(|(_, test)| test.matches('_').count() >= 3)
        .collect()
}

/// The crate in which a test stands, and the rest of its module's name: this one, unless the name begins with another.
fn crate_of<'a>(crates: &Path, module: &'a str) -> (PathBuf, &'a str) {
    match module.split_once("::") {
        Some((name @ ("gateway" | "cli"), rest)) => (crates.join(name), rest),
        _ => (crates.join("coze-auth"), module),
    }
}

#[test]
fn every_named_test_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(crates.join("../docs/reference/oauth-conformance.md")).unwrap();
    let named = named_tests(&page);
    assert!(named.len() > 40, "the page was not understood: {named:?}");

    for (name, test) in named {
        let (root, module) = crate_of(&crates, name);
        let path = format!("{}.rs", module.replace("::", "/"));
        let source = [root.join("tests/it").join(&path), root.join("src").join(&path)]
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap_or_default();
        assert!(source.contains(&format!("fn {test}()")), "{name}::{test} is not there");
    }
}
