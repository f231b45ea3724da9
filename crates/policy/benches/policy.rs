//! `cargo bench -p cozegate-policy`: what the policy costs, against the goals of identity.md F4.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to print")]

use cozegate_policy::{BodyPlan, Bots, Facts, Grade, SiteRules, Subject, find};
use cozegate_policy::{Id, id::IdSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds per figure; the fastest counts, because everything else on the machine only adds.
const ROUNDS: usize = 200;
const BOT: &str = "7500000000000000001";

fn main() {
    let rules = SiteRules {
        bots: Bots::Listed([Id::parse(BOT.as_bytes()).unwrap()].into_iter().collect::<IdSet>()),
        ..SiteRules::default()
    };
    let subject = Subject::new(Grade::Anonymous, &rules, "v_0123456789abcdef");

    println!("{:<58}{:>12}{:>12}", "decision", "measured", "goal");
    report("GET /v1/conversations with a query", 300, || {
        let query = "bot_id=7500000000000000001&connector_id=999&page_num=1&page_size=20&sort_field=updated_at";
        without_body(&subject, "GET", "/v1/conversations", query)
    });
    report("GET /v1/bots/{bot_id}", 300, || {
        without_body(&subject, "GET", "/v1/bots/7500000000000000001", "")
    });
    report("GET /v1/workspaces (refused)", 300, || {
        without_body(&subject, "GET", "/v1/workspaces", "page_num=1")
    });
    for (name, words, goal) in [
        ("POST /v3/chat, 244 bytes", 48, 1_000),
        ("POST /v3/chat, 1 KiB of ASCII", 828, 1_000),
        ("POST /v3/chat, 20 KiB of ASCII", 20_000, 20_000),
        ("POST /v3/chat, 64 KiB of ASCII", 65_300, 20_000),
    ] {
        let body = chat(&"a".repeat(words));
        report(name, goal, || with_body(&subject, &body));
    }
    let body = chat(&"\u{4f60}\u{597d}".repeat(10_880));
    report("POST /v3/chat, 64 KiB of Chinese", 20_000, || {
        with_body(&subject, &body)
    });
    let body = chat(&r"line\n".repeat(10_880));
    report("POST /v3/chat, 64 KiB with an escape every 6 bytes", 0, || {
        with_body(&subject, &body)
    });
    let body = chat(r#"[{\"type\":\"text\",\"text\":\"?\"},{\"type\":\"file\",\"file_id\":\"7500000000000000002\"}]"#);
    report("POST /v3/chat, object_string with a file", 1_000, || {
        with_body(&subject, &body)
    });
}

fn chat(words: &str) -> Vec<u8> {
    format!(
        r#"{{"bot_id":"{BOT}","user_id":"v_0123456789abcdef","stream":true,"connector_id":"999","additional_messages":[{{"role":"user","content_type":"text","content":"{words}"}}],"enable_card":true}}"#
    )
    .into_bytes()
}

fn without_body(subject: &Subject<'_>, method: &str, path: &str, query: &str) -> bool {
    let mut facts = Facts::default();
    let matched = find(black_box(method), black_box(path), false);
    let Ok(()) = subject.check_operation(matched.as_ref()) else {
        return false;
    };
    let matched = matched.unwrap();
    subject
        .check_query(&matched, Some(black_box(query)), &mut facts)
        .is_ok()
        && subject.check_head(&matched, None, None, false).is_ok()
}

fn with_body(subject: &Subject<'_>, body: &[u8]) -> bool {
    let mut facts = Facts::default();
    let matched = find(black_box("POST"), black_box("/v3/chat"), false).unwrap();
    subject.check_operation(Some(&matched)).unwrap();
    subject
        .check_query(
            &matched,
            Some(black_box("conversation_id=7500000000000000003")),
            &mut facts,
        )
        .unwrap();
    let plan = subject
        .check_head(&matched, Some(black_box("application/json")), None, true)
        .unwrap();
    assert!(matches!(plan, BodyPlan::Collect { .. }));
    subject.check_body(&matched, black_box(body), &mut facts).unwrap();
    black_box(facts).bot_id.is_some()
}

fn report(name: &str, goal: u64, mut decide: impl FnMut() -> bool) {
    let mut calls: u32 = 16;
    while time(calls, &mut decide) < Duration::from_micros(200) {
        calls *= 2;
    }
    let fastest = (0..ROUNDS).map(|_| time(calls, &mut decide)).min().unwrap_or_default();
    let each = fastest / calls;
    let goal = if goal == 0 {
        "-".to_owned()
    } else {
        format!("{goal} ns")
    };
    println!("{name:<58}{:>9} ns{goal:>12}", each.as_nanos());
}

fn time(calls: u32, decide: &mut impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(decide());
    }
    start.elapsed()
}
