//! The table of what the RFCs demand names tests; each of them exists.

use std::fs;
use std::path::Path;

/// All names in backticks that look like a test: `module::a_sentence_of_words`.
fn named_tests(page: &str) -> Vec<(&str, &str)> {
    page.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|name| name.rsplit_once("::"))
        .filter(|(_, test)| test.matches('_').count() >= 3)
        .collect()
}

#[test]
fn every_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../../docs/reference/oauth-conformance.md")).unwrap();
    let named = named_tests(&page);
    assert!(named.len() > 40, "the page was not understood: {named:?}");

    for (module, test) in named {
        let path = format!("{}.rs", module.replace("::", "/"));
        let source = [root.join("tests/it").join(&path), root.join("src").join(&path)]
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap_or_default();
        assert!(
            source.contains(&format!("fn {test}()")),
            "{module}::{test} is not there"
        );
    }
}
