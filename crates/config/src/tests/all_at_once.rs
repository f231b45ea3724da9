//! A mistake hides no other, and has no echo: what has been named once is not called missing as well.

use super::{Workplace, console_file, private_key, token};
use serde_json::json;

fn toml(content: &str) -> Workplace {
    Workplace::new().file("cozegate.toml", content)
}

fn yaml(content: &str) -> Workplace {
    Workplace::new().file("application.yaml", content)
}

fn mistakes_of_yaml(workplace: &Workplace) -> String {
    let errors = workplace.import("application.yaml").unwrap_err();
    workplace.without_directory(&errors.to_string())
}

#[test]
fn old_fields_of_the_consoles_file_are_named_beside_its_other_mistakes() {
    let content = console_file(&[
        ("client_id", json!(null)),
        ("appid", json!("1")),
        ("coze_api_base", json!(null)),
        ("coze_domain", json!("api.coze.cn")),
        ("coze_www_base", json!("www.coze.cn")),
        ("public_key_id", json!(private_key())),
        ("private_key", json!("")),
    ]);
    let workplace = Workplace::new()
        .file("coze_oauth_config.json", &content)
        .variable("COZEGATE__SERVR__PROXY_ADDR", "127.0.0.1:1")
        .flag("--auth-addr", "server.auth_addr", "0.0.0.0:8081");

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    coze_oauth_config.json:2:3: appid: Old tutorials show this field, but the console does not write it. Download coze_oauth_config.json again from the OAuth app's page. Did you mean "client_id"?
    coze_oauth_config.json:4:3: coze_domain: Old code used this field, but the console does not write it. It is coze_api_base now, with https:// in front. Did you mean "coze_api_base"?
    coze_oauth_config.json:5:3: coze_www_base: "www.coze.cn" is not an address that begins with https://. Did you mean "https://www.coze.cn"?
    coze_oauth_config.json:6:3: private_key: The secret is empty.
    coze_oauth_config.json:7:3: public_key_id: Here stands a key. Write its id instead: the fingerprint that the console shows beside the public key.
    --auth-addr: 0.0.0.0:8081 can be reached from other machines, and local mode trusts everybody who reaches it. Write 127.0.0.1 (or [::1]); to serve others, write mode = "public".
    environment variable COZEGATE__SERVR__PROXY_ADDR: This key is not known. Did you mean "COZEGATE__SERVER__PROXY_ADDR"?
    "#);
}

#[test]
fn field_of_today_is_checked_beside_the_old_one() {
    let content = console_file(&[("client_id", json!(" ")), ("app_id", json!("1"))]);
    let workplace = Workplace::new().file("coze_oauth_config.json", &content);

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    coze_oauth_config.json:2:3: app_id: Old tutorials show this field, but the console does not write it. Download coze_oauth_config.json again from the OAuth app's page. Did you mean "client_id"?
    coze_oauth_config.json:3:3: client_id: The value is empty.
    "#);
}

#[test]
fn file_that_is_no_json_does_not_hide_what_variables_and_flags_say() {
    let workplace = Workplace::new()
        .file("coze_oauth_config.json", "{\"client_type\": \"jwt\",}")
        .variable("COZEGATE__APPS__MAIN__CLIENT_ID", "1")
        .variable("COZEGATE__TIMEOUTS__IDLE_SECONDS", "0")
        .flag("--auth-addr", "server.auth_addr", "here");

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    coze_oauth_config.json:1:23: The file cannot be understood here: trailing comma.
    --auth-addr: "here" is not an address. Write IP:PORT, such as 127.0.0.1:8080.
    environment variable COZEGATE__TIMEOUTS__IDLE_SECONDS: 0 is not a whole number from 1 to 3600.
    "#);
}

#[test]
fn redirect_uris_of_the_consoles_file_are_not_passed_over() {
    let content = console_file(&[
        ("client_type", json!("pkce")),
        ("redirect_uris", json!("myapp://callback")),
        ("private_key", json!(null)),
    ]);
    let workplace = Workplace::new().file("coze_oauth_config.json", &content);

    insta::assert_snapshot!(workplace.mistakes(), @r#"coze_oauth_config.json:7:3: redirect_uris: "myapp://callback" is not an address that begins with http:// or https://."#);
}

#[test]
fn yaml_with_an_unset_variable_is_checked_to_its_end() {
    let workplace = yaml(
        "coze:\n  oauth:\n    baseUrl: ${ABSENT}\n    clientId:\n    publicKey: k\n    privateKeyPath: ${ALSO_ABSENT}/key.pem\n  oauth2:\n    type: ${NO_KIND}\n    region: mars\n",
    )
    .variable("COZEGATE__CORS__ORIGINS", "*");

    insta::assert_snapshot!(mistakes_of_yaml(&workplace), @r#"
    application.yaml:3:14: coze.oauth.baseUrl: The environment variable ABSENT is not set.
    application.yaml:4:13: coze.oauth.clientId: The value is empty.
    application.yaml:6:21: coze.oauth.privateKeyPath: The environment variable ALSO_ABSENT is not set.
    application.yaml:8:11: coze.oauth2.type: The environment variable NO_KIND is not set.
    application.yaml:9:13: coze.oauth2.region: "mars" is not one of: cn, com.
    environment variable COZEGATE__CORS__ORIGINS: "*" would let every web page use your tokens. List the origins that may.
    "#);
}

#[test]
fn yaml_with_a_key_that_stands_twice_is_checked_to_its_end() {
    let workplace = yaml(
        "coze:\n  oauth:\n    baseUrl: https://api.coze.cn\n    baseUrl: https://api.coze.com\n    clientId: 1\n  oauth:\n    publicKey: k\n    privateKeyPath: absent.pem\n",
    );

    insta::assert_snapshot!(mistakes_of_yaml(&workplace), @"
    application.yaml:4:5: The file cannot be understood here: this key stands here twice.
    application.yaml:6:3: The file cannot be understood here: this key stands here twice.
    application.yaml:8:21: coze.oauth.privateKeyPath: DIR/absent.pem cannot be read: No such file or directory (os error 2).
    ");
}

#[test]
fn yaml_without_an_app_does_not_hide_what_variables_say() {
    let without = yaml("spring:\n  application: x\n").variable("COZEGATE__CHAT__BOT", "7");
    let twice = yaml("coze: {clientId: 1}\n---\ncoze: {}\n").variable("COZEGATE__DEFAULT_APP", "main");

    insta::assert_snapshot!([mistakes_of_yaml(&without), mistakes_of_yaml(&twice)].join("\n"), @r#"
    application.yaml: coze: There is no app below "coze". An app looks like this: coze.oauth with baseUrl, clientId, publicKey (the key's id) and privateKeyPath.
    environment variable COZEGATE__CHAT__BOT: This key is not known. Did you mean "COZEGATE__CHAT__BOTS"?
    application.yaml:3:1: coze: A second document of this file speaks of Coze, too. Put the one that is meant into a file of its own.
    "#);
}

#[test]
fn dot_env_lines_that_cannot_be_read_are_not_called_missing_too() {
    let open_quote = private_key().trim_end();
    let workplace = Workplace::new().file(
        ".env",
        &format!(
            "COZE_API_BASE: https://api.coze.cn\nCOZE-PUBLIC-KEY=k\nCOZE_PRIVATE_KEY=\"{open_quote}\nCOZE_CLIENT_ID=1\n\
             COZEGATE__SERVER__AUTH_ADDR 127.0.0.1:8080\nCOZEGATE__TIMEOUTS__IDLE_SECONDS=0\n"
        ),
    );

    insta::assert_snapshot!(workplace.mistakes(), @"
    .env:1:1: The file cannot be understood here: expected NAME=value.
    .env:2:1: The file cannot be understood here: a name holds letters, digits and _ only.
    .env:3:1: The file cannot be understood here: the quote is not closed.
    .env:32:1: The file cannot be understood here: expected NAME=value.
    .env:33:1: COZEGATE__TIMEOUTS__IDLE_SECONDS: 0 is not a whole number from 1 to 3600.
    ");
}

#[test]
fn dot_env_without_a_readable_line_is_not_called_no_configuration_too() {
    let workplace = Workplace::new()
        .file(".env", &format!("{}\n", token()))
        .variable("COZEGATE__SERVER__WORKERS", "none");

    let said = workplace.mistakes();

    assert!(!format!("{said} {:?}", workplace.load(None)).contains("canary"));
    insta::assert_snapshot!(said, @"
    .env:1:1: The file cannot be understood here: expected NAME=value.
    environment variable COZEGATE__SERVER__WORKERS: none is not a whole number from 1 to 1024.
    ");
}

#[test]
fn variable_of_a_secret_is_not_called_unset_when_its_line_cannot_be_read() {
    let workplace = Workplace::new().file(
        ".env",
        "COZEGATE__APPS__MAIN__KIND=pat\nCOZEGATE__APPS__MAIN__REGION=mars\nCOZEGATE__APPS__MAIN__TOKEN_ENV=MY_TOKEN\nMY_TOKEN 'x\n",
    );

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    .env:2:1: COZEGATE__APPS__MAIN__REGION: "mars" is not one of: cn, com.
    .env:4:1: The file cannot be understood here: expected NAME=value.
    "#);
}

#[test]
fn app_of_an_unknown_kind_is_checked_for_what_every_app_has() {
    let apps = [
        "kind = \"oauth\"\nregion = \"mars\"\nclient_idd = \"1\"\nclient_id = 1.5\n",
        "api_base = \"api.coze.cn\"\ntoken_env = \"ABSENT\"\n",
        "kind = 3.5\n",
    ];
    let said: Vec<String> = apps
        .iter()
        .map(|app| toml(&format!("[apps.main]\n{app}")).mistakes())
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    cozegate.toml:2:8: apps.main.kind: "oauth" is not one of: jwt, web, pkce, device, pat, sat.
    cozegate.toml:3:10: apps.main.region: "mars" is not one of: cn, com.
    cozegate.toml:4:1: apps.main.client_idd: This key is not known. Did you mean "client_id"?
    cozegate.toml:1:1: apps.main.kind: This key is missing. Did you mean "pat"?
    cozegate.toml:2:12: apps.main.api_base: "api.coze.cn" is not an address that begins with https://. Did you mean "https://api.coze.cn"?
    cozegate.toml:1:1: apps.main.region: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    cozegate.toml:2:8: apps.main.kind: Expected a text in quotes, found a number with a fraction.
    "#);
}

#[test]
fn two_addresses_of_the_platform_hide_no_third() {
    let workplace = toml(
        "[apps.main]\nkind = \"device\"\nclient_id = \"1\"\nregion = \"cn\"\napi_base = \"https://api.coze.cn\"\nwww_base = \"www.coze.cn\"\nws_base = \"wss://ws.coze.cn\"\n",
    );

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:5:1: apps.main.api_base: Both "region" and "api_base" are set. Keep one of them.
    cozegate.toml:6:12: apps.main.www_base: "www.coze.cn" is not an address that begins with https://. Did you mean "https://www.coze.cn"?
    "#);
}

#[test]
fn what_is_wrong_already_is_not_compared_with_its_default() {
    let device = "[apps.main]\nkind = \"device\"\nregion = \"cn\"\nclient_id = \"1\"\n";
    let files = [
        format!("[server]\nproxy_addr = \"here\"\nauth_addr = \"127.0.0.1:8080\"\n{device}"),
        format!("default_app = \"\"\n{device}{}", device.replace("main", "other")),
        "apps = 3\n[server]\nworkers = 0\n".to_owned(),
    ];
    let said: Vec<String> = files.iter().map(|file| toml(file).mistakes()).collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    cozegate.toml:2:14: server.proxy_addr: "here" is not an address. Write IP:PORT, such as 127.0.0.1:8080.
    cozegate.toml:1:15: default_app: The value is empty.
    cozegate.toml:1:8: apps: Expected a section, found a whole number.
    cozegate.toml:3:11: server.workers: 0 is not a whole number from 1 to 1024.
    "#);
}
