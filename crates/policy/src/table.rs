//! The operation table (identity.md A8): the closed list of what a caller may ask of the platform.
//!
//! Documentation, metrics labels and tests are made from it. The names of members and parameters come from the code of
//! the four SDKs, the Chat SDK and our window; a new name is refused until it is listed here or in `sites.*.members`.

use super::group::Group;
use super::operation::{Body, Check, Field, Method, Operation};
use Method::{Delete, Get, Post, Put};

const fn field(name: &'static str, check: Check) -> Field {
    Field {
        name,
        check,
        is_required: false,
    }
}

const fn required(name: &'static str, check: Check) -> Field {
    Field {
        name,
        check,
        is_required: true,
    }
}

const fn plain(name: &'static str) -> Field {
    field(name, Check::Plain)
}

const fn operation(
    group: Group,
    name: &'static str,
    method: Method,
    pattern: &'static str,
    query: &'static [Field],
    body: Body,
) -> Operation {
    Operation {
        name,
        group,
        method,
        pattern,
        query,
        body,
        is_filtered: false,
        is_websocket: false,
    }
}

const fn filtered(operation: Operation) -> Operation {
    Operation {
        is_filtered: true,
        ..operation
    }
}

const fn websocket(name: &'static str, pattern: &'static str, query: &'static [Field]) -> Operation {
    Operation {
        is_websocket: true,
        ..operation(Group::Realtime, name, Get, pattern, query, Body::None)
    }
}

/// A row that no visitor reaches: its query and body are not read.
const fn unread(group: Group, name: &'static str, method: Method, pattern: &'static str) -> Operation {
    operation(group, name, method, pattern, &[], Body::Unread)
}

const CONNECTOR: Field = field("connector_id", Check::Connector);
const CONVERSATION: Field = required("conversation_id", Check::Conversation);
const CHAT: Field = required("chat_id", Check::Chat);
const MESSAGE: Field = required("message_id", Check::Message);
const BOT: Field = field("bot_id", Check::Bot);
const THE_BOT: Field = required("bot_id", Check::Bot);
const APP: Field = field("app_id", Check::App);
const WORKFLOW: Field = field("workflow_id", Check::Workflow);
const THE_WORKFLOW: Field = required("workflow_id", Check::Workflow);
const META_DATA: Field = plain("meta_data");
const PARAMETERS: Field = plain("parameters");
const EXT: Field = field("ext", Check::Ext);
const STREAM: Field = field("stream", Check::Stream);
/// No drafts: their prompts and flows are not published (A5).
const DRAFT_MODE: Field = field("draft_mode", Check::OneOf(&["false"]));
/// No other version than the published one; the Chat SDK sends the name without a value.
const VERSION: Field = field("version", Check::OneOf(&[""]));

const IN_CHAT: &[Field] = &[CONVERSATION, CHAT];
const IN_CONVERSATION: &[Field] = &[CONVERSATION];
const AT_MESSAGE: &[Field] = &[CONVERSATION, MESSAGE];
const NO_MEMBERS: Body = Body::Json(&[]);

const CHAT_MEMBERS: &[Field] = &[
    THE_BOT,
    // Required here although a server might take its absence for an empty name: all callers without one would share
    // the variables of that name.
    required("user_id", Check::User),
    STREAM,
    field("additional_messages", Check::Messages),
    CONNECTOR,
    PARAMETERS,
    plain("shortcut_command"),
    plain("enable_card"),
    plain("auto_save_history"),
    META_DATA,
    plain("extra_params"),
    plain("suggestPromoteInfo"),
];

const CREATE_MEMBERS: &[Field] = &[
    BOT,
    plain("name"),
    field("messages", Check::Messages),
    META_DATA,
    CONNECTOR,
    APP,
    plain("conversation_name"),
    plain("get_or_create"),
    DRAFT_MODE,
    WORKFLOW,
];

const FEEDBACK_MEMBERS: &[Field] = &[plain("feedback_type"), plain("comment"), plain("reason_types")];

const WORKFLOW_CHAT_MEMBERS: &[Field] = &[
    THE_WORKFLOW,
    field("additional_messages", Check::Messages),
    CONNECTOR,
    PARAMETERS,
    APP,
    BOT,
    field("conversation_id", Check::Conversation),
    EXT,
    plain("suggest_reply_info"),
];

const RUN_MEMBERS: &[Field] = &[THE_WORKFLOW, PARAMETERS, BOT, APP, EXT, CONNECTOR];

const RESUME_MEMBERS: &[Field] = &[
    THE_WORKFLOW,
    required("event_id", Check::Plain),
    plain("resume_data"),
    plain("interrupt_type"),
];

const APP_QUERY: &[Field] = &[
    VERSION,
    CONNECTOR,
    field("is_debug", Check::OneOf(&["", "false"])),
    plain("caller"),
];

const VARIABLE_OWNER: Field = required("connector_uid", Check::User);

const ENTITY_QUERY: &[Field] = &[
    plain("entity_type"),
    field("entity_id", Check::BotOrWorkflow),
    plain("authorization"),
];

#[rustfmt::skip]
const TABLE: &[Operation] = &[
    // chat
    operation(Group::Chat, "chat.create", Post, "/v3/chat",
        &[field("conversation_id", Check::Conversation)], Body::Json(CHAT_MEMBERS)),
    operation(Group::Chat, "chat.cancel", Post, "/v3/chat/cancel", &[], Body::Json(IN_CHAT)),
    operation(Group::Chat, "chat.retrieve", Get, "/v3/chat/retrieve", IN_CHAT, Body::None),
    operation(Group::Chat, "chat.retrieve", Post, "/v3/chat/retrieve", IN_CHAT, NO_MEMBERS),
    operation(Group::Chat, "chat.messages", Get, "/v3/chat/message/list", IN_CHAT, Body::None),
    operation(Group::Chat, "chat.messages", Post, "/v3/chat/message/list", IN_CHAT, NO_MEMBERS),
    operation(Group::ChatTools, "chat.submit_tool_outputs", Post, "/v3/chat/submit_tool_outputs",
        IN_CHAT, Body::Json(&[required("tool_outputs", Check::Plain), STREAM, CONNECTOR])),
    // conversations
    operation(Group::Conversations, "conversations.list", Get, "/v1/conversations",
        &[THE_BOT, CONNECTOR, plain("page_num"), plain("page_size"), plain("sort_field"), plain("sort_order"),
        field("user_id", Check::User)], Body::None),
    operation(Group::Conversations, "conversations.create", Post, "/v1/conversation/create", &[], Body::Json(CREATE_MEMBERS)),
    operation(Group::Conversations, "conversations.rename", Put, "/v1/conversations/{conversation_id}",
        &[], Body::Json(&[required("name", Check::Plain)])),
    operation(Group::Conversations, "conversations.delete", Delete, "/v1/conversations/{conversation_id}", &[], Body::None),
    operation(Group::Conversations, "conversations.clear", Post, "/v1/conversations/{conversation_id}/clear",
        &[], Body::Json(&[field("conversation_id", Check::Conversation)])),
    operation(Group::ConversationsRead, "conversations.retrieve", Get, "/v1/conversation/retrieve",
        IN_CONVERSATION, Body::None),
    operation(Group::ConversationsRead, "messages.retrieve", Get, "/v1/conversation/message/retrieve", AT_MESSAGE, Body::None),
    operation(Group::ConversationsRead, "messages.retrieve", Post, "/v1/conversation/message/retrieve", AT_MESSAGE, NO_MEMBERS),
    // messages
    operation(Group::Messages, "messages.list", Post, "/v1/conversation/message/list",
        IN_CONVERSATION, Body::Json(&[plain("order"), field("chat_id", Check::Chat), field("before_id",
        Check::Message), field("after_id", Check::Message), plain("limit")])),
    operation(Group::MessagesWrite, "messages.create", Post, "/v1/conversation/message/create",
        IN_CONVERSATION, Body::Json(&[required("role", Check::Plain), required("content", Check::Plain),
        plain("content_type"), META_DATA])),
    operation(Group::MessagesWrite, "messages.modify", Post, "/v1/conversation/message/modify",
        AT_MESSAGE, Body::Json(&[plain("content"), plain("content_type"), META_DATA])),
    operation(Group::MessagesWrite, "messages.delete", Post, "/v1/conversation/message/delete", AT_MESSAGE, NO_MEMBERS),
    // files
    operation(Group::Files, "files.upload", Post, "/v1/files/upload", &[], Body::Multipart),
    operation(Group::FilesRead, "files.retrieve", Get, "/v1/files/retrieve", &[required("file_id", Check::File)], Body::None),
    // feedback
    operation(Group::Feedback, "feedback.create", Post, "/v1/conversations/{conversation_id}/messages/{message_id}/feedback",
        &[], Body::Json(FEEDBACK_MEMBERS)),
    operation(Group::Feedback, "feedback.delete", Delete, "/v1/conversations/{conversation_id}/messages/{message_id}/feedback",
        &[], Body::Json(FEEDBACK_MEMBERS)),
    // bot_info
    filtered(operation(Group::BotInfo, "bots.retrieve", Get, "/v1/bots/{bot_id}",
        &[field("is_published", Check::OneOf(&["true"]))], Body::None)),
    filtered(operation(Group::BotInfo, "bots.online_info", Get, "/v1/bot/get_online_info", &[THE_BOT, CONNECTOR], Body::None)),
    // audio, voices
    operation(Group::Audio, "audio.transcribe", Post, "/v1/audio/transcriptions", &[], Body::Multipart),
    operation(Group::Audio, "audio.speak", Post, "/v1/audio/speech",
        &[], Body::Json(&[required("input", Check::Plain), plain("voice_id"), plain("response_format"), plain("speed"),
        plain("sample_rate"), plain("sampling_rate"), plain("loudness_rate"), plain("emotion"),
        plain("emotion_scale")])),
    operation(Group::Voices, "voices.list", Get, "/v1/audio/voices",
        &[plain("filter_system_voice"), plain("model_type"), plain("voice_state"), plain("page_num"),
        plain("page_size")], Body::None),
    // app_chat
    filtered(operation(Group::AppChat, "apps.retrieve", Get, "/v1/apps/{app_id}", APP_QUERY, Body::None)),
    filtered(operation(Group::AppChat, "workflows.retrieve", Get, "/v1/workflows/{workflow_id}", APP_QUERY, Body::None)),
    operation(Group::AppChat, "workflows.chat", Post, "/v1/workflows/chat", &[], Body::Json(WORKFLOW_CHAT_MEMBERS)),
    operation(Group::AppChat, "workflows.conversation_create", Post, "/v1/workflow/conversation/create",
        &[], Body::Json(CREATE_MEMBERS)),
    // workflow_run, workflow_resume
    operation(Group::WorkflowRun, "workflows.run", Post, "/v1/workflow/run", &[], Body::Json(RUN_MEMBERS)),
    operation(Group::WorkflowRun, "workflows.stream_run", Post, "/v1/workflow/stream_run", &[], Body::Json(RUN_MEMBERS)),
    operation(Group::WorkflowResume, "workflows.stream_resume", Post, "/v1/workflow/stream_resume",
        &[], Body::Json(RESUME_MEMBERS)),
    operation(Group::WorkflowResume, "workflows.resume", Post, "/v1/workflows/resume", &[], Body::Json(RESUME_MEMBERS)),
    operation(Group::WorkflowResume, "workflows.run_history", Get, "/v1/workflows/{workflow_id}/run_histories/{execute_id}",
        &[], Body::None),
    // realtime
    websocket("realtime.chat", "/v1/chat",
        &[THE_BOT, WORKFLOW, plain("device_id"), plain("entity_type"), field("entity_id", Check::BotOrWorkflow),
        plain("authorization")]),
    websocket("realtime.speech", "/v1/audio/speech", ENTITY_QUERY),
    websocket("realtime.transcriptions", "/v1/audio/transcriptions", ENTITY_QUERY),
    websocket("realtime.interpretation", "/v1/audio/simult_interpretation", ENTITY_QUERY),
    operation(Group::Realtime, "realtime.room", Post, "/v1/audio/rooms",
        &[], Body::Json(&[THE_BOT, field("conversation_id", Check::Conversation), CONNECTOR, plain("voice_id"),
        WORKFLOW, field("uid", Check::User), plain("config")])),
    operation(Group::Realtime, "realtime.live", Get, "/v1/audio/live/{live_id}", &[], Body::None),
    // variables
    operation(Group::Variables, "variables.retrieve", Get, "/v1/variables",
        &[APP, BOT, CONNECTOR, VARIABLE_OWNER, plain("keywords")], Body::None),
    operation(Group::Variables, "variables.update", Put, "/v1/variables",
        &[], Body::Json(&[APP, BOT, CONNECTOR, VARIABLE_OWNER, required("data", Check::Plain)])),
    // account, bots
    unread(Group::Account, "users.me", Get, "/v1/users/me"),
    unread(Group::BotsList, "bots.list", Get, "/v1/bots"),
    unread(Group::BotsList, "bots.list_published", Get, "/v1/space/published_bots_list"),
    unread(Group::BotsList, "bots.versions", Get, "/v1/bots/{bot_id}/versions"),
    unread(Group::BotsAdmin, "bots.create", Post, "/v1/bot/create"),
    unread(Group::BotsAdmin, "bots.update", Post, "/v1/bot/update"),
    unread(Group::BotsAdmin, "bots.publish", Post, "/v1/bot/publish"),
    unread(Group::BotsAdmin, "bots.unpublish", Post, "/v1/bots/{bot_id}/unpublish"),
    unread(Group::BotsAdmin, "bots.collaboration_mode", Post, "/v1/bots/{bot_id}/collaboration_mode"),
    unread(Group::BotsAdmin, "bots.collaborator_add", Post, "/v1/bots/{bot_id}/collaborators"),
    unread(Group::BotsAdmin, "bots.collaborator_remove", Delete, "/v1/bots/{bot_id}/collaborators/{user_id}"),
    unread(Group::BotsAdmin, "templates.duplicate", Post, "/v1/templates/{template_id}/duplicate"),
    unread(Group::BotsAdmin, "entities.copy", Post, "/v1/entities/copy_tasks"),
    unread(Group::BotsAdmin, "entities.copy_state", Get, "/v1/entities/copy_tasks/{task_id}"),
    // workflows, apps
    unread(Group::WorkflowsList, "workflows.list", Get, "/v1/workflows"),
    unread(Group::WorkflowsList, "workflows.versions", Get, "/v1/workflows/{workflow_id}/versions"),
    unread(Group::WorkflowsList, "workflows.run_node", Get, "/v1/workflows/{workflow_id}/run_histories/{execute_id}/execute_nodes/{node_execute_uuid}"),
    unread(Group::WorkflowsList, "workflows.collaboration_mode", Post, "/v1/workflows/{workflow_id}/collaboration_mode"),
    unread(Group::WorkflowsList, "workflows.collaborator_add", Post, "/v1/workflows/{workflow_id}/collaborators"),
    unread(Group::WorkflowsList, "workflows.collaborator_remove", Delete, "/v1/workflows/{workflow_id}/collaborators/{user_id}"),
    unread(Group::WorkflowsList, "apps.list", Get, "/v1/apps"),
    unread(Group::WorkflowsList, "apps.collaborator_add", Post, "/v1/apps/{app_id}/collaborators"),
    unread(Group::WorkflowsList, "apps.collaborator_remove", Delete, "/v1/apps/{app_id}/collaborators/{user_id}"),
    // workspaces
    unread(Group::Workspaces, "workspaces.list", Get, "/v1/workspaces"),
    unread(Group::Workspaces, "workspaces.create", Post, "/v1/workspaces"),
    unread(Group::Workspaces, "workspaces.update", Put, "/v1/workspaces/{workspace_id}"),
    unread(Group::Workspaces, "workspaces.members", Get, "/v1/workspaces/{workspace_id}/members"),
    unread(Group::Workspaces, "workspaces.member_add", Post, "/v1/workspaces/{workspace_id}/members"),
    unread(Group::Workspaces, "workspaces.member_remove", Delete, "/v1/workspaces/{workspace_id}/members"),
    unread(Group::Workspaces, "folders.list", Get, "/v1/folders"),
    unread(Group::Workspaces, "folders.retrieve", Get, "/v1/folders/{folder_id}"),
    // members
    unread(Group::Members, "enterprises.member_add", Post, "/v1/enterprises/{enterprise_id}/members"),
    unread(Group::Members, "enterprises.member_update", Put, "/v1/enterprises/{enterprise_id}/members/{user_id}"),
    unread(Group::Members, "enterprises.member_remove", Delete, "/v1/enterprises/{enterprise_id}/members/{user_id}"),
    unread(Group::Members, "enterprises.organizations", Get, "/v1/enterprises/{enterprise_id}/organizations"),
    unread(Group::Members, "enterprises.organization_create", Post, "/v1/enterprises/{enterprise_id}/organizations"),
    unread(Group::Members, "organizations.update", Put, "/v1/organizations/{organization_id}"),
    unread(Group::Members, "organizations.members", Get, "/v1/organizations/{organization_id}/members"),
    unread(Group::Members, "organizations.member_update", Put, "/v1/organizations/{organization_id}/members/{user_id}"),
    // datasets
    unread(Group::Datasets, "datasets.list", Get, "/v1/datasets"),
    unread(Group::Datasets, "datasets.create", Post, "/v1/datasets"),
    unread(Group::Datasets, "datasets.update", Put, "/v1/datasets/{dataset_id}"),
    unread(Group::Datasets, "datasets.delete", Delete, "/v1/datasets/{dataset_id}"),
    unread(Group::Datasets, "datasets.process", Post, "/v1/datasets/{dataset_id}/process"),
    unread(Group::Datasets, "images.list", Get, "/v1/datasets/{dataset_id}/images"),
    unread(Group::Datasets, "images.update", Put, "/v1/datasets/{dataset_id}/images/{document_id}"),
    unread(Group::Datasets, "documents.list", Get, "/open_api/knowledge/document/list"),
    unread(Group::Datasets, "documents.list", Post, "/open_api/knowledge/document/list"),
    unread(Group::Datasets, "documents.create", Post, "/open_api/knowledge/document/create"),
    unread(Group::Datasets, "documents.update", Post, "/open_api/knowledge/document/update"),
    unread(Group::Datasets, "documents.delete", Post, "/open_api/knowledge/document/delete"),
    // voice_admin
    unread(Group::VoiceAdmin, "voices.clone", Post, "/v1/audio/voices/clone"),
    unread(Group::VoiceAdmin, "voiceprints.list", Get, "/v1/audio/voiceprint_groups"),
    unread(Group::VoiceAdmin, "voiceprints.create", Post, "/v1/audio/voiceprint_groups"),
    unread(Group::VoiceAdmin, "voiceprints.update", Put, "/v1/audio/voiceprint_groups/{group_id}"),
    unread(Group::VoiceAdmin, "voiceprints.delete", Delete, "/v1/audio/voiceprint_groups/{group_id}"),
    unread(Group::VoiceAdmin, "voiceprints.identify", Post, "/v1/audio/voiceprint_groups/{group_id}/speaker_identify"),
    unread(Group::VoiceAdmin, "voiceprints.features", Get, "/v1/audio/voiceprint_groups/{group_id}/features"),
    unread(Group::VoiceAdmin, "voiceprints.feature_add", Post, "/v1/audio/voiceprint_groups/{group_id}/features"),
    unread(Group::VoiceAdmin, "voiceprints.feature_update", Put, "/v1/audio/voiceprint_groups/{group_id}/features/{feature_id}"),
    unread(Group::VoiceAdmin, "voiceprints.feature_remove", Delete, "/v1/audio/voiceprint_groups/{group_id}/features/{feature_id}"),
    // plugins
    unread(Group::Plugins, "plugins.mget", Get, "/v1/plugins/mget"),
    unread(Group::Plugins, "plugins.retrieve", Get, "/v1/plugins/{plugin_id}"),
    unread(Group::Plugins, "plugins.call", Post, "/v1/plugins/{plugin_id}/tools/call"),
    unread(Group::Plugins, "stores.plugins", Get, "/v1/stores/plugins"),
    unread(Group::Plugins, "stores.categories", Get, "/v1/stores/categories"),
    // connectors
    unread(Group::Connectors, "connectors.bot_update", Put, "/v1/connectors/{connector_id}/bots/{bot_id}"),
    unread(Group::Connectors, "connectors.install", Post, "/v1/connectors/{connector_id}/install"),
    unread(Group::Connectors, "connectors.user_configs", Post, "/v1/connectors/{connector_id}/user_configs"),
    // callbacks
    unread(Group::Callbacks, "api_apps.list", Get, "/v1/api_apps"),
    unread(Group::Callbacks, "api_apps.create", Post, "/v1/api_apps"),
    unread(Group::Callbacks, "api_apps.update", Put, "/v1/api_apps/{api_app_id}"),
    unread(Group::Callbacks, "api_apps.delete", Delete, "/v1/api_apps/{api_app_id}"),
    unread(Group::Callbacks, "api_apps.events", Get, "/v1/api_apps/{api_app_id}/events"),
    unread(Group::Callbacks, "api_apps.event_subscribe", Post, "/v1/api_apps/{api_app_id}/events"),
    unread(Group::Callbacks, "api_apps.event_unsubscribe", Delete, "/v1/api_apps/{api_app_id}/events"),
    // billing
    unread(Group::Billing, "benefits.retrieve", Get, "/v1/commerce/benefit/benefits/get"),
    unread(Group::Billing, "bills.list", Get, "/v1/commerce/benefit/bill_tasks"),
    unread(Group::Billing, "bills.create", Post, "/v1/commerce/benefit/bill_tasks"),
    unread(Group::Billing, "limitations.list", Get, "/v1/commerce/benefit/limitations"),
    unread(Group::Billing, "limitations.create", Post, "/v1/commerce/benefit/limitations"),
    unread(Group::Billing, "limitations.update", Put, "/v1/commerce/benefit/limitations/{limitation_id}"),
    // legacy_v2: the conversation id is the caller's own choice there (protocol 6.12).
    operation(Group::LegacyV2, "legacy.chat", Post, "/open_api/v2/chat",
        &[plain("conversation_id")], Body::Json(&[THE_BOT, required("user", Check::User), plain("query"),
        plain("conversation_id"), plain("chat_history"), plain("custom_variables"), STREAM])),
];

/// All operations.
pub const fn operations() -> &'static [Operation] {
    TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::MAX_MEMBERS;

    #[test]
    fn every_row_fits_the_readers() {
        for operation in operations() {
            let members = match operation.body {
                Body::Json(fields) => fields,
                _ => &[],
            };
            assert!(members.len() <= MAX_MEMBERS, "{}", operation.name);
            // The names that a query has shown are bits of a `u32`.
            assert!(operation.query.len() <= 32, "{}", operation.name);
            for fields in [members, operation.query] {
                let names: std::collections::BTreeSet<_> = fields.iter().map(|field| field.name).collect();
                assert_eq!(names.len(), fields.len(), "{}: a name twice", operation.name);
            }
        }
    }
}
