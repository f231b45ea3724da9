//! Cycles in small trees, and one that is put into a copy of a real crate.

use super::*;
use std::fs;

/// Writes a crate of these files and returns the cycles that are found in it.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    cycles_in(folder.path())
}

fn cycles_in(folder: &Path) -> Vec<String> {
    let mut modules = Modules::default();
    modules.add_root("fixture", &folder.join("src/lib.rs")).unwrap();
    Cycles::among(&Arrows::of(&modules, folder)).found
}

#[test]
fn two_files_that_import_each_other_are_a_cycle_with_its_names() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "use crate::b::B;\npub struct A(B);"),
        ("src/b.rs", "\nuse crate::a::A;\npub struct B(Box<A>);"),
    ]);

    assert_eq!(
        found,
        [
            "cycle of 2 files\n  src/a.rs -> src/b.rs: B (line 2), crate::b::B (line 1)\n  src/b.rs -> src/a.rs: A (line 3), crate::a::A (line 2)"
        ]
    );
}

#[test]
fn full_paths_without_use_are_arrows() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "pub fn a() { crate::b::b() }"),
        (
            "src/b.rs",
            "pub fn b() { let _: crate::a::Missing; println!(\"{}\", crate::a::a()) }",
        ),
    ]);

    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn re_exports_are_followed_to_the_definition() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "mod deep; pub use deep::*;"),
        ("src/a/deep.rs", "pub struct A; fn f() { crate::b::b() }"),
        ("src/b.rs", "use crate::a; pub fn b() { let _ = a::A; }"),
    ]);

    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("src/b.rs -> src/a/deep.rs: a::A"), "{found:?}");
    assert!(found[1].starts_with("cycle of 2 in src/"), "{found:?}");
}

#[test]
fn super_leads_to_the_parent() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", "mod child; pub struct A; fn f() { child::go() }"),
        ("src/a/child.rs", "use super::A; pub fn go() -> A { A }"),
    ]);

    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_facade_and_its_children_are_no_cycle() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; pub use a::{A, B};"),
        ("src/a/mod.rs", "mod one; mod two; pub use one::A; pub use two::B;"),
        ("src/a/one.rs", "pub struct A;"),
        ("src/a/two.rs", "use super::A; pub struct B(A);"),
    ]);

    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn folders_can_be_a_cycle_where_files_are_none() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "pub mod one; pub mod two;"),
        ("src/a/one.rs", "use crate::b::one::B; pub struct A(B);"),
        ("src/a/two.rs", "pub struct Two;"),
        ("src/b/mod.rs", "pub mod one; mod two;"),
        ("src/b/one.rs", "pub struct B;"),
        ("src/b/two.rs", "use crate::a::two::Two; struct X(Two);"),
    ]);

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("src/a -> src/b: src/a/one.rs -> src/b/one.rs: B"),
        "{found:?}"
    );
}

#[test]
fn test_code_is_left_out() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "use crate::b::B; pub struct A(B);"),
        (
            "src/b.rs",
            "pub struct B; #[cfg(test)] use crate::a::A; #[cfg(test)] mod tests { use crate::a::A; } mod more { #[cfg(all(test, unix))] use crate::a::A; }",
        ),
    ]);

    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn attributes_and_explicit_paths_of_modules_are_read() {
    let found = cycles_of(&[
        ("src/lib.rs", "mod a; #[path = \"other/file.rs\"] mod b;"),
        (
            "src/a.rs",
            "#[derive(serde::Serialize)] struct A { #[serde(with = \"crate::b::text\")] x: u8 } pub fn a() {}",
        ),
        ("src/other/file.rs", "pub fn text() { crate::a::a() }"),
    ]);

    assert!(
        found[0].contains("src/a.rs -> src/other/file.rs: crate::b::text"),
        "{found:?}"
    );
}

#[test]
fn a_cycle_put_into_a_real_crate_is_found() {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core");
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&real.join("src"), &copy.path().join("src"));
    let before = cycles_in(copy.path());

    let lib = copy.path().join("src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(&lib, format!("{text}\nmod first;\nmod second;\n")).unwrap();
    fs::write(
        copy.path().join("src/first.rs"),
        "pub(crate) fn first() { crate::second::second() }",
    )
    .unwrap();
    fs::write(
        copy.path().join("src/second.rs"),
        "use super::first; pub(crate) fn second() { first::first() }",
    )
    .unwrap();
    let mut found = cycles_in(copy.path());
    found.retain(|cycle| !before.contains(cycle));

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("src/second.rs -> src/first.rs: first::first"),
        "{found:?}"
    );
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
