//! The account and its workspace (protocol 6.8).

use super::caller::Caller;
use crate::accounts::{USER_ID, WORKSPACE_ID};
use crate::envelope::Data;
use crate::tokens::Tenant;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "names on the wire")]
pub(super) struct User {
    user_id: String,
    user_name: &'static str,
    nick_name: &'static str,
    avatar_url: &'static str,
}

/// `GET /v1/users/me`: the account in whose name the token acts, whatever the session name.
pub(super) async fn me(caller: Caller) -> Data<User> {
    Data(User {
        user_id: match caller.identity.tenant {
            Tenant::Own | Tenant::Enterprise(_) => USER_ID.to_owned(),
            Tenant::Account(account_id) => account_id,
        },
        user_name: "demo",
        nick_name: "演示账号 Demo",
        avatar_url: "",
    })
}

#[derive(Debug, Serialize)]
pub(super) struct Workspaces {
    workspaces: [Workspace; 1],
    total_count: u32,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "names on the wire")]
struct Workspace {
    id: &'static str,
    name: &'static str,
    icon_url: &'static str,
    role_type: &'static str,
    workspace_type: &'static str,
    enterprise_id: &'static str,
}

/// `GET /v1/workspaces`: there is one, so every page is the first.
pub(super) async fn workspaces(_: Caller) -> Data<Workspaces> {
    let workspace = Workspace {
        id: WORKSPACE_ID,
        name: "演示空间 Demo",
        icon_url: "",
        role_type: "owner",
        workspace_type: "personal",
        enterprise_id: "",
    };
    Data(Workspaces {
        workspaces: [workspace],
        total_count: 1,
    })
}
