//! The rules of a site, made once at each reload of the configuration.

use super::group::{Group, GroupSet};
use super::json::folds_to;
use super::operation::{Body, Check};
use super::table::operations;
use crate::id::{Id, IdSet};

/// The bots that visitors of a site may talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bots {
    /// Every bot of the app (`["*"]`).
    Any,
    /// These.
    Listed(IdSet),
}

impl Bots {
    /// Whether `id` is one of them.
    #[inline]
    pub fn contains(&self, id: Id) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(ids) => ids.contains(id),
        }
    }
}

/// Whether a rule refuses or only reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// Refuse.
    #[default]
    Enforce,
    /// Log and count what would be refused.
    Report,
}

/// What visitors of a site may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRules {
    /// `allow`
    pub allow: GroupSet,
    /// `bots`
    pub bots: Bots,
    /// `workflows`
    pub workflows: IdSet,
    /// `app_ids`
    pub app_ids: IdSet,
    /// `connectors`; an absent or empty one is always allowed.
    pub connectors: Vec<Box<str>>,
    /// `members`: further top-level names, by group.
    pub members: Vec<(Group, Vec<Box<str>>)>,
    /// `bot_fields`: further members of filtered answers.
    pub bot_fields: Vec<Box<str>>,
    /// The longest JSON body of a visitor.
    pub body_bytes: usize,
    /// `policy`
    pub policy: Enforcement,
    /// `ownership`; [`Enforcement::Report`] is `"observe"`.
    pub ownership: Enforcement,
}

impl Default for SiteRules {
    /// A site without bots.
    fn default() -> Self {
        Self {
            allow: GroupSet::visitor_default(),
            bots: Bots::Listed(IdSet::default()),
            workflows: IdSet::default(),
            app_ids: IdSet::default(),
            connectors: vec!["999".into(), "1024".into()],
            members: Vec::new(),
            bot_fields: Vec::new(),
            body_bytes: 64 * 1024,
            policy: Enforcement::Enforce,
            ownership: Enforcement::Enforce,
        }
    }
}

impl SiteRules {
    pub(super) fn extra_members(&self, group: Group) -> &[Box<str>] {
        let extra = self.members.iter().find(|(of, _)| *of == group);
        extra.map(|(_, names)| names.as_slice()).unwrap_or_default()
    }
}

/// Names that are never members of a visitor's body, whatever the table lists: who the caller is, and drafts.
const RESERVED: [&str; 10] = [
    "session_name",
    "session_context",
    "user_id",
    "connector_uid",
    "uid",
    "publish_status",
    "bot_version",
    "workflow_version",
    "is_published",
    "file_id",
];

/// The checked name that `name` is, or that a reader without case takes it for: `sites.*.members` must not list it.
pub fn folded_checked_name(name: &str) -> Option<&'static str> {
    let members = operations().iter().flat_map(|operation| match operation.body {
        Body::Json(fields) => fields,
        _ => &[],
    });
    let queries = operations().iter().flat_map(|operation| operation.query);
    let checked = members
        .chain(queries)
        .filter(|field| field.check != Check::Plain)
        .map(|field| field.name);
    RESERVED
        .into_iter()
        .chain(checked)
        .find(|checked| folds_to(name.as_bytes(), checked.as_bytes()))
}
