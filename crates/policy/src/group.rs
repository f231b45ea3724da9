//! Groups of operations: the names in `sites.*.allow`, and what each grade of caller may do by default.

/// Whether a grade may use a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Allowed unless the configuration takes it away.
    Default,
    /// Off until the configuration allows it.
    Optional,
    /// Only for a key whose own `allow` names the group.
    Named,
    /// Never.
    Never,
}

impl Access {
    /// The word of the operation table in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "yes",
            Self::Optional => "opt",
            Self::Named => "adm",
            Self::Never => "-",
        }
    }
}

/// Who may use a group, by grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Anonymous visitors.
    pub anonymous: Access,
    /// Users that a site has proved.
    pub user: Access,
    /// API keys of back ends.
    pub key: Access,
}

const fn columns(anonymous: Access, user: Access, key: Access) -> Columns {
    Columns { anonymous, user, key }
}

const OPEN: Columns = columns(Access::Default, Access::Default, Access::Default);
const ON_REQUEST: Columns = columns(Access::Optional, Access::Optional, Access::Default);
const ADMINISTRATION: Columns = columns(Access::Never, Access::Never, Access::Named);

macro_rules! groups {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $columns:expr;)*) => {
        /// A named set of operations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Group { $($(#[$doc])* $variant,)* }

        impl Group {
            /// All groups, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in configuration, metrics and documentation.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Who may use the group.
            pub const fn columns(self) -> Columns {
                match self { $(Self::$variant => $columns,)* }
            }
        }
    };
}

groups! {
    /// Questions and answers.
    Chat, "chat", OPEN;
    /// Results of tools that the caller ran for a bot.
    ChatTools, "chat_tools", ON_REQUEST;
    /// The caller's own list of conversations.
    Conversations, "conversations", OPEN;
    /// One conversation or message by its id.
    ConversationsRead, "conversations_read", ON_REQUEST;
    /// The messages of a conversation.
    Messages, "messages", OPEN;
    /// Messages that are written without asking a bot.
    MessagesWrite, "messages_write", ON_REQUEST;
    /// Uploads.
    Files, "files", OPEN;
    /// The description of an uploaded file.
    FilesRead, "files_read", ON_REQUEST;
    /// Thumbs up and down.
    Feedback, "feedback", OPEN;
    /// Name, picture and opening words of a bot.
    BotInfo, "bot_info", OPEN;
    /// Speech to text and text to speech.
    Audio, "audio", OPEN;
    /// The list of voices.
    Voices, "voices", ON_REQUEST;
    /// Chats with an app instead of a bot.
    AppChat, "app_chat", ON_REQUEST;
    /// Runs of listed workflows.
    WorkflowRun, "workflow_run", ON_REQUEST;
    /// Interrupted runs of listed workflows, and their results.
    WorkflowResume, "workflow_resume", ON_REQUEST;
    /// `WebSocket`s, rooms and live streams. Their frames are not read.
    Realtime, "realtime", columns(Access::Optional, Access::Optional, Access::Optional);
    /// Variables of one user.
    Variables, "variables", columns(Access::Never, Access::Optional, Access::Optional);
    /// The account behind the token.
    Account, "account", ADMINISTRATION;
    /// Lists of bots and their versions.
    BotsList, "bots_list", ADMINISTRATION;
    /// Making, changing and publishing bots.
    BotsAdmin, "bots_admin", ADMINISTRATION;
    /// Lists and administration of workflows and apps.
    WorkflowsList, "workflows_list", ADMINISTRATION;
    /// Workspaces, their members and folders.
    Workspaces, "workspaces", ADMINISTRATION;
    /// Members of enterprises and organizations.
    Members, "members", ADMINISTRATION;
    /// Knowledge.
    Datasets, "datasets", ADMINISTRATION;
    /// Cloned voices and voiceprints.
    VoiceAdmin, "voice_admin", ADMINISTRATION;
    /// Plugins and their store.
    Plugins, "plugins", ADMINISTRATION;
    /// Connectors.
    Connectors, "connectors", ADMINISTRATION;
    /// Callback applications.
    Callbacks, "callbacks", ADMINISTRATION;
    /// Benefits, limits and bills.
    Billing, "billing", ADMINISTRATION;
    /// The chat API before version 3.
    LegacyV2, "legacy_v2", columns(Access::Never, Access::Never, Access::Optional);
    /// Every other path below `/v1`, `/v3` and `/open_api`; a key's `allow` names it `all`.
    Other, "other", ADMINISTRATION;
}

impl Group {
    /// The group of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.name() == name)
    }

    /// Whether a site may give the group to visitors (mark V): the ceiling of `sites.*.allow`.
    pub const fn may_be_given_to_visitors(self) -> bool {
        !matches!(self.columns().user, Access::Never)
    }
}

/// A set of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupSet(u64);

impl GroupSet {
    /// No group.
    pub const EMPTY: Self = Self(0);

    /// What visitors may do when `sites.*.allow` is absent.
    pub fn visitor_default() -> Self {
        let is_open = |group: &&Group| matches!(group.columns().anonymous, Access::Default);
        Group::ALL.iter().filter(is_open).copied().collect()
    }

    /// The set with `group` in it.
    #[must_use]
    pub const fn with(self, group: Group) -> Self {
        Self(self.0 | 1 << group as u64)
    }

    /// Whether `group` is in the set.
    pub const fn contains(self, group: Group) -> bool {
        self.0 & (1 << group as u64) != 0
    }

    /// The groups of the set, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Group> {
        Group::ALL.iter().copied().filter(move |group| self.contains(*group))
    }
}

impl FromIterator<Group> for GroupSet {
    fn from_iter<I: IntoIterator<Item = Group>>(groups: I) -> Self {
        groups.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_of_a_visitor_is_what_the_chat_windows_send() {
        let names: Vec<_> = GroupSet::visitor_default().iter().map(Group::name).collect();

        assert_eq!(
            names,
            [
                "chat",
                "conversations",
                "messages",
                "files",
                "feedback",
                "bot_info",
                "audio"
            ]
        );
    }

    #[test]
    fn every_group_has_a_name_of_its_own_and_administration_is_out_of_reach() {
        for group in Group::ALL {
            assert_eq!(Group::parse(group.name()), Some(*group));
        }
        let ceiling: Vec<_> = Group::ALL
            .iter()
            .filter(|group| group.may_be_given_to_visitors())
            .collect();
        assert_eq!(ceiling.len(), 17);
        assert!(!Group::Other.may_be_given_to_visitors() && !Group::LegacyV2.may_be_given_to_visitors());
    }
}
