//! What real clients send, in the forms that they send it: nothing of it is refused on a site with the defaults.
//!
//! Written down from `@coze/api` 1.3.9 and cozepy 0.20.0 on the wire, the measured requests of the Chat SDK, and the
//! requests of our own window.

use crate::support::{
    APP, BOT, CHAT, CONVERSATION, Call, FILE, MESSAGE, Tally, USER, WORKFLOW, anonymous, closed_site, decide,
    good_call, open_site, user,
};
use cozegate_policy::{Body, Group, SiteRules, operations};

/// A request without a body that names a media type all the same, as axios does.
fn empty_form(target: &str) -> Call {
    Call {
        content_type: Some("application/x-www-form-urlencoded".into()),
        ..Call::new("POST", target)
    }
}

fn chat_sdk() -> Vec<Call> {
    let messages =
        |content: &str, kind: &str| format!(r#"[{{"role":"user","content_type":"{kind}","content":{content}}}]"#);
    let chat = |members: &str| {
        Call::new("POST", &format!("/v3/chat?conversation_id={CONVERSATION}")).json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","stream":true,"connector_id":"999",{members},"enable_card":true}}"#
        ))
    };
    let file = format!(
        r#""[{{\"type\":\"text\",\"text\":\"Read\"}},{{\"type\":\"file\",\"file_id\":\"{FILE}\"}},{{\"type\":\"image\",\"file_id\":\"{FILE}\",\"file_url\":\"https://x/\"}}]""#
    );
    vec![
        Call::new("GET", &format!("/v1/bots/{BOT}")),
        Call::new(
            "GET",
            &format!("/v1/conversations?bot_id={BOT}&connector_id=999&page_num=1&page_size=1"),
        ),
        Call::new("POST", "/v1/conversation/create")
            .json(format!(r#"{{"bot_id":"{BOT}","messages":[],"connector_id":"999"}}"#)),
        Call::new("POST", "/v1/conversation/create").json(format!(r#"{{"bot_id":"{BOT}","connector_id":"999"}}"#)),
        Call::new(
            "POST",
            &format!("/v1/conversation/message/list?conversation_id={CONVERSATION}"),
        )
        .json(r#"{"limit":10}"#),
        Call::new(
            "POST",
            &format!("/v1/conversation/message/list?conversation_id={CONVERSATION}"),
        )
        .json(format!(r#"{{"limit":10,"after_id":"{MESSAGE}"}}"#)),
        Call::new(
            "GET",
            &format!("/v1/conversations?bot_id={BOT}&connector_id=999&sort_field=updated_at&page_size=20&page_num=1"),
        ),
        Call::new("PUT", &format!("/v1/conversations/{CONVERSATION}")).json(r#"{"name":"Weather"}"#),
        Call::new("DELETE", &format!("/v1/conversations/{CONVERSATION}")),
        chat(&format!(r#""additional_messages":{}"#, messages(r#""Hi""#, "text"))),
        chat(&format!(
            r#""additional_messages":{},"parameters":{{"city":"\u5317\u4eac"}}"#,
            messages(r#""\"quoted\" and {braces}""#, "text")
        )),
        chat(&format!(
            r#""additional_messages":{},"shortcut_command":{{"command_id":"1","parameters":{{"f":"{{\"type\":\"file\",\"file_id\":\"{FILE}\"}}"}}}}"#,
            messages(&file, "object_string")
        )),
        Call::new("POST", "/v1/files/upload").form_data(),
        Call::new("POST", &format!("/v1/conversations/{CONVERSATION}/clear"))
            .json(format!(r#"{{"conversation_id":"{CONVERSATION}"}}"#)),
        Call::new("POST", "/v3/chat/cancel")
            .json(format!(r#"{{"conversation_id":"{CONVERSATION}","chat_id":"{CHAT}"}}"#)),
        Call::new(
            "POST",
            &format!("/v1/conversations/{CONVERSATION}/messages/{MESSAGE}/feedback"),
        )
        .json(r#"{"feedback_type":"like","comment":"","reason_types":[]}"#),
        Call::new(
            "DELETE",
            &format!("/v1/conversations/{CONVERSATION}/messages/{MESSAGE}/feedback"),
        ),
        Call::new(
            "DELETE",
            &format!("/v1/conversations/{CONVERSATION}/messages/{MESSAGE}/feedback"),
        )
        .json(r#"{"feedback_type":"like"}"#),
        Call::new("POST", "/v1/audio/transcriptions").form_data(),
        Call::new("POST", "/v1/audio/speech").json(
            r#"{"input":"Hi","voice_id":"7426720361733046281","response_format":"mp3","speed":1,"sample_rate":24000}"#,
        ),
        Call::new("GET", &format!("/v1/bot/get_online_info?bot_id={BOT}&connector_id=999")),
        Call::new(
            "POST",
            &format!("/v1/conversation/message/list?conversation_id={CONVERSATION}"),
        )
        .json(r#"{"order":"desc","limit":20}"#),
    ]
}

fn chat_sdk_app_mode() -> Vec<Call> {
    vec![
        Call::new("GET", &format!("/v1/apps/{APP}?version=&connector_id=999")),
        Call::new("GET", &format!("/v1/workflows/{WORKFLOW}?connector_id=999&is_debug=false&caller=")),
        Call::new("GET", &format!("/v1/workflows/{WORKFLOW}?connector_id=999&is_debug=&caller=CANVAS")),
        Call::new("POST", "/v1/conversation/create").json(format!(
            r#"{{"app_id":"{APP}","conversation_name":"Default","get_or_create":true,"draft_mode":false,"workflow_id":"{WORKFLOW}","connector_id":"999"}}"#
        )),
        Call::new("POST", "/v1/workflows/chat").json(format!(
            r#"{{"additional_messages":[{{"role":"user","content":"Hi"}}],"connector_id":"999","workflow_id":"{WORKFLOW}","parameters":{{}},"app_id":"{APP}","conversation_id":"{CONVERSATION}","ext":{{"user_id":"{USER}"}},"suggest_reply_info":{{"suggest_reply_mode":1}}}}"#
        )),
    ]
}

fn coze_js() -> Vec<Call> {
    let chat = format!(
        r#"{{"bot_id":"{BOT}","additional_messages":[{{"role":"user","content":"[{{\"type\":\"text\",\"text\":\"x\"}},{{\"type\":\"file\",\"file_id\":\"{FILE}\"}}]","content_type":"object_string"}}],"user_id":"{USER}","stream":false}}"#
    );
    vec![
        empty_form(&format!("/v1/conversations/{CONVERSATION}/clear")),
        Call::new("POST", "/v1/conversation/create").json(format!(r#"{{"bot_id":"{BOT}"}}"#)),
        Call::new("GET", &format!("/v1/conversations?bot_id={BOT}")),
        Call::new(
            "POST",
            &format!("/v1/conversation/message/list?conversation_id={CONVERSATION}"),
        )
        .json("{}"),
        empty_form(&format!("/v1/conversation/message/list?conversation_id={CONVERSATION}")),
        empty_form(&format!(
            "/v3/chat/retrieve?conversation_id={CONVERSATION}&chat_id={CHAT}"
        )),
        Call::new("POST", "/v3/chat/cancel")
            .json(format!(r#"{{"conversation_id":"{CONVERSATION}","chat_id":"{CHAT}"}}"#)),
        Call::new(
            "GET",
            &format!("/v3/chat/message/list?conversation_id={CONVERSATION}&chat_id={CHAT}"),
        ),
        Call::new(
            "POST",
            &format!("/v3/chat/message/list?conversation_id={CONVERSATION}&chat_id={CHAT}"),
        )
        .json("{}"),
        Call::new("GET", &format!("/v1/bots/{BOT}")),
        Call::new("GET", &format!("/v1/bots/{BOT}?is_published=true")),
        Call::new("GET", &format!("/v1/bot/get_online_info?bot_id={BOT}")),
        Call::new("POST", "/v3/chat").json(&chat),
        Call::new("POST", &format!("/v3/chat?conversation_id={CONVERSATION}")).json(&chat),
        Call::new("POST", "//v3/chat").json(&chat),
    ]
}

fn cozepy() -> Vec<Call> {
    let chat = format!(
        r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","type":"question","content":"[{{\"type\": \"image\", \"text\": null, \"file_id\": \"{FILE}\", \"file_url\": null}}, {{\"type\": \"text\", \"text\": \"?\", \"file_id\": null, \"file_url\": null}}]","content_type":"object_string","meta_data":{{}},"id":"","conversation_id":"","bot_id":"","chat_id":"","created_at":null,"updated_at":null}}],"stream":true,"auto_save_history":true,"meta_data":{{"a":"b"}},"parameters":{{"x":1}},"enable_card":false}}"#
    );
    vec![
        Call::new("POST", "/v3/chat?conversation_id=").json(&chat),
        Call::new("POST", "/v3/chat").json(&chat),
        Call::new("POST", &format!("/v3/chat/retrieve?conversation_id={CONVERSATION}&chat_id={CHAT}")),
        Call::new("GET", &format!("/v3/chat/message/list?conversation_id={CONVERSATION}&chat_id={CHAT}")),
        Call::new("POST", "/v1/conversation/create").json("{}"),
        Call::new("POST", "/v1/conversation/create").json(format!(r#"{{"messages":[{{"role":"user","content":"Hi","content_type":"text","meta_data":null}}],"bot_id":"{BOT}","name":"N"}}"#)),
        Call::new("GET", &format!("/v1/conversations?bot_id={BOT}&page_num=1&page_size=50")),
        Call::new("POST", &format!("/v1/conversations/{CONVERSATION}/clear")),
        Call::new("POST", &format!("/v1/conversation/message/list?conversation_id={CONVERSATION}"))
            .json(r#"{"order":"desc","chat_id":null,"before_id":null,"after_id":null,"limit":50}"#),
        Call::new("POST", &format!("/v1/conversations/{CONVERSATION}/messages/{MESSAGE}/feedback")).json(r#"{"feedback_type":"unlike"}"#),
        Call::new("GET", &format!("/v1/bots/{BOT}")),
        Call::new("POST", "/v1/audio/speech").json(r#"{"input":"x","voice_id":"1","response_format":"wav","speed":1.0,"sample_rate":24000}"#),
    ]
}

fn other_sdks() -> Vec<Call> {
    let utf8 = |call: Call| Call {
        content_type: Some("application/json; charset=utf-8".into()),
        ..call
    };
    vec![
        // coze-go sends empty values for what is not set, and the charset.
        utf8(Call::new("POST", "/v3/chat?conversation_id=").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}","connector_id":"","stream":false,"auto_save_history":true}}"#))),
        Call::new("GET", &format!("/v3/chat/retrieve?conversation_id={CONVERSATION}&chat_id={CHAT}")),
        utf8(Call::new("POST", "/v1/conversation/create").json(format!(r#"{{"bot_id":"","connector_id":"1024","meta_data":{{}},"messages":null,"name":"{}"}}"#, "x"))),
        // Encoders escape what is special in HTML, and letters outside of ASCII.
        Call::new("POST", "/v3/chat").json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","content":"a \u003c b \u0026\u0026 c \u003e d \u2028 \u4f60\u597d \ud83d\ude00 \ud83d \u007f \u0027 \/ \\u0041"}}]}}"#
        )),
        // Words of a person that look like JSON.
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","content":"[1] what is \"\\u0041\"?"}}]}}"#)),
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","content":"\"\\u0041\" in Java?"}}]}}"#)),
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","content":"what is a \"file_id\": \"x\"?"}}]}}"#)),
        Call::new("POST", "/v3/chat").json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","parameters":{}{}}}"#,
            "[".repeat(31),
            "]".repeat(31)
        )),
        // White space and the order of members differ between encoders.
        Call::new("POST", "/v3/chat").json(format!("\n {{ \"user_id\" : \"{USER}\" ,\r\n\t\"bot_id\" : \"{BOT}\" }} \n")),
        Call { content_type: Some("Application/JSON;charset=\"UTF-8\"".into()), ..Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}"}}"#)) },
        Call { content_encoding: Some("identity".into()), ..Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}"}}"#)) },
    ]
}

fn our_window() -> Vec<Call> {
    vec![
        Call::new("GET", &format!("/v1/conversations?bot_id={BOT}&page_num=1&page_size=20&sort_order=DESC&sort_field=updated_at")),
        Call::new("POST", "/v1/conversation/create").json(format!(r#"{{"bot_id":"{BOT}","name":"Hi"}}"#)),
        Call::new("PUT", &format!("/v1/conversations/{CONVERSATION}")).json(r#"{"name":"cut in the middle of a picture \ud83d"}"#),
        Call::new("POST", &format!("/v3/chat?conversation_id={CONVERSATION}")).json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","stream":true,"additional_messages":[{{"role":"user","type":"question","content_type":"text","content":"Hi"}}]}}"#
        )),
        Call::new("GET", &format!("/v3/chat/retrieve?conversation_id={CONVERSATION}&chat_id={CHAT}")),
    ]
}

#[test]
fn nothing_that_clients_send_is_refused() {
    let (closed, open) = (closed_site(), open_site());
    let mut tally = Tally::default();
    for (client, calls) in [
        ("Chat SDK", chat_sdk()),
        ("@coze/api", coze_js()),
        ("cozepy", cozepy()),
        ("others", other_sdks()),
        ("our window", our_window()),
    ] {
        for call in calls {
            let outcome = decide(&anonymous(&closed), &call);
            tally.note(outcome.is_ok(), || {
                format!(
                    "{client}: {outcome:?} {} {}?{:?} {}",
                    call.method,
                    call.path,
                    call.query,
                    String::from_utf8_lossy(call.body.as_deref().unwrap_or_default())
                )
            });
        }
    }
    for call in chat_sdk_app_mode() {
        let outcome = decide(&anonymous(&open), &call);
        tally.note(outcome.is_ok(), || format!("app mode: {outcome:?} {call:?}"));
    }
    // Every operation with everything that it lists, and with nothing that it does not need.
    for operation in operations()
        .iter()
        .filter(|operation| operation.group.may_be_given_to_visitors())
    {
        let full = good_call(operation);
        let needed = |fields: &'static [cozegate_policy::Field]| {
            fields
                .iter()
                .filter(|field| field.is_required)
                .copied()
                .collect::<Vec<_>>()
        };
        let mut lean = Call {
            query: Some(crate::support::query(&needed(operation.query))),
            ..full.clone()
        };
        if let Body::Json(fields) = operation.body {
            lean = lean.json(crate::support::json(&needed(fields)));
        }
        let trailing = Call {
            query: Some(format!("{}&", full.query.clone().unwrap_or_default())),
            ..full.clone()
        };
        for call in [full, lean, trailing] {
            let outcome = decide(&user(&open), &call);
            tally.note(outcome.is_ok(), || format!("{}: {outcome:?} {call:?}", operation.name));
        }
    }
    tally.good("recorded and complete calls", 150);
}

#[test]
fn a_member_that_a_site_adds_passes_once() {
    let members = vec![(Group::Chat, vec!["custom_variables".into()])];
    let rules = SiteRules {
        members,
        ..closed_site()
    };
    let chat = |members: &str| {
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}"{members}}}"#))
    };

    assert!(decide(&anonymous(&rules), &chat(r#","custom_variables":{"a":"b"}"#)).is_ok());
    for bad in [
        r#","custom_variables":{},"custom_variables":{}"#,
        r#","Custom_variables":{}"#,
        r#","other":1"#,
    ] {
        assert!(decide(&anonymous(&rules), &chat(bad)).is_err(), "{bad}");
    }
    let create = Call::new("POST", "/v1/conversation/create").json(r#"{"custom_variables":{}}"#);
    assert!(decide(&anonymous(&rules), &create).is_err(), "another group");
}

#[test]
fn a_site_cannot_add_a_member_that_is_taken_for_a_checked_one() {
    use cozegate_policy::folded_checked_name;

    for bad in [
        "bot_id",
        "BOT_ID",
        "u\u{17f}er_id",
        "wor\u{212a}flow_id",
        "Session_Name",
        "connector_uid",
        "File_ID",
        "Stream",
        "publish_status",
        "EXT",
    ] {
        assert!(folded_checked_name(bad).is_some(), "{bad}");
    }
    for good in ["custom_variables", "tool_choice", "bot", "user"] {
        assert_eq!(folded_checked_name(good).filter(|name| *name != "user"), None, "{good}");
    }
}
