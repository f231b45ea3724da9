//! `config check` and `config show`, and what every other command says about a configuration that is wrong.

use crate::binary::Home;
use serde_json::Value;

const WRONG: &str =
    "[server]\nproxy_adr = \"127.0.0.1:9080\"\nauth_addr = \"0.0.0.0:8081\"\n[apps.main]\nkind = \"pat\"\n";
const RIGHT: &str =
    "[server]\nauth_addr = \"127.0.0.1:9081\"\n[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n";

fn right() -> Home {
    Home::new()
        .file("cozegate.toml", RIGHT)
        .file("token", "not-a-real-token\n")
}

#[test]
fn check_shows_every_mistake_and_exits_with_3() {
    let home = Home::new().file("cozegate.toml", WRONG);

    insta::assert_snapshot!(home.transcript(&["config", "check"]), @r#"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error: The configuration has 4 mistakes:
      cozegate.toml:2:1: server.proxy_adr: This key is not known. Did you mean "proxy_addr"?
      cozegate.toml:3:13: server.auth_addr: 0.0.0.0:8081 can be reached from other machines, and local mode trusts everybody who reaches it. Write 127.0.0.1 (or [::1]); to serve others, write mode = "public".
      cozegate.toml:4:1: apps.main.region: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
      cozegate.toml:4:1: apps.main.token: A secret is missing. Write one of: token, token_file, token_env, token_command.
    "#);
}

#[test]
fn check_speaks_chinese() {
    let home = Home::new().file("cozegate.toml", WRONG);

    insta::assert_snapshot!(home.transcript(&["--lang", "zh-CN", "config", "check"]), @r#"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    错误：配置里有 4 处错误：
      cozegate.toml:2:1: server.proxy_adr: 没有这个配置项。是不是想写“proxy_addr”？
      cozegate.toml:3:13: server.auth_addr: 0.0.0.0:8081 能被其他机器访问，而 local 模式信任所有连得上的人。请写 127.0.0.1（或 [::1]）；要给别人用，请写 mode = "public"。
      cozegate.toml:4:1: apps.main.region: 没有写明用的是哪个扣子平台，而应用只存在于其中一个。请写 https://api.coze.cn（region 为 "cn"）或 https://api.coze.com（region 为 "com"）。
      cozegate.toml:4:1: apps.main.token: 缺少密钥，请写其中一项：token, token_file, token_env, token_command。
    "#);
}

#[test]
fn check_says_when_all_is_right() {
    insta::assert_snapshot!(right().transcript(&["config", "check"]), @"
    exit: 0
    ----- stdout -----
    cozegate.toml is right. Apps: main (default: main).
    ----- stderr -----
    ");
}

#[test]
fn check_as_json_is_one_object_with_the_places() {
    let home = right().file("cozegate.toml", &RIGHT.replace("auth_addr", "auth_adr"));

    insta::assert_snapshot!(home.transcript(&["config", "check", "--json"]), @r#"
    exit: 3
    ----- stdout -----
    {"ok":false,"source":null,"mistakes":[{"file":"cozegate.toml","line":2,"column":1,"variable":null,"flag":null,"key":"server.auth_adr","message":"cozegate.toml:2:1: server.auth_adr: This key is not known. Did you mean \"auth_addr\"?","suggestion":"auth_addr"}],"notices":[]}
    ----- stderr -----
    error: cozegate.toml:2:1: server.auth_adr: This key is not known. Did you mean "auth_addr"?
    "#);
}

#[test]
fn show_names_the_source_of_each_value_and_no_secret() {
    insta::assert_snapshot!(right().transcript(&["config", "show"]), @r#"
    exit: 0
    ----- stdout -----
    apps.main.kind = "pat"  # cozegate.toml:4:8
    apps.main.region = "cn"  # cozegate.toml:5:10
    apps.main.token_file = "token"  # cozegate.toml:6:14
    server.auth_addr = "127.0.0.1:9081"  # cozegate.toml:2:13
    ----- stderr -----
    "#);
    insta::assert_snapshot!(right().transcript(&["config", "show", "--effective"]), @r#"
    exit: 0
    ----- stdout -----
    apps.main.api_base = "https://api.coze.cn/"  # default
    apps.main.kind = "pat"  # cozegate.toml:4:8
    apps.main.region = "cn"  # cozegate.toml:5:10
    apps.main.token_file = "token"  # cozegate.toml:6:14
    apps.main.ws_base = "wss://ws.coze.cn/"  # default
    apps.main.www_base = "https://www.coze.cn/"  # default
    chat.bots = []  # default
    cors.origins = []  # default
    default_app = "main"  # default
    files.cache_mib = 256  # default
    files.file_mib = 32  # default
    files.hosts = ["lf-cdn.coze.cn","sf-cdn.coze.com"]  # default
    files.private_hosts = []  # default
    files.slow_seconds = 3  # default
    limits.address_requests_per_minute = 0  # default
    limits.body_bytes = 20971520  # default
    limits.buffer_mib = 32  # default
    limits.burst = 60  # default
    limits.connections = 20000  # default
    limits.connections_per_address = 0  # default
    limits.exchanges = 16384  # default
    limits.logins_per_minute = 0  # default
    limits.requests_per_minute = 0  # default
    limits.sessions_per_minute = 0  # default
    limits.streams_per_caller = 8192  # default
    limits.upload_bytes = 537919488  # default
    limits.upload_mib_per_minute = 0  # default
    local.pages = "chat"  # default
    log.access = "off"  # default
    log.format = "text"  # default
    mode = "local"  # default
    server.auth_addr = "127.0.0.1:9081"  # cozegate.toml:2:13
    server.forwarded_field = "x-forwarded-for"  # default
    server.pass_fields = []  # default
    server.proxy_addr = "127.0.0.1:8080"  # default
    server.trusted_proxies = []  # default
    store.kind = "sqlite"  # default
    timeouts.connect_seconds = 10  # default
    timeouts.head_seconds = 120  # default
    timeouts.idle_seconds = 300  # default
    timeouts.keep_alive_seconds = 600  # default
    timeouts.shutdown_seconds = 10  # default
    userscript.sites = ["https://www.coze.cn/*","https://www.coze.com/*"]  # default
    userscript.ui = "sdk"  # default
    userscript.width = 460  # default
    visitors.body_bytes = 65536  # default
    visitors.handle_ttl_seconds = 86400  # default
    visitors.kinds = ["anonymous"]  # default
    ----- stderr -----
    "#);
}

#[test]
fn show_redacts_a_secret_that_stands_in_the_file() {
    let inline = RIGHT.replace("token_file = \"token\"", "token = \"canary-token\"");
    let home = Home::new().file("cozegate.toml", &inline);

    for arguments in [&["config", "show", "--effective"][..], &["config", "show", "--json"]] {
        let transcript = home.transcript(arguments);
        assert!(transcript.contains("apps.main.token"), "{transcript}");
        assert!(!transcript.contains("canary"), "{transcript}");
    }
}

#[test]
fn without_any_configuration_serve_says_what_to_do() {
    insta::assert_snapshot!(Home::new().transcript(&["serve"]), @r#"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error: There is no configuration in DIR. Choose one of three ways:
    1. Download coze_oauth_config.json from your OAuth app's page in the Coze console and put it here.
    2. Set COZE_API_BASE together with COZE_API_TOKEN (a personal access token), or with COZE_CLIENT_ID, COZE_PUBLIC_KEY (the key's id) and COZE_PRIVATE_KEY_PATH, in the environment or in a .env file.
    3. Run "cozegate demo": it needs no account and no configuration.
    "#);
}

#[test]
fn a_failure_is_json_too() {
    let output = Home::new().run(&["token", "--json"]);

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(answer["error"]["kind"], "configuration");
}
