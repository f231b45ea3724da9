//! A person with a browser that knows no scripts: keeps cookies, follows where it is sent, presses the platform's buttons.
//!
//! It says about its requests what browsers say (W3C Fetch Metadata): typed, of the same page, or caused by another one.

use crate::http::{Answer, send};
use std::collections::BTreeMap;
use url::Url;

/// The buttons of the platform's pages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision {
    Approve,
    Deny,
}

impl Decision {
    const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// Somebody with a browser. Cookies know no ports, so this machine is one host to them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    language: &'static str,
    cookies: BTreeMap<String, String>,
}

/// What the browser shows, and under which address.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

impl Page {
    pub(crate) fn text(&self) -> &str {
        &self.answer.body
    }
}

impl Person {
    /// Somebody whose browser asks for pages in `language`.
    pub(crate) fn reading(language: &'static str) -> Self {
        Self {
            language,
            cookies: BTreeMap::new(),
        }
    }

    /// The cookies, as the browser sends them.
    pub(crate) fn cookies(&self) -> String {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cookies.join("; ")
    }

    /// Types an address, and goes where it leads.
    pub(crate) fn open(&mut self, url: &str) -> Page {
        self.follow(Url::parse(url).unwrap(), "none")
    }

    /// Goes where a page of another port has sent the browser.
    pub(crate) fn arrive(&mut self, url: Url) -> Page {
        // All ports of one host are one site.
        self.follow(url, "same-site")
    }

    /// Presses a button of one of the platform's pages; returns where that sends the browser, or `None` for a page.
    pub(crate) fn press(&mut self, page: &Page, decision: Decision) -> Option<Url> {
        let hidden = page.text().split("type=\"hidden\" name=\"").nth(1).unwrap();
        let mut parts = hidden.split('"');
        let (name, value) = (parts.next().unwrap(), parts.nth(1).unwrap());
        let form = format!("{name}={value}&decision={}", decision.word());
        let origin = page.url.origin().ascii_serialization();
        let fields = [
            ("Origin", &*origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let answer = self.request("POST", &page.url, &fields, &form);
        if answer.status == 200 {
            return None;
        }
        Some(page.url.join(answer.field("location").unwrap()).unwrap())
    }

    /// Presses a button of a page that leads back to where the person came from, and goes there.
    pub(crate) fn decide(&mut self, page: &Page, decision: Decision) -> Page {
        let back = self.press(page, decision).unwrap();
        self.arrive(back)
    }

    /// The whole way: from the address that a login asks for, over a yes to the platform, to the last page.
    pub(crate) fn agree(&mut self, url: &str) -> Page {
        let consent = self.open(url);
        self.decide(&consent, Decision::Approve)
    }

    fn follow(&mut self, mut url: Url, site: &'static str) -> Page {
        let mut site = site;
        loop {
            let fields = [
                ("Sec-Fetch-Site", site),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Dest", "document"),
            ];
            let answer = self.request("GET", &url, &fields, "");
            let Some(location) = answer.field("location") else {
                return Page { url, answer };
            };
            let next = url.join(location).unwrap();
            if next.origin() != url.origin() {
                site = "same-site";
            }
            url = next;
        }
    }

    fn request(&mut self, method: &str, url: &Url, fields: &[(&str, &str)], body: &str) -> Answer {
        let cookies = self.cookies();
        let own = [
            ("Accept", "text/html"),
            ("Accept-Language", self.language),
            ("Cookie", &cookies),
        ];
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let answer = send(
            url.authority(),
            &format!("{method} {target}"),
            &[&own, fields].concat(),
            body,
        );
        for (_, cookie) in answer.fields.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
