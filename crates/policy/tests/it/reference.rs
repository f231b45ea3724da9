//! `docs/reference/operations.md` is made from the operation table.
//!
//! To write it anew: `cargo test -p cozegate-policy -- --ignored write_the_reference`.

use cozegate_policy::{Access, Body, Check, Field, Group, Operation, operations};
use std::fmt::Write as _;
use std::path::Path;

const INTRODUCTION: &str = "\
# Operations

What a caller may ask of the platform. This is the list that the proxy decides by; it is made from the code
(`crates/policy/src/table.rs`), and a test compares both. An operation that is not listed does not exist for visitors.

A site allows groups with `sites.*.allow`. The default is every group with `yes` for anonymous visitors. Only groups marked V may be
given to visitors; another name in `allow` is a configuration error.

| mark | meaning |
|---|---|
| yes | allowed unless the configuration takes it away |
| opt | off, may be allowed |
| adm | only for an API key whose own `allow` names the group |
| - | never |

In local mode the owner of the machine may use everything, and pages of other origins may use the groups marked V.
";

const CHECKS: &str = "\
## Query parameters and members

For visitors the lists are closed and case-sensitive. Another query name is refused with
[`parameter-not-allowed`](problems.md), another top-level member with `member-not-allowed`. A name in **bold** is required. What is checked
about a value:

| mark | the value must be |
|---|---|
| bot | a bot of the site |
| workflow, app | one of the site's `workflows`, `app_ids` |
| conversation, file | the visitor's own |
| chat | not known as another visitor's; its conversation must be the visitor's own |
| message | its conversation must be the visitor's own |
| user | `user.id` of the session |
| connector | absent, empty, or one of the site's `connectors` (default 999 and 1024) |
| = | one of the values that are listed |
| ext | an object; its `user_id` is `user.id` of the session |
| messages | a list of messages; a name stands once in each |

Every `file_id` in a body is checked, also in JSON inside of a string. \"Not read\" means that query and body are passed on
as they are: only keys and the owner in local mode reach these operations.
";

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Groups\n\n| group | V | anonymous | user | key |\n|---|---|---|---|---|\n");
    for group in Group::ALL {
        let columns = group.columns();
        let mark = if group.may_be_given_to_visitors() { "V" } else { "" };
        let [anonymous, user, key] = [columns.anonymous, columns.user, columns.key].map(Access::name);
        let _ = writeln!(page, "| `{}` | {mark} | {anonymous} | {user} | {key} |", group.name());
    }
    page.push_str("\n`other` is every path below `/v1/`, `/v3/` and `/open_api/` that no row describes.\n\n");
    page.push_str(CHECKS);
    for group in Group::ALL {
        let rows: Vec<_> = operations()
            .iter()
            .filter(|operation| operation.group == *group)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            page,
            "\n## `{}`\n\n| operation | request | query | body |\n|---|---|---|---|\n",
            group.name()
        );
        for operation in rows {
            page.push_str(&row(operation));
        }
    }
    page
}

fn row(operation: &Operation) -> String {
    let method = if operation.is_websocket {
        "WebSocket"
    } else {
        operation.method.as_str()
    };
    let filtered = if operation.is_filtered { ", answer filtered" } else { "" };
    let (query, body) = match operation.body {
        Body::Unread => ("not read".to_owned(), "not read".to_owned()),
        Body::None => (list(operation.query), "none".to_owned()),
        Body::Multipart => (list(operation.query), "`multipart/form-data`".to_owned()),
        Body::Json([]) => (list(operation.query), "none or `{}`".to_owned()),
        Body::Json(fields) => (list(operation.query), list(fields)),
    };
    format!(
        "| `{}`{filtered} | {method} `{}` | {query} | {body} |\n",
        operation.name, operation.pattern
    )
}

fn list(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "none".to_owned();
    }
    fields.iter().map(field).collect::<Vec<_>>().join(", ")
}

fn field(field: &Field) -> String {
    let name = if field.is_required {
        format!("**`{}`**", field.name)
    } else {
        format!("`{}`", field.name)
    };
    let mark = match field.check {
        Check::Plain | Check::Stream => return name,
        Check::Bot => "bot".to_owned(),
        Check::Workflow => "workflow".to_owned(),
        Check::App => "app".to_owned(),
        Check::BotOrWorkflow => "bot or workflow".to_owned(),
        Check::Conversation => "conversation".to_owned(),
        Check::Chat => "chat".to_owned(),
        Check::Message => "message".to_owned(),
        Check::File => "file".to_owned(),
        Check::User => "user".to_owned(),
        Check::Connector => "connector".to_owned(),
        Check::Ext => "ext".to_owned(),
        Check::Messages => "messages".to_owned(),
        Check::OneOf(values) => {
            let value = |value: &&str| {
                if value.is_empty() {
                    "empty".to_owned()
                } else {
                    format!("`{value}`")
                }
            };
            format!("= {}", values.iter().map(value).collect::<Vec<_>>().join(", "))
        }
    };
    format!("{name} ({mark})")
}

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/operations.md")
}

#[test]
fn the_reference_page_is_the_table() {
    let written = std::fs::read_to_string(file())
        .unwrap_or_default()
        .replace("\r\n", "\n");

    assert!(
        written == render(),
        "run: cargo test -p cozegate-policy -- --ignored write_the_reference"
    );
}

#[test]
#[ignore = "writes the page"]
fn write_the_reference() {
    std::fs::write(file(), render()).unwrap();
}
