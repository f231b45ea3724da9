//! `[files]`: whose static files the proxy fetches for pages, and how many of them it keeps.

use super::base_url;
use super::mistake::MistakeKind;
use super::place::Place;
use super::section::{Section, Wrong};
use super::settings::SettingValue;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Where Coze's Chat SDK comes from, one host per region.
const COZE_HOSTS: [&str; 2] = ["lf-cdn.coze.cn", "sf-cdn.coze.com"];

/// `[files]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesConfig {
    /// Whose files are fetched; none switches it off.
    pub hosts: Vec<FileHost>,
    /// The largest file.
    pub file_mib: u32,
    /// Where files are kept; beside the store when absent.
    pub cache_dir: Option<PathBuf>,
    /// How much is kept there; 0 keeps nothing.
    pub cache_mib: u32,
    /// How long a host may take before a kept file is handed out in its place.
    pub slow: Duration,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self {
            hosts: COZE_HOSTS
                .into_iter()
                .filter_map(|host| FileHost::public(host).ok())
                .collect(),
            file_mib: 32,
            cache_dir: None,
            cache_mib: 256,
            slow: Duration::from_secs(Self::DEFAULT_SLOW_SECONDS.into()),
        }
    }
}

impl FilesConfig {
    /// A file is held in memory while it is handed out.
    const FILE_MIB: std::ops::RangeInclusive<u32> = 1..=256;
    /// A terabyte.
    const CACHE_MIB: std::ops::RangeInclusive<u32> = 0..=1_048_576;
    /// With 0 a stale file is handed out at once, and asked for behind.
    const SLOW_SECONDS: std::ops::RangeInclusive<u32> = 0..=60;

    const DEFAULT_SLOW_SECONDS: u32 = 3;

    /// Whether nothing differs that cannot change while we run.
    pub fn is_same_but_for_hosts(&self, other: &Self) -> bool {
        let hosts = self.hosts.clone();
        *self == Self { hosts, ..other.clone() }
    }

    pub(super) fn read(mut section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let parse = |text: &str, may_be_private| FileHost::parse(text, may_be_private).map_err(Wrong::from);
        let mut hosts = if section.has("hosts") {
            section.list("hosts", |text| parse(text, false))
        } else {
            section.take("hosts");
            let names = COZE_HOSTS.map(str::to_owned).to_vec();
            section.setting("hosts", &Place::Default, SettingValue::List(names));
            default.hosts
        };
        hosts.extend(section.list("private_hosts", |text| parse(text, true)));
        let file_mib = section.number_or("file_mib", default.file_mib, Self::FILE_MIB);
        let cache_dir = section.text("cache_dir").map(|(path, place)| {
            section.setting("cache_dir", &place, SettingValue::Text(path.clone()));
            section.checker.resolve(&place, &path)
        });
        let cache_mib = section.number_or("cache_mib", default.cache_mib, Self::CACHE_MIB);
        let slow = section.seconds_or("slow_seconds", Self::DEFAULT_SLOW_SECONDS, Self::SLOW_SECONDS);
        section.finish();
        Self {
            hosts,
            file_mib,
            cache_dir,
            cache_mib,
            slow,
        }
    }
}

/// Where files may come from: scheme, host and port, compared as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHost {
    origin: String,
    may_be_private: bool,
}

impl FileHost {
    /// A host of the public Internet, by its name (https) or as `https://name:port`.
    pub fn public(text: &str) -> Result<Self, MistakeKind> {
        Self::parse(text, false)
    }

    /// A host that may stand in a private network, and may speak plain HTTP.
    pub fn private(text: &str) -> Result<Self, MistakeKind> {
        Self::parse(text, true)
    }

    /// `scheme://host[:port]`, as the URL standard writes it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether its addresses need not be public ones.
    pub fn may_be_private(&self) -> bool {
        self.may_be_private
    }

    fn parse(text: &str, may_be_private: bool) -> Result<Self, MistakeKind> {
        let invalid = || MistakeKind::InvalidFileHost {
            value: base_url::without_credentials(text),
        };
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let url = Url::parse(&with_scheme)
            .ok()
            .filter(Url::has_host)
            .ok_or_else(invalid)?;
        let is_scheme_right = url.scheme() == "https" || may_be_private && url.scheme() == "http";
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_scheme_right || !is_bare || text.contains(['*', '@', '\\']) {
            return Err(invalid());
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            may_be_private,
        })
    }
}

impl fmt::Display for FileHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_compared_with_scheme_and_port() {
        for (written, origin) in [
            ("lf-cdn.coze.cn", "https://lf-cdn.coze.cn"),
            ("LF-CDN.coze.cn", "https://lf-cdn.coze.cn"),
            ("https://mirror.example/", "https://mirror.example"),
            ("mirror.example:8443", "https://mirror.example:8443"),
            ("mirror.example:443", "https://mirror.example"),
            ("例子.cn", "https://xn--fsqu00a.cn"),
        ] {
            assert_eq!(FileHost::public(written).unwrap().origin(), origin, "{written}");
        }
        let local = FileHost::private("http://127.0.0.1:9").unwrap();
        assert_eq!((local.origin(), local.may_be_private()), ("http://127.0.0.1:9", true));
    }

    #[test]
    fn what_is_more_or_less_than_a_host_is_refused() {
        for written in [
            "*",
            "*.coze.cn",
            "http://mirror.example",
            "https://mirror.example/files",
            "https://mirror.example?x",
            "https://me:canary@mirror.example",
            "ftp://mirror.example",
            "a b",
            "https://",
        ] {
            let mistake = FileHost::public(written).unwrap_err();
            assert!(!format!("{mistake:?}").contains("canary"), "{written}");
        }
        assert!(FileHost::private("ftp://mirror.example").is_err());
    }
}
