//! Calls that try to hide something from the policy, or to make two servers read them in two ways. Everything is allowed
//! that a site can allow, so only the trick is refused.

use crate::support::{BOT, Call, FOREIGN, Tally, USER, good_call, json, json_value, open_site, user};
use cozegate_policy::{Body, Check, Field, Operation, operations};

fn for_visitors() -> impl Iterator<Item = &'static Operation> {
    operations()
        .iter()
        .filter(|operation| operation.group.may_be_given_to_visitors())
}

fn with_json() -> impl Iterator<Item = (&'static Operation, &'static [Field])> {
    for_visitors().filter_map(|operation| match operation.body {
        Body::Json(fields) => Some((operation, fields)),
        _ => None,
    })
}

/// The good body, with `member` put in front.
fn with_member(fields: &[Field], member: &str) -> String {
    let good = json(fields);
    let rest = good.strip_prefix('{').unwrap();
    if rest == "}" {
        format!("{{{member}}}")
    } else {
        format!("{{{member},{rest}")
    }
}

/// Spellings of `name` that some reader takes for it: another case, letters that fold, escapes.
fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![
        name.to_uppercase(),
        format!("{}{}", name[..1].to_uppercase(), &name[1..]),
    ];
    for (letter, folded) in [('s', '\u{17f}'), ('k', '\u{212a}')] {
        spellings.extend(name.match_indices(letter).map(|(at, _)| {
            let mut text = name.to_owned();
            text.replace_range(at..=at, &folded.to_string());
            text
        }));
    }
    for (at, letter) in name.char_indices() {
        let code = u32::from(letter);
        for escape in [format!("\\u{code:04x}"), format!("\\u{code:04X}")] {
            let mut text = name.to_owned();
            text.replace_range(at..=at, &escape);
            spellings.push(text);
        }
    }
    spellings.sort();
    spellings.dedup();
    spellings.retain(|text| text != name);
    spellings
}

/// Values that some reader takes for JSON.
const NOT_JSON: [&str; 22] = [
    "NaN",
    "-Infinity",
    "0x1",
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "'x'",
    "True",
    "undefined",
    "x",
    "[1,]",
    "{\"a\":1,}",
    "{a:1}",
    "{\"a\" 1}",
    "[1 2]",
    "/**/1",
    "\"a\nb\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u0041\"",
];

#[test]
fn no_trick_with_a_body_passes() {
    let rules = open_site();
    let subject = user(&rules);
    let mut tally = Tally::default();
    for (operation, fields) in with_json() {
        let good = good_call(operation);
        let body = good.body.clone().unwrap();
        let text = String::from_utf8(body.clone()).unwrap();
        let mut bad = |trick: &str, call: Call| tally.refused(&subject, &call, trick);
        let json = |body: &[u8]| good.clone().json(body);

        for name in
            fields
                .iter()
                .map(|field| field.name)
                .chain(["session_name", "bot_id", "user_id", "session_context"])
        {
            for spelling in spellings(name) {
                bad(
                    "another spelling",
                    json(with_member(fields, &format!("\"{spelling}\":\"1\"")).as_bytes()),
                );
            }
        }
        for field in fields {
            let value = json_value(field.check);
            bad(
                "twice",
                json(with_member(fields, &format!("\"{}\":{value}", field.name)).as_bytes()),
            );
            bad(
                "twice, null first",
                json(with_member(fields, &format!("\"{}\":null", field.name)).as_bytes()),
            );
            let other = |value: &str| {
                let member = format!("\"{}\":{}", field.name, json_value(field.check));
                text.replacen(&member, &format!("\"{}\":{value}", field.name), 1)
            };
            if field.is_required {
                bad("null", json(other("null").as_bytes()));
            }
            if field.check == Check::Plain {
                for value in NOT_JSON {
                    bad("no JSON value", json(other(value).as_bytes()));
                }
                let deep = format!("{}{}", "[".repeat(32), "]".repeat(32));
                bad("too deep", json(other(&deep).as_bytes()));
                let deep = format!("{}1{}", "{\"a\":".repeat(32), "}".repeat(32));
                bad("too deep", json(other(&deep).as_bytes()));
            }
            if matches!(field.check, Check::Plain | Check::Messages) {
                continue;
            }
            for value in [
                "7",
                "-1",
                "1.5",
                "[]",
                "{}",
                "[\"7\"]",
                "{\"id\":\"7\"}",
                "\"\\u0037\"",
                "\"7 \"",
                "\"07\"",
                "\"7\\n\"",
                "\"7,8\"",
                "\"*\"",
            ] {
                if field.check != Check::Ext || !value.starts_with('{') {
                    bad("another kind of value", json(other(value).as_bytes()));
                }
            }
        }
        let foreign = format!(r#"{{\"file_id\":\"{FOREIGN}\"}}"#);
        for member in [
            r#""session_name":"x""#.to_owned(),
            r#""new_member":1"#.to_owned(),
            r#""":1"#.to_owned(),
            r#""__proto__":{"bot_id":"1"}"#.to_owned(),
            format!(r#""parameters ":"{foreign}""#),
        ] {
            bad(
                "a member that is not listed",
                json(with_member(fields, &member).as_bytes()),
            );
        }

        bad("text behind the value", json(format!("{text}x").as_bytes()));
        bad("a second value", json(format!("{text}{text}").as_bytes()));
        bad("a second line", json(format!("{text}\n{text}").as_bytes()));
        bad("byte order mark", json(format!("\u{feff}{text}").as_bytes()));
        for utf16 in [utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)] {
            bad("UTF-16", json(&utf16));
        }
        bad("invalid UTF-8", json(&[&body[..], b"\xff"].concat()));
        bad(
            "overlong UTF-8",
            json(&[b"{\"\xc1\xa2ot_id\":\"1\",", &body[1..]].concat()),
        );
        bad("a zero byte behind", json(format!("{text}\0").as_bytes()));
        bad("comment", json(format!("/* */{text}").as_bytes()));
        bad("comment behind", json(format!("{text}// x").as_bytes()));
        bad(
            "trailing comma",
            json(format!("{},}}", text.trim_end_matches('}')).as_bytes()),
        );
        bad(
            "single quotes",
            json(text.replace('"', "'").replace("{}", "{'a':1}").as_bytes()),
        );
        bad("a list", json(format!("[{text}]").as_bytes()));
        bad("JSON in a string", json(format!("{text:?}").as_bytes()));
        bad("a number", json(b"7"));
        bad("null", json(b"null"));
        bad("white space", json(b" "));
        let long = format!("{}{text}", " ".repeat(rules.body_bytes + 1));
        bad("too long", json(long.as_bytes()));
        if fields.iter().any(|field| field.is_required) {
            bad(
                "nothing",
                Call {
                    body: None,
                    ..good.clone()
                },
            );
            bad("nothing, in chunks", json(b""));
            bad("an empty object", json(b"{}"));
        }
        for coding in [
            "gzip",
            "br",
            "deflate",
            "zstd",
            "x-gzip",
            "identity, gzip",
            "gzip, identity",
            "",
        ] {
            bad(
                "content coding",
                Call {
                    content_encoding: Some(coding.into()),
                    ..good.clone()
                },
            );
        }
        for media_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/json; charset=gbk",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json, text/plain",
            "text/json",
            "application/problem+json",
            "application/json; version=2",
            "application/jsonx",
            "application/xml",
            "application/x-json",
        ] {
            bad(
                "media type",
                Call {
                    content_type: Some(media_type.into()),
                    ..good.clone()
                },
            );
        }
        bad(
            "no media type",
            Call {
                content_type: None,
                ..good.clone()
            },
        );
    }
    tally.bad("hostile bodies", 5_000);
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn no_trick_inside_of_messages_or_ext_passes() {
    let rules = open_site();
    let subject = user(&rules);
    let mut tally = Tally::default();
    for (operation, fields) in with_json() {
        let good = good_call(operation);
        let replace = |name: &str, value: &str| {
            let members: Vec<_> = fields
                .iter()
                .map(|field| {
                    let own = json_value(field.check);
                    format!("\"{}\":{}", field.name, if field.name == name { value } else { &own })
                })
                .collect();
            good.clone().json(format!("{{{}}}", members.join(",")))
        };
        let mut hidden = vec![
            format!(r#"{{"file_id":"{FOREIGN}"}}"#),
            format!(r#"[[[{{"a":{{"FILE_ID":"{FOREIGN}"}}}}]]]"#),
            format!(r#""{{\"file_id\":\"{FOREIGN}\"}}""#),
            format!(r#"" \n\t[{{\"type\":\"file\",\"file_id\" :\n\"{FOREIGN}\"}}]""#),
            format!(r#""[{{\u0022file_id\u0022\u003a\u0022{FOREIGN}\u0022}}]""#),
            format!(r#""[{{\"\\u0066ile_id\":\"{FOREIGN}\"}}]""#),
            format!(r#""[{{\"File_Id\":\"{FOREIGN}\"}}]""#),
            r#""[{\"file_id\":\"\\u0037600000000000000001\"}]""#.to_owned(),
            r#""[{\"file_id\":7600000000000000001}]""#.to_owned(),
            r#""[{\"file_id\":[\"7600000000000000001\"]}]""#.to_owned(),
            format!(r#""[{{\"file_id\":\"{FOREIGN}\",\"file_id\":\"7500000000000000007\"}}]""#),
            format!(r#""[{{\"file_id\":\"7500000000000000007\",\"file_id\":\"{FOREIGN}\"}}]""#),
            format!(r#""{{\"a\":\"{{\\\"file_id\\\":\\\"{FOREIGN}\\\"}}\"}}""#),
            format!(r#""\"[{{\\\"file_id\\\":\\\"{FOREIGN}\\\"}}]\"""#),
            format!(r#""\ufeff[{{\"file_id\":\"{FOREIGN}\"}}]""#),
            format!(r#""\u00a0[{{\"file_id\":\"{FOREIGN}\"}}]""#),
            format!(r#""[{{\"file_id\":\"{FOREIGN}\"}}] x""#),
            format!(r#""[{{\"file_id\":\"{FOREIGN}\"}},]""#),
            format!(r#""{}[{{\"file_id\":\"{FOREIGN}\"}}]""#, r"\n".repeat(100)),
        ];
        hidden.push(format!(
            r#""{}""#,
            format!("{}{{\"file_id\":\"{FOREIGN}\"}}{}", "[".repeat(31), "]".repeat(31)).escape_default()
        ));

        for field in fields {
            if field.check == Check::Plain {
                for value in &hidden {
                    tally.refused(&subject, &replace(field.name, value), "a file of another visitor");
                }
            }
            if field.check == Check::Messages {
                for value in &hidden {
                    let message = format!(r#"[{{"role":"user","content_type":"object_string","content":{value}}}]"#);
                    tally.refused(&subject, &replace(field.name, &message), "a file of another visitor");
                }
                for name in ["role", "content", "content_type", "type", "meta_data", "x"] {
                    let twice = format!(r#"[{{"{name}":"a","b":1,"{name}":"a"}}]"#);
                    tally.refused(&subject, &replace(field.name, &twice), "a name twice in a message");
                }
                let many: Vec<_> = (0..40).map(|at| format!("\"n{at}\":1")).collect();
                tally.refused(
                    &subject,
                    &replace(field.name, &format!("[{{{}}}]", many.join(","))),
                    "many names",
                );
            }
            if field.check == Check::Ext {
                for ext in [
                    format!(r#"{{"user_id":"{USER}","user_id":"{USER}"}}"#),
                    format!(r#"{{"user_id":"x","user_id":"{USER}"}}"#),
                    r#"{"user_id":"x"}"#.to_owned(),
                    r#"{"user_id":7}"#.to_owned(),
                    r#"{"user_id":["x"]}"#.to_owned(),
                    r#"{"USER_ID":"x"}"#.to_owned(),
                    "{\"u\u{17f}er_id\":\"x\"}".to_owned(),
                    r#"{"u\u0073er_id":"x"}"#.to_owned(),
                    r#"{"session_name":"x"}"#.to_owned(),
                    r#"{"Session_Name":"x"}"#.to_owned(),
                    r#"{"connector_uid":"x"}"#.to_owned(),
                    r#""{\"user_id\":\"x\"}""#.to_owned(),
                    r#"[{"user_id":"x"}]"#.to_owned(),
                ] {
                    tally.refused(&subject, &replace(field.name, &ext), "ext");
                }
            }
        }
    }
    tally.bad("hostile messages, files and ext", 400);
}

#[test]
fn no_trick_with_a_query_passes() {
    let rules = open_site();
    let subject = user(&rules);
    let mut tally = Tally::default();
    for operation in for_visitors() {
        let good = good_call(operation);
        let query = good.query.clone().unwrap_or_default();
        let mut bad = |trick: &str, query: String| {
            tally.refused(
                &subject,
                &Call {
                    query: Some(query),
                    ..good.clone()
                },
                trick,
            );
        };
        let joined = |more: &str| {
            if query.is_empty() {
                more.to_owned()
            } else {
                format!("{query}&{more}")
            }
        };

        for more in [
            "x=1",
            "session_name=a",
            "BOT_ID=1",
            "bot_id%00=1",
            "bot_id%20=1",
            "+bot_id=1",
            "u%C5%BFer_id=1",
            "%E2%84%AAey=1",
            "draft_mode=true",
            "%",
            "%zz=1",
            "%f=1",
            "=1",
            "a;b=1",
            "_method=DELETE",
            "is_published=false",
            "is_published=",
            "is_debug=true",
            "version=1",
            "env=ppe",
        ] {
            bad("a name or value that is not listed", joined(more));
        }
        for field in operation.query {
            let (name, value) = (field.name, crate::support::query_value(field.check));
            let first = name.bytes().next().unwrap();
            let escaped = format!("%{first:02x}{}", &name[1..]);
            bad("twice", joined(&format!("{name}={value}")));
            bad("twice, first empty", format!("{name}=&{query}"));
            bad("twice, escaped", joined(&format!("{escaped}={value}")));
            bad(
                "escaped",
                query.replacen(&format!("{name}="), &format!("{escaped}="), 1),
            );
            bad("list", joined(&format!("{name}[]={value}")));
            bad("list element", joined(&format!("{name}[0]={value}")));
            bad("escaped list", joined(&format!("{name}%5B%5D={value}")));
            bad("member", joined(&format!("{name}.x={value}")));
            bad("upper case", joined(&format!("{}={value}", name.to_uppercase())));
            bad(
                "semicolon",
                query.replacen(
                    &format!("{name}={value}"),
                    &format!("{name}={value};{name}={FOREIGN}"),
                    1,
                ),
            );
            if matches!(field.check, Check::Plain) {
                continue;
            }
            let other = |value: &str| {
                query.replacen(
                    &format!("{name}={}", crate::support::query_value(field.check)),
                    &format!("{name}={value}"),
                    1,
                )
            };
            for value in [
                "%37",
                "7%00",
                "7,8",
                "07",
                "-7",
                "*",
                " ",
                "7%20",
                "0x7",
                "1e3",
                "[7]",
                "null",
                "123456789012345678901",
            ] {
                bad("another value", other(value));
            }
            if field.is_required {
                bad("empty", other(""));
                bad("absent", query.replacen(&format!("{name}={value}"), "", 1));
            }
        }
    }
    tally.bad("hostile queries", 1_000);
}

#[test]
fn no_trick_with_a_path_or_method_passes() {
    let rules = open_site();
    let subject = user(&rules);
    let mut tally = Tally::default();
    for operation in operations() {
        let good = good_call(operation);
        let path = good.path.clone();
        let letter = path.rfind(|character: char| character.is_ascii_alphanumeric()).unwrap();
        let mut encoded = path.clone();
        encoded.replace_range(letter..=letter, &format!("%{:02x}", path.as_bytes()[letter]));
        let last_slash = path.rfind('/').unwrap();
        let (parent, last) = path.split_at(last_slash);
        for bad_path in [
            format!("{path}/"),
            format!("{path}//"),
            format!("//{path}"),
            format!("{path}%2f"),
            format!("{path};x"),
            format!("{path};x=1"),
            format!("{path}\\"),
            format!("{path}%00"),
            format!("{path}\0"),
            format!("{path} "),
            format!("{path}/x"),
            format!("{path}.json"),
            format!("{path}/."),
            format!("{path}/../{}", &last[1..]),
            format!("{parent}/{last}"),
            format!("{parent}/.{last}"),
            format!("{parent}\\{}", &last[1..]),
            format!("{parent}%2f{}", &last[1..]),
            format!("/.{path}"),
            format!("/x/..{path}"),
            path.replacen("/v", "/V", 1).replacen("/open_api", "/Open_api", 1),
            path.replacen("/v1", "/v01", 1)
                .replacen("/v3", "/v3.0", 1)
                .replacen("/open", "/0pen", 1),
            encoded,
            path[1..].to_owned(),
            format!("{}{}", path.to_uppercase(), "X"),
        ] {
            tally.refused(
                &subject,
                &Call {
                    path: bad_path,
                    ..good.clone()
                },
                "path",
            );
        }
        for method in [
            "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "GET ", "", "PROPFIND", "QUERY",
        ] {
            tally.refused(
                &subject,
                &Call {
                    method: method.into(),
                    ..good.clone()
                },
                "method",
            );
        }
        for id in [BOT, "42"] {
            for bad_id in [
                "0",
                "me",
                "-1",
                "1.0",
                "%31",
                "1+1",
                "123456789012345678901",
                "1,2",
                "*",
            ] {
                let segment = format!("/{id}");
                if path.contains(&segment)
                    && !(bad_id == "0" && id == "42")
                    && operation.group.may_be_given_to_visitors()
                {
                    let path = path.replacen(&segment, &format!("/{bad_id}"), 1);
                    tally.refused(&subject, &Call { path, ..good.clone() }, "id");
                }
            }
        }
        if matches!(operation.body, Body::None) && operation.group.may_be_given_to_visitors() {
            tally.refused(&subject, &good.clone().json("{}"), "a body where none belongs");
            tally.refused(
                &subject,
                &good.clone().json(""),
                "an unannounced body where none belongs",
            );
        }
    }
    for path in [
        "/v1/unknown",
        "/v3/chat/completions",
        "/v2/chat",
        "/v1",
        "/v3",
        "/",
        "",
        "//",
        "/v1/bots/",
        "/open_api/v1/chat",
        "/api/permission/oauth2/token",
        "/v1/%62ots/1",
        "/v1/chat",
        "/v1/bot",
        "/v1/conversations/1/messages",
        "/v1/conversations/1/messages/2",
        "/v1/files",
        "/v1/workflow",
        "/v1/audio/simult_interpretation",
        "/v1/users",
        "/v1/users/1",
        "/v1/bot/get_draft_info",
        "/v1/bots/75/draft",
        "/open_api/bot/update",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            tally.refused(&subject, &Call::new(method, path), "unknown path");
        }
    }
    tally.bad("hostile paths and methods", 1_792);
}
