//! Ids of others in every place where one can stand (A5): none passes, and each refusal says which.

use crate::support::{
    APP, BOT, CHAT, CONVERSATION, Call, FILE, FOREIGN, MESSAGE, Tally, USER, WORKFLOW, decide, good_call, open_site,
    user,
};
use cozegate_policy::{Denial, Grade, Subject, operations};

#[test]
fn no_id_of_another_passes_anywhere() {
    let rules = open_site();
    let subject = user(&rules);
    let mut tally = Tally::default();
    for operation in operations()
        .iter()
        .filter(|operation| operation.group.may_be_given_to_visitors())
    {
        let good = good_call(operation);
        for own in [BOT, WORKFLOW, APP, CONVERSATION, CHAT, MESSAGE, FILE, USER] {
            for foreign in [FOREIGN, "1", "v_stranger", "0", "18446744073709551615"] {
                // Chats and messages that the register does not know pass, with a conversation that is the caller's.
                if matches!(own, CHAT | MESSAGE) && foreign != FOREIGN {
                    continue;
                }
                for call in replaced(&good, own, foreign) {
                    tally.refused(&subject, &call, operation.name);
                }
            }
        }
    }
    tally.bad("ids of others", 300);
}

/// The call with one occurrence of `own` replaced, for each occurrence.
fn replaced(call: &Call, own: &str, foreign: &str) -> Vec<Call> {
    let each = |text: &str| -> Vec<String> {
        let at = text.match_indices(own).map(|(at, _)| at);
        at.map(|at| format!("{}{foreign}{}", &text[..at], &text[at + own.len()..]))
            .collect()
    };
    let paths = each(&call.path).into_iter().map(|path| Call { path, ..call.clone() });
    let query = call.query.clone().unwrap_or_default();
    let queries = each(&query).into_iter().map(|query| Call {
        query: Some(query),
        ..call.clone()
    });
    let body = String::from_utf8(call.body.clone().unwrap_or_default()).unwrap();
    let bodies = each(&body).into_iter().map(|body| Call {
        body: Some(body.into_bytes()),
        ..call.clone()
    });
    paths.chain(queries).chain(bodies).collect()
}

#[test]
fn a_refusal_names_what_would_have_to_change() {
    let rules = open_site();
    let subject = user(&rules);
    let refusal = |call: Call| {
        let denial = decide(&subject, &call).unwrap_err();
        let named = denial.parameter().or(denial.member()).map(str::to_owned);
        (denial.name(), denial.setting(), named)
    };
    let chat = |member: &str| {
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}"{member}}}"#))
    };
    let named = |name: &str| Some(name.to_owned());

    assert_eq!(
        refusal(Call::new("GET", "/v1/workspaces")),
        ("operation-not-allowed", None, None)
    );
    assert_eq!(
        refusal(chat(r#","custom_variables":{}"#)),
        ("member-not-allowed", Some("members"), named("custom_variables"))
    );
    assert_eq!(
        refusal(chat(r#","connector_id":"7""#)),
        ("value-not-allowed", Some("connectors"), named("connector_id"))
    );
    assert_eq!(
        refusal(chat(r#","stream":true,"stream":true"#)),
        ("request-ambiguous", None, None)
    );
    assert_eq!(
        refusal(Call::new("POST", "/v3/chat?x%0Ay=1").json("{}")),
        ("parameter-not-allowed", None, named("x\u{fffd}y"))
    );
    assert_eq!(
        refusal(Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"x"}}"#))),
        ("user-id-refused", None, named("user_id"))
    );
    assert_eq!(
        refusal(Call::new("POST", "/v3/chat").json(format!(r#"{{"user_id":"{USER}"}}"#))),
        ("bad-request", None, named("bot_id"))
    );
    let foreign_bot = decide(&subject, &Call::new("GET", &format!("/v1/bots/{FOREIGN}"))).unwrap_err();
    assert_eq!(
        (foreign_bot.bot_id(), foreign_bot.setting()),
        (Some(FOREIGN), Some("bots"))
    );
    let foreign_flow = decide(&subject, &Call::new("GET", &format!("/v1/workflows/{FOREIGN}"))).unwrap_err();
    assert_eq!(
        (foreign_flow.name(), foreign_flow.setting()),
        ("bot-not-allowed", Some("workflows"))
    );

    let closed = crate::support::closed_site();
    let optional = decide(&user(&closed), &Call::new("GET", "/v1/audio/voices")).unwrap_err();
    assert_eq!(optional.setting(), Some("allow"));
    assert!(matches!(optional, Denial::OperationNotAllowed { group: Some(_) }));
}

#[test]
fn a_name_from_a_request_is_short_and_plain_in_a_refusal() {
    let rules = open_site();
    let call = Call::new("POST", "/v3/chat").json(format!("{{\"{}\":1}}", "n".repeat(5_000)));
    let denial = decide(&user(&rules), &call).unwrap_err();

    assert_eq!(denial.member().map(str::len), Some(64));
}

#[test]
fn files_are_looked_up_once_each_and_not_without_end() {
    let rules = open_site();
    let chat = |ids: &[u32]| {
        let files: Vec<_> = ids.iter().map(|id| format!(r#"{{"file_id":"{id}"}}"#)).collect();
        let parameters = files.join(",");
        Call::new("POST", "/v3/chat").json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","parameters":[{parameters}]}}"#
        ))
    };
    let key = Subject {
        user_id: None,
        ..Subject::new(Grade::Key, &rules, USER)
    };
    let ids: Vec<u32> = (1..=101).collect();

    assert_eq!(decide(&key, &chat(&[7, 8, 7])).unwrap().file_ids.len(), 2);
    assert_eq!(decide(&key, &chat(&ids[..100])).unwrap().file_ids.len(), 100);
    assert_eq!(decide(&key, &chat(&ids)), Err(Denial::BadRequest { field: "file_id" }));
}
