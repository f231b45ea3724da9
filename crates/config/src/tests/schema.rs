//! `docs/reference/cozegate.schema.json` says what the reader says: the same keys, the same ranges, the same verdict on
//! whole files.

use super::{Workplace, console_file, token};
use crate::text::Language;
use crate::{AppKind, LimitsConfig, MistakeKind, Mode, TimeoutsConfig};
use cozegate_policy::Group;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/reference/cozegate.schema.json")).unwrap()
}

/// A right app of each kind that needs no other file.
fn app(kind: AppKind) -> String {
    let own = match kind {
        AppKind::Jwt => {
            "client_id = \"1\"\npublic_key_id = \"k\"\nprivate_key_env = \"KEY\"\nscope = { bots = [\"7\"] }\n\
             session_context = { device_id = \"d\" }\n"
        }
        AppKind::Web => "client_id = \"1\"\nclient_secret_env = \"MY_TOKEN\"\n",
        AppKind::Pkce | AppKind::Device => "client_id = \"1\"\n",
        AppKind::PersonalAccessToken | AppKind::ServiceAccessToken => "token_env = \"MY_TOKEN\"\n",
    };
    format!("[apps.main]\nkind = \"{kind}\"\nregion = \"cn\"\n{own}")
}

fn workplace(content: &str) -> Workplace {
    Workplace::new()
        .variable("MY_TOKEN", &token())
        .variable("KEY", super::private_key())
        .file("cozegate.toml", content)
}

/// Whether the reader takes the file.
fn is_read(content: &str) -> bool {
    workplace(content).load(None).is_ok()
}

/// Whether the schema takes it. Dates of TOML are texts in JSON.
fn is_valid(content: &str) -> bool {
    fn as_json(value: &toml::Value) -> Value {
        match value {
            toml::Value::Datetime(moment) => json!(moment.to_string()),
            toml::Value::Array(items) => items.iter().map(as_json).collect(),
            toml::Value::Table(table) => table
                .iter()
                .map(|(key, value)| (key.clone(), as_json(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            plain => serde_json::to_value(plain).unwrap(),
        }
    }
    let document: toml::Table = content.parse().unwrap();
    let schema = schema();
    validate(&schema, &schema, &as_json(&toml::Value::Table(document)))
}

/// The part of JSON Schema (draft 7) that the schema uses; any other word is a mistake of the schema.
fn validate(root: &Value, schema: &Value, value: &Value) -> bool {
    let holds = |schema: &Value| validate(root, schema, value);
    schema
        .as_object()
        .unwrap()
        .iter()
        .all(|(word, rule)| match word.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" => true,
            "$ref" => holds(root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap()),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|kind| is_of_type(value, kind)),
                kind => is_of_type(value, kind),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "minItems" => value.as_array().is_none_or(|items| !items.is_empty()),
            "minProperties" => value.as_object().is_none_or(|members| !members.is_empty()),
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .all(|item| validate(root, rule, item)),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "anyOf" => rule.as_array().unwrap().iter().any(holds),
            "oneOf" => rule.as_array().unwrap().iter().filter(|rule| holds(rule)).count() == 1,
            "allOf" => rule.as_array().unwrap().iter().all(holds),
            "not" => !holds(rule),
            "properties" | "patternProperties" => members(value)
                .all(|(key, member)| member_schema(schema, word, key).is_none_or(|rule| validate(root, rule, member))),
            "additionalProperties" => members(value).all(|(key, _)| {
                let is_known = |word| member_schema(schema, word, key).is_some();
                is_known("properties") || is_known("patternProperties")
            }),
            other => panic!("{other} is not understood here"),
        })
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn member_schema<'s>(schema: &'s Value, word: &str, key: &str) -> Option<&'s Value> {
    let rules = schema.get(word)?;
    if word == "properties" {
        return rules.get(key);
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    ((1..=64).contains(&key.len()) && key.chars().all(is_name)).then(|| rules.get("^[a-z0-9_-]{1,64}$").unwrap())
}

fn is_of_type(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type here"),
    }
}

/// The keys that the schema has at the dotted `section`, for an app of this kind.
fn keys_of_schema(section: &str, kind: AppKind) -> BTreeSet<String> {
    let schema = schema();
    let path = match section.strip_prefix("apps.main") {
        Some(inside) => format!("/definitions/{kind}{}/properties", inside.replace('.', "/properties/")),
        None if section.is_empty() => "/properties".to_owned(),
        None if section == "store" => "/definitions/store-sqlite/properties".to_owned(),
        None => format!("/properties/{section}/properties"),
    };
    schema
        .pointer(&path)
        .unwrap()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

#[test]
fn every_key_that_is_read_stands_in_the_schema_and_back() {
    for kind in AppKind::ALL {
        let app = app(kind).replace(" }", ", qqqq = 1 }");
        let content = format!(
            "qqqq = 1\n{app}qqqq = 1\n[server]\nqqqq = 1\n[cors]\nqqqq = 1\n[local]\nqqqq = 1\n[chat]\nqqqq = 1\n[userscript]\nqqqq = 1\n[visitors]\nqqqq = 1\n[store]\nqqqq = 1\n[limits]\nqqqq = 1\n[files]\nqqqq = 1\n[log]\nqqqq = 1\n[timeouts]\nqqqq = 1\n"
        );

        let errors = workplace(&content).load(None).unwrap_err();

        let sections = if kind == AppKind::Jwt { 15 } else { 13 };
        assert_eq!(errors.mistakes().len(), sections, "{errors}");
        for mistake in errors.mistakes() {
            let MistakeKind::UnknownKey { known } = &mistake.kind else {
                panic!("{mistake}")
            };
            let section = mistake.key.strip_suffix("qqqq").unwrap().trim_end_matches('.');
            let read: BTreeSet<String> = known.iter().cloned().collect();
            assert_eq!(read, keys_of_schema(section, kind), "{kind} {section}");
        }
    }
}

#[test]
fn numbers_end_where_the_schema_says() {
    let schema = schema();
    let mut bounds = 0;
    for section in [
        "server",
        "userscript",
        "visitors",
        "limits",
        "files",
        "timeouts",
        "apps.main",
    ] {
        let properties = match section {
            "apps.main" => "/definitions/jwt/properties".to_owned(),
            other => format!("/properties/{other}/properties"),
        };
        for (key, rule) in schema.pointer(&properties).unwrap().as_object().unwrap() {
            let (Some(lowest), Some(highest)) = (rule["minimum"].as_i64(), rule["maximum"].as_i64()) else {
                continue;
            };
            for (number, is_right) in [
                (lowest - 1, false),
                (lowest, true),
                (highest, true),
                (highest + 1, false),
            ] {
                let content = if section == "apps.main" {
                    format!("{}{key} = {number}\n", app(AppKind::Jwt))
                } else {
                    format!("{}[{section}]\n{key} = {number}\n", app(AppKind::Jwt))
                };
                assert_eq!(is_read(&content), is_right, "{key} = {number}");
                assert_eq!(is_valid(&content), is_right, "{key} = {number}");
                bounds += 1;
            }
        }
    }
    assert_eq!(bounds, 28 * 4);
}

#[test]
fn declared_numbers_have_the_range_and_the_default_of_the_schema() {
    for (section, keys) in [("limits", LimitsConfig::KEYS), ("timeouts", TimeoutsConfig::KEYS)] {
        for key in keys {
            let rule = &schema()["properties"][section]["properties"][key.name];

            let written = ["minimum", "maximum", "default"].map(|word| rule[word].as_u64());
            let declared = [
                Some(*key.range.start()),
                Some(*key.range.end()),
                key.default_in(Mode::Local),
            ];

            assert_eq!(
                written,
                declared.map(|number| number.map(u64::from)),
                "{section}.{}",
                key.name
            );
        }
    }
}

/// A whole file of public mode with this app.
fn public(app: &str) -> String {
    format!(
        "mode = \"public\"\n{app}[server]\nproxy_url = \"https://chat.example\"\nauth_url = \"https://chat.example\"\n\
         trusted_proxies = [\"127.0.0.1\"]\n[cors]\norigins = [\"https://shop.example\"]\n[chat]\nbots = [\"7 Help desk\"]\n\
         [visitors]\nkinds = [\"anonymous\"]\nsecret_file = \"visitors.secret\"\n"
    )
}

#[test]
fn reader_and_schema_agree_about_whole_files() {
    let jwt = app(AppKind::Jwt);
    let mut right: Vec<String> = AppKind::ALL.into_iter().map(app).collect();
    right.extend([
        format!("{jwt}account_id = 7\n"),
        format!("mode = \"local\"\n{jwt}[cors]\norigins = [\"https://shop.example\"]\n[chat]\nbot_id = 7\n"),
        format!("{}expires_at = 2030-01-01\n", app(AppKind::PersonalAccessToken)),
        format!("{}workspace_id = 7\nchallenge_method = \"plain\"\n", app(AppKind::Pkce)),
        format!("{jwt}[chat]\nbots = [\"7 Help desk\", \"8\"]\nsdk_url = \"https://cdn.example/sdk.js\"\n"),
        format!("{jwt}[userscript]\nsites = [\"https://shop.example/*\"]\nui = \"cozegate\"\n"),
        public(&jwt),
        format!("{jwt}[store]\n"),
        format!("{jwt}[files]\nhosts = []\nprivate_hosts = [\"http://127.0.0.1:9000\"]\n"),
        format!("{jwt}[store]\npath = \"x.db\"\nseal_key_file = \"store.key\"\n"),
        format!("{jwt}[store]\nkind = \"postgres\"\nurl_env = \"MY_TOKEN\"\nseal_key_env = \"MY_TOKEN\"\n"),
        format!("{jwt}[store]\nkind = \"redis\"\nurl = \"redis://h\"\nprefix = \"p\"\nseal_key_keyring = \"k\"\n"),
        format!("{jwt}[store]\nkind = \"memory\"\n"),
        "default_app = \"a\"\n".to_owned() + &jwt.replace("main", "a") + &app(AppKind::Pkce),
    ]);
    let wrong = [
        String::new(),
        "[apps]\n".to_owned(),
        jwt.replace("[apps.main]", "[apps.Main]"),
        jwt.replace("\"jwt\"", "\"JWT\""),
        jwt.replace("region = \"cn\"\n", ""),
        jwt.replace("region = \"cn\"", "region = \"eu\""),
        jwt.replace("client_id = \"1\"\n", ""),
        jwt.replace("private_key_env = \"KEY\"\n", ""),
        format!("{jwt}private_key_file = \"key.pem\"\n"),
        format!("{jwt}api_base = \"https://api.coze.cn\"\n"),
        format!("{jwt}account_id = 7\nenterprise_id = 8\n"),
        format!("{jwt}redirect_uri = \"http://127.0.0.1:8081/callback\"\n"),
        format!("{}client_id = \"1\"\n", app(AppKind::ServiceAccessToken)),
        format!("mode = \"public\"\n{jwt}"),
        public(&jwt).replace("proxy_url", "# proxy_url"),
        public(&jwt).replace("auth_url", "# auth_url"),
        public(&jwt).replace("kinds", "# kinds"),
        public(&jwt).replace("[\"anonymous\"]", "[]"),
        public(&jwt).replace("[\"anonymous\"]", "[\"everybody\"]"),
        public(&jwt).replace("secret_file", "# secret_file"),
        public(&jwt).replace("[\"https://shop.example\"]", "[]"),
        public(&app(AppKind::PersonalAccessToken)),
        public(&app(AppKind::Web)),
        public(&jwt).replace("mode", "# mode"),
        format!("{jwt}[server]\nproxy_addr = 8080\n"),
        format!(
            "{}workspace_id = \"a/b\"\nchallenge_method = \"none\"\n",
            app(AppKind::Pkce)
        ),
        format!("{jwt}challenge_method = \"plain\"\n"),
        format!("{jwt}[store]\nkind = \"mysql\"\n"),
        format!("{jwt}[store]\nkind = \"postgres\"\n"),
        format!("{jwt}[store]\nkind = \"postgres\"\nurl = \"postgres://h\"\nurl_env = \"MY_TOKEN\"\n"),
        format!("{jwt}[store]\nkind = \"postgres\"\nurl = \"postgres://h\"\npath = \"x.db\"\n"),
        format!("{jwt}[store]\nkind = \"memory\"\nseal_key_file = \"store.key\"\n"),
        format!("{jwt}[store]\nseal_key_env = \"MY_TOKEN\"\nseal_key_file = \"store.key\"\n"),
        format!("{jwt}[cors]\norigins = \"https://shop.example\"\n"),
        format!("{jwt}[files]\nhosts = \"lf-cdn.coze.cn\"\n"),
    ];

    for content in right {
        assert!(is_read(&content), "{content}");
        assert!(is_valid(&content), "{content}");
    }
    for content in wrong {
        assert!(!is_read(&content), "{content}");
        assert!(!is_valid(&content), "{content}");
    }
}

#[test]
fn what_we_show_people_is_valid() {
    let page = include_str!("../../../../docs/reference/configuration.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let drafts = Language::ALL.map(|language| {
        let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));
        let mut request = workplace.draft_request(None);
        request.language = language;
        crate::draft(request).unwrap().toml
    });

    for content in [example, drafts[0].as_str(), drafts[1].as_str()] {
        assert!(is_valid(content), "{content}");
    }
}

#[test]
fn every_kind_of_store_takes_the_keys_of_its_schema() {
    for (kind, own) in [
        ("sqlite", ""),
        ("postgres", "url_env = \"MY_TOKEN\"\n"),
        ("redis", "url_env = \"MY_TOKEN\"\n"),
        ("memory", ""),
    ] {
        let content = format!("{}[store]\nkind = \"{kind}\"\n{own}qqqq = 1\n", app(AppKind::Jwt));

        let errors = workplace(&content).load(None).unwrap_err();

        let [mistake] = errors.mistakes() else {
            panic!("{errors}")
        };
        let MistakeKind::UnknownKey { known } = &mistake.kind else {
            panic!("{mistake}")
        };
        let read: BTreeSet<String> = known.iter().cloned().collect();
        let schema = schema();
        let properties = schema
            .pointer(&format!("/definitions/store-{kind}/properties"))
            .unwrap();
        let written: BTreeSet<String> = properties.as_object().unwrap().keys().cloned().collect();
        assert_eq!(read, written, "{kind}");
    }
}

/// A whole file of public mode with one site that has these lines.
fn site(lines: &str) -> String {
    format!(
        "{}[sites.shop]\norigins = [\"https://other.example\"]\nbots = [\"7\"]\n{lines}",
        public(&app(AppKind::Jwt)).replace("[cors]\norigins = [\"https://shop.example\"]\n", "")
    )
}

#[test]
fn reader_and_schema_agree_about_sites() {
    let groups: Vec<&str> = Group::ALL
        .iter()
        .filter(|group| group.may_be_given_to_visitors())
        .map(|group| group.name())
        .collect();
    let every_group = json!(groups).to_string();
    let members = groups
        .iter()
        .map(|group| format!("{group} = [\"x\"]"))
        .collect::<Vec<_>>()
        .join(", ");
    for lines in [
        String::new(),
        format!("allow = {every_group}\nmembers = {{ {members} }}\n"),
        "bots = [\"*\"]\npolicy = \"report\"\nownership = \"observe\"\nwithout_origin = true\n".replace(
            "bots",
            "workflows = [\"7\"]\napp_ids = [\"8\"]\nbot_fields = [\"x\"]\n# bots",
        ),
        "app = \"main\"\nconnectors = [\"999\"]\n".to_owned(),
    ] {
        let content = site(&lines);
        assert!(is_read(&content), "{content}");
        assert!(is_valid(&content), "{content}");
    }
    for lines in [
        "allow = [\"bots_admin\"]\n",
        "allow = [\"chats\"]\n",
        "members = { bots_admin = [\"x\"] }\n",
        "policy = \"off\"\n",
        "ownership = \"report\"\n",
        "without_origin = \"yes\"\n",
        "qqqq = 1\n",
    ] {
        let content = site(lines);
        assert!(!is_read(&content), "{content}");
        assert!(!is_valid(&content), "{content}");
    }
}
