//! Which permission an endpoint needs (protocol 2.5), for tokens whose `scope` lists some.

use http::Method;

/// The one name that official clients put into a scope. That it stands for everything a chat needs is invented: how the
/// names of scopes map to those of endpoints is unknown (protocol 2.5).
const BOT_CHAT: &str = "Connector.botChat";
const PART_OF_BOT_CHAT: &[&str] = &[
    "chat",
    "getChat",
    "cancelChat",
    "listMessage",
    "createConversation",
    "retrieveConversation",
    "listConversation",
    "editConversation",
    "createMessage",
    "retrieveMessage",
    "modifyMessage",
    "deleteMessage",
    "feedback",
    "uploadFile",
    "retrieveFile",
    "getMetadata",
    "getPublishedBot",
];

/// The permissions that make a difference here; those of other endpoints (protocol 2.5) are not modelled.
pub const PERMISSIONS: &[&str] = &[
    "Connector.botChat",
    "cancelChat",
    "chat",
    "createConversation",
    "createMessage",
    "createSpeech",
    "createTranscription",
    "deleteMessage",
    "editConversation",
    "feedback",
    "getChat",
    "getMetadata",
    "getPublishedBot",
    "listBot",
    "listConversation",
    "listMessage",
    "listWorkspace",
    "modifyMessage",
    "retrieveConversation",
    "retrieveFile",
    "retrieveMessage",
    "uploadFile",
];

/// Returns the permission that `method` on `path` needs; `None` where any valid token will do. `POST /v3/chat` checks its
/// own later, in the platform's order (protocol 12.4).
pub(super) fn needed(method: &Method, path: &str) -> Option<&'static str> {
    Some(match path {
        "/v3/chat/retrieve" => "getChat",
        "/v3/chat/cancel" => "cancelChat",
        "/v3/chat/message/list" | "/v1/conversation/message/list" => "listMessage",
        "/v1/conversation/create" => "createConversation",
        "/v1/conversation/retrieve" => "retrieveConversation",
        "/v1/conversations" => "listConversation",
        "/v1/conversation/message/create" => "createMessage",
        "/v1/conversation/message/retrieve" => "retrieveMessage",
        "/v1/conversation/message/modify" => "modifyMessage",
        "/v1/conversation/message/delete" => "deleteMessage",
        "/v1/files/upload" => "uploadFile",
        "/v1/files/retrieve" => "retrieveFile",
        "/v1/workspaces" => "listWorkspace",
        "/v1/bots" => "listBot",
        "/v1/bot/get_online_info" => "getMetadata",
        "/v1/space/published_bots_list" => "getPublishedBot",
        _ if path.starts_with("/v1/bots/") && method == Method::GET => "getMetadata",
        _ if path.starts_with("/v1/conversations/") && path.ends_with("/feedback") => "feedback",
        _ if path.starts_with("/v1/conversations/") => "editConversation",
        _ => return None,
    })
}

/// Tells whether one of the `listed` permissions is, or holds, the one that is `needed`.
pub(super) fn is_covered(needed: &str, listed: &[String]) -> bool {
    listed
        .iter()
        .any(|name| name == needed || (name == BOT_CHAT && PART_OF_BOT_CHAT.contains(&needed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bot_chat_covers_a_chat_and_not_the_workspace() {
        let listed = [BOT_CHAT.to_owned()];

        assert!(is_covered("createConversation", &listed));
        assert!(!is_covered("listWorkspace", &listed));
        assert!(is_covered("listWorkspace", &["listWorkspace".to_owned()]));
        assert!(!is_covered("chat", &[]));
    }

    #[test]
    fn every_permission_that_is_checked_can_be_given() {
        for permission in PART_OF_BOT_CHAT {
            assert!(PERMISSIONS.contains(permission), "{permission}");
        }
        for path in ["/v1/workspaces", "/v1/bots", "/v1/space/published_bots_list"] {
            assert!(
                needed(&Method::GET, path).is_some_and(|name| PERMISSIONS.contains(&name)),
                "{path}"
            );
        }
        assert!(PERMISSIONS.is_sorted());
    }

    #[test]
    fn paths_with_an_id_have_their_permission() {
        for (method, path, permission) in [
            (Method::GET, "/v1/bots/1", Some("getMetadata")),
            (Method::PUT, "/v1/conversations/1", Some("editConversation")),
            (
                Method::POST,
                "/v1/conversations/1/messages/2/feedback",
                Some("feedback"),
            ),
            (Method::GET, "/v1/users/me", None),
        ] {
            assert_eq!(needed(&method, path), permission, "{path}");
        }
    }
}
