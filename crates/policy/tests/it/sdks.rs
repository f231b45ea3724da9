//! The table against the installed SDKs: a new version with a new operation fails here, loudly.
//!
//! `cargo xtask test` installs cozepy and `@coze/api`. Without them this says that it skips; the list of the other
//! sources (coze-go, coze-java, the API descriptions) is part of `matrix.rs`.

use cozegate_policy::operations;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Paths of the SDKs that are not the API's: tokens are made there, and the proxy does not serve it.
fn is_served(path: &str) -> bool {
    ["/v1/", "/v3/", "/open_api/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// `/v1/bots/${botId}?x` as `/v1/bots/*`.
fn pattern(text: &str) -> String {
    let path = text.split('?').next().unwrap_or_default();
    // `${a ? `?b` : ''}` of JavaScript begins before its question mark.
    let path = path.split("${conversation_id ").next().unwrap_or_default();
    let segment = |segment: &str| {
        if segment.contains('{') {
            "*".to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The paths between `before` and `after` in a source, each with the method of the next call.
fn pairs(source: &str, before: &str, after: &[char], calls: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in source.split(before).skip(1) {
        let Some(end) = part.find(after) else { continue };
        let call = calls
            .iter()
            .filter_map(|(call, method)| Some((part.find(call)?, *method)))
            .min();
        found.push((call.map_or("?", |(_, method)| method).to_owned(), pattern(&part[..end])));
    }
    found
}

#[test]
fn every_operation_of_the_installed_sdks_is_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut python = Vec::new();
    files(&root.join(".tools/python"), ".py", &mut python);
    python.retain(|path| path.components().any(|part| part.as_os_str() == "cozepy"));
    let mut node = Vec::new();
    files(
        &root.join("tests/clients/node/node_modules/@coze/api/dist/esm"),
        "index.mjs",
        &mut node,
    );

    let read = |paths: Vec<PathBuf>| {
        paths
            .into_iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect::<Vec<_>>()
    };
    let calls_of_python = [
        ("(\n                \"GET\"", "GET"),
        ("(\"get\"", "GET"),
        ("\"GET\",", "GET"),
        ("\"get\",", "GET"),
        ("\"POST\",", "POST"),
        ("\"post\",", "POST"),
        ("\"PUT\",", "PUT"),
        ("\"put\",", "PUT"),
        ("\"DELETE\",", "DELETE"),
        ("\"delete\",", "DELETE"),
    ];
    let calls_of_node = [
        ("_client.get(", "GET"),
        ("_client.post(", "POST"),
        ("_client.put(", "PUT"),
        ("_client.delete(", "DELETE"),
    ];
    let mut found: Vec<(String, String)> = Vec::new();
    for source in read(python) {
        found.extend(pairs(&source, "f\"{self._base_url}", &['"'], &calls_of_python));
    }
    for source in read(node) {
        for before in ["apiUrl = `", "apiUrl = '", "apiUrl = \""] {
            found.extend(pairs(&source, before, &['`', '\'', '"'], &calls_of_node));
        }
    }
    found.retain(|(_, path)| is_served(path));
    if found.is_empty() {
        println!("skips: no SDK is installed; cargo xtask test installs them");
        return;
    }

    let segment = |segment: &'static str| if segment.starts_with('{') { "*" } else { segment };
    let table: BTreeSet<(String, String)> = operations()
        .iter()
        .map(|row| {
            (
                row.method.as_str().to_owned(),
                row.pattern.split('/').map(segment).collect::<Vec<_>>().join("/"),
            )
        })
        .collect();
    let found: BTreeSet<(String, String)> = found.into_iter().collect();
    // A WebSocket has a path and no call.
    let missing: Vec<_> = found
        .iter()
        .filter(|pair| !(table.contains(*pair) || pair.0 == "?" && table.iter().any(|(_, path)| *path == pair.1)))
        .collect();
    println!(
        "operations of the installed SDKs: {} / missing in the table {}",
        found.len(),
        missing.len()
    );
    assert!(missing.is_empty(), "missing in the table: {missing:#?}");
    assert!(found.len() >= 50, "{} found only", found.len());
}
