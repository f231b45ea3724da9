//! The rows of identity.md 0, as far as the policy alone decides them: each was possible for an anonymous visitor.

use crate::support::{
    BOT, Call, FILE, FOREIGN, Tally, USER, anonymous, closed_site, decide, good_call, open_site, user,
};
use cozegate_policy::{Denial, Grade, Group, Subject, filter, find, operations};

#[test]
fn x1_a_visitor_calls_no_operation_but_those_of_a_chat() {
    let rules = closed_site();
    let mut tally = Tally::default();
    for operation in operations()
        .iter()
        .filter(|operation| !rules.allow.contains(operation.group))
    {
        tally.refused(&anonymous(&rules), &good_call(operation), "X1");
    }
    tally.bad("X1 operations", 100);
}

#[test]
fn x2_a_visitor_calls_no_unknown_path_and_no_other_method() {
    let rules = open_site();
    let mut tally = Tally::default();
    for (method, target) in [
        ("PATCH", "/v1/bots/7500000000000000001"),
        ("HEAD", "/v1/bots/7500000000000000001"),
        ("GET", "/v1/%62ots/1"),
        ("GET", "///v1/bots/7500000000000000001"),
        ("GET", "/v1/bots/7500000000000000001/"),
        ("GET", "/v1//bots/7500000000000000001"),
        ("POST", "/v1/new/thing"),
        ("GET", "/v1/bots/7500000000000000001;x"),
    ] {
        tally.refused(&user(&rules), &Call::new(method, target), "X2");
    }
    tally.bad("X2 paths", 8);
}

#[test]
fn x3_a_visitor_reads_no_prompt_draft_or_other_bot() {
    let rules = open_site();
    let mut tally = Tally::default();
    for target in [
        format!("/v1/bots/{BOT}?is_published=false"),
        format!("/v1/bots/{BOT}?is_published=FALSE"),
        format!("/v1/bots/{BOT}?is_published"),
        format!("/v1/bots/{FOREIGN}"),
        format!("/v1/bot/get_online_info?bot_id={FOREIGN}"),
        format!("/v1/bot/get_online_info?bot_id={BOT}&is_published=false"),
    ] {
        tally.refused(&user(&rules), &Call::new("GET", &target), "X3");
    }
    tally.bad("X3 bots", 6);

    let path = format!("/v1/bots/{BOT}");
    let matched = find("GET", &path, false).unwrap();
    assert!(user(&rules).filters(&matched) && !Subject::new(Grade::LocalPage, &rules, USER).filters(&matched));
    let answer = br#"{"code":0,"data":{"bot_id":"1","prompt_info":{"prompt":"SECRET"}}}"#;
    let filtered = filter::filter(200, answer, &rules.bot_fields).unwrap();
    assert!(!String::from_utf8_lossy(&filtered).contains("SECRET"));
}

#[test]
fn x4_a_visitor_lists_no_workspace_bot_or_account() {
    let rules = open_site();
    let mut tally = Tally::default();
    for target in [
        "/v1/workspaces",
        "/v1/bots?workspace_id=1",
        "/v1/users/me",
        "/v1/space/published_bots_list?space_id=1",
        "/v1/apps",
        "/v1/workflows",
    ] {
        tally.refused(&user(&rules), &Call::new("GET", target), "X4");
    }
    tally.bad("X4 lists", 6);
}

#[test]
fn x5_a_visitor_chats_with_the_sites_bots_only() {
    let rules = open_site();
    let chat = |bot: &str| Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{bot}","user_id":"{USER}"}}"#));
    let socket = |bot: &str| Call::websocket(&format!("/v1/chat?bot_id={bot}&authorization=Bearer%20x"));

    for call in [
        chat(FOREIGN),
        socket(FOREIGN),
        Call::websocket("/v1/chat"),
        Call::websocket(&format!("/v1/audio/speech?entity_id={FOREIGN}")),
    ] {
        assert!(decide(&user(&rules), &call).is_err(), "{call:?}");
    }
    for call in [chat(BOT), socket(BOT)] {
        assert_eq!(decide(&user(&rules), &call).unwrap().bot_id.unwrap().as_str(), BOT);
    }
    let closed = closed_site();
    assert!(
        decide(&anonymous(&closed), &socket(BOT)).is_err(),
        "realtime is off by default"
    );
}

#[test]
fn x6_a_visitor_names_no_other_user() {
    let rules = open_site();
    for call in [
        Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"alice"}}"#)),
        Call::new("GET", &format!("/v1/conversations?bot_id={BOT}&user_id=alice")),
        Call::new("GET", "/v1/variables?connector_uid=alice"),
        Call::new("PUT", "/v1/variables").json(r#"{"connector_uid":"alice","data":[]}"#),
        Call::new("POST", "/v1/audio/rooms").json(format!(r#"{{"bot_id":"{BOT}","uid":"alice"}}"#)),
    ] {
        let denial = decide(&user(&rules), &call).unwrap_err();
        assert!(matches!(denial, Denial::UserIdRefused { .. }), "{call:?}: {denial}");
    }
    // A key that names no subject chooses the user itself.
    let key = Subject {
        user_id: None,
        ..Subject::new(Grade::Key, &rules, USER)
    };
    let call = Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"alice"}}"#));
    assert!(decide(&key, &call).is_ok());
}

#[test]
fn x7_a_visitor_reads_no_file_of_another() {
    let rules = open_site();
    let retrieve = |id: &str| Call::new("GET", &format!("/v1/files/retrieve?file_id={id}"));
    let ask = |id: &str| {
        let content = format!(r#"[{{\"type\":\"file\",\"file_id\":\"{id}\"}}]"#);
        Call::new("POST", "/v3/chat").json(format!(
            r#"{{"bot_id":"{BOT}","user_id":"{USER}","additional_messages":[{{"role":"user","content_type":"object_string","content":"{content}"}}]}}"#
        ))
    };
    for call in [retrieve(FOREIGN), ask(FOREIGN)] {
        assert_eq!(
            decide(&user(&rules), &call),
            Err(Denial::ResourceUnknown { field: "file_id" })
        );
    }
    for call in [retrieve(FILE), ask(FILE)] {
        assert_eq!(decide(&user(&rules), &call).unwrap().file_ids.len(), 1);
    }
}

#[test]
fn x8_a_visitor_hides_no_parameter() {
    let rules = open_site();
    let good = Call::new("POST", "/v3/chat").json(format!(r#"{{"bot_id":"{BOT}","user_id":"{USER}"}}"#));
    let mut tally = Tally::default();
    for (trick, call) in [
        (
            "form",
            Call {
                content_type: Some("application/x-www-form-urlencoded".into()),
                body: Some(b"bot_id=1".to_vec()),
                ..good.clone()
            },
        ),
        (
            "gzip",
            Call {
                content_encoding: Some("gzip".into()),
                ..good.clone()
            },
        ),
        (
            "body on GET",
            Call::new("GET", &format!("/v1/conversations?bot_id={BOT}")).json(format!(r#"{{"bot_id":"{FOREIGN}"}}"#)),
        ),
        (
            "query twice",
            Call::new("GET", &format!("/v1/conversations?bot_id={BOT}&bot_id={FOREIGN}")),
        ),
        (
            "JSON twice",
            good.clone().json(format!(
                r#"{{"bot_id":"{BOT}","user_id":"{USER}","bot_id":"{FOREIGN}"}}"#
            )),
        ),
        (
            "query beside the body",
            Call {
                query: Some(format!("bot_id={FOREIGN}")),
                ..good.clone()
            },
        ),
    ] {
        tally.refused(&user(&rules), &call, trick);
    }
    tally.bad("X8 hidden parameters", 6);
}

#[test]
fn what_a_site_may_allow_ends_before_administration() {
    let rules = open_site();
    for group in Group::ALL.iter().filter(|group| !group.may_be_given_to_visitors()) {
        let widened = cozegate_policy::SiteRules {
            allow: rules.allow.with(*group),
            ..rules.clone()
        };
        assert!(
            !anonymous(&widened).allows(*group) && !user(&widened).allows(*group),
            "{}",
            group.name()
        );
    }
}
