//! Every operation by every grade: what must be allowed is, and nothing else. The expectations are written down here a
//! second time, from identity.md A8, and not taken from the table.

use crate::support::{Tally, USER, anonymous, closed_site, decide, good_call, open_site, user};
use cozegate_policy::{Grade, Group, GroupSet, Subject, operations};
use std::collections::BTreeSet;

/// Group; anonymous, user and key columns; method and path of each operation, `*` for an id, `WS` for a WebSocket.
#[rustfmt::skip]
const EXPECTED: &[(&str, [&str; 3], &[&str])] = &[
    ("chat", ["yes", "yes", "yes"], &["POST /v3/chat", "POST /v3/chat/cancel", "GET /v3/chat/retrieve", "POST /v3/chat/retrieve", "GET /v3/chat/message/list", "POST /v3/chat/message/list"]),
    ("chat_tools", ["opt", "opt", "yes"], &["POST /v3/chat/submit_tool_outputs"]),
    ("conversations", ["yes", "yes", "yes"], &["GET /v1/conversations", "POST /v1/conversation/create", "PUT /v1/conversations/*", "DELETE /v1/conversations/*", "POST /v1/conversations/*/clear"]),
    ("conversations_read", ["opt", "opt", "yes"], &["GET /v1/conversation/retrieve", "GET /v1/conversation/message/retrieve", "POST /v1/conversation/message/retrieve"]),
    ("messages", ["yes", "yes", "yes"], &["POST /v1/conversation/message/list"]),
    ("messages_write", ["opt", "opt", "yes"], &["POST /v1/conversation/message/create", "POST /v1/conversation/message/modify", "POST /v1/conversation/message/delete"]),
    ("files", ["yes", "yes", "yes"], &["POST /v1/files/upload"]),
    ("files_read", ["opt", "opt", "yes"], &["GET /v1/files/retrieve"]),
    ("feedback", ["yes", "yes", "yes"], &["POST /v1/conversations/*/messages/*/feedback", "DELETE /v1/conversations/*/messages/*/feedback"]),
    ("bot_info", ["yes", "yes", "yes"], &["GET /v1/bots/*", "GET /v1/bot/get_online_info"]),
    ("audio", ["yes", "yes", "yes"], &["POST /v1/audio/transcriptions", "POST /v1/audio/speech"]),
    ("voices", ["opt", "opt", "yes"], &["GET /v1/audio/voices"]),
    ("app_chat", ["opt", "opt", "yes"], &["GET /v1/apps/*", "GET /v1/workflows/*", "POST /v1/workflows/chat", "POST /v1/workflow/conversation/create"]),
    ("workflow_run", ["opt", "opt", "yes"], &["POST /v1/workflow/run", "POST /v1/workflow/stream_run"]),
    ("workflow_resume", ["opt", "opt", "yes"], &["POST /v1/workflow/stream_resume", "POST /v1/workflows/resume", "GET /v1/workflows/*/run_histories/*"]),
    ("realtime", ["opt", "opt", "opt"], &["WS /v1/chat", "WS /v1/audio/speech", "WS /v1/audio/transcriptions", "WS /v1/audio/simult_interpretation", "POST /v1/audio/rooms", "GET /v1/audio/live/*"]),
    ("variables", ["-", "opt", "opt"], &["GET /v1/variables", "PUT /v1/variables"]),
    ("account", ["-", "-", "adm"], &["GET /v1/users/me"]),
    ("bots_list", ["-", "-", "adm"], &["GET /v1/bots", "GET /v1/space/published_bots_list", "GET /v1/bots/*/versions"]),
    ("bots_admin", ["-", "-", "adm"], &["POST /v1/bot/create", "POST /v1/bot/update", "POST /v1/bot/publish", "POST /v1/bots/*/unpublish", "POST /v1/bots/*/collaboration_mode", "POST /v1/bots/*/collaborators", "DELETE /v1/bots/*/collaborators/*", "POST /v1/templates/*/duplicate", "POST /v1/entities/copy_tasks", "GET /v1/entities/copy_tasks/*"]),
    ("workflows_list", ["-", "-", "adm"], &["GET /v1/workflows", "GET /v1/workflows/*/versions", "GET /v1/workflows/*/run_histories/*/execute_nodes/*", "POST /v1/workflows/*/collaboration_mode", "POST /v1/workflows/*/collaborators", "DELETE /v1/workflows/*/collaborators/*", "GET /v1/apps", "POST /v1/apps/*/collaborators", "DELETE /v1/apps/*/collaborators/*"]),
    ("workspaces", ["-", "-", "adm"], &["GET /v1/workspaces", "POST /v1/workspaces", "PUT /v1/workspaces/*", "GET /v1/workspaces/*/members", "POST /v1/workspaces/*/members", "DELETE /v1/workspaces/*/members", "GET /v1/folders", "GET /v1/folders/*"]),
    ("members", ["-", "-", "adm"], &["POST /v1/enterprises/*/members", "PUT /v1/enterprises/*/members/*", "DELETE /v1/enterprises/*/members/*", "GET /v1/enterprises/*/organizations", "POST /v1/enterprises/*/organizations", "PUT /v1/organizations/*", "GET /v1/organizations/*/members", "PUT /v1/organizations/*/members/*"]),
    ("datasets", ["-", "-", "adm"], &["GET /v1/datasets", "POST /v1/datasets", "PUT /v1/datasets/*", "DELETE /v1/datasets/*", "GET /v1/datasets/*/images", "PUT /v1/datasets/*/images/*", "POST /v1/datasets/*/process", "GET /open_api/knowledge/document/list", "POST /open_api/knowledge/document/list", "POST /open_api/knowledge/document/create", "POST /open_api/knowledge/document/update", "POST /open_api/knowledge/document/delete"]),
    ("voice_admin", ["-", "-", "adm"], &["POST /v1/audio/voices/clone", "GET /v1/audio/voiceprint_groups", "POST /v1/audio/voiceprint_groups", "PUT /v1/audio/voiceprint_groups/*", "DELETE /v1/audio/voiceprint_groups/*", "POST /v1/audio/voiceprint_groups/*/speaker_identify", "GET /v1/audio/voiceprint_groups/*/features", "POST /v1/audio/voiceprint_groups/*/features", "PUT /v1/audio/voiceprint_groups/*/features/*", "DELETE /v1/audio/voiceprint_groups/*/features/*"]),
    ("plugins", ["-", "-", "adm"], &["GET /v1/plugins/mget", "GET /v1/plugins/*", "POST /v1/plugins/*/tools/call", "GET /v1/stores/plugins", "GET /v1/stores/categories"]),
    ("connectors", ["-", "-", "adm"], &["PUT /v1/connectors/*/bots/*", "POST /v1/connectors/*/install", "POST /v1/connectors/*/user_configs"]),
    ("callbacks", ["-", "-", "adm"], &["GET /v1/api_apps", "POST /v1/api_apps", "PUT /v1/api_apps/*", "DELETE /v1/api_apps/*", "GET /v1/api_apps/*/events", "POST /v1/api_apps/*/events", "DELETE /v1/api_apps/*/events"]),
    ("billing", ["-", "-", "adm"], &["GET /v1/commerce/benefit/benefits/get", "GET /v1/commerce/benefit/bill_tasks", "POST /v1/commerce/benefit/bill_tasks", "GET /v1/commerce/benefit/limitations", "POST /v1/commerce/benefit/limitations", "PUT /v1/commerce/benefit/limitations/*"]),
    ("legacy_v2", ["-", "-", "opt"], &["POST /open_api/v2/chat"]),
];

/// A name, a caller, and whether the columns of a group allow it to this caller.
type Caller<'a> = (&'a str, Subject<'a>, fn([&str; 3]) -> bool);

/// `POST /v1/conversations/{conversation_id}/clear` as the list above writes it.
fn written(operation: &cozegate_policy::Operation) -> String {
    let method = if operation.is_websocket {
        "WS"
    } else {
        operation.method.as_str()
    };
    let segment = |segment: &'static str| if segment.starts_with('{') { "*" } else { segment };
    let path: Vec<_> = operation.pattern.split('/').map(segment).collect();
    format!("{method} {}", path.join("/"))
}

#[test]
fn the_table_is_the_specification() {
    let expected: BTreeSet<(&str, String)> = EXPECTED
        .iter()
        .flat_map(|(group, _, list)| list.iter().map(|operation| (*group, (*operation).to_owned())))
        .collect();
    let table: BTreeSet<(&str, String)> = operations()
        .iter()
        .map(|operation| (operation.group.name(), written(operation)))
        .collect();

    assert_eq!(table, expected);
    assert_eq!(table.len(), operations().len());
    println!("operations: {}", table.len());
}

#[test]
fn every_operation_is_allowed_to_the_grades_of_its_row_and_to_no_other() {
    let (closed, open) = (closed_site(), open_site());
    let everything: GroupSet = Group::ALL.iter().copied().collect();
    let key = |rules, key_groups| Subject {
        user_id: None,
        key_groups,
        ..Subject::new(Grade::Key, rules, USER)
    };
    let callers: [Caller<'_>; 9] = [
        ("anonymous", anonymous(&closed), |[anonymous, ..]| anonymous == "yes"),
        (
            "anonymous, all that a site may allow",
            anonymous(&open),
            |[anonymous, ..]| anonymous != "-",
        ),
        ("user", user(&closed), |[_, user, _]| user == "yes"),
        ("user, all that a site may allow", user(&open), |[_, user, _]| {
            user != "-"
        }),
        ("key", key(&closed, GroupSet::EMPTY), |[.., key]| key == "yes"),
        ("key, all named", key(&closed, everything), |_| true),
        (
            "key that speaks for a user",
            Subject {
                user_id: Some(USER),
                ..key(&closed, GroupSet::EMPTY)
            },
            |[.., key]| key == "yes",
        ),
        (
            "foreign page in local mode",
            Subject::new(Grade::LocalPage, &closed, USER),
            |[_, user, _]| user != "-",
        ),
        ("owner in local mode", Subject::new(Grade::Local, &closed, USER), |_| {
            true
        }),
    ];
    let (mut denied, mut allowed) = (Tally::default(), Tally::default());
    for operation in operations() {
        let (_, columns, _) = EXPECTED
            .iter()
            .find(|(group, ..)| *group == operation.group.name())
            .unwrap();
        for (name, subject, is_expected) in &callers {
            let outcome = decide(subject, &good_call(operation));
            let what = || format!("{name}: {} {outcome:?}", written(operation));
            if is_expected(*columns) {
                allowed.note(outcome.is_ok(), what);
            } else {
                denied.note(outcome.is_err(), what);
            }
        }
    }
    denied.bad("matrix of operations and grades", 460);
    allowed.good("matrix of operations and grades", 460);
}

#[test]
fn a_ticket_narrows_and_never_widens() {
    let rules = open_site();
    let narrow = GroupSet::EMPTY.with(Group::Chat).with(Group::Account);
    let bots = crate::support::ids(&[crate::support::FOREIGN]);
    let narrowed = Subject {
        narrowed_groups: Some(narrow),
        narrowed_bots: Some(&bots),
        ..user(&rules)
    };

    let allowed: Vec<_> = Group::ALL.iter().filter(|group| narrowed.allows(**group)).collect();
    assert_eq!(allowed, [&Group::Chat]);
    let ask = |id: &str| narrowed.allows_bot(cozegate_policy::Id::parse(id.as_bytes()).unwrap());
    assert!(!ask(crate::support::BOT) && !ask(crate::support::FOREIGN));
}
