//! A person with a browser: keeps cookies, follows where they are sent, and decides on the platform's consent page.

use super::raw::{Answer, send};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use url::Url;

/// What the person says on the consent page.
#[derive(Clone, Copy, Debug)]
pub enum Decision {
    Approve,
    Deny,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// One browser. Cookies are kept by name only: one machine, as browsers see it, is one host.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub cookies: BTreeMap<String, String>,
}

impl Person {
    /// Types an address of the gateway.
    pub async fn open(&mut self, addr: SocketAddr, path: &str) -> Answer {
        self.request(addr, "GET", path, "Sec-Fetch-Site: none\r\n", "").await
    }

    /// Follows a link, or a redirect, that another site has caused.
    pub async fn come_from_elsewhere(&mut self, addr: SocketAddr, path: &str) -> Answer {
        let fields = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
        self.request(addr, "GET", path, fields, "").await
    }

    /// Does what a link scanner, or a browser ahead of a click, does.
    pub async fn look(&mut self, addr: SocketAddr, method: &str, path: &str, fields: &str) -> Answer {
        self.request(addr, method, path, fields, "").await
    }

    /// Sends a form of a page at `origin`.
    pub async fn submit(&mut self, addr: SocketAddr, path: &str, origin: &str, form: &str) -> Answer {
        let fields = format!(
            "Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        self.request(addr, "POST", path, &fields, form).await
    }

    async fn request(&mut self, addr: SocketAddr, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nAccept: text/html\r\nCookie: {cookies}\r\n{fields}\r\n{body}"
        );
        let answer = send(addr, &head).await;
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Decides on the consent page that `authorize_url` leads to; returns where the platform sends the browser then.
    pub async fn decide(&self, authorize_url: &str, decision: Decision) -> Url {
        let mut platform = Person::default();
        let mut url = Url::parse(authorize_url).unwrap();
        loop {
            let addr = address(&url);
            let answer = platform.open(addr, &target(&url)).await;
            if let Some(location) = answer.header("location") {
                url = url.join(location).unwrap();
                continue;
            }
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.text();
            let key = page.split("name=\"authorize_key\" value=\"").nth(1).unwrap();
            let key = key.split('"').next().unwrap();
            let form = format!("authorize_key={key}&decision={}", decision.word());
            let origin = url.origin().ascii_serialization();
            let decided = platform.submit(addr, &target(&url), &origin, &form).await;
            return url.join(decided.header("location").unwrap()).unwrap();
        }
    }

    /// The whole way: from the gateway's `/login` over the consent page and back. Returns the answer to the way back.
    pub async fn log_in(&mut self, addr: SocketAddr, app: &str, decision: Decision) -> Answer {
        let begun = self.open(addr, &format!("/login?app={app}&again=1")).await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        let back = self.decide(begun.header("location").unwrap(), decision).await;
        self.come_from_elsewhere(address(&back), &target(&back)).await
    }
}

/// Where a URL is served.
pub fn address(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).unwrap()[0]
}

/// Path and query.
pub fn target(url: &Url) -> String {
    url.query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
