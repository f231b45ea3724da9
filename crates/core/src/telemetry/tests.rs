//! `docs/reference/metrics.md` and the dashboard speak of exactly the metrics that there are.
//!
//! What there is is asked of the exposition, with every series counted once. So a new metric, label or value is missed on
//! the page without anybody listing it here.

use super::counts::{Count, Durations, Each, Level};
use super::labels::Label;
use super::{Telemetry, exposition};
use coze_auth::{SeededRandom, UnixSeconds};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const PAGE: &str = include_str!("../../../../docs/reference/metrics.md");
const DASHBOARD: &str = include_str!("../../../../docs/grafana/cozegate.json");

/// Everything once.
fn everything() -> String {
    fn counted<L: Label>(each: &Each<L, Count>) {
        (0..L::COUNT).filter_map(L::at).for_each(|label| each.add(label, 1));
    }
    fn begun<L: Label>(each: &Each<L, Level>) {
        (0..L::COUNT).filter_map(L::at).for_each(|label| each.change(label, 1));
    }
    fn took<L: Label>(each: &Each<L, Durations>) {
        let one = Duration::from_millis(1);
        (0..L::COUNT)
            .filter_map(L::at)
            .for_each(|label| each.observe(label, one));
    }
    let telemetry = Arc::new(Telemetry::new(UnixSeconds(1_790_000_000), &SeededRandom::new(1)));
    let m = telemetry.common();
    counted(&m.requests);
    counted(&m.early_ends);
    begun(&m.in_progress);
    begun(&m.connections);
    begun(&m.streams);
    begun(&m.tunnels);
    counted(&m.tunnel_ends);
    took(&m.durations);
    took(&m.phases);
    counted(&m.body_bytes);
    counted(&m.problems);
    counted(&m.upstream_failures);
    counted(&m.files);
    begun(&m.file_cache_bytes);
    counted(&m.handle_lookups);
    counted(&m.refused_tokens);
    counted(&m.policy_denied);
    counted(&m.token_requests);
    took(&m.token_request_durations);
    counted(&m.store_errors);
    counted(&m.reloads);
    exposition::text(&telemetry).unwrap()
}

/// A metric's type and its labels.
type Metrics = BTreeMap<String, (String, BTreeSet<String>)>;

/// The metrics of a text, and the values of each label. The parts of a histogram are one metric.
fn read(text: &str) -> (Metrics, BTreeMap<String, BTreeSet<String>>) {
    let mut metrics = Metrics::new();
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap();
            metrics.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| name.strip_suffix(part).filter(|name| metrics.contains_key(*name)))
            .unwrap_or(name);
        let (_, known) = metrics.get_mut(name).unwrap_or_else(|| panic!("{line} has no type"));
        for pair in labels.trim_end_matches('}').split(',').filter(|pair| !pair.is_empty()) {
            let (label, value) = pair.split_once('=').unwrap();
            if label != "le" {
                known.insert(label.to_owned());
                values
                    .entry(label.to_owned())
                    .or_default()
                    .insert(value.trim_matches('"').to_owned());
            }
        }
    }
    (metrics, values)
}

/// The rows of the page's chapter with this heading, cell by cell.
fn rows(heading: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let (_, behind) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let chapter = behind.split("\n## ").next().unwrap();
    let rows = chapter.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
}

fn in_backticks(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn page_tells_of_every_metric_with_its_labels_and_back() {
    let (mut metrics, _) = read(&everything());
    if !cfg!(target_os = "linux") {
        metrics.retain(|name, _| !name.starts_with("process_"));
    }

    let named: Metrics = rows("What is measured")
        .filter(|row| cfg!(target_os = "linux") || !row[0].contains("process_"))
        .map(|row| {
            let name = in_backticks(row[0]).next().unwrap();
            (name, (row[1].to_owned(), in_backticks(row[2]).collect()))
        })
        .collect();

    assert_eq!(named, metrics);
    println!("metrics: {} on the page, {} served", named.len(), metrics.len());
}

#[test]
fn page_tells_of_every_value_of_every_label_and_back() {
    let (_, mut values) = read(&everything());
    // They have a page of their own, with a test of its own.
    values.remove("problem");
    values.remove("version");

    let named: BTreeMap<String, BTreeSet<String>> = rows("Labels")
        .map(|row| (in_backticks(row[0]).next().unwrap(), in_backticks(row[1])))
        .map(|(label, values)| (label, values.filter(|value| !value.contains('/')).collect()))
        .filter(|(label, _)| label != "problem" && label != "version")
        .collect();

    assert_eq!(named, values);
}

/// Every text under `key` within a JSON value.
fn texts<'j>(value: &'j Value, key: &str, found: &mut Vec<&'j str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == key => found.push(text),
                    _ => texts(member, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        _ => {}
    }
}

#[test]
fn dashboard_and_alerts_ask_only_for_metrics_that_there_are() {
    let (metrics, _) = read(&everything());
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut expressions = vec![];
    texts(&dashboard, "expr", &mut expressions);
    let of_dashboard = expressions.len();
    expressions.extend(PAGE.lines().filter_map(|line| line.trim().strip_prefix("expr: ")));

    let mut unknown = vec![];
    for expression in &expressions {
        let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for word in words.filter(|word| word.starts_with("cozegate_") || word.starts_with("process_")) {
            let part_of_histogram = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| word.strip_suffix(part));
            let is_there = match part_of_histogram.and_then(|name| metrics.get(name)) {
                Some((kind, _)) => kind == "histogram",
                None => metrics.get(word).is_some_and(|(kind, _)| kind != "histogram"),
            };
            if !is_there {
                unknown.push(word);
            }
        }
    }

    println!(
        "expressions: {of_dashboard} of the dashboard, {} in all / unknown {}",
        expressions.len(),
        unknown.len()
    );
    assert!(of_dashboard >= 15, "{of_dashboard}");
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn dashboard_lets_its_reader_choose_the_data_source() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();

    let variable = &dashboard["templating"]["list"][0];
    assert_eq!(
        (&variable["type"], &variable["name"]),
        (&"datasource".into(), &"datasource".into())
    );
    let mut sources = vec![];
    texts(&dashboard["panels"], "uid", &mut sources);
    assert!(!sources.is_empty());
    assert!(sources.iter().all(|uid| *uid == "${datasource}"), "{sources:?}");
}
