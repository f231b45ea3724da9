//! `docs/reference/configuration.md` tells of every key and every variable that is read.
//!
//! The page is written by hand. What is known is asked of the reader: it answers an unknown key with the known ones, so a
//! new key or section is missed on the page without anybody listing it here.

use super::Workplace;
use crate::dialect::YAML_WORDS;
use crate::{AppKind, MistakeKind, VARIABLES};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../../../docs/reference/configuration.md");

/// The chapter of the page with this heading.
fn chapter(heading: &str) -> &'static str {
    let (_, behind) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    behind.split("\n## ").next().unwrap()
}

/// What stands between backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The words of examples and of what stands between backticks. A comment of an example counts where it goes on with other
/// keys ("# or ..."); elsewhere it is prose.
fn words_in_code(text: &str) -> BTreeSet<&str> {
    let mut code = vec![];
    for (at, part) in text.split("```").enumerate() {
        if at % 2 == 0 {
            code.extend(spans(part));
            continue;
        }
        for line in part.lines() {
            let (keys, comment) = line.split_once('#').unwrap_or((line, ""));
            code.push(keys);
            code.extend(comment.strip_prefix(" or "));
        }
    }
    let words = code.into_iter();
    words
        .flat_map(|code| code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
        .collect()
}

/// The keys that the reader knows in `section` of a file with an app of this kind; `None` when it is no section.
fn keys_of(kind: AppKind, section: &str) -> Option<BTreeSet<String>> {
    let unknown = if section.is_empty() {
        "qqqq".to_owned()
    } else {
        format!("{section}.qqqq")
    };
    let content = format!("{unknown} = 1\napps.main.kind = \"{kind}\"\n");
    let errors = Workplace::new().file("cozegate.toml", &content).load(None).unwrap_err();
    let answer = errors.mistakes().iter().find(|mistake| mistake.key == unknown)?;
    match &answer.kind {
        MistakeKind::UnknownKey { known } => Some(known.iter().cloned().collect()),
        _ => None,
    }
}

/// Every section of such a file with its keys.
fn sections(kind: AppKind) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![String::new(), "apps.main".to_owned()];
    while let Some(section) = open.pop() {
        let Some(keys) = keys_of(kind, &section) else { continue };
        open.extend(keys.iter().map(|key| match section.as_str() {
            "" => key.clone(),
            section => format!("{section}.{key}"),
        }));
        found.insert(section, keys);
    }
    found
}

#[test]
fn every_key_that_is_read_stands_in_the_reference() {
    let words = words_in_code(chapter("`cozegate.toml`"));
    let mut missing = BTreeSet::new();
    let mut found = 0;

    for kind in AppKind::ALL {
        let sections = sections(kind);
        for section in [
            "",
            "apps.main",
            "server",
            "cors",
            "chat",
            "userscript",
            "visitors",
            "limits",
            "log",
            "timeouts",
        ] {
            assert!(sections.contains_key(section), "{section:?} of {:?}", sections.keys());
        }
        assert_eq!(sections.contains_key("apps.main.scope"), kind == AppKind::Jwt);
        for (section, keys) in sections {
            found += keys.len();
            let unnamed = keys.into_iter().filter(|key| !words.contains(key.as_str()));
            missing.extend(unnamed.map(|key| format!("[{section}] {key}")));
        }
    }

    assert!(found > 0);
    assert_eq!(
        missing,
        BTreeSet::new(),
        "docs/reference/configuration.md does not tell of them"
    );
}

#[test]
fn every_word_of_a_yaml_stands_in_the_reference_with_our_key_and_back() {
    // `${VARIABLE}` in the place of a secret has a key of its own, but no word.
    let read = YAML_WORDS.iter().copied().filter(|(_, ours)| !ours.ends_with("_env"));
    let read: BTreeSet<(&str, &str)> = read.collect();

    let rows = chapter("`application.yaml`")
        .lines()
        .filter(|line| line.starts_with("| `"));
    let named: BTreeSet<(&str, &str)> = rows
        .flat_map(|row| {
            let (theirs, ours) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
            let ours = spans(ours).next().unwrap();
            spans(theirs).map(move |word| (word, ours))
        })
        .collect();

    assert_eq!(named, read);
}

#[test]
fn every_variable_that_is_read_stands_in_the_reference_and_back() {
    let read: BTreeSet<&str> = VARIABLES.iter().flat_map(|(names, _)| names.split(", ")).collect();

    let rows = chapter("Environment").lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<&str> = rows.flat_map(|row| spans(row.split(" | ").next().unwrap())).collect();

    assert_eq!(named, read);
}
