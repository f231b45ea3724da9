//! Prompts as canaries in the answers that describe bots, apps and workflows: not one byte of them passes the filter.

use crate::support::Tally;
use cozegate_policy::filter::{FIELDS, MAX_ANSWER, filter};

const CANARY: &str = "CANARY-7f3a";

/// Places for the canary, with `@` where it stands.
#[rustfmt::skip]
const SHAPES: [&str; 46] = [
    r#"{"code":0,"data":{"name":"n","prompt_info":{"prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","prompt_info":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","Prompt_Info":{"prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","PROMPT_INFO":{"x":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","prompt\u005finfo":{"prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","prompt":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","system_prompt":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","suggest_reply_info":{"reply_mode":"customized","customized_prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","suggest_reply_info":{"suggest_reply_mode":2,"customized_suggest_prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","suggest_reply_info":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","suggest_reply_info":["@"]}}"#,
    r#"{"code":0,"data":{"name":"n","onboarding_info":{"prologue":"p","onboarding_prompt":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","onboarding_info":{"prologue":"p","x":[{"y":{"prompt":"@"}}]}}}"#,
    r#"{"code":0,"data":{"name":"n","shortcut_commands":[{"id":"1","prompt_template":"@"}]}}"#,
    r#"{"code":0,"data":{"name":"n","shortcut_commands":[{"id":"1","plugin_info_list":["@"]}]}}"#,
    r#"{"code":0,"data":{"name":"n","media_config":{"model_info":{"x":"@"}}}}"#,
    r#"{"code":0,"data":{"name":"n","background_image_info":{"web":{"prompt":"@"}}}}"#,
    r#"{"code":0,"data":{"name":"n","voice_info_list":[{"variables":"@"}]}}"#,
    r#"{"code":0,"data":{"name":"n","model_info":{"model_id":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","model_info_list":["@"]}}"#,
    r#"{"code":0,"data":{"name":"n","plugin_info_list":[{"description":"@"}]}}"#,
    r#"{"code":0,"data":{"name":"n","workflow_info_list":[{"name":"@"}]}}"#,
    r#"{"code":0,"data":{"name":"n","knowledge":{"knowledge_infos":["@"]}}}"#,
    r#"{"code":0,"data":{"name":"n","variables":[{"keyword":"@"}]}}"#,
    r#"{"code":0,"data":{"name":"n","owner_user_id":"@","folder_id":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","something_new":{"deep":["@"]}}}"#,
    r#"{"code":0,"data":{"name":"n","Name":"@","NAME":"@","description ":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","role":{"name":"r","prompt_info":{"prompt":"@"}}}}"#,
    r#"{"code":0,"data":{"name":"n","role":{"name":"r","suggest_reply_info":{"customized_suggest_prompt":"@"}}}}"#,
    r#"{"code":0,"data":{"name":"n","role":{"name":"r","something_new":"@"}}}"#,
    r#"{"code":0,"data":{"name":"n","role":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","role":["@"]}}"#,
    r#"{"code":0,"data":{"name":"n","workflow_detail":{"description":"@"},"input":"@"}}"#,
    r#"{"code":0,"data":{"bot":{"prompt_info":{"prompt":"@"}}}}"#,
    r#"{"code":0,"data":{"name":"n"},"prompt_info":{"prompt":"@"}}"#,
    r#"{"code":0,"data":{"name":"n"},"debug_url":"@","bot":{"x":"@"}}"#,
    r#"{"code":0,"data":{"name":"n"},"detail":{"logid":"1","prompt":"@"}}"#,
    r#"{"code":0,"data":{"name":"n","prompt_info":"@"},"data":{"name":"n"}}"#,
    r#"{"code":0,"data":{"name":"n"},"data":{"prompt_info":"@"}}"#,
    r#"{"code":0,"Data":{"prompt_info":"@"},"data":{"name":"n"}}"#,
    r#"{"code":4200,"msg":"m","data":{"prompt_info":{"prompt":"@"}}}"#,
    r#"{"code":4200,"msg":"m","data":["@"]}"#,
    r#"{"code":1,"data":{"prompt_info":"@"},"code":0}"#,
    r#"{"code":0,"data":{"prompt_info":"@"},"code":1}"#,
    r#"{"data":{"prompt_info":{"prompt":"@"},"name":"n"}}"#,
    r#"{"code":"0","msg":"","data":{"prompt_info":{"prompt":"@"},"name":"n"}}"#,
];

/// Answers that are no object with data: nothing of them passes where a description was expected.
const BROKEN: [&str; 8] = [
    r#"{"code":0,"data":{"prompt_info":{"prompt":"@"}"#,
    r#"{"code":0,"data":["@"]}"#,
    r#"{"code":0,"data":"@"}"#,
    r#"[{"prompt":"@"}]"#,
    r#""@""#,
    "<html>@</html>",
    "data: {\"prompt\":\"@\"}\n\n",
    "{\"code\":0}{\"data\":\"@\"}",
];

#[test]
fn no_byte_of_a_prompt_passes() {
    let spellings = [
        CANARY.to_owned(),
        format!("\\u0043{}", &CANARY[1..]),
        format!("a\\n{CANARY}"),
        format!("\u{4f60}{CANARY}\\\""),
    ];
    let extras: [&[Box<str>]; 2] = [
        &[],
        &[
            "prompt_info".into(),
            "PROMPT".into(),
            "role".into(),
            "suggest_reply_info".into(),
        ],
    ];
    let mut tally = Tally::default();
    let mut kept = 0;
    for shape in SHAPES.iter().chain(&BROKEN) {
        for (at, spelling) in spellings.iter().enumerate() {
            for size in [0, 100, 4_000, 70_000, MAX_ANSWER - 2_000] {
                if size > 4_000 && at > 0 {
                    continue;
                }
                let padded = shape.replace("\"n\"", &format!("\"n{}\"", "x".repeat(size)));
                let body = padded.replace('@', spelling);
                for (status, extra) in [(200, extras[0]), (200, extras[1]), (201, extras[0])] {
                    let passed = filter(status, body.as_bytes(), extra);
                    kept += usize::from(passed.is_ok());
                    let leaks = passed.is_ok_and(|passed| String::from_utf8_lossy(&passed).contains("7f3a"));
                    tally.note(!leaks, || format!("{status}: {}", &body[..body.len().min(300)]));
                }
            }
        }
    }
    // An error of the platform with another status is filtered all the same, if it is JSON.
    for shape in SHAPES {
        let body = shape.replace('@', CANARY);
        let leaks =
            filter(500, body.as_bytes(), &[]).is_ok_and(|passed| String::from_utf8_lossy(&passed).contains("7f3a"));
        tally.note(!leaks, || body.clone());
    }
    // Cut at every byte: an answer that broke off teaches nothing.
    let whole = SHAPES[0].replace('@', CANARY);
    for end in 0..whole.len() {
        tally.note(filter(200, &whole.as_bytes()[..end], &[]).is_err(), || {
            whole[..end].to_owned()
        });
    }
    println!("{kept} of them were written anew, the others refused");
    tally.bad("prompt canaries", 2_000);
}

#[test]
fn every_field_of_the_allow_list_passes_unchanged() {
    let mut tally = Tally::default();
    for field in FIELDS {
        for value in [
            r#""text""#,
            "7",
            "7500000000000000001",
            "1.5",
            "true",
            "null",
            r#"["\u4f60",{"reply_mode":"x"}]"#,
            r#"{"reply_mode":"x"}"#,
        ] {
            if field == "suggest_reply_info" && !value.starts_with('{') {
                continue;
            }
            let body = format!(r#"{{"code":0,"data":{{"{field}":{value}}},"msg":""}}"#);
            let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
            let passed = filter(200, body.as_bytes(), &[]).unwrap();
            tally.note(parse(&passed) == parse(body.as_bytes()), || {
                format!("{body} {}", String::from_utf8_lossy(&passed))
            });
        }
    }
    tally.good("fields of a bot's description", 100);
}
