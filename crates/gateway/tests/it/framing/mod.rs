//! Requests that are malformed or that two programs could read in two ways, raw, each with a second request behind it.
//!
//! Nothing of a bad one may reach the platform as a request, and what stands behind it on the same connection is never read
//! as one, unless the bad one's end was beyond doubt. The platform here takes down every byte.

mod corpus;

use crate::metrics::scrape;
use crate::world::{RecordingUpstream, World, dialogue};
use corpus::{After, Case};

/// What no request of these may carry upstream: who somebody claims to be.
const FORGED: &str = "X-Forwarded-User: forged\r\nX_Forwarded_Email: forged\r\nX-Real-IP: forged\r\nX_Real_Ip: forged\r\n\
    Forwarded: for=forged\r\nCookie: session=forged\r\nX-Session-Name: forged\r\nX-Original-URL: forged\r\n\
    Connection: X-Hop\r\nX-Hop: forged\r\n";

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused_and_nothing_hides_behind_it() {
    let mut upstream = RecordingUpstream::start().await;
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let host = world.proxy.to_string();
    let probe = format!("GET /v1/probe HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {handle}\r\n\r\n");
    let bad = corpus::bad();
    let mut desyncs = vec![];

    for case in &bad {
        let mut bytes = case.bytes(&host, &handle, FORGED);
        bytes.extend_from_slice(probe.as_bytes());
        let expected = if case.after == After::GoesOn { 2 } else { 1 };
        let answers = dialogue(world.proxy, &bytes, expected).await;
        let arrived: Vec<String> = std::iter::from_fn(|| upstream.arrived()).collect();

        // A refusal, and then the end, or the probe, as a request of its own.
        let is_refused = answers.as_ref().is_ok_and(|answers| {
            let mut statuses = answers.iter().map(|answer| answer.status);
            statuses
                .next()
                .is_none_or(|status| (400..500).contains(&status) || status == 501)
                && statuses.all(|status| status == 200)
        });
        let is_probe =
            |request: &String| request.starts_with("GET /v1/probe HTTP/1.1\r\n") && request.ends_with("\r\n\r\n");
        let is_in_step = arrived.iter().all(is_probe) && arrived.len() < expected.max(1);
        if !is_refused || !is_in_step {
            desyncs.push(format!("{}: {answers:?} {arrived:?}", case.name));
        }
        if case.after == After::Ends && answers.is_ok_and(|answers| answers.is_empty()) {
            desyncs.push(format!("{}: closed without a word", case.name));
        }
    }
    let bytes = upstream.bytes();
    let let_through: Vec<_> = ["forged", "Host: evil", "/v1/smuggled HTTP"]
        .iter()
        .filter(|text| bytes.contains(**text))
        .collect();

    println!(
        "framing: bad tried {} / desyncs {} / forged identity headers through {}",
        bad.len(),
        desyncs.len(),
        let_through.len()
    );
    assert!(bad.len() >= 300, "{}", bad.len());
    assert!(desyncs.is_empty(), "{}", desyncs.join("\n"));
    assert_eq!(let_through, Vec::<&&str>::new());
    world.stop().await;
}

#[tokio::test]
async fn what_is_odd_but_right_passes_and_keeps_in_step() {
    let mut upstream = RecordingUpstream::start().await;
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let host = world.proxy.to_string();
    let good = corpus::good();
    let mut refused = vec![];

    for case in &good {
        let Case { name, requests, .. } = case;
        let bytes = case.bytes(&host, &handle, FORGED);
        let answers = dialogue(world.proxy, &bytes, *requests).await;
        let arrived: Vec<String> = std::iter::from_fn(|| upstream.arrived()).collect();
        let is_served = answers
            .as_ref()
            .is_ok_and(|answers| answers.len() == *requests && answers.iter().all(|answer| answer.status < 300));
        if !is_served || arrived.len() != *requests {
            refused.push(format!("{name}: {answers:?} {arrived:?}"));
        }
    }

    println!("framing: good tried {} / refused {}", good.len(), refused.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(!upstream.bytes().contains("forged"));
    world.stop().await;
}

#[tokio::test]
async fn whatever_is_answered_is_counted_once_and_its_problem_as_well() {
    let upstream = RecordingUpstream::start().await;
    let world =
        World::with_upstream_and(&upstream.api_base(), |config| config.server.workers = 1.try_into().ok()).await;
    let handle = world.handle().await;
    let host = world.proxy.to_string();
    let cases = [corpus::bad(), corpus::odd_heads()].concat();
    // Requests of the proxy that have ended, and problems that were told.
    let counted = async || loop {
        let series = scrape(&world).await;
        let sum = |start| -> i64 {
            let series = series.iter().filter(|(name, _)| name.starts_with(start));
            series.map(|(_, count)| count).sum()
        };
        if sum("cozegate_requests_in_progress{listener=\"proxy\"}") == 0 {
            break [
                sum("cozegate_requests_total{listener=\"proxy\""),
                sum("cozegate_problems_total"),
            ];
        }
    };
    let mut wrong = vec![];

    let mut before = counted().await;
    for case in &cases {
        let answers = dialogue(world.proxy, &case.bytes(&host, &handle, FORGED), 1).await;
        let now = counted().await;
        let more = [now[0] - before[0], now[1] - before[1]];
        let answer = answers.as_ref().ok().and_then(|answers| answers.first());
        let is_problem = answer.is_some_and(|answer| answer.status >= 400);
        if more != [answer.is_some(), is_problem].map(i64::from) {
            wrong.push(format!("{}: {more:?} {answers:?}", case.name));
        }
        before = now;
    }

    println!("refusals: tried {} / counted wrongly {}", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.stop().await;
}
