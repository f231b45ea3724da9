//! A request gives its spans with the right parents, to a collector of ours, and nothing that is nobody's business.

use crate::world::{RecordingUpstream, World};
use cozegate_config::{Config, TracesConfig};
use serde_json::Value;
use std::collections::BTreeMap;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLERS_SPAN: &str = "b7ad6b7169203331";

fn to(collector: &RecordingUpstream) -> TracesConfig {
    TracesConfig {
        endpoint: format!("{}/v1/traces", collector.api_base()),
        service_name: Some("cozegate-in-a-test".to_owned()),
        protocol: Some("http/json".to_owned()),
    }
}

fn traceparent() -> String {
    format!("traceparent: 00-{TRACE}-{CALLERS_SPAN}-01\r\ntracestate: a=b\r\nbaggage: canary-baggage=1\r\n")
}

/// Every request that the exporter has made.
fn everything_sent(collector: &mut RecordingUpstream) -> String {
    std::iter::from_fn(|| collector.arrived()).collect()
}

/// Every span in these requests of an exporter.
fn spans_in(sent: &str) -> Vec<Value> {
    let mut spans = vec![];
    for body in sent.split("\r\n\r\n").skip(1) {
        let Some(Ok(batch)) = serde_json::Deserializer::from_str(body).into_iter::<Value>().next() else {
            continue;
        };
        for resource in batch["resourceSpans"].as_array().unwrap() {
            for scope in resource["scopeSpans"].as_array().unwrap() {
                spans.extend(scope["spans"].as_array().unwrap().iter().cloned());
            }
        }
    }
    spans
}

fn named<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    let mut found = spans.iter().filter(|span| span["name"] == name);
    let (Some(only), None) = (found.next(), found.next()) else {
        panic!("not one {name} in {spans:#?}")
    };
    only
}

fn parent(span: &Value) -> &str {
    span["parentSpanId"].as_str().unwrap_or_default()
}

fn attributes(span: &Value) -> BTreeMap<&str, String> {
    let pairs = span["attributes"].as_array().unwrap();
    pairs
        .iter()
        .map(|pair| {
            let value = &pair["value"];
            let text = value["stringValue"].as_str().map(str::to_owned);
            let text = text.unwrap_or_else(|| value["intValue"].to_string().trim_matches('"').to_owned());
            (pair["key"].as_str().unwrap(), text)
        })
        .collect()
}

#[tokio::test]
async fn request_gives_its_spans_with_the_right_parents_and_no_secret() {
    let mut collector = RecordingUpstream::start().await;
    let (world, _emulator) = World::with_emulator_and(|config: &mut Config| {
        config.traces = Some(to(&collector));
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let handle = world.handle().await;
    let fields = format!(
        "{}Cookie: canary-cookie=1\r\nX-Session-Name: canary-name\r\n",
        traceparent()
    );
    let line = "GET /v1/conversations?conversation_id=canary-query&session_name=canary-name";
    let answer = world.ask(line, &handle, &fields).await;
    world.ask("DELETE /v1/canary-path", "cgh_canary", "").await;
    world.stop().await;

    let sent = everything_sent(&mut collector);
    let spans = spans_in(&sent);
    let request = named(&spans, "GET api");
    println!("{} spans, answered {}", spans.len(), answer.status);
    assert_eq!(request["traceId"], TRACE);
    assert_eq!(parent(request), CALLERS_SPAN);
    for (name, kind) in [("credential wait", 1), ("upstream exchange", 3)] {
        let span = named(&spans, name);
        assert_eq!(span["traceId"], TRACE, "{name}");
        assert_eq!(span["parentSpanId"], request["spanId"], "{name}");
        assert_eq!(span["kind"], kind, "{name}");
    }
    let renewal = named(&spans, "token request");
    assert_eq!(parent(renewal), "");
    assert_eq!(attributes(renewal)["cozegate.outcome"], "issued");
    let told = attributes(request);
    assert_eq!(told["http.response.status_code"], answer.status.to_string());
    assert_eq!(told["coze.log_id"], answer.header("x-tt-logid").unwrap());
    let refused = attributes(named(&spans, "DELETE api"));
    assert_eq!(refused["cozegate.problem"], "handle-unknown");
    assert!(sent.contains("cozegate-in-a-test"), "{sent}");
    for secret in [handle.as_str(), "canary", "cgh_", "czs_"] {
        assert!(!sent.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn stranger_writes_into_no_trace_and_no_trace_context_goes_upstream() {
    let mut collector = RecordingUpstream::start().await;
    let mut upstream = RecordingUpstream::start().await;
    let world = World::with_upstream_and(&upstream.api_base(), |config| config.traces = Some(to(&collector))).await;
    let handle = world.handle().await;

    world.ask("GET /v1/conversations", &handle, &traceparent()).await;
    world.stop().await;

    let head = upstream.request().await.to_lowercase();
    for field in ["traceparent", "tracestate", "baggage", TRACE] {
        assert!(!head.contains(field), "{head}");
    }
    let sent = everything_sent(&mut collector);
    let spans = spans_in(&sent);
    assert_eq!(parent(named(&spans, "GET api")), "");
    assert!(!sent.contains(TRACE) && !sent.contains(CALLERS_SPAN), "{sent}");
}
