//! The kinds of app: what each is made of, from our own file and from the console's.

use super::{Workplace, console_file, private_key, token};
use crate::{AppKind, Credentials, DeviceInfo, JwtAccount, JwtOptions};
use coze_auth::Scope;
use serde_json::{Value, json};

/// The console's file for an app that people log in with (protocol 1.3).
fn login_file(kind: &str, more: &[(&str, Value)]) -> String {
    let mut changes = vec![
        ("client_type", json!(kind)),
        ("client_id", json!("1.app.coze")),
        ("private_key", json!(null)),
        ("public_key_id", json!(null)),
    ];
    changes.extend_from_slice(more);
    console_file(&changes)
}

fn credentials(workplace: &Workplace) -> Credentials {
    workplace
        .load(None)
        .unwrap()
        .config
        .app(None)
        .unwrap()
        .credentials
        .clone()
}

#[test]
fn the_consoles_file_may_describe_a_web_app() {
    let secret = token();
    let content = login_file("web", &[("client_secret", json!(secret))]);
    let workplace = Workplace::new().file("coze_oauth_config.json", &content);

    let Credentials::Web {
        client_id,
        client_secret,
        redirect_uri,
        workspace_id: None,
    } = credentials(&workplace)
    else {
        panic!("not a web app")
    };

    assert_eq!(client_id, "1.app.coze");
    assert_eq!(client_secret.expose(), secret);
    assert_eq!(redirect_uri.as_str(), "http://127.0.0.1:8081/callback");
    assert_eq!(workplace.notices(), "");
}

#[test]
fn the_consoles_file_may_describe_apps_without_a_secret() {
    let redirect_uris = json!(["http://127.0.0.1:8080/redirect", "http://127.0.0.1:8080/callback"]);
    let pkce = Workplace::new().file(
        "coze_oauth_config.json",
        &login_file("pkce", &[("redirect_uris", redirect_uris.clone())]),
    );
    let device = Workplace::new().file(
        "coze_oauth_config.json",
        &login_file("device", &[("redirect_uris", redirect_uris)]),
    );

    let Credentials::Pkce { redirect_uri, .. } = credentials(&pkce) else {
        panic!("not a pkce app")
    };
    assert_eq!(redirect_uri.as_str(), "http://127.0.0.1:8080/redirect");
    assert_eq!(credentials(&device).kind(), AppKind::Device);
    insta::assert_snapshot!(device.notices(), @"coze_oauth_config.json:6:3: redirect_uris: Nobody reads this field.");
}

#[test]
fn several_kinds_live_side_by_side() {
    let workplace = Workplace::new()
        .variable("SECRET", &token())
        .file("service.token", &token())
        .file("key.pem", private_key())
        .file(
            "cozegate.toml",
            r#"
default_app = "service"
[apps.web]
kind = "web"
region = "com"
client_id = "1.app.coze"
client_secret_env = "SECRET"
redirect_uri = "https://shop.example/coze/callback"
[apps.phone]
kind = "device"
region = "cn"
client_id = "2.app.coze"
[apps.service]
kind = "sat"
region = "cn"
token_file = "service.token"
[apps.partner]
kind = "jwt"
region = "cn"
client_id = "3"
public_key_id = "k"
private_key_file = "key.pem"
account_id = 7300000000000000001
scope = { permissions = ["Connector.botChat"], bots = ["7"] }
session_context = { device_id = "till-4" }
"#,
        );

    let config = workplace.load(None).unwrap().config;

    let kinds: Vec<(&str, AppKind)> = config
        .apps
        .values()
        .map(|app| (app.name.as_str(), app.credentials.kind()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("partner", AppKind::Jwt),
            ("phone", AppKind::Device),
            ("service", AppKind::ServiceAccessToken),
            ("web", AppKind::Web),
        ]
    );
    let Credentials::Jwt { options, .. } = &config.app(Some("partner")).unwrap().credentials else {
        panic!("not a jwt app")
    };
    let expected = JwtOptions {
        account: JwtAccount::Account("7300000000000000001".to_owned()),
        scope: Scope::new(["Connector.botChat".to_owned()], ["7".to_owned()]),
        narrows_visitors: false,
        device_info: Some(DeviceInfo {
            device_id: Some("till-4".to_owned()),
            custom_consumer: None,
        }),
    };
    assert_eq!(*options, expected);
    assert_eq!(workplace.notices(), "");
}
