//! Where a configuration may come from, and what wins.

use super::{Workplace, console_file, private_key, set_mode, token};
use crate::{
    AccessLog, ConfigSource, Credentials, FileKind, Flag, LogConfig, LogFormat, Place, SettingValue, load_demo,
};
use coze_auth::UnixSeconds;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn the_consoles_file_works_as_it_is() {
    let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));

    let loaded = workplace.load(None).unwrap();

    let source = ConfigSource::File {
        path: PathBuf::from("coze_oauth_config.json"),
        kind: FileKind::ConsoleJson,
    };
    assert_eq!(loaded.config.source, source);
    assert_eq!(workplace.notices(), "");
    let app = loaded.config.app(None).unwrap();
    assert_eq!(app.name, "main");
    assert_eq!(app.duration_seconds, 900);
    assert_eq!(app.endpoints.ws_base.as_str(), "wss://ws.coze.cn/");
    let Credentials::Jwt {
        client_id,
        public_key_id,
        ..
    } = &app.credentials
    else {
        panic!("not a jwt app")
    };
    assert_eq!(
        (client_id.as_str(), public_key_id.as_str()),
        ("1100000000001", "fingerprint")
    );
}

#[test]
fn the_consoles_file_may_have_a_mark_a_numeric_id_and_more_fields() {
    let content = console_file(&[("client_id", json!(1_100_000_000_001_i64)), ("app_name", json!("shop"))]);
    let workplace = Workplace::new().file("coze_oauth_config.json", &format!("\u{feff}{content}"));

    insta::assert_snapshot!(
        workplace.notices(),
        @"coze_oauth_config.json:2:3: app_name: Nobody reads this field."
    );
    let loaded = workplace.load(None).unwrap();
    let Credentials::Jwt { client_id, .. } = &loaded.config.app(None).unwrap().credentials else {
        panic!()
    };
    assert_eq!(client_id, "1100000000001");
}

#[test]
fn our_own_file_comes_before_the_consoles_and_that_before_the_environment() {
    let console_only = Workplace::new()
        .file("coze_oauth_config.json", &console_file(&[]))
        .variable("COZE_API_BASE", "https://api.coze.com")
        .variable("COZE_API_TOKEN", &token());
    assert!(matches!(
        console_only.load(None).unwrap().config.source,
        ConfigSource::File {
            kind: FileKind::ConsoleJson,
            ..
        }
    ));

    let both = console_only.variable("MY_TOKEN", &token()).file(
        "cozegate.toml",
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_env = \"MY_TOKEN\"\n",
    );

    let source = both.load(None).unwrap().config.source;
    assert_eq!(
        source,
        ConfigSource::File {
            path: PathBuf::from("cozegate.toml"),
            kind: FileKind::Toml
        }
    );
}

#[test]
fn a_toml_file_sets_everything() {
    let workplace = Workplace::new()
        .file("keys/key.pem", private_key())
        .variable("MY_TOKEN", &token())
        .file(
            "cozegate.toml",
            r#"
mode = "local"
default_app = "shop"

[server]
proxy_addr = "127.0.0.1:9080"
auth_addr = "[::1]:9081"
workers = 3

[apps.shop]
kind = "jwt"
region = "com"
client_id = 1100000000002
public_key_id = "fingerprint"
private_key_file = "keys/key.pem"
duration_seconds = 3600

[apps.mine]
kind = "pat"
api_base = "http://127.0.0.1:4010"
token_env = "MY_TOKEN"
expires_at = 2030-01-01

[cors]
origins = ["https://Shop.example", "http://localhost:3000"]

[chat]
bot_id = "7300000000000000001"
title = "客服"

[visitors]
handle_ttl_seconds = 3600
secret_file = "visitors.secret"

[limits]
requests_per_minute = 120
address_requests_per_minute = 600
burst = 30
sessions_per_minute = 20
logins_per_minute = 10
streams_per_caller = 6
exchanges = 0

[log]
format = "json"
access = "on"

[timeouts]
connect_seconds = 1
head_seconds = 2
idle_seconds = 3
shutdown_seconds = 0
"#,
        );

    let config = workplace.load(None).unwrap().config;

    assert_eq!(workplace.notices(), "");
    assert_eq!(config.server.proxy_addr, "127.0.0.1:9080".parse().unwrap());
    assert_eq!(config.server.auth_addr, "[::1]:9081".parse().unwrap());
    assert_eq!(config.server.workers.map(std::num::NonZeroUsize::get), Some(3));
    let shop = config.app(None).unwrap();
    assert_eq!((shop.name.as_str(), shop.duration_seconds), ("shop", 3600));
    assert_eq!(shop.endpoints.www_base.as_str(), "https://www.coze.com/");
    let mine = config.app(Some("mine")).unwrap();
    assert_eq!(mine.endpoints.ws_base.as_str(), "ws://127.0.0.1:4010/");
    let Credentials::PersonalAccessToken {
        token: secret,
        expires_at,
    } = &mine.credentials
    else {
        panic!()
    };
    assert_eq!(secret.expose(), token());
    assert_eq!(*expires_at, Some(UnixSeconds(1_893_456_000)));
    let origins: Vec<&str> = config.cors.origins.iter().map(crate::Origin::as_str).collect();
    assert_eq!(origins, ["https://shop.example", "http://localhost:3000"]);
    assert_eq!(config.chat.title.as_deref(), Some("客服"));
    assert_eq!(
        config.visitors.secret_file,
        Some(workplace.path().join("visitors.secret"))
    );
    assert_eq!(
        (config.timeouts.connect, config.timeouts.shutdown),
        (Duration::from_secs(1), Duration::ZERO)
    );
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Json,
            access: AccessLog::On
        }
    );
    assert_eq!((config.limits.requests_per_minute, config.limits.exchanges), (120, 0));
}

#[test]
fn relative_paths_are_relative_to_the_file_that_names_them() {
    let workplace = Workplace::new().file("etc/key.pem", private_key()).file(
        "etc/gate.toml",
        "[apps.main]\nkind = \"jwt\"\nregion = \"cn\"\nclient_id = \"1\"\npublic_key_id = \"k\"\nprivate_key_file = \"key.pem\"\n",
    );

    assert!(workplace.load(Some("etc/gate.toml")).is_ok());
}

#[test]
fn the_environment_alone_is_enough() {
    let workplace = Workplace::new()
        .file("secrets/key.pem", private_key())
        .variable("COZE_CLIENT_ID", "1100000000001")
        .variable("COZE_PUBLIC_KEY", "fingerprint")
        .variable("COZE_PRIVATE_KEY_PATH", "secrets/key.pem")
        .variable("COZE_API_BASE", "https://api.coze.cn")
        .variable("COZE_API_TOKEN", &token());

    let loaded = workplace.load(None).unwrap();

    assert_eq!(loaded.config.source, ConfigSource::Environment);
    assert!(matches!(
        loaded.config.app(None).unwrap().credentials,
        Credentials::Jwt { .. }
    ));
    insta::assert_snapshot!(
        workplace.notices(),
        @"environment variable COZE_API_TOKEN: This variable is not used, because COZE_CLIENT_ID is set as well."
    );
}

#[test]
fn a_dot_env_file_is_environment_and_the_process_wins() {
    let workplace = Workplace::new()
        .file(
            ".env",
            &format!("COZE_API_TOKEN={}\nCOZE_API_BASE=https://api.coze.cn\n", token()),
        )
        .variable("COZE_API_BASE", "https://api.coze.com");

    let loaded = workplace.load(None).unwrap();

    let app = loaded.config.app(None).unwrap();
    assert_eq!(app.endpoints.api_base.as_str(), "https://api.coze.com/");
    let Credentials::PersonalAccessToken { token: secret, .. } = &app.credentials else {
        panic!()
    };
    assert_eq!(secret.expose(), token());
}

#[test]
fn variables_are_laid_over_a_file_and_flags_over_both() {
    let workplace = Workplace::new()
        .file("coze_oauth_config.json", &console_file(&[]))
        .variable("COZEGATE__SERVER__PROXY_ADDR", "127.0.0.1:1001")
        .variable("COZEGATE__SERVER__AUTH_ADDR", "127.0.0.1:1002")
        .variable("COZEGATE__CORS__ORIGINS", "https://a.example, https://b.example")
        .variable("COZEGATE__APPS__MAIN__DURATION_SECONDS", "60")
        .flag("--auth-addr", "server.auth_addr", "127.0.0.1:2002");

    let loaded = workplace.load(None).unwrap();

    assert_eq!(loaded.config.server.proxy_addr.port(), 1001);
    assert_eq!(loaded.config.server.auth_addr.port(), 2002);
    assert_eq!(loaded.config.cors.origins.len(), 2);
    assert_eq!(loaded.config.app(None).unwrap().duration_seconds, 60);
    let place = |key: &str| {
        loaded
            .settings
            .iter()
            .find(|setting| setting.key == key)
            .unwrap()
            .place
            .clone()
    };
    assert_eq!(
        place("server.proxy_addr"),
        Place::Variable("COZEGATE__SERVER__PROXY_ADDR".to_owned())
    );
    assert_eq!(place("server.auth_addr"), Place::Flag("--auth-addr"));
    assert_eq!(place("timeouts.head_seconds"), Place::Default);
}

#[test]
fn an_app_may_stand_in_variables_only() {
    let workplace = Workplace::new()
        .variable("COZEGATE__APPS__MAIN__KIND", "pat")
        .variable("COZEGATE__APPS__MAIN__REGION", "cn")
        .variable("COZEGATE__APPS__MAIN__TOKEN", &token());

    assert_eq!(workplace.load(None).unwrap().config.source, ConfigSource::Environment);
}

#[test]
fn no_secret_shows_itself_anywhere() {
    let inline = format!(
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken = \"{}\"\n",
        token()
    );
    let workplace = Workplace::new()
        .file("cozegate.toml", &inline)
        .variable("UNRELATED", &token());

    let loaded = workplace.load(None).unwrap();

    assert!(!format!("{loaded:?} {:?}", workplace.load(None)).contains("canary"));
    let setting = loaded
        .settings
        .iter()
        .find(|setting| setting.key == "apps.main.token")
        .unwrap();
    assert_eq!(setting.value, SettingValue::Redacted);
    insta::assert_snapshot!(
        workplace.notices(),
        @"cozegate.toml:4:1: apps.main.token: A secret stands in the configuration itself. A file of its own, a variable or a command keeps it out of backups and version control."
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_or_that_had_to_be_mended_is_mentioned() {
    let on_one_line = private_key().replace('\n', "\\n");
    let workplace = Workplace::new()
        .file("key.pem", &on_one_line)
        .variable("COZE_CLIENT_ID", "1")
        .variable("COZE_PUBLIC_KEY", "k")
        .variable("COZE_PRIVATE_KEY_PATH", "key.pem")
        .variable("COZE_API_BASE", "http://gate.example");
    set_mode(&workplace.path().join("key.pem"), 0o644);

    insta::assert_snapshot!(workplace.notices(), @r"
    environment variable COZE_API_BASE: Tokens travel unencrypted to gate.example. Use https.
    environment variable COZE_PRIVATE_KEY_PATH: Others on this machine may read DIR/key.pem (mode 0644). Run: chmod 600 DIR/key.pem
    environment variable COZE_PRIVATE_KEY_PATH: The private key's line breaks were written as \n; it works all the same.
    ");
}

#[cfg(unix)]
#[test]
fn a_secret_may_come_from_a_command() {
    let command = format!("token_command = [\"printf\", \"%s\\n\", \"{}\"]", token());
    let workplace = Workplace::new().file(
        "cozegate.toml",
        &format!("[apps.main]\nkind = \"pat\"\nregion = \"cn\"\n{command}\n"),
    );

    let loaded = workplace.load(None).unwrap();

    let Credentials::PersonalAccessToken { token: secret, .. } = &loaded.config.app(None).unwrap().credentials else {
        panic!()
    };
    assert_eq!(secret.expose(), token());
}

#[test]
fn an_unknown_app_is_answered_with_the_nearest_name() {
    let loaded = Workplace::new()
        .file("coze_oauth_config.json", &console_file(&[]))
        .load(None)
        .unwrap();

    let unknown = loaded.config.app(Some("mian")).unwrap_err();

    assert_eq!(unknown.suggestion.as_deref(), Some("main"));
    assert_eq!(
        unknown.to_string(),
        "there is no app called \"mian\" in the configuration; it has: main"
    );
}

#[test]
fn a_demo_takes_variables_and_flags_but_no_other_app() {
    let console = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));
    let app = console.load(None).unwrap().config.app(None).unwrap().clone();
    let environment = [
        ("COZEGATE__CORS__ORIGINS", r#"["http://127.0.0.1:5000"]"#),
        ("COZEGATE__APPS__OTHER__KIND", "pat"),
        ("COZE_API_TOKEN", "unused"),
    ];
    let environment = environment
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let flag = Flag {
        name: "--proxy-addr",
        key: "server.proxy_addr",
        value: "127.0.0.1:0".to_owned(),
    };

    let loaded = load_demo(vec![app], console.path(), &environment, &[flag]).unwrap();

    assert_eq!(loaded.config.source, ConfigSource::Demo);
    assert_eq!(loaded.config.server.proxy_addr.port(), 0);
    assert_eq!(loaded.config.cors.origins.len(), 1);
    assert_eq!(loaded.config.apps.keys().collect::<Vec<_>>(), ["main"]);
}
