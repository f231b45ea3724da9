//! What `init` writes: right when its source is right, complete, and without a secret in it.

use super::{Workplace, console_file, private_key, token};
use crate::text::{Language, has_text};
use crate::{AppConfig, Credentials, Draft, DraftRequest, Environment, draft};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

impl Workplace {
    fn draft(&self, from: Option<&str>) -> Draft {
        draft(self.draft_request(from)).unwrap()
    }

    pub(super) fn draft_request(&self, from: Option<&str>) -> DraftRequest {
        DraftRequest {
            from: from.map(PathBuf::from),
            directory: self.path().to_owned(),
            environment: self.variables.iter().cloned().collect::<Environment>(),
            language: Language::English,
        }
    }

    /// Writes the draft's files, as the command line does.
    fn with(self, draft: &Draft) -> Self {
        let Draft { toml, secrets, .. } = draft;
        secrets
            .iter()
            .fold(self.file("cozegate.toml", toml), |workplace, secret| {
                workplace.file(&secret.name, secret.content.expose())
            })
    }
}

/// All that makes an app, secrets included.
fn describe(app: &AppConfig) -> String {
    let secret = match &app.credentials {
        Credentials::Web { client_secret, .. } => client_secret.expose(),
        Credentials::PersonalAccessToken { token, .. } | Credentials::ServiceAccessToken { token, .. } => {
            token.expose()
        }
        Credentials::Jwt { .. } | Credentials::Pkce { .. } | Credentials::Device { .. } => "",
    };
    format!("{app:?} {secret}")
}

const YAML: &str = "\
coze:
  oauth:
    baseUrl: http://127.0.0.1:4010
    clientId: 1
    publicKey: k1
    privateKeyPath: classpath:key.pem
    accountId: 7
  oauth2:
    clientId: 2
    publicKey: k2
    privateKey: ${SECOND_KEY}
";

#[test]
fn every_source_means_the_same_afterwards() {
    let web = console_file(&[
        ("client_type", json!("web")),
        ("client_secret", json!(token())),
        ("private_key", json!(null)),
        ("public_key_id", json!(null)),
    ]);
    let on_one_line = private_key().replace('\n', "\\n");
    let dot_env = format!(
        "COZE_CLIENT_ID=1\nCOZE_PUBLIC_KEY=k\nCOZE_PRIVATE_KEY=\"{on_one_line}\"\nCOZE_API_BASE=https://api.coze.com\n"
    );
    let toml = format!(
        "default_app = \"b\"\n[apps.a]\nkind = \"sat\"\nregion = \"com\"\ntoken = \"{}\"\nexpires_at = 2030-01-01\n\
         [apps.b]\nkind = \"device\"\napi_base = \"https://coze.example\"\nws_base = \"wss://ws.example\"\nclient_id = \"2\"\n\
         [cors]\norigins = [\"https://shop.example\"]\n[visitors]\nsecret_file = \"visitors\"\n[server]\nworkers = 2\n\
         [store]\nkind = \"redis\"\nurl = \"redis://:{}@h/0\"\nprefix = \"p\"\nseal_key_file = \"seal\"\n",
        token(),
        token()
    );
    for (name, content) in [
        ("coze_oauth_config.json", console_file(&[])),
        ("coze_oauth_config.json", web),
        (".env", dot_env),
        ("old/application.yaml", YAML.to_owned()),
        ("old/gate.toml", toml),
    ] {
        let workplace = Workplace::new()
            .file(name, &content)
            .file("old/key.pem", private_key())
            .variable("SECOND_KEY", private_key());
        let before = workplace.import(name).unwrap().config;

        let made = workplace.draft(Some(name));
        let workplace = workplace.with(&made);

        let after = workplace
            .load(None)
            .unwrap_or_else(|errors| panic!("{name}: {errors}\n{}", made.toml));
        assert_eq!(workplace.notices(), "", "{name}");
        assert_eq!(after.config.default_app, before.default_app, "{name}");
        let all =
            |apps: &std::collections::BTreeMap<String, AppConfig>| apps.values().map(describe).collect::<String>();
        assert_eq!(all(&after.config.apps), all(&before.apps), "{name}");
        assert_eq!(after.config.cors, before.cors, "{name}");
        assert_eq!(after.config.server, before.server, "{name}");
        assert_eq!(after.config.visitors, before.visitors, "{name}");
        assert!(after.config.store.is_same_as(&before.store), "{name}");
        assert!(!made.toml.contains("canary") && !made.toml.contains("BEGIN"), "{name}");
    }
}

#[test]
fn a_draft_of_the_consoles_file_explains_itself() {
    let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));

    let made = workplace.draft(None);

    let names: Vec<&str> = made.secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["private_key.pem"]);
    assert_eq!(made.secrets[0].content.expose(), private_key());
    insta::assert_snapshot!(made.toml, @r##"
    # cozegate.toml, made by "cozegate init" from coze_oauth_config.json.
    # Lines behind "# " show the default or a sample. Relative paths start from this file.
    # Every key is explained in docs/reference/configuration.md.

    # mode = "local"  # for one person's machine; "public" is for a site's visitors
    default_app = "main"  # the app that serves where none is named

    # App "main": a service app that signs its requests. The only kind that keeps users apart.
    [apps.main]
    kind = "jwt"  # jwt, web, pkce, device, pat or sat
    region = "cn"  # cn: coze.cn, com: coze.com
    client_id = "1100000000001"  # the OAuth app's id, as the console shows it
    public_key_id = "fingerprint"  # the fingerprint that the console shows beside the public key
    private_key_file = "private_key.pem"  # the private key that was made with it
    # duration_seconds = 900  # life of an access token, 1 to 86399
    # account_id = "7400000000000000001"  # tokens for another account that has let the app in
    # enterprise_id = "volcano_2100000001"  # tokens for an enterprise; not together with account_id
    # scope.permissions = ["Connector.botChat"]  # what tokens may do; without it, all that the app may
    # scope.bots = ["7500000000000000001"]  # the bots that tokens may talk to; without it, all
    # channel = false  # true for a channel app: visitors' tokens are narrowed to chatting with the bots of their site
    # visitor_scope = "all"  # "chat" asks for such narrowed tokens of any app; try it first, it may break chatting
    # session_context.device_id = "till-4"  # the device, for the enterprise edition's billing
    # session_context.custom_consumer = "branch-7"  # who is billed

    # Where the two services listen.
    [server]
    # proxy_addr = "127.0.0.1:8080"  # proxy
    # auth_addr = "127.0.0.1:8081"  # auth service and pages
    # workers = 2  # threads for proxied traffic; default: one per core
    # trusted_proxies = ["10.0.0.0/8"]  # your own proxies in front, whose word about the caller's address is believed
    # forwarded_field = "x-forwarded-for"  # the one field in which they write that address
    # pass_fields = ["x-tt-env"]  # header fields that go to Coze beside the listed ones

    # What a page of another site may do, in local mode.
    [local]
    # pages = "chat"  # "chat": what visitors of a site may do, with every bot; "all": everything that the app may

    # Pages that may call us, beside Coze's own and ours.
    [cors]
    # origins = ["https://www.example.com"]  # scheme://host[:port] of each page

    # The chat page.
    [chat]
    # bot_id = "7500000000000000001"  # the bot that it opens with; without it, the page asks
    # title = "Help desk"  # its title
    # bots = ["7500000000000000001 Help desk"]  # the bots to choose from: an id, and behind a space its name

    # What the served userscript begins with; every browser may change it.
    [userscript]
    # sites = ["https://www.coze.cn/*", "https://www.coze.com/*"]  # match patterns of the pages on which it runs
    # width = 460  # width of the chat in CSS pixels
    # ui = "sdk"  # or "cozegate": our own window instead of the Chat SDK

    # What browsers hold instead of Coze tokens.
    [visitors]
    # kinds = ["anonymous"]  # how visitors show who they are; public mode has to say it
    # handle_ttl_seconds = 86400  # how long a handle works
    # body_bytes = 65536  # the largest body that a visitor sends, uploads apart
    # pass_days = 180  # how many days a visitor's cookie or pass is good; default: 180 in public mode, else without end
    # secret_file = "visitors.secret"  # the secret that visitors' histories hang on; default: below your state folder

    # Where tokens, handles and logins rest, sealed.
    [store]
    # kind = "sqlite"  # sqlite (one machine), postgres or redis (several), memory (nothing outlives the process)
    # path = "cozegate.db"  # the SQLite file; default: below your state folder
    # seal_key_file = "store.key"  # the key that seals everything; made at the first start. Several machines need the same
    # seal_key_keyring = "cozegate"  # or its name in the system's keyring

    # What a caller may use; 0 is no limit. docs/reference/limits.md tells what is answered.
    [limits]
    # connections = 20000  # open connections of each service; fewer where the system lets us open fewer
    # connections_per_address = 0  # the same from one address other than loopback
    # requests_per_minute = 0  # API requests of one caller
    # address_requests_per_minute = 0  # API requests from one address
    # burst = 60  # how many of these may come at once
    # sessions_per_minute = 0  # sessions and tokens for one address
    # logins_per_minute = 0  # logins begun from one address
    # streams_per_caller = 8192  # streams, uploads and open answers of one caller at the same time
    # exchanges = 16384  # the same of all callers
    # buffer_mib = 32  # what is held in memory for all callers together
    # body_bytes = 20971520  # the body of a request
    # upload_bytes = 537919488  # the same for files and sound
    # upload_mib_per_minute = 0  # files and sound from one address

    # Static files that the proxy fetches for pages, such as the Chat SDK.
    [files]
    # hosts = ["lf-cdn.coze.cn", "sf-cdn.coze.com"]  # whose files; [] switches it off
    # private_hosts = ["http://127.0.0.1:9000"]  # hosts in your own network, and the only ones that may use http://
    # file_mib = 32  # the largest file
    # cache_dir = "files"  # where they are kept; default: beside the store
    # cache_mib = 256  # how much is kept; 0 keeps nothing
    # slow_seconds = 3  # after that long a kept file takes the place of a slow host's answer

    # What is written to stderr.
    [log]
    # format = "text"  # or "json": one object a line
    # access = "off"  # or "on": one line for each request, when it has ended

    # How long we wait.
    [timeouts]
    # connect_seconds = 10  # until a connection stands
    # head_seconds = 120  # until an answer begins
    # idle_seconds = 300  # between two pieces of an answer
    # total_seconds = 600  # until an answer that is no stream is there; default: as long as it takes
    # keep_alive_seconds = 600  # between two requests of a connection; browsers close after 300
    # shutdown_seconds = 10  # for running answers when stopping
    "##);
}

#[test]
fn every_line_that_is_off_can_be_switched_on() {
    let web = console_file(&[
        ("client_type", json!("web")),
        ("client_secret", json!(token())),
        ("private_key", json!(null)),
        ("public_key_id", json!(null)),
    ]);
    let mut switched_on = 0;
    for content in [console_file(&[]), web] {
        let workplace = Workplace::new().file("coze_oauth_config.json", &content);
        let made = workplace.draft(None);
        let workplace = workplace.with(&made);
        let off = made
            .toml
            .lines()
            .filter(|line| line.starts_with("# ") && line.contains(" = "));
        for line in off {
            let on = made.toml.replacen(line, line.trim_start_matches("# "), 1);
            fs::write(workplace.path().join("cozegate.toml"), on).unwrap();
            if let Err(errors) = workplace.load(None) {
                panic!("{line}: {errors}");
            }
            switched_on += 1;
        }
    }
    assert!(switched_on > 30, "{switched_on}");
}

#[test]
fn every_key_of_a_draft_has_a_word_about_it() {
    let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[]));

    let mut section = String::new();
    for line in workplace.draft(None).toml.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            let key = key.replace(['_', '.'], "-");
            let ids = [format!("init-{section}-{key}"), format!("init-{key}")];
            assert!(ids.iter().any(|id| has_text(id)), "{ids:?}");
        }
    }
}

#[test]
fn without_a_source_it_is_a_template_whose_gaps_the_check_names() {
    let workplace = Workplace::new().file(".env", "DATABASE_URL=x\n");

    let made = workplace.draft(None);

    assert_eq!(made.source, None);
    let workplace = workplace.with(&made);
    insta::assert_snapshot!(workplace.mistakes(), @"
    cozegate.toml:12:13: apps.main.client_id: The value is empty.
    cozegate.toml:13:17: apps.main.public_key_id: The value is empty.
    cozegate.toml:14:20: apps.main.private_key_file: DIR/private_key.pem cannot be read: No such file or directory (os error 2).
    ");
}

#[test]
fn a_key_that_is_already_there_is_used_and_another_one_is_left_alone() {
    let content = console_file(&[]);
    let same = Workplace::new()
        .file("coze_oauth_config.json", &content)
        .file("private_key.pem", private_key());
    let other = Workplace::new()
        .file("coze_oauth_config.json", &content)
        .file("private_key.pem", "another");

    assert!(same.draft(None).secrets.is_empty());
    assert_eq!(other.draft(None).secrets[0].name, "2_private_key.pem");
}

#[test]
fn a_source_that_is_wrong_is_not_converted() {
    let workplace = Workplace::new().file("coze_oauth_config.json", &console_file(&[("client_id", json!(null))]));

    let errors = draft(workplace.draft_request(None)).unwrap_err();

    insta::assert_snapshot!(errors, @"coze_oauth_config.json: client_id: This key is missing.");
}

#[test]
fn variables_of_the_process_do_not_slip_into_the_file() {
    let workplace = Workplace::new()
        .file(
            ".env",
            &format!("COZE_API_TOKEN={}\nCOZE_API_BASE=https://api.coze.cn\n", token()),
        )
        .variable("COZE_API_BASE", "https://api.coze.com")
        .variable("COZE_CLIENT_ID", "1")
        .variable("COZEGATE__SERVER__WORKERS", "7");

    let made = workplace.draft(None);

    assert!(made.toml.contains("region = \"cn\""), "{}", made.toml);
    assert!(!made.toml.contains("workers = 7"), "{}", made.toml);
}
