//! `[userscript]`: what the userscript that we serve begins with; every browser may change it in its menu.

use super::mistake::MistakeKind;
use super::place::Place;
use super::section::{Section, Wrong};
use super::settings::SettingValue;
use std::fmt;

/// Where the hobby userscripts before us ran, and where people look at their agents.
const COZE_SITES: [&str; 2] = ["https://www.coze.cn/*", "https://www.coze.com/*"];

/// `[userscript]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserscriptConfig {
    /// On which pages it runs: match patterns.
    pub sites: Vec<Site>,
    /// How wide the chat is, in CSS pixels.
    pub width: u32,
    /// Whose window people chat in.
    pub ui: ChatWindow,
}

impl Default for UserscriptConfig {
    fn default() -> Self {
        Self {
            sites: COZE_SITES.map(|site| Site(site.to_owned())).to_vec(),
            width: 460,
            ui: ChatWindow::default(),
        }
    }
}

impl UserscriptConfig {
    /// Narrower, no line of text fits; wider than any screen that is looked at in one piece.
    const WIDTH: std::ops::RangeInclusive<u32> = 280..=1600;

    pub(super) fn read(mut section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let sites = if section.has("sites") {
            section.list("sites", Site::parse)
        } else {
            section.take("sites");
            let sites = COZE_SITES.map(str::to_owned).to_vec();
            section.setting("sites", &Place::Default, SettingValue::List(sites));
            default.sites
        };
        let width = section.number_or("width", default.width, Self::WIDTH);
        let ui = section.checked_or("ui", default.ui, |text| match text {
            "sdk" => Ok(ChatWindow::Sdk),
            "cozegate" => Ok(ChatWindow::Cozegate),
            other => Err(MistakeKind::NotOneOf {
                value: other.to_owned(),
                allowed: &["sdk", "cozegate"],
            }
            .into()),
        });
        section.finish();
        Self { sites, width, ui }
    }
}

/// Whose window people chat in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChatWindow {
    /// That of the platform's Chat SDK.
    #[default]
    Sdk,
    /// Our own, which loads nothing from elsewhere.
    Cozegate,
}

impl fmt::Display for ChatWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sdk => "sdk",
            Self::Cozegate => "cozegate",
        })
    }
}

/// A match pattern: `scheme://host/path`, with `*` as scheme, as first part of the host, and anywhere in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(String);

impl Site {
    /// Returns the pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every page of the web is refused: whoever means that can write it into the script.
    fn parse(text: &str) -> Result<Self, Wrong> {
        let is_pattern = || {
            let (scheme, rest) = text.split_once("://")?;
            let (host, path) = rest.split_once('/')?;
            let host_name = host.strip_prefix("*.").unwrap_or(host);
            let is_host = !host_name.is_empty()
                && host_name.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':')
                });
            let is_path = path.bytes().all(|byte| byte.is_ascii_graphic());
            (matches!(scheme, "http" | "https" | "*") && is_host && is_path).then_some(())
        };
        match is_pattern() {
            Some(()) => Ok(Self(text.to_owned())),
            None => Err(MistakeKind::InvalidSite { value: text.to_owned() }.into()),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_one_that_every_manager_reads_and_that_a_line_of_metadata_holds() {
        let good = [
            "https://www.coze.cn/*",
            "*://*.example.com/*",
            "http://localhost:3000/*",
            "https://shop.example/a/*?b=*",
        ];
        let bad = [
            "",
            "*",
            "<all_urls>",
            "https://*/*",
            "*://*/*",
            "https://www.example.com",
            "ftp://www.example.com/*",
            "https://www.*.com/*",
            "https://EXAMPLE.com/*",
            "https://www.example.com/a b",
            "https://www.example.com/*\n// @grant unsafeWindow",
            "https://me:password@example.com/*",
        ];

        let let_through: Vec<_> = bad.iter().filter(|text| Site::parse(text).is_ok()).collect();
        let refused: Vec<_> = good.iter().filter(|text| Site::parse(text).is_err()).collect();

        println!(
            "match patterns: bad tried {} / let through {}; good tried {} / refused {}",
            bad.len(),
            let_through.len(),
            good.len(),
            refused.len()
        );
        assert_eq!((let_through, refused), (vec![], vec![]));
    }
}
