//! Second, slower ways to the same answers, for fuzzers and property tests. Each function takes any bytes, and panics
//! when the reader of the policy and its reference differ. No part of the API; behind the feature `fuzzing`.
#![expect(clippy::panic, reason = "an oracle that is contradicted has to stop the run")]

use super::denial::{Ambiguity, Denial};
use super::json::{self, Kind, Names, Scan};
use super::operation::{Body, Field, Operation};
use super::{find, operations, query};
use crate::id::Id;
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

fn operation(name: &str) -> &'static Operation {
    let found = operations().iter().find(|operation| operation.name == name);
    found.unwrap_or_else(|| panic!("no operation {name}"))
}

fn members(name: &str) -> &'static [Field] {
    match operation(name).body {
        Body::Json(fields) => fields,
        _ => panic!("{name} has no JSON body"),
    }
}

/// The JSON reader against `serde_json`: the same texts are JSON, the same members are at the same places, and every
/// file is found.
pub fn policy_json(data: &[u8]) {
    let extra: [Box<str>; 1] = ["extra".into()];
    for name in ["chat.create", "workflows.chat"] {
        let names = Names {
            listed: members(name),
            extra: &extra,
        };
        let scanned = json::scan(data, names);
        match reference(data) {
            None => {
                let accepted = scanned.ok();
                assert!(accepted.is_none(), "accepted, and no JSON: {accepted:?}");
            }
            Some(text) => compare(text, names, scanned),
        }
    }
}

/// The text, if it is JSON.
fn reference(data: &[u8]) -> Option<&str> {
    let text = str::from_utf8(data).ok()?;
    let is_marked = text.starts_with('\u{feff}');
    (!is_marked && serde_json::from_str::<&RawValue>(text).is_ok()).then_some(text)
}

fn compare(text: &str, names: Names<'_>, scanned: Result<Scan, Ambiguity>) {
    let scan = match scanned {
        Ok(scan) => scan,
        Err(reason) => return justify(text, reason),
    };
    assert!(text.trim_start().starts_with('{'), "no object");
    assert!(depth(text) <= 32, "too deep");
    assert!(!has_escaped_letter(text), "an escaped letter");
    let Some(members) = top_level(text) else { return };

    let mut listed = 0;
    let mut has_unlisted = false;
    for (name, range) in &members {
        let twice = members.iter().filter(|(other, _)| other == name).count() > 1;
        let Some(at) = names.listed.iter().position(|field| field.name == name) else {
            let is_extra = names.extra.iter().any(|extra| **extra == **name);
            has_unlisted |= !is_extra;
            assert!(!(is_extra && twice), "{name} occurs twice");
            continue;
        };
        assert!(!twice, "{name} occurs twice");
        listed += 1;
        let value = scan.members.get(at).copied().flatten();
        let value = value.unwrap_or_else(|| panic!("{name} was not found"));
        let quote = usize::from(matches!(value.kind, Kind::String { .. }));
        assert_eq!((value.start - quote, value.end + quote), *range, "{name} is elsewhere");
    }
    assert_eq!(
        scan.members.iter().flatten().count(),
        listed,
        "members that are not there"
    );
    assert_eq!(scan.unlisted.is_some(), has_unlisted, "unlisted names");

    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut files = Files::default();
    files.collect(&value);
    let found: BTreeSet<Id> = scan.files.into_iter().collect();
    assert!(files.ids.is_subset(&found), "a file was not found");
    assert!(scan.has_bad_file || !files.has_bad, "a bad file was not found");
}

/// A text that is JSON may be refused for these reasons only, and only if they are there.
fn justify(text: &str, reason: Ambiguity) {
    let is_nested = || text.contains(r#"\""#) || text.contains(r"\u0022");
    let is_there = match reason {
        Ambiguity::NotAnObject => !text.trim_start().starts_with('{'),
        Ambiguity::TooDeep => depth(text) > 32 || is_nested(),
        Ambiguity::EscapedLetter => has_escaped_letter(text) || is_nested(),
        Ambiguity::HiddenFile => is_nested(),
        Ambiguity::RepeatedName => has_repeated_name(text),
        Ambiguity::TooManyNames => text.matches(':').count() > 32,
        _ => false,
    };
    assert!(is_there, "refused without reason: {reason}");
}

/// The deepest nesting of a text that is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    outside_of_strings(text, |character| match character {
        '{' | '[' => {
            depth += 1;
            deepest = deepest.max(depth);
        }
        '}' | ']' => depth -= 1,
        _ => {}
    });
    deepest
}

fn outside_of_strings(text: &str, mut each: impl FnMut(char)) {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '"' {
            each(character);
            continue;
        }
        while let Some(inner) = characters.next() {
            match inner {
                '"' => break,
                '\\' => drop(characters.next()),
                _ => {}
            }
        }
    }
}

/// Whether a letter, digit or `_` is escaped. The text is JSON, so a backslash begins an escape.
fn has_escaped_letter(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('\\') {
        let unit = escape.strip_prefix('u').and_then(|digits| digits.get(..4));
        let unit = unit.and_then(|digits| u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok());
        if unit.is_some_and(|unit| unit.is_ascii_alphanumeric() || unit == b'_') {
            return true;
        }
        let mut after = escape.chars();
        after.next();
        rest = after.as_str();
    }
    false
}

/// Whether some object of the text has a name twice, as written.
fn has_repeated_name(text: &str) -> bool {
    let Some(members) = top_level(text) else { return true };
    let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() < members.len() {
        return true;
    }
    // Inner objects: `serde_json` keeps one of two equal names, so the text becomes shorter.
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return true;
    };
    let mut colons = 0;
    outside_of_strings(text, |character| colons += usize::from(character == ':'));
    let mut kept = 0;
    outside_of_strings(&value.to_string(), |character| kept += usize::from(character == ':'));
    kept < colons
}

/// The members of an object, with the place of each value; `None` when a name is not text (half of a surrogate pair).
fn top_level(text: &str) -> Option<Vec<(String, (usize, usize))>> {
    struct Members<'t>(&'t str);

    impl<'t> Visitor<'t> for Members<'t> {
        type Value = Vec<(String, (usize, usize))>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                let start = value.get().as_ptr().addr() - self.0.as_ptr().addr();
                members.push((name, (start, start + value.get().len())));
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(text)
        .deserialize_map(Members(text))
        .ok()
}

/// The files of a value, JSON in strings included.
#[derive(Default)]
struct Files {
    ids: BTreeSet<Id>,
    has_bad: bool,
}

impl Files {
    fn collect(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if name.eq_ignore_ascii_case("file_id") {
                        self.add(value);
                    }
                    self.collect(value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.collect(value)),
            Value::String(text) if text.trim_start().starts_with(['{', '[', '"']) => {
                if let Ok(value) = serde_json::from_str(text) {
                    self.collect(&value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => match Id::parse(text.as_bytes()) {
                Some(id) => drop(self.ids.insert(id)),
                None => self.has_bad = true,
            },
            _ => self.has_bad = true,
        }
    }
}

/// The query reader against the form reader of the URL standard: what passes has the same names and values for both, each
/// name is listed and occurs once; what is refused has a reason.
pub fn policy_query(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let fields = operation("conversations.list").query;
    let mut read = Vec::new();
    let outcome = query::read(text, fields, |field, value| {
        read.push((field.name, value));
        Ok(())
    });
    let reference: Vec<_> = url::form_urlencoded::parse(data).collect();
    let is_listed = |name: &str| fields.iter().any(|field| field.name == name);
    let names: BTreeSet<&str> = reference.iter().map(|(name, _)| &**name).collect();
    match outcome {
        Ok(_) => {
            assert_eq!(names.len(), reference.len(), "a name twice");
            assert!(names.iter().all(|name| is_listed(name)), "a name that is not listed");
            assert_eq!(read.len(), reference.len());
            for ((name, value), (reference_name, reference_value)) in read.iter().zip(&reference) {
                assert_eq!(name, reference_name);
                if !value.contains(['%', '+']) {
                    assert_eq!(value, reference_value);
                }
            }
        }
        Err(denial) => {
            let has_reason = match denial {
                Denial::ParameterNotAllowed { .. } => names.iter().any(|name| !is_listed(name)),
                Denial::RequestAmbiguous(Ambiguity::RepeatedParameter) => {
                    names.len() < reference.len() || text.contains(['[', '.', '%'])
                }
                Denial::RequestAmbiguous(Ambiguity::EscapedParameter) => text.contains(['%', '+']),
                Denial::RequestAmbiguous(Ambiguity::Separator) => text.contains(';'),
                _ => false,
            };
            assert!(has_reason, "refused without reason: {denial}");
        }
    }
}

/// The path matcher against a comparison of every row, segment by segment.
pub fn policy_path(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (method, path) = text.split_once(' ').unwrap_or(("GET", text));
    for is_websocket in [false, true] {
        let found = find(method, path, is_websocket);
        let expected = slow_find(method, path, is_websocket);
        assert_eq!(found.map(|found| found.operation), expected, "{method} {path}");
        let Some(found) = found else { continue };
        for (name, _, id) in found.path_ids() {
            let at = found
                .operation
                .pattern
                .split('/')
                .position(|segment| segment.trim_matches(['{', '}']) == name);
            let segments: Vec<_> = path.split('/').collect();
            let shift = usize::from(path.starts_with("//"));
            assert_eq!(at.and_then(|at| segments.get(at + shift)), Some(&id), "{name}");
        }
    }
}

fn slow_find(method: &str, path: &str, is_websocket: bool) -> Option<&'static Operation> {
    let path = if path.starts_with("//") { path.get(1..)? } else { path };
    let segments: Vec<&str> = path.split('/').collect();
    operations().iter().find(|operation| {
        let pattern: Vec<&str> = operation.pattern.split('/').collect();
        operation.method.as_str() == method
            && operation.is_websocket == is_websocket
            && pattern.len() == segments.len()
            && pattern
                .iter()
                .zip(&segments)
                .all(|(pattern, segment)| fits(pattern, segment))
    })
}

fn fits(pattern: &str, segment: &str) -> bool {
    let is_decimal =
        |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        "{enterprise_id}" => is_decimal(segment) || segment.strip_prefix("volcano_").is_some_and(is_decimal),
        // At least one digit tells an id from a word.
        "{node_execute_uuid}" => {
            segment.len() <= 64
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && segment.bytes().any(|byte| byte.is_ascii_digit())
        }
        _ if pattern.starts_with('{') => is_decimal(segment),
        _ => pattern == segment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts of the words that matter: 20,000 of each, the same on every run.
    fn try_all(words: &'static [&'static str], longest: usize, oracle: fn(&[u8])) {
        let config = ProptestConfig {
            cases: 20_000,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(12),
            ..ProptestConfig::default()
        };
        let texts = prop::collection::vec(prop::sample::select(words), 0..longest);
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let tried = runner.run(&texts, |words| {
            oracle(words.concat().as_bytes());
            Ok(())
        });
        tried.unwrap();
    }

    const JSON: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        " ",
        "\n",
        "\"bot_id\":\"75\"",
        "\"user_id\":\"v\"",
        "\"bot_id\":",
        "\"stream\":true",
        "\"ext\":{\"user_id\":\"v\"}",
        "\"additional_messages\":[{\"role\":\"user\",\"content\":\"",
        "\"}]",
        "\"extra\":1",
        "\"other\":2",
        "\"FILE_ID\":\"7\"",
        "\\\"file_id\\\":\\\"8\\\"",
        "\"[{",
        "\\\"",
        "}]\"",
        "\\u0062",
        "\\u0022",
        "\\\\u0066ile_id",
        "\\ud83d",
        "\u{17f}",
        "\u{feff}",
        "é",
        "null",
        "true",
        "false",
        "0",
        "-1.5e+3",
        "1e999",
        "NaN",
        "01",
        "/*",
        "\u{0}",
        "[[[[[[[[[[[[[[[[",
        "]]]]]]]]]]]]]]]]",
        "\"a\":{\"a\":1,\"a\":2}",
        "{\"a\":",
        "\"session_name\":\"x\"",
        "\\/",
        "\\n",
        "\"content_type\":\"object_string\"",
    ];

    #[test]
    fn json_is_read_as_serde_json_reads_it() {
        try_all(JSON, 24, policy_json);
    }

    #[test]
    fn whole_objects_are_read_as_serde_json_reads_them() {
        // Members that are whole, so that more texts are JSON than by chance.
        const MEMBERS: &[&str] = &[
            "\"bot_id\":\"75\"",
            "\"user_id\" : \"v\"",
            "\"stream\":true",
            "\"ext\":{\"user_id\":\"v\",\"b\":[]}",
            "\"ext\":{\"a\":1,\"a\":1}",
            "\"additional_messages\":[{\"role\":\"user\",\"content\":\"[{\\\"file_id\\\":\\\"8\\\"}]\"}]",
            "\"additional_messages\":[{\"a\":1,\"a\":2}]",
            "\"parameters\":{\"f\":\"{\\\"File_ID\\\":\\\"9\\\",\\\"x\\\":\\\"{\\\\\\\"file_id\\\\\\\":\\\\\\\"10\\\\\\\"}\\\"}\"}",
            "\"meta_data\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
            "\"meta_data\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
            "\"File_ID\":\"11\"",
            "\"parameters\":{\"file_id\":7}",
            "\"parameters\":[\"\\u00e9\\ud83d\\ude00\\ud83d\"]",
            "\"meta_data\":{\"a\":1,\"a\":2}",
            "\"extra\":null",
            "\"other\":[1,-0.0,1e5,\"\"]",
            "\"b\\u006ft_id\":\"1\"",
            "\"u\u{17f}er_id\":\"1\"",
            "\"shortcut_command\":{\"parameters\":{\"a\":\"[1] x \\\" y\"}}",
            "\"parameters\":\"{\\\"\\\\u0066ile_id\\\":\\\"1\\\"}\"",
        ];
        let config = ProptestConfig {
            cases: 20_000,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(13),
            ..ProptestConfig::default()
        };
        let objects = prop::collection::vec(prop::sample::select(MEMBERS), 0..8);
        proptest::test_runner::TestRunner::new(config)
            .run(&objects, |members| {
                policy_json(format!("{{{}}}", members.join(",")).as_bytes());
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn queries_are_read_as_the_url_standard_reads_them() {
        const WORDS: &[&str] = &[
            "bot_id",
            "user_id",
            "page_num",
            "=",
            "&",
            "75",
            "%62ot_id",
            "%",
            "%6",
            "+",
            ";",
            "[]",
            ".x",
            "a",
            "BOT_ID",
            "%26",
            "%3d",
            "?",
            "#",
            "é",
            "\u{0}",
            "&bot_id=7",
            "&page_num=1",
            "&user_id=v",
        ];
        try_all(WORDS, 12, policy_query);
    }

    #[test]
    fn paths_are_found_as_a_comparison_of_every_row_finds_them() {
        const WORDS: &[&str] = &[
            "GET ",
            "POST ",
            "PUT ",
            "DELETE ",
            "/",
            "//",
            "v1",
            "v3",
            "chat",
            "/v1/conversations",
            "/75",
            "/clear",
            "/messages",
            "/feedback",
            "bots",
            "1",
            "%",
            "..",
            ";",
            "\\",
            "\u{0}",
            "/v1/bots/7",
            "/versions",
            "/v1/workflows/1/run_histories/2",
            "/execute_nodes/a-3",
            "a-0123456789012345678901234567890",
            "/v1/enterprises/volcano_3",
            "/members",
            "12345678901234567890",
            "mget",
            "/v1/plugins/",
            "A",
            "é",
            "/v1/audio/speech",
            "/v3/chat",
        ];
        try_all(WORDS, 8, policy_path);
    }
}
