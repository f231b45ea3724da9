//! Coze's structured scope: which permissions and which bots a token is asked for (protocol 2.2).
//!
//! Without a scope the token may do all that the app may do. The platform documents scopes as effective for channel apps
//! only; for other apps it is sent all the same, as the SDKs do.

use serde_json::{Value, json};

/// What the SDKs' own scope helpers ask for when only bots are named (protocol 2.5).
const CHAT_WITH_BOTS: &str = "Connector.botChat";

/// A narrowing of what a token may do. Never empty; names are sorted, so that the same wish is the same scope.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Scope {
    permissions: Vec<String>,
    bot_ids: Vec<String>,
}

impl Scope {
    /// Makes a scope of permission names (`Connector.botChat`) and bot ids.
    ///
    /// Returns `None` when both are empty, because such a request means "everything" and is sent without a scope. Bots
    /// without a permission mean talking to them: `Connector.botChat`.
    pub fn new(
        permissions: impl IntoIterator<Item = String>,
        bot_ids: impl IntoIterator<Item = String>,
    ) -> Option<Self> {
        let mut permissions = sorted(permissions);
        let bot_ids = sorted(bot_ids);
        if permissions.is_empty() {
            if bot_ids.is_empty() {
                return None;
            }
            permissions.push(CHAT_WITH_BOTS.to_owned());
        }
        Some(Self { permissions, bot_ids })
    }

    /// Returns the permission names, sorted; at least one.
    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// Returns the bot ids, sorted; none means all bots.
    pub fn bot_ids(&self) -> &[String] {
        &self.bot_ids
    }

    /// Returns the `scope` member of the token request (protocol 2.2).
    pub fn to_json(&self) -> Value {
        let mut scope = json!({ "account_permission": { "permission_list": self.permissions } });
        if let (Some(members), false) = (scope.as_object_mut(), self.bot_ids.is_empty()) {
            members.insert(
                "attribute_constraint".to_owned(),
                json!({ "connector_bot_chat_attribute": { "bot_id_list": self.bot_ids } }),
            );
        }
        scope
    }
}

fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn json_has_the_documented_shape() {
        let scope = Scope::new(names(&["Connector.botChat"]), names(&["7000000000000000001"])).unwrap();

        assert_eq!(
            scope.to_json(),
            json!({
                "account_permission": { "permission_list": ["Connector.botChat"] },
                "attribute_constraint": {
                    "connector_bot_chat_attribute": { "bot_id_list": ["7000000000000000001"] }
                }
            })
        );
    }

    #[test]
    fn constraint_is_left_out_when_no_bot_is_named() {
        let scope = Scope::new(names(&["Connector.botManage"]), []).unwrap();

        assert_eq!(
            scope.to_json(),
            json!({ "account_permission": { "permission_list": ["Connector.botManage"] } })
        );
    }

    #[test]
    fn order_and_repetition_do_not_make_another_scope() {
        assert_eq!(
            Scope::new(names(&["b", "a", "a"]), []),
            Scope::new(names(&["a", "b"]), [])
        );
    }

    #[test]
    fn bots_alone_mean_talking_to_them_and_nothing_means_no_scope() {
        assert_eq!(
            Scope::new([], names(&["7"])).unwrap().permissions(),
            ["Connector.botChat"]
        );
        assert_eq!(Scope::new([], []), None);
    }
}
