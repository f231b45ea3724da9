//! `[sites.NAME]`: what belongs together in public mode: the pages of a site, the app and the bots that serve it, and
//! what its visitors may do (`docs/reference/visitor-policy.md`).
//!
//! A configuration without `[sites]` has one site, `main`, made of `cors.origins`, `default_app`, `chat.bots` and
//! `chat.bot_id`. In local mode there are no sites.

use super::apps::is_name;
use super::cors::{CorsConfig, Origin};
use super::mistake::MistakeKind;
use super::mode::Mode;
use super::notice::NoticeKind;
use super::place::Place;
use super::section::{Section, Wrong};
use super::sections::ChatConfig;
use super::settings::SettingValue;
use super::suggest::closest;
use super::tree::{Shape, Value};
use cozegate_policy::Id;
use cozegate_policy::{Group, GroupSet, folded_checked_name};
use std::collections::BTreeMap;
use std::fmt;

/// Name of the default site, which takes its origins and bots from `[cors]` and `[chat]` where it names none.
pub const MAIN_SITE: &str = cozegate_store::handles::DEFAULT_SITE;

/// `bots = ["*"]`: every bot of the app.
const ANY_BOT: &str = "*";

/// One site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteConfig {
    /// Its name in the configuration.
    pub name: String,
    /// The origins of its pages. No origin belongs to two sites.
    pub origins: Vec<Origin>,
    /// The app that serves it, by its name.
    pub app: String,
    /// The bots that its visitors may use.
    pub bots: AllowedBots,
    /// The groups of operations that its visitors may use.
    pub allow: GroupSet,
    /// The workflows of `app_chat`, `workflow_run` and `workflow_resume`, by id.
    pub workflows: Vec<Id>,
    /// The apps of the platform (not ours) that `app_chat` may name, by id.
    pub app_ids: Vec<Id>,
    /// The values of `connector_id` that may be named; none and the empty text always may.
    pub connectors: Vec<String>,
    /// Members of JSON bodies that are let pass beside the listed ones, by group.
    pub members: BTreeMap<Group, Vec<String>>,
    /// Members of a bot's description that visitors see beside the listed ones.
    pub bot_fields: Vec<String>,
    /// Whether what the policy denies is refused, or only logged.
    pub policy: PolicyMode,
    /// Whether ids of other visitors' conversations and files are refused, or only logged.
    pub ownership: OwnershipMode,
    /// Whether a program that sends no `Origin` (a mini-program, a native app) may open sessions.
    pub without_origin: bool,
}

/// Which bots visitors may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedBots {
    /// Every bot that the app's token reaches. Has to be written: `["*"]`.
    Any,
    /// These, by id.
    Listed(Vec<Id>),
}

/// What happens with a request that the policy denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyMode {
    /// It is refused.
    #[default]
    Enforce,
    /// It passes, and the log says what would have been refused: for a migration.
    Report,
}

/// What happens with the id of another visitor's conversation or file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnershipMode {
    /// The request is refused.
    #[default]
    Enforce,
    /// It passes, and the log says so.
    Observe,
}

impl fmt::Display for PolicyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforce => "enforce",
            Self::Report => "report",
        })
    }
}

impl fmt::Display for OwnershipMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        })
    }
}

impl SiteConfig {
    /// A site with the closed defaults: the groups of the Chat SDK and of our own window, on `bots` alone.
    pub fn new(name: &str, app: &str, origins: Vec<Origin>, bots: AllowedBots) -> Self {
        Self {
            name: name.to_owned(),
            origins,
            app: app.to_owned(),
            bots,
            allow: GroupSet::visitor_default(),
            workflows: Vec::new(),
            app_ids: Vec::new(),
            connectors: DEFAULT_CONNECTORS.map(str::to_owned).to_vec(),
            members: BTreeMap::new(),
            bot_fields: Vec::new(),
            policy: PolicyMode::default(),
            ownership: OwnershipMode::default(),
            without_origin: false,
        }
    }
}

/// The connectors of the Chat SDK and of the API (chat-sdk.md 3.3).
const DEFAULT_CONNECTORS: [&str; 2] = ["999", "1024"];

/// What the other sections say that a site takes over.
pub(super) struct Surroundings<'a> {
    pub(super) mode: Mode,
    pub(super) cors: &'a CorsConfig,
    pub(super) chat: &'a ChatConfig,
    /// The names of the apps that are written; `None` when their section could not be read.
    pub(super) apps: Option<&'a [String]>,
    pub(super) default_app: Option<&'a str>,
}

/// Reads every site of `[sites]`, or makes the one that nothing is written about.
pub(super) fn read(mut section: Section<'_, '_>, around: &Surroundings<'_>) -> BTreeMap<String, SiteConfig> {
    let place = section.place().clone();
    let entries = section.take_entries();
    if around.mode == Mode::Local {
        for (name, node) in entries {
            section.mistake(&name, &node.key_place, MistakeKind::KeyOfPublicMode);
        }
        return BTreeMap::new();
    }
    if entries.is_empty() {
        let path = section.path_of(MAIN_SITE);
        let table = super::tree::Table::empty(place);
        let main = read_site(Section::new(section.checker, path, table), MAIN_SITE, around);
        return BTreeMap::from([(MAIN_SITE.to_owned(), main)]);
    }
    let mut sites: BTreeMap<String, SiteConfig> = BTreeMap::new();
    let takes_origins = |name: &str| name == MAIN_SITE;
    if !around.cors.origins.is_empty() && !entries.iter().any(|(name, _)| takes_origins(name)) {
        section
            .checker
            .mistake(&place, "cors.origins", MistakeKind::OriginsOfNoSite);
    }
    for (name, node) in entries {
        let path = section.path_of(&name);
        let key_place = node.key_place;
        let table = match node.value {
            Value::Table(table) => table,
            other => {
                section.wrong_shape(&name, &node.place, Shape::Table, &other);
                continue;
            }
        };
        if !is_name(&name) {
            section.mistake(&name, &key_place, MistakeKind::InvalidSiteName { name: name.clone() });
        }
        let site = read_site(Section::new(section.checker, path.clone(), table), &name, around);
        for other in sites.values() {
            let shared = site.origins.iter().find(|origin| other.origins.contains(origin));
            if let Some(origin) = shared {
                let kind = MistakeKind::OriginOfTwoSites {
                    origin: origin.to_string(),
                    other: other.name.clone(),
                };
                section.checker.mistake(&key_place, &format!("{path}.origins"), kind);
            }
        }
        sites.insert(name, site);
    }
    sites
}

fn read_site(mut section: Section<'_, '_>, name: &str, around: &Surroundings<'_>) -> SiteConfig {
    let origins = read_origins(&mut section, name, around);
    let app = read_app(&mut section, around).unwrap_or_default();
    let bots = read_bots(&mut section, around);
    let mut site = SiteConfig::new(name, &app, origins, bots);
    if section.has("allow") {
        let names = section.list("allow", parse_group);
        site.allow = names.into_iter().filter_map(Group::parse).collect();
    } else {
        section.take("allow");
        let names = site.allow.iter().map(|group| group.name().to_owned()).collect();
        section.setting("allow", &Place::Default, SettingValue::List(names));
    }
    site.workflows = section.list("workflows", parse_id);
    site.app_ids = section.list("app_ids", parse_id);
    if section.has("connectors") {
        let connectors = section.list("connectors", parse_id);
        site.connectors = connectors.iter().map(ToString::to_string).collect();
    } else {
        section.take("connectors");
        section.setting(
            "connectors",
            &Place::Default,
            SettingValue::List(site.connectors.clone()),
        );
    }
    site.members = read_members(&mut section);
    site.bot_fields = section.list("bot_fields", parse_bot_field);
    site.policy = section.checked_or("policy", PolicyMode::default(), |text| match text {
        "enforce" => Ok(PolicyMode::Enforce),
        "report" => Ok(PolicyMode::Report),
        other => Err(not_one_of(other, &["enforce", "report"])),
    });
    if site.policy == PolicyMode::Report {
        let place = section.place().clone();
        section.notice("policy", &place, NoticeKind::PolicyOnlyReports);
    }
    site.ownership = section.checked_or("ownership", OwnershipMode::default(), |text| match text {
        "enforce" => Ok(OwnershipMode::Enforce),
        "observe" => Ok(OwnershipMode::Observe),
        other => Err(not_one_of(other, &["enforce", "observe"])),
    });
    if site.ownership == OwnershipMode::Observe {
        let place = section.place().clone();
        section.notice("ownership", &place, NoticeKind::OwnershipOnlyObserves);
    }
    site.without_origin = section.switch("without_origin", site.without_origin);
    section.finish();
    site
}

fn not_one_of(value: &str, allowed: &'static [&'static str]) -> Wrong {
    MistakeKind::NotOneOf {
        value: value.to_owned(),
        allowed,
    }
    .into()
}

/// The site's own origins; those of `cors.origins` for the site `main` where it names none.
fn read_origins(section: &mut Section<'_, '_>, name: &str, around: &Surroundings<'_>) -> Vec<Origin> {
    let place = section.place().clone();
    if section.has("origins") {
        let mistakes = section.checker.mistakes.len();
        let origins = section.list("origins", Origin::parse);
        if origins.is_empty() && section.checker.mistakes.len() == mistakes {
            section.mistake("origins", &place, MistakeKind::PublicNeedsOrigins);
        }
        return origins;
    }
    section.take("origins");
    // Where `[cors]` is needed and empty, its own reader has said so.
    if name != MAIN_SITE {
        section.mistake("origins", &place, MistakeKind::PublicNeedsOrigins);
        return Vec::new();
    }
    around.cors.origins.clone()
}

fn read_app(section: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Option<String> {
    let Some((name, place)) = section.text("app") else {
        return around.default_app.map(str::to_owned);
    };
    let names = around.apps?;
    if names.contains(&name) {
        section.setting("app", &place, SettingValue::Text(name.clone()));
        return Some(name);
    }
    let meant = closest(&name, names.iter().map(String::as_str)).map(str::to_owned);
    let path = section.path_of("app");
    section
        .checker
        .mistake_suggesting(&place, &path, MistakeKind::UnknownDefaultApp { name }, meant);
    None
}

/// The site's own bots, else those that `[chat]` offers.
fn read_bots(section: &mut Section<'_, '_>, around: &Surroundings<'_>) -> AllowedBots {
    let place = section.place().clone();
    let mut ids: Vec<Id> = if section.has("bots") {
        let written = section.list("bots", |text| match text {
            ANY_BOT => Ok(ANY_BOT.to_owned()),
            id => parse_id(id).map(|id| id.to_string()),
        });
        if written.iter().any(|id| id == ANY_BOT) {
            section.notice("bots", &place, NoticeKind::EveryBot);
            return AllowedBots::Any;
        }
        written.iter().filter_map(|id| Id::parse(id.as_bytes())).collect()
    } else {
        section.take("bots");
        let offered = around.chat.bots.iter().map(|bot| &bot.id);
        let ids: Vec<Id> = offered
            .chain(&around.chat.bot_id)
            .filter_map(|id| Id::parse(id.as_bytes()))
            .collect();
        section.setting(
            "bots",
            &Place::Default,
            SettingValue::List(ids.iter().map(Id::to_string).collect()),
        );
        if ids.is_empty() {
            section.mistake("bots", &place, MistakeKind::PublicNeedsBots);
        }
        ids
    };
    ids.sort_unstable();
    ids.dedup();
    AllowedBots::Listed(ids)
}

fn parse_group(text: &str) -> Result<&'static str, Wrong> {
    let Some(group) = Group::parse(text) else {
        let known = Group::ALL.iter().filter(|group| group.may_be_given_to_visitors());
        let known: Vec<&str> = known.map(|group| group.name()).collect();
        let kind = MistakeKind::UnknownGroup {
            value: text.to_owned(),
            known: known.join(", "),
        };
        return Err(match closest(text, known.iter().copied()) {
            Some(meant) => Wrong::suggesting(kind, meant),
            None => kind.into(),
        });
    };
    if group.may_be_given_to_visitors() {
        Ok(group.name())
    } else {
        let group = group.name().to_owned();
        Err(MistakeKind::GroupNotForVisitors { group }.into())
    }
}

fn parse_id(text: &str) -> Result<Id, Wrong> {
    Id::parse(text.as_bytes()).ok_or_else(|| MistakeKind::InvalidNumber { value: text.to_owned() }.into())
}

/// `prompt_info` holds what a site keeps from its visitors, under whatever spelling a lax reader takes for it.
fn parse_bot_field(text: &str) -> Result<String, Wrong> {
    if text.eq_ignore_ascii_case("prompt_info") {
        return Err(MistakeKind::BotFieldRefused { name: text.to_owned() }.into());
    }
    parse_member(text)
}

fn parse_member(text: &str) -> Result<String, Wrong> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if (1..=64).contains(&text.len()) && text.chars().all(is_name) {
        Ok(text.to_owned())
    } else {
        Err(MistakeKind::InvalidMember { name: text.to_owned() }.into())
    }
}

/// `members = { chat = ["NAME"] }`.
fn read_members(section: &mut Section<'_, '_>) -> BTreeMap<Group, Vec<String>> {
    let mut members = BTreeMap::new();
    let Some(mut table) = section.section_if_there("members") else {
        return members;
    };
    for group in Group::ALL {
        if !group.may_be_given_to_visitors() || !table.has(group.name()) {
            table.know(group.name());
            continue;
        }
        let names = table.list(group.name(), |text| {
            if folded_checked_name(text).is_some() {
                return Err(MistakeKind::MemberIsChecked { name: text.to_owned() }.into());
            }
            parse_member(text)
        });
        members.insert(*group, names);
    }
    table.finish();
    members
}
