//! Renders every page in both languages and looks at what a browser, or an attacker, would look at.

use super::script_data::{CALLBACK_TEXTS, CHAT_TEXTS, WINDOW_TEXTS};
use super::*;
use cozegate_config::AppKind;
use cozegate_config::text::{Language, has_text};
use std::path::Path;

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>'\"&";

/// The folders of scripts and the texts that are handed to each.
const SCRIPTS: [(&str, ScriptTexts); 3] = [
    ("chat", CHAT_TEXTS),
    ("pages", CALLBACK_TEXTS),
    ("window", WINDOW_TEXTS),
];

fn frame(language: Language) -> Frame<'static> {
    Frame {
        language,
        query: "",
        version: "0.1.0",
        is_local: true,
    }
}

fn home_page(language: Language, bot_id: Option<&'static str>) -> String {
    home(&HomePage {
        frame: frame(language),
        setup: Setup::Demo,
        proxy_url: "http://127.0.0.1:8080",
        auth_url: "http://127.0.0.1:8081",
        apps: &[AppLine {
            name: "main",
            kind: AppKind::PersonalAccessToken,
            region: AppRegion::China,
            api_base: "https://api.coze.cn",
            is_default: true,
            ends_soon: Some("2030-01-01 08:00"),
        }],
        bot_id,
    })
}

fn callback_page(language: Language, app: Option<&str>, session_name: Option<&str>) -> String {
    callback(&CallbackPage {
        frame: frame(language),
        auth_url: "http://127.0.0.1:8081",
        app,
        session_name,
    })
}

fn chat_page(language: Language, bots: Option<&[BotChoice]>, title: Option<&str>) -> String {
    chat(&ChatPage {
        frame: frame(language),
        app: title,
        api_base: "http://127.0.0.1:8080",
        bot_id: None,
        bots,
        title,
    })
}

fn error_page(language: Language, detail: &str) -> String {
    error(&ErrorPage {
        frame: frame(language),
        status: 404,
        title: "Nothing here",
        detail,
        advice: advice(cozegate_core::problem::ProblemKind::CrossSite),
        request_id: Some("01JD"),
    })
}

fn login_page(language: Language, app: &str) -> String {
    login(&LoginPage {
        frame: frame(language),
        app,
        standing: LoginStanding::LoggedIn {
            since: "2030-01-01 08:00".to_owned(),
            until: Some("2030-01-31 08:00".to_owned()),
        },
    })
}

fn device_page(language: Language, user_code: &str) -> String {
    device(&DevicePage {
        frame: frame(language),
        app: "main",
        user_code,
        verification_uri: "https://www.coze.cn/device",
        verification_uri_complete: "https://www.coze.cn/device?user_code=1",
        until: "2030-01-01 08:00",
    })
}

fn playground_page(language: Language, bot_id: Option<&str>) -> String {
    playground(&PlaygroundPage {
        frame: frame(language),
        api_base: "http://127.0.0.1:8080",
        auth_url: "http://127.0.0.1:8081",
        apps: &["main", "second"],
        bot_id,
        bots: None,
    })
}

fn every_page() -> Vec<String> {
    Language::ALL
        .into_iter()
        .flat_map(|language| {
            [
                home_page(language, None),
                callback_page(language, None, Some("alice")),
                chat_page(language, None, None),
                error_page(language, "There is no such page."),
                login_page(language, "main"),
                device_page(language, "WDJB-MJHT"),
                playground_page(language, None),
                preview(language),
            ]
        })
        .collect()
}

/// The files below `web/` with the given ending, tests and packages left out.
fn web_files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(web)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The ids of texts that a script names: every literal that begins like one.
fn ids_named_in(script: &str) -> Vec<&str> {
    script
        .split('"')
        .filter(|literal| {
            ["callback-", "chat-", "site-", "window-"]
                .iter()
                .any(|prefix| literal.starts_with(prefix))
        })
        .collect()
}

#[test]
fn every_text_that_a_template_names_exists() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut named = 0;

    for entry in std::fs::read_dir(templates).unwrap() {
        let template = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for call in ["texts.get(\"", "texts.with(\""] {
            for id in template.split(call).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(has_text(id), "{id}");
                named += 1;
            }
        }
    }

    assert!(named > 80, "{named}");
}

#[test]
fn every_text_that_a_script_asks_for_is_handed_to_it() {
    for (folder, list) in SCRIPTS {
        for (file, script) in web_files(folder, ".js") {
            for id in ids_named_in(&script) {
                assert!(list.iter().any(|(known, _)| *known == id), "{file} names {id}");
            }
        }
        for (id, _) in list {
            assert!(has_text(id), "{id}");
        }
    }
}

#[test]
fn every_text_of_the_pages_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut users: String = std::fs::read_dir(root.join("templates"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    users.push_str(include_str!("home.rs"));
    users.push_str(include_str!("script_data.rs"));
    users.push_str(include_str!("login.rs"));
    users.push_str(include_str!("advice.rs"));

    for line in include_str!("../../../config/locales/en/pages.ftl").lines() {
        if let Some((id, _)) = line.split_once(" = ") {
            assert!(users.contains(&format!("\"{id}\"")), "nobody says {id}");
        }
    }
    for (folder, list) in SCRIPTS {
        let scripts: String = web_files(folder, ".js").into_iter().map(|(_, script)| script).collect();
        for (id, _) in list {
            assert!(scripts.contains(&format!("\"{id}\"")), "no script says {id}");
        }
    }
}

#[test]
fn every_asset_that_a_page_links_to_exists() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");

    for page in every_page() {
        for asset in page
            .split("\"/assets/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(web.join(asset).is_file(), "{asset}");
        }
    }
}

#[test]
fn pages_keep_to_their_content_security_policy() {
    for page in every_page() {
        assert!(!page.contains(" style="), "inline style");
        assert!(!page.contains("<style"), "inline style sheet");
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(
                tag.contains("src=\"/assets/") || tag.contains("type=\"application/json\""),
                "{tag}"
            );
        }
        for handler in [" onclick=", " onload=", " onerror=", " onsubmit="] {
            assert!(!page.contains(handler), "{handler}");
        }
    }
}

#[test]
fn the_window_asks_a_foreign_page_for_nothing_but_room() {
    for language in Language::ALL {
        let (markup, words) = window(language);

        for forbidden in [" style=", "<style", "<script", "<img", "src=", "href=", "<main", "<h1"] {
            assert!(!markup.contains(forbidden), "{forbidden}");
        }
        assert!(words.contains_key("window-open") && words.contains_key("chat-title"));
    }
}

#[test]
fn values_from_outside_cannot_become_markup() {
    let bots = [BotChoice {
        id: "1".to_owned(),
        name: HOSTILE.to_owned(),
    }];

    for page in [
        home(&HomePage {
            frame: Frame {
                query: HOSTILE,
                ..frame(Language::English)
            },
            setup: Setup::Local,
            proxy_url: HOSTILE,
            auth_url: HOSTILE,
            apps: &[],
            bot_id: Some(HOSTILE),
        }),
        callback_page(Language::English, Some(HOSTILE), Some(HOSTILE)),
        chat_page(Language::English, Some(&bots), Some(HOSTILE)),
        error_page(Language::English, HOSTILE),
        playground_page(Language::English, Some(HOSTILE)),
    ] {
        assert!(!page.contains("<img src=x"), "{page}");
        assert!(!page.contains("</script><"), "{page}");
    }
}

#[test]
fn what_was_asked_for_cannot_leave_the_quotes_of_the_shell_command() {
    let page = callback_page(Language::English, Some("b'"), Some("a'; rm -rf ~ #"));
    let plain = callback_page(Language::English, None, None);

    let command = "/callback?app=b%27&#38;session_name=a%27%3B+rm+-rf+%7E+%23'";
    assert!(page.contains(command), "{page}");
    assert!(plain.contains("/callback'"), "{plain}");
}

#[test]
fn data_for_a_script_survives_the_trip_through_html() {
    let bots = [BotChoice {
        id: "1".to_owned(),
        name: HOSTILE.to_owned(),
    }];
    let page = chat_page(Language::Chinese, Some(&bots), None);

    let block = page.split("id=\"config\">").nth(1).unwrap();
    let config: serde_json::Value = serde_json::from_str(block.split("</script>").next().unwrap()).unwrap();

    assert_eq!(config["bots"][0]["name"], HOSTILE);
    assert_eq!(config["lang"], "zh-CN");
    assert_eq!(config["api_base"], "http://127.0.0.1:8080");
    assert_eq!(config["bot_id"], serde_json::Value::Null);
}

#[test]
fn variables_of_script_texts_are_left_for_the_script() {
    let page = chat_page(Language::English, None, None);

    assert!(page.contains("\"chat-error-log\":\"log ID {log_id}\""), "{page}");
}

#[test]
fn the_language_switch_keeps_the_rest_of_the_query() {
    let frame = Frame {
        query: "bot_id=7&lang=en&x=",
        ..frame(Language::English)
    };

    assert_eq!(frame.in_language(Language::Chinese), "?bot_id=7&x=&lang=zh-CN");
}

#[test]
fn the_policy_lets_the_chat_reach_the_proxy_and_nothing_else() {
    let connect = |api_base| {
        content_security_policy(api_base)
            .split("; ")
            .find_map(|directive| directive.strip_prefix("connect-src ").map(str::to_owned))
            .unwrap()
    };

    assert_eq!(connect(None), "'self'");
    assert_eq!(connect(Some("http://127.0.0.1:8080")), "'self' http://127.0.0.1:8080");
    assert_eq!(
        connect(Some("https://chat.example/proxy/")),
        "'self' https://chat.example"
    );
    assert_eq!(connect(Some("https://a.example;script-src")), "'self'");
    assert_eq!(connect(Some("not an address")), "'self'");
}

#[test]
fn visitors_of_a_public_gateway_are_not_led_to_the_operators_pages() {
    let frame = Frame {
        is_local: false,
        ..frame(Language::English)
    };
    let page = home(&HomePage {
        frame,
        setup: Setup::Public,
        proxy_url: "https://api.example",
        auth_url: "https://chat.example",
        apps: &[],
        bot_id: None,
    });

    for path in ["/callback", "/cozegate.user.js", "/login", "/playground", "/sessions"] {
        assert!(!page.contains(&format!("href=\"{path}")), "{path}");
    }
    assert!(page.contains("https://chat.example/embed.js"));
}

#[test]
fn snippets_name_the_bot_when_one_is_known() {
    assert!(home_page(Language::English, Some("7380123")).contains("7380123"));
    assert!(home_page(Language::English, None).contains("BOT_ID"));
}
