//! The small sections: `[chat]`, `[local]`, `[visitors]`.

use super::base_url;
use super::mistake::MistakeKind;
use super::mode::Mode;
use super::place::Place;
use super::section::{Section, Wrong};
use super::settings::SettingValue;
use coze_auth::Region;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// `[chat]`: what the chat page opens with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatConfig {
    /// The bot to talk to; the page asks when absent.
    pub bot_id: Option<String>,
    /// The page's title.
    pub title: Option<String>,
    /// The bots that pages and the userscript offer; when empty the chat page asks Coze.
    pub bots: Vec<ChatBot>,
    /// The script of the Chat SDK, where it is not the one of the app's region.
    pub sdk_url: Option<Url>,
}

/// A bot on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatBot {
    /// Its id at Coze.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The version of the Chat SDK that our pages load, and whose behaviour is measured (docs/upstream/chat.md).
const SDK_OF_CHINA: &str = "https://lf-cdn.coze.cn/obj/unpkg/flow-platform/chat-app-sdk/1.2.0-beta.20/libs/cn/index.js";
const SDK_OF_THE_WORLD: &str =
    "https://sf-cdn.coze.com/obj/unpkg-va/flow-platform/chat-app-sdk/1.2.0-beta.20/libs/oversea/index.js";

impl ChatConfig {
    pub(super) fn read(mut section: Section<'_, '_>) -> Self {
        let bot_id = section.checked("bot_id", |text| Ok(text.to_owned()));
        let title = section.checked("title", |text| Ok(text.to_owned()));
        let bots = section.list("bots", ChatBot::parse);
        let sdk_url = section.checked("sdk_url", base_url::parse_script);
        section.finish();
        Self {
            bot_id,
            title,
            bots,
            sdk_url,
        }
    }

    /// The script of the Chat SDK for an app of this region. An address of one's own is taken for mainland China's, whose
    /// build is the one that self-hosted platforms come with.
    pub fn sdk_url(&self, region: Option<Region>) -> &str {
        match (&self.sdk_url, region) {
            (Some(url), _) => url.as_str(),
            (None, Some(Region::International)) => SDK_OF_THE_WORLD,
            (None, Some(Region::China) | None) => SDK_OF_CHINA,
        }
    }
}

impl ChatBot {
    /// Reads `ID` or `ID NAME`.
    fn parse(text: &str) -> Result<Self, Wrong> {
        let (id, name) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let name = name.trim();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MistakeKind::InvalidBot { value: text.to_owned() }.into());
        }
        Ok(Self {
            id: id.to_owned(),
            name: if name.is_empty() { id } else { name }.to_owned(),
        })
    }
}

impl fmt::Display for ChatBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.name)
    }
}

/// `[local]`: what local mode lets web pages do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalConfig {
    /// What a handle may do that a page of another site opened.
    pub pages: PageAuthority,
}

/// What a handle may do that a page of another site opened, in local mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageAuthority {
    /// What visitors may do, with every bot.
    #[default]
    Chat,
    /// Everything that the app's token may.
    All,
}

impl fmt::Display for PageAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chat => "chat",
            Self::All => "all",
        })
    }
}

impl LocalConfig {
    pub(super) fn read(mut section: Section<'_, '_>, mode: Mode) -> Self {
        if mode == Mode::Public {
            if let Some((_, place)) = section.text("pages") {
                section.mistake("pages", &place, MistakeKind::KeyOfLocalMode);
            }
            section.finish();
            return Self::default();
        }
        let pages = section.checked_or("pages", PageAuthority::default(), |text| match text {
            "chat" => Ok(PageAuthority::Chat),
            "all" => Ok(PageAuthority::All),
            other => Err(MistakeKind::NotOneOf {
                value: other.to_owned(),
                allowed: &["chat", "all"],
            }
            .into()),
        });
        section.finish();
        Self { pages }
    }
}

/// `[visitors]`: the handles that browsers hold instead of Coze tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorsConfig {
    /// In which ways a visitor may show who they are; never empty.
    pub kinds: Vec<VisitorKind>,
    /// How long a handle works; a day.
    pub handle_lifetime: Duration,
    /// The largest body, other than an upload, of a request that a visitor sends.
    pub body_bytes: u32,
    /// How long a visitor's cookie or pass is good; without end when absent, which is for local mode.
    pub pass_lifetime: Option<Duration>,
    /// Where the secret rests from which visitors' session names are derived; a place of our own when absent.
    pub secret_file: Option<PathBuf>,
}

/// A way in which a visitor shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitorKind {
    /// By an id that we made for the browser.
    Anonymous,
}

impl fmt::Display for VisitorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "anonymous",
        })
    }
}

impl VisitorKind {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "anonymous" => Ok(Self::Anonymous),
            other => Err(MistakeKind::NotOneOf {
                value: other.to_owned(),
                allowed: &["anonymous"],
            }
            .into()),
        }
    }
}

impl Default for VisitorsConfig {
    fn default() -> Self {
        Self {
            kinds: vec![VisitorKind::Anonymous],
            handle_lifetime: Duration::from_secs(Self::DEFAULT_HANDLE_TTL_SECONDS.into()),
            body_bytes: 64 << 10,
            pass_lifetime: None,
            secret_file: None,
        }
    }
}

impl VisitorsConfig {
    /// A handle shorter than a minute is renewed more often than used; one older than thirty days is a password.
    const HANDLE_TTL_SECONDS: std::ops::RangeInclusive<u32> = 60..=30 * 86_400;

    const DEFAULT_HANDLE_TTL_SECONDS: u32 = 86_400;

    /// The body is read before it is checked, so it has to fit into memory.
    const BODY_BYTES: std::ops::RangeInclusive<u32> = 1024..=1 << 20;
    /// Browsers keep a cookie for 400 days at most, and the store a withdrawal.
    const PASS_DAYS: std::ops::RangeInclusive<u32> = 1..=400;

    /// As long as Coze keeps messages.
    const PUBLIC_PASS_DAYS: u32 = 180;

    pub(super) fn read(mut section: Section<'_, '_>, mode: Mode) -> Self {
        let default = Self::default();
        let place = section.place().clone();
        let kinds = if section.has("kinds") {
            let mistakes = section.checker.mistakes.len();
            let kinds = section.list("kinds", VisitorKind::parse);
            if kinds.is_empty() && section.checker.mistakes.len() == mistakes {
                section.mistake("kinds", &place, MistakeKind::PublicNeedsVisitors);
            }
            kinds
        } else {
            section.take("kinds");
            if mode == Mode::Public {
                section.mistake("kinds", &place, MistakeKind::PublicNeedsVisitors);
            } else {
                let anonymous = SettingValue::List(vec![VisitorKind::Anonymous.to_string()]);
                section.setting("kinds", &Place::Default, anonymous);
            }
            default.kinds
        };
        let handle_lifetime = section.seconds_or(
            "handle_ttl_seconds",
            Self::DEFAULT_HANDLE_TTL_SECONDS,
            Self::HANDLE_TTL_SECONDS,
        );
        let body_bytes = section.number_or("body_bytes", default.body_bytes, Self::BODY_BYTES);
        let pass_days = match mode {
            Mode::Local => section.number("pass_days", Self::PASS_DAYS),
            Mode::Public => Some(section.number_or("pass_days", Self::PUBLIC_PASS_DAYS, Self::PASS_DAYS)),
        };
        if mode == Mode::Public && !section.has("secret_file") {
            section.mistake("secret_file", &place, MistakeKind::PublicNeedsSecret);
        }
        let secret_file = section.text("secret_file").map(|(path, place)| {
            section.setting("secret_file", &place, SettingValue::Text(path.clone()));
            let file = section.checker.resolve(&place, &path);
            if file.is_dir() {
                let reason = std::io::Error::from(std::io::ErrorKind::IsADirectory).to_string();
                section.mistake(
                    "secret_file",
                    &place,
                    MistakeKind::SecretFileUnreadable {
                        path: file.clone(),
                        reason,
                    },
                );
            }
            file
        });
        section.finish();
        Self {
            kinds,
            handle_lifetime,
            body_bytes,
            pass_lifetime: pass_days.map(|days| Duration::from_hours(24) * days),
            secret_file,
        }
    }
}
