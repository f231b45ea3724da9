//! What a browser says of requests that another site has caused without naming its origin (W3C Fetch Metadata).

use super::case::{Case, Must};

const SITES: [&str; 8] = [
    "cross-site",
    "same-site",
    "CROSS-SITE",
    "Same-Origin",
    "unheard-of",
    "",
    "none, cross-site",
    "none\r\nSec-Fetch-Site: cross-site",
];

const MODES: [Option<&str>; 7] = [
    Some("navigate"),
    Some("nested-navigate"),
    Some("no-cors"),
    Some("cors"),
    Some("same-origin"),
    Some("websocket"),
    None,
];

const DESTS: [Option<&str>; 8] = [
    Some("document"),
    Some("iframe"),
    Some("object"),
    Some("script"),
    Some("image"),
    Some("empty"),
    Some("serviceworker"),
    None,
];

const METHODS: [&str; 5] = ["GET", "POST", "OPTIONS", "HEAD", "PUT"];

/// Every combination of site, mode and destination, with the methods in turn; and the link that a user clicks.
pub fn cases(own: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut methods = METHODS.iter().cycle();
    for site in SITES {
        for mode in MODES {
            for dest in DESTS {
                let line = |name: &str, value: Option<&str>| {
                    value.map_or_else(String::new, |value| format!("Sec-Fetch-{name}: {value}\r\n"))
                };
                let fields = format!(
                    "Host: {own}\r\nSec-Fetch-Site: {site}\r\n{}{}",
                    line("Mode", mode),
                    line("Dest", dest)
                );
                let is_link = mode == Some("navigate") && dest == Some("document") && !site.contains('\n');
                if is_link {
                    // The method decides, so all of them.
                    cases.extend(METHODS.map(|method| link(&fields, method)));
                } else {
                    cases.push(Case {
                        method: methods.next().copied(),
                        ..Case::of(fields)
                    });
                }
            }
        }
    }
    cases
}

fn link(fields: &str, method: &'static str) -> Case {
    let must = if method == "GET" || method == "HEAD" {
        Must::OpenNothingButPages
    } else {
        Must::BeRefused
    };
    Case {
        method: Some(method),
        must,
        ..Case::of(fields)
    }
}
