//! Spring-style YAML: several apps, their shapes, and what is said about wrong ones.

use super::{Workplace, private_key, token};
use crate::text::Language;
use crate::{ConfigSource, Credentials, FileKind};
use std::path::PathBuf;

const TWO_APPS: &str = "\
server:
  port: 9000
coze:
  oauth:
    baseUrl: https://api.coze.cn
    clientId: 1133483935040
    publicKey: _VzHkKSlwVT2
    privateKeyPath: classpath:keys/private_key.pem
  oauth2:
    client-id: 0128777746451 # the second app
    public_key: biaowGl9do-Dr
    private-key: ${SECOND_KEY}
  bot:
    id: 7
";

fn jwt_ids(credentials: &Credentials) -> (&str, &str) {
    match credentials {
        Credentials::Jwt {
            client_id,
            public_key_id,
            ..
        } => (client_id, public_key_id),
        other => panic!("not a jwt app: {other:?}"),
    }
}

#[test]
fn several_apps_stand_side_by_side_and_share_the_address() {
    let workplace = Workplace::new()
        .file("src/application.yaml", TWO_APPS)
        .file("src/keys/private_key.pem", private_key())
        .variable("SECOND_KEY", private_key());

    let loaded = workplace.import("src/application.yaml").unwrap();

    let config = &loaded.config;
    let source = ConfigSource::File {
        path: PathBuf::from("src/application.yaml"),
        kind: FileKind::Yaml,
    };
    assert_eq!((&config.source, config.default_app.as_str()), (&source, "oauth"));
    assert_eq!(
        jwt_ids(&config.apps["oauth"].credentials),
        ("1133483935040", "_VzHkKSlwVT2")
    );
    assert_eq!(
        jwt_ids(&config.apps["oauth2"].credentials),
        ("0128777746451", "biaowGl9do-Dr")
    );
    assert_eq!(
        config.apps["oauth2"].endpoints.api_base.as_str(),
        "https://api.coze.cn/"
    );
    let notices: Vec<String> = loaded.notices.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(notices.join("\n"), @"src/application.yaml:13:3: coze.bot: Nobody reads this field.");
}

#[test]
fn one_app_may_stand_directly_below_coze() {
    let text = "coze:\n  api-url: https://api.coze.com\n  token: ${COZE_TOKEN}\n";
    let workplace = Workplace::new().file("app.yml", text).variable("COZE_TOKEN", &token());

    let config = workplace.import("app.yml").unwrap().config;

    let Credentials::PersonalAccessToken { token: secret, .. } = &config.app(None).unwrap().credentials else {
        panic!("not a token")
    };
    assert_eq!(
        (config.default_app.as_str(), secret.expose()),
        ("main", token().as_str())
    );
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_the_file() {
    let files = [
        "spring:\n  application: x\n",
        "coze: 3\n",
        "coze:\n  oauth:\n    baseUrl: https://api.coze.cn\n---\ncoze: {}\n",
        "coze:\n  oauth:\n    clientId: 1\n  oauth: 2\n",
        "coze:\n  oauth:\n    baseUrl: https://www.coze.cn\n    clientId:\n    logLevel: 3\n",
        "coze:\n  client-id: ${ABSENT}\n",
        "coze:\n  client-id: 1\n  private-key: ${ABSENT}\n  baseUrl: https://api.coze.cn\n",
        "coze:\n  OAuth: {clientId: 1, publicKey: k, privateKeyPath: absent.pem, baseUrl: 'https://api.coze.cn'}\n",
    ];
    let said: Vec<String> = files
        .iter()
        .map(|file| {
            let workplace = Workplace::new().file("application.yaml", file);
            let errors = workplace.import("application.yaml").unwrap_err();
            workplace.without_directory(&errors.to_string())
        })
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    application.yaml: coze: There is no app below "coze". An app looks like this: coze.oauth with baseUrl, clientId, publicKey (the key's id) and privateKeyPath.
    application.yaml: coze: There is no app below "coze". An app looks like this: coze.oauth with baseUrl, clientId, publicKey (the key's id) and privateKeyPath.
    application.yaml:5:1: coze: A second document of this file speaks of Coze, too. Put the one that is meant into a file of its own.
    application.yaml:3:5: coze.oauth.baseUrl: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    application.yaml:3:5: coze.oauth.publicKey: This key is missing.
    application.yaml:3:5: coze.oauth.privateKey: A secret is missing. Write one of: privateKey, privateKeyPath.
    application.yaml:4:3: The file cannot be understood here: this key stands here twice.
    application.yaml:3:5: coze.oauth.publicKey: This key is missing.
    application.yaml:3:5: coze.oauth.privateKey: A secret is missing. Write one of: privateKey, privateKeyPath.
    application.yaml:3:14: coze.oauth.baseUrl: "https://www.coze.cn" is the console's address; the API has its own. Did you mean "https://api.coze.cn"?
    application.yaml:4:13: coze.oauth.clientId: The value is empty.
    application.yaml: coze.baseUrl: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    application.yaml: coze.publicKey: This key is missing.
    application.yaml: coze.privateKey: A secret is missing. Write one of: privateKey, privateKeyPath.
    application.yaml:2:14: coze.client-id: The environment variable ABSENT is not set.
    application.yaml: coze.publicKey: This key is missing.
    application.yaml:3:16: coze.privateKey: The environment variable ABSENT is not set.
    application.yaml:2:3: coze.OAuth: "OAuth" cannot be an app's name. Use lower-case letters, digits, "-" and "_", 64 at most.
    application.yaml:2:54: coze.OAuth.privateKeyPath: DIR/absent.pem cannot be read: No such file or directory (os error 2).
    "#);
}

#[test]
fn yaml_as_the_configuration_is_refused_with_the_command_that_converts_it() {
    let workplace = Workplace::new()
        .file("src/application.yaml", TWO_APPS)
        .file("app.yml", "coze: {}\n");

    let errors = workplace.load(Some("src/application.yaml")).unwrap_err();
    let short_name = workplace.load(Some("app.yml")).unwrap_err();

    let said: Vec<String> = Language::ALL
        .map(|language| errors.mistakes()[0].text(language))
        .into_iter()
        .chain([short_name.to_string()])
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    src/application.yaml: YAML 文件不能直接用作配置。请运行一次“cozegate init --from src/application.yaml”，它会生成应用相同的 cozegate.toml。
    src/application.yaml: A YAML file cannot be the configuration. Run "cozegate init --from src/application.yaml" once: it writes a cozegate.toml with the same apps.
    app.yml: A YAML file cannot be the configuration. Run "cozegate init --from app.yml" once: it writes a cozegate.toml with the same apps.
    "#);
}
