//! Wrong configurations, each with the exact words it is answered with.

use super::{Workplace, console_file, private_key, token};
use crate::text::Language;
use serde_json::json;

fn toml(content: &str) -> Workplace {
    Workplace::new()
        .variable("MY_TOKEN", &token())
        .file("cozegate.toml", content)
}

/// A right app, for files whose mistake is elsewhere.
const APP: &str = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_env = \"MY_TOKEN\"\n";

#[test]
fn several_mistakes_are_answered_at_once() {
    let workplace = toml(
        r#"mode = "open"
[server]
proxy_adr = "127.0.0.1:9080"
auth_addr = "localhost:9081"
workers = "many"
[apps.main]
kind = "jwt"
region = "china"
client_id = ""
token = "x"
[apps.Mine]
kind = "pat"
region = "cn"
token_env = "NOBODY"
expires_at = "soon"
[cors]
origins = ["*", "null", "shop.example", "https://shop.example/"]
[timeouts]
idle_seconds = 0
head_seconds = 1.5
[files]
hosts = ["*.coze.cn", "http://mirror.example"]
private_hosts = ["http://mirror.example/files"]
file_mib = 0
cache_mib = -1
slow_seconds = 61
cache_dir = ""
"#,
    )
    .variable("COZEGATE__SERVER__PROXY_ADRR", "127.0.0.1:1")
    .variable("COZEGATE__VISITORS__HANDLE_TTL_SECONDS", "5");

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml: default_app: There are several apps (Mine, main). Say which one serves when none is named: default_app = "...".
    cozegate.toml:1:8: mode: "open" is not one of: local, public.
    cozegate.toml:3:1: server.proxy_adr: This key is not known. Did you mean "proxy_addr"?
    cozegate.toml:4:13: server.auth_addr: "localhost:9081" is not an address. Write IP:PORT, such as 127.0.0.1:8080. Did you mean "127.0.0.1:9081"?
    cozegate.toml:5:11: server.workers: Expected a whole number, found a text in quotes.
    cozegate.toml:6:1: apps.main.public_key_id: This key is missing.
    cozegate.toml:6:1: apps.main.private_key: A secret is missing. Write one of: private_key, private_key_file, private_key_env, private_key_command.
    cozegate.toml:8:10: apps.main.region: "china" is not one of: cn, com.
    cozegate.toml:9:13: apps.main.client_id: The value is empty.
    cozegate.toml:10:1: apps.main.token: This key belongs to apps of kind "pat", "sat".
    cozegate.toml:11:7: apps.Mine: "Mine" cannot be an app's name. Use lower-case letters, digits, "-" and "_", 64 at most.
    cozegate.toml:14:13: apps.Mine.token_env: The environment variable NOBODY is not set.
    cozegate.toml:15:14: apps.Mine.expires_at: "soon" is not a point in time. Write 2026-12-31, 2026-12-31T12:00:00Z or Unix seconds.
    cozegate.toml:17:12: cors.origins: "*" would let every web page use your tokens. List the origins that may.
    cozegate.toml:17:17: cors.origins: "null" is the origin of every local file and sandboxed frame. Serve the page over http:// or https:// and list that origin.
    cozegate.toml:17:25: cors.origins: "shop.example" is not the origin of a web page. Write scheme://host or scheme://host:port. Did you mean "https://shop.example"?
    cozegate.toml:17:41: cors.origins: "https://shop.example/" has something behind the host. An origin is scheme://host[:port]. Did you mean "https://shop.example"?
    cozegate.toml:19:16: timeouts.idle_seconds: 0 is not a whole number from 1 to 3600.
    cozegate.toml:20:16: timeouts.head_seconds: Expected a whole number, found a number with a fraction.
    cozegate.toml:22:10: files.hosts: "*.coze.cn" is not a host of files. Write a name such as cdn.example.com, or https://name:port; http:// is for private_hosts only.
    cozegate.toml:22:23: files.hosts: "http://mirror.example" is not a host of files. Write a name such as cdn.example.com, or https://name:port; http:// is for private_hosts only.
    cozegate.toml:23:18: files.private_hosts: "http://mirror.example/files" is not a host of files. Write a name such as cdn.example.com, or https://name:port; http:// is for private_hosts only.
    cozegate.toml:24:12: files.file_mib: 0 is not a whole number from 1 to 256.
    cozegate.toml:25:13: files.cache_mib: -1 is not a whole number from 0 to 1048576.
    cozegate.toml:26:16: files.slow_seconds: 61 is not a whole number from 0 to 60.
    cozegate.toml:27:13: files.cache_dir: The value is empty.
    environment variable COZEGATE__SERVER__PROXY_ADRR: This key is not known. Did you mean "COZEGATE__SERVER__PROXY_ADDR"?
    environment variable COZEGATE__VISITORS__HANDLE_TTL_SECONDS: 5 is not a whole number from 60 to 2592000.
    "#);
}

#[test]
fn chinese_says_the_same() {
    let workplace =
        toml("[server]\nproxy_adr = \"127.0.0.1:9080\"\nauth_addr = \"0.0.0.0:8081\"\n[apps.main]\nkind = \"oauth\"\n");

    insta::assert_snapshot!(workplace.mistakes_in(Language::Chinese), @r#"
    cozegate.toml:2:1: server.proxy_adr: 没有这个配置项。是不是想写“proxy_addr”？
    cozegate.toml:3:13: server.auth_addr: 0.0.0.0:8081 能被其他机器访问，而 local 模式信任所有连得上的人。请写 127.0.0.1（或 [::1]）；要给别人用，请写 mode = "public"。
    cozegate.toml:4:1: apps.main.region: 没有写明用的是哪个扣子平台，而应用只存在于其中一个。请写 https://api.coze.cn（region 为 "cn"）或 https://api.coze.com（region 为 "com"）。
    cozegate.toml:5:8: apps.main.kind: 不能写“oauth”，只能是：jwt, web, pkce, device, pat, sat。
    "#);
}

#[test]
fn nothing_at_all_says_what_to_do() {
    insta::assert_snapshot!(Workplace::new().mistakes(), @r#"
    There is no configuration in DIR. Choose one of three ways:
    1. Download coze_oauth_config.json from your OAuth app's page in the Coze console and put it here.
    2. Set COZE_API_BASE together with COZE_API_TOKEN (a personal access token), or with COZE_CLIENT_ID, COZE_PUBLIC_KEY (the key's id) and COZE_PRIVATE_KEY_PATH, in the environment or in a .env file.
    3. Run "cozegate demo": it needs no account and no configuration.
    "#);
}

#[test]
fn every_place_that_is_not_toml_is_named() {
    insta::assert_snapshot!(toml("[server\nmode = \n= 3\n").mistakes(), @"
    cozegate.toml:1:8: The file cannot be understood here: unclosed table, expected `]`.
    cozegate.toml:3:1: The file cannot be understood here: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`.
    ");
}

#[test]
fn local_mode_stays_on_this_machine_whoever_says_otherwise() {
    let workplace = toml(&format!("[server]\nproxy_addr = \"0.0.0.0:8080\"\n{APP}")).flag(
        "--auth-addr",
        "server.auth_addr",
        "192.168.1.2:8081",
    );

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:2:14: server.proxy_addr: 0.0.0.0:8080 can be reached from other machines, and local mode trusts everybody who reaches it. Write 127.0.0.1 (or [::1]); to serve others, write mode = "public".
    --auth-addr: 192.168.1.2:8081 can be reached from other machines, and local mode trusts everybody who reaches it. Write 127.0.0.1 (or [::1]); to serve others, write mode = "public".
    "#);
}

#[test]
fn a_network_that_is_none_and_a_limit_out_of_range_are_named() {
    let workplace = toml(&format!(
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\", \"10.1.0.0/8\", \"nginx\"]\n\
         forwarded_field = \"x-real-ip\"\n\
         [limits]\nburst = 0\nexchanges = -1\nconnections = 0\nbuffer_mib = 2000000\nupload_mib_per_minute = -1\n{APP}"
    ));

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:2:41: server.trusted_proxies: "10.1.0.0/8" is not a network. Write an address or ADDRESS/PREFIX, such as 10.0.0.0/8 or ::1. Did you mean "10.0.0.0/8"?
    cozegate.toml:2:55: server.trusted_proxies: "nginx" is not a network. Write an address or ADDRESS/PREFIX, such as 10.0.0.0/8 or ::1.
    cozegate.toml:3:19: server.forwarded_field: "x-real-ip" is not one of: x-forwarded-for, forwarded.
    cozegate.toml:5:9: limits.burst: 0 is not a whole number from 1 to 1000000.
    cozegate.toml:6:13: limits.exchanges: -1 is not a whole number from 0 to 1000000.
    cozegate.toml:7:15: limits.connections: 0 is not a whole number from 16 to 1000000.
    cozegate.toml:8:14: limits.buffer_mib: 2000000 is not a whole number from 0 to 1048576.
    cozegate.toml:9:25: limits.upload_mib_per_minute: -1 is not a whole number from 0 to 1048576.
    "#);
}

#[test]
fn a_log_of_an_unknown_form_is_named_and_a_switch_is_a_word() {
    let workplace = toml(&format!("[log]\nformat = \"xml\"\naccess = true\n{APP}"));

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:2:10: log.format: "xml" is not one of: text, json.
    cozegate.toml:3:10: log.access: Expected a text in quotes, found true or false.
    "#);
}

#[test]
fn a_certificate_without_its_key_and_files_that_hold_none_are_named() {
    let half = toml(&format!("[server]\ntls_key_file = \"key.pem\"\n{APP}")).file("key.pem", "x");
    let odd = toml(&format!(
        "[server]\ntls_certificate_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n{APP}"
    ));
    let odd = odd.file("cert.pem", "x").file("key.pem", "x");

    insta::assert_snapshot!(half.mistakes(), @"cozegate.toml:1:1: server.tls_certificate_file: This key is missing.");
    insta::assert_snapshot!(odd.mistakes(), @"cozegate.toml:2:24: server.tls_certificate_file: No certificate stands in this file. It takes PEM: the server's own certificate first, then those that signed it.");
}

#[test]
fn public_mode_says_everything_that_it_needs() {
    let bare = toml(&format!("mode = \"public\"\n{APP}"));
    let half = toml(
        r#"mode = "public"
[apps.main]
kind = "web"
region = "cn"
client_id = "1"
client_secret = "x"
[server]
auth_url = "https://chat.example.com"
proxy_url = "http://chat.example.com"
[cors]
origins = []
[visitors]
kinds = ["anybody"]
secret_file = "visitors.secret"
"#,
    );
    let local = toml(&format!("{APP}[server]\nauth_url = \"https://chat.example.com\"\n"));

    insta::assert_snapshot!(bare.mistakes(), @r#"
    cozegate.toml: server.proxy_url: Nothing says how visitors' browsers reach this service. Write the address that stands before it, such as "https://chat.example.com".
    cozegate.toml: server.auth_url: Nothing says how visitors' browsers reach this service. Write the address that stands before it, such as "https://chat.example.com".
    cozegate.toml: cors.origins: Nobody may use this gateway yet. List the pages that may, as origins: origins = ["https://www.example.com"].
    cozegate.toml: visitors.kinds: Nothing says how visitors are told apart. Write kinds = ["anonymous"]: each browser gets an id made by cozegate, and a history of its own.
    cozegate.toml: visitors.secret_file: Every visitor's history hangs on a secret, so its place must be known and backed up. Write secret_file = "/var/lib/cozegate/visitors.secret"; the file is made at the first start, and every instance needs the same.
    cozegate.toml: sites.main.bots: Public mode needs the bots that visitors may use. Write bots = ["7500000000000000001"] in this section, or list them as chat.bots. bots = ["*"] allows every bot that the app reaches, unpublished ones too.
    cozegate.toml:2:1: apps.main.kind: An app of kind "pat" has one history for everybody: every visitor would read the others' conversations. Public mode takes apps of kind "jwt" only.
    "#);
    insta::assert_snapshot!(half.mistakes(), @r#"
    cozegate.toml: sites.main.bots: Public mode needs the bots that visitors may use. Write bots = ["7500000000000000001"] in this section, or list them as chat.bots. bots = ["*"] allows every bot that the app reaches, unpublished ones too.
    cozegate.toml:2:1: apps.main.kind: An app of kind "web" has one history for everybody: every visitor would read the others' conversations. Public mode takes apps of kind "jwt" only.
    cozegate.toml:7:1: server.auth_url: Visitors come over https://, and nobody speaks it here. Set tls_certificate_file and tls_key_file, or name the reverse proxy that does in trusted_proxies.
    cozegate.toml:9:13: server.proxy_url: "http://chat.example.com" would carry every conversation unencrypted. Use https://; http:// works for 127.0.0.1 and localhost only, to try it out. Did you mean "https://chat.example.com"?
    cozegate.toml:10:1: cors.origins: Nobody may use this gateway yet. List the pages that may, as origins: origins = ["https://www.example.com"].
    cozegate.toml:13:10: visitors.kinds: "anybody" is not one of: anonymous.
    "#);
    insta::assert_snapshot!(local.mistakes(), @r#"
    cozegate.toml:6:12: server.auth_url: This key belongs to public mode. Leave it out, or write mode = "public".
    "#);
}

#[test]
fn sites_are_checked() {
    let workplace = toml(&format!(
        r#"mode = "public"
{APP}[server]
auth_url = "http://127.0.0.1:8081"
proxy_url = "http://127.0.0.1:8080"
pass_fields = ["x tt", "Cookie", "x-tt-env"]
[local]
pages = "all"
[cors]
origins = ["https://a.example"]
[visitors]
kinds = ["anonymous"]
secret_file = "visitors.secret"
[sites.One]
origins = ["https://one.example", "https://two.example"]
bots = ["seven", "7"]
[sites.two]
origins = ["https://two.example"]
bots = ["8"]
app = "mian"
allow = ["chats", "bots_admin"]
members = {{ chat = ["BOT_ID", "a-b"] }}
bot_fields = ["Prompt_Info"]
without_origin = 1
"#
    ));

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:2:1: apps.main.kind: An app of kind "pat" has one history for everybody: every visitor would read the others' conversations. Public mode takes apps of kind "jwt" only.
    cozegate.toml:9:16: server.pass_fields: "x tt" is not the name of a header field.
    cozegate.toml:9:24: server.pass_fields: The field "Cookie" never goes to Coze: it holds a credential, says where a request comes from, or belongs to one connection. Leave it out.
    cozegate.toml:11:9: local.pages: This key belongs to local mode. Leave it out; in public mode [sites] says what visitors may do.
    cozegate.toml:17:2: cors.origins: cors.origins are the origins of the site "main", and [sites] has no "main". Move them to the origins of a site.
    cozegate.toml:17:8: sites.One: "One" cannot be a site's name. Use lower-case letters, digits, "-" and "_", 64 at most.
    cozegate.toml:19:9: sites.One.bots: "seven" is not an id of Coze, which has 1 to 20 digits and no zero in front, such as 7500000000000000001.
    cozegate.toml:20:8: sites.two.origins: https://two.example belongs to the site "One" already. An origin belongs to one site.
    cozegate.toml:23:7: sites.two.app: There is no app called "mian". Did you mean "main"?
    cozegate.toml:24:10: sites.two.allow: "chats" is not a group of operations. The groups for visitors are: chat, chat_tools, conversations, conversations_read, messages, messages_write, files, files_read, feedback, bot_info, audio, voices, app_chat, workflow_run, workflow_resume, realtime, variables. Did you mean "chat"?
    cozegate.toml:24:19: sites.two.allow: No setting gives "bots_admin" to visitors: it administers the account. docs/reference/operations.md lists the groups for visitors.
    cozegate.toml:25:21: sites.two.members.chat: The visitor policy checks "BOT_ID" itself, in every spelling. Leave it out.
    cozegate.toml:25:31: sites.two.members.chat: "a-b" is not the name of a JSON member. Use letters, digits and "_", 64 at most.
    cozegate.toml:26:15: sites.two.bot_fields: "Prompt_Info" holds the bot's prompt, which no visitor may read. Leave it out.
    cozegate.toml:27:18: sites.two.without_origin: Expected true or false, found a whole number.
    "#);
}

#[test]
fn site_that_is_open_is_said_at_every_start() {
    let workplace = Workplace::new().variable("KEY", private_key()).file(
        "cozegate.toml",
        r#"mode = "public"
[apps.main]
kind = "jwt"
region = "cn"
client_id = "1"
public_key_id = "k"
private_key_env = "KEY"
[server]
auth_url = "http://127.0.0.1:8081"
proxy_url = "http://127.0.0.1:8080"
[cors]
origins = ["https://a.example"]
[visitors]
kinds = ["anonymous"]
secret_file = "visitors.secret"
[sites.main]
bots = ["*"]
policy = "report"
ownership = "observe"
"#,
    );

    insta::assert_snapshot!(workplace.notices(), @r#"
    cozegate.toml:16:1: sites.main.bots: Visitors of this site may use every bot that the app's token reaches, unpublished ones too. List the bots instead.
    cozegate.toml:16:1: sites.main.policy: The visitor policy of this site refuses nothing: every visitor may do everything that the app's token may. Read the log for "would be refused", then write policy = "enforce".
    cozegate.toml:16:1: sites.main.ownership: A visitor of this site who knows the id of another visitor's conversation or file can use it, as far as Coze lets the app's token. Write ownership = "enforce".
    "#);
}

#[test]
fn bots_scripts_and_sites_are_checked() {
    let workplace = toml(&format!(
        "{APP}[chat]\nbots = [\"Help desk\"]\nsdk_url = \"ftp://me:canary@cdn.example/sdk.js\"\n[userscript]\nsites = [\"*\"]\nui = \"mine\"\nwidth = 10\n"
    ));

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    cozegate.toml:6:9: chat.bots: "Help desk" is not a bot. Write its id, and behind a space the name that people see: "7500000000000000001 Help desk".
    cozegate.toml:7:11: chat.sdk_url: "ftp://***@cdn.example/sdk.js" is not the address of a script. Write https://host/path/to/script.js.
    cozegate.toml:9:10: userscript.sites: "*" is not a match pattern of userscripts. Write "https://www.example.com/*" or "*://*.example.com/*".
    cozegate.toml:10:6: userscript.ui: "mine" is not one of: sdk, cozegate.
    cozegate.toml:11:9: userscript.width: 10 is not a whole number from 280 to 1600.
    "#);
}

#[test]
fn two_services_cannot_share_an_address() {
    let workplace = toml(&format!("[server]\nauth_addr = \"127.0.0.1:8080\"\n{APP}"));

    insta::assert_snapshot!(workplace.mistakes(), @"cozegate.toml:1:1: server.auth_addr: Both services would listen on 127.0.0.1:8080. Give one of them another port.");
}

#[test]
fn addresses_of_the_platform_are_checked() {
    let bases = [
        "api_base = \"api.coze.cn\"",
        "api_base = \"https://www.coze.cn\"",
        "api_base = \"https://api.coze.cn/v3/chat\"",
        "api_base = \"ftp://api.coze.cn\"",
        "api_base = \"https://me:canary@api.coze.cn\"",
        "api_base = \"https://api.coze.cn\"\nregion = \"cn\"",
        "region = \"com\"\nwww_base = \"https://www.coze.cn\"",
        "region = \"cn\"\nws_base = \"https://ws.coze.cn\"",
        "",
    ];
    let said: Vec<String> = bases
        .iter()
        .map(|base| {
            toml(&format!(
                "[apps.main]\nkind = \"pat\"\ntoken_env = \"MY_TOKEN\"\n{base}\n"
            ))
            .mistakes()
        })
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    cozegate.toml:4:12: apps.main.api_base: "api.coze.cn" is not an address that begins with https://. Did you mean "https://api.coze.cn"?
    cozegate.toml:4:12: apps.main.api_base: "https://www.coze.cn" is the console's address; the API has its own. Did you mean "https://api.coze.cn"?
    cozegate.toml:4:12: apps.main.api_base: "https://api.coze.cn/v3/chat" has something behind the host. Write scheme and host only. Did you mean "https://api.coze.cn"?
    cozegate.toml:4:12: apps.main.api_base: "ftp://api.coze.cn" has the wrong scheme: api_base and www_base begin with https:// (or http://), ws_base with wss:// (or ws://).
    cozegate.toml:4:12: apps.main.api_base: "https://***@api.coze.cn" holds a name or password. Write scheme and host only.
    cozegate.toml:4:1: apps.main.api_base: Both "region" and "api_base" are set. Keep one of them.
    cozegate.toml:5:12: apps.main.www_base: www.coze.cn and api.coze.com belong to different regions, whose apps, accounts and tokens do not know each other.
    cozegate.toml:5:11: apps.main.ws_base: "https://ws.coze.cn" has the wrong scheme: api_base and www_base begin with https:// (or http://), ws_base with wss:// (or ws://).
    cozegate.toml:1:1: apps.main.region: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    "#);
}

#[test]
fn apps_and_their_default_are_checked() {
    let files = [
        String::new(),
        format!("{APP}[apps.other]\nkind = \"pat\"\nregion = \"cn\"\ntoken_env = \"MY_TOKEN\"\n"),
        format!("default_app = \"mian\"\n{APP}"),
        "[apps]\nmain = 3\n".to_owned(),
        "[apps.main]\nregion = \"cn\"\ntoken = \"x\"\n".to_owned(),
        "[apps.main]\nkind = \"jwt\"\nregion = \"cn\"\n".to_owned(),
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken = \"a b\"\n".to_owned(),
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken = \"a\"\ntoken_file = \"b\"\n".to_owned(),
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"absent\"\n".to_owned(),
        "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_command = [\"no-such-program-here\"]\n".to_owned(),
    ];
    let said: Vec<String> = files.iter().map(|file| toml(file).mistakes()).collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    cozegate.toml: apps: No app is configured. Add a section [apps.main] with kind = "jwt" or kind = "pat"; "cozegate init" writes one.
    cozegate.toml: default_app: There are several apps (main, other). Say which one serves when none is named: default_app = "...".
    cozegate.toml:1:15: default_app: There is no app called "mian". Did you mean "main"?
    cozegate.toml:2:8: apps.main: Expected a section, found a whole number.
    cozegate.toml:1:1: apps.main.kind: This key is missing. Did you mean "pat"?
    cozegate.toml:1:1: apps.main.client_id: This key is missing.
    cozegate.toml:1:1: apps.main.public_key_id: This key is missing.
    cozegate.toml:1:1: apps.main.private_key: A secret is missing. Write one of: private_key, private_key_file, private_key_env, private_key_command.
    cozegate.toml:4:9: apps.main.token: The secret holds characters that cannot be sent, such as spaces or line breaks.
    cozegate.toml:5:1: apps.main.token_file: The secret has more than one source. Keep one of them (also set: token).
    cozegate.toml:4:14: apps.main.token_file: DIR/absent cannot be read: No such file or directory (os error 2).
    cozegate.toml:4:17: apps.main.token_command: The command "no-such-program-here" could not be started: No such file or directory (os error 2).
    "#);
}

#[test]
fn the_consoles_file_is_checked_under_its_own_names() {
    let files = [
        console_file(&[("coze_api_base", json!(null))]),
        console_file(&[("coze_api_base", json!(null)), ("coze_www_base", json!(null))]),
        console_file(&[("coze_api_base", json!("https://api.coze.com"))]),
        console_file(&[("client_type", json!("oauth"))]),
        console_file(&[("client_type", json!(null))]),
        console_file(&[
            ("client_id", json!(null)),
            ("app_id", json!("1")),
            ("coze_domain", json!("api.coze.cn")),
        ]),
        console_file(&[("private_key", json!(null)), ("public_key_id", json!(private_key()))]),
        console_file(&[("private_key", json!(private_key().replace("PRIVATE", "PUBLIC")))]),
        "{\"client_type\": \"jwt\",\n \"client_id\": }".to_owned(),
        "[]".to_owned(),
    ];
    let said: Vec<String> = files
        .iter()
        .map(|file| Workplace::new().file("coze_oauth_config.json", file).mistakes())
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    coze_oauth_config.json: coze_api_base: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com"). Did you mean "https://api.coze.cn"?
    coze_oauth_config.json: coze_api_base: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    coze_oauth_config.json:5:3: coze_www_base: www.coze.cn and api.coze.com belong to different regions, whose apps, accounts and tokens do not know each other.
    coze_oauth_config.json:3:3: client_type: "oauth" is not one of: jwt, web, pkce, device, pat, sat.
    coze_oauth_config.json: client_type: This key is missing. Did you mean "jwt"?
    coze_oauth_config.json:2:3: app_id: Old tutorials show this field, but the console does not write it. Download coze_oauth_config.json again from the OAuth app's page. Did you mean "client_id"?
    coze_oauth_config.json:5:3: coze_domain: Old code used this field, but the console does not write it. It is coze_api_base now, with https:// in front. Did you mean "coze_api_base"?
    coze_oauth_config.json: private_key: A secret is missing. Write one of: private_key.
    coze_oauth_config.json:6:3: public_key_id: Here stands a key. Write its id instead: the fingerprint that the console shows beside the public key.
    coze_oauth_config.json:6:3: private_key: This is a public key. The private key of the same pair is needed; the public half belongs into the console.
    coze_oauth_config.json:2:15: The file cannot be understood here: expected value.
    coze_oauth_config.json: Expected a section, found a list.
    "#);
}

#[test]
fn the_environment_is_checked_under_its_own_names() {
    let workplace = Workplace::new()
        .file(".env", "# seeds\nCOZE_CLIENT_ID=1\nCOZE_PRIVATE_KEY_PATH=absent.pem\n")
        .variable("COZEGATE__SERVR__PROXY_ADDR", "127.0.0.1:1")
        .variable("COZEGATE__MODE__X", "1")
        .variable("COZEGATE__", "1");

    insta::assert_snapshot!(workplace.mistakes(), @r#"
    .env:3:1: COZE_PRIVATE_KEY_PATH: DIR/absent.pem cannot be read: No such file or directory (os error 2).
    environment variable COZEGATE__MODE__X: Expected a text in quotes, found a section.
    COZE_API_BASE: Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
    COZE_PUBLIC_KEY: This key is missing.
    environment variable COZEGATE__: This key is not known. Known here: mode, server, cors, chat, userscript, local, visitors, store, limits, files, log, timeouts, apps, default_app, sites.
    environment variable COZEGATE__SERVR__PROXY_ADDR: This key is not known. Did you mean "COZEGATE__SERVER__PROXY_ADDR"?
    "#);
}

#[test]
fn known_keys_are_named_once() {
    let workplace = Workplace::new().file(
        "cozegate.toml",
        "[store]\nurl = \"x\"\n[apps.main]\nkind = \"device\"\nregion = \"cn\"\nclient_id = \"1\"\n",
    );

    insta::assert_snapshot!(workplace.mistakes(), @"cozegate.toml:2:1: store.url: This key is not known. Known here: kind, path, seal_key, seal_key_env, seal_key_command, seal_key_file, seal_key_keyring.");
}

#[test]
fn a_file_that_was_asked_for_has_to_be_there() {
    let workplace = Workplace::new();

    let errors = workplace.load(Some("other.toml")).unwrap_err();

    insta::assert_snapshot!(errors, @"other.toml: The file cannot be read: No such file or directory (os error 2).");
}

#[test]
fn every_kind_is_checked_for_what_it_needs() {
    let apps = [
        "kind = \"web\"",
        "kind = \"pkce\"\nclient_id = \"1.app.coze\"\nredirect_uri = \"http://127.0.0.1:8081\"\nclient_secret = \"x\"",
        "kind = \"web\"\nclient_id = \"1\"\nclient_secret = \"a b\"\nredirect_uri = \"https://me:canary@shop.example/#x\"",
        "kind = \"device\"\nclient_id = \"1\"\nredirect_uri = \"http://127.0.0.1:8081/callback\"\nduration_seconds = 5",
        "kind = \"sat\"\nclient_id = \"1\"",
        "client_secret_env = \"X\"",
        "redirect_uri = \"myapp://callback\"",
    ];
    let said: Vec<String> = apps
        .iter()
        .map(|app| toml(&format!("[apps.main]\nregion = \"cn\"\n{app}\n")).mistakes())
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r##"
    cozegate.toml:1:1: apps.main.client_id: This key is missing.
    cozegate.toml:1:1: apps.main.client_secret: A secret is missing. Write one of: client_secret, client_secret_file, client_secret_env, client_secret_command.
    cozegate.toml:5:16: apps.main.redirect_uri: Coze compares this address with the registered one character by character, and "http://127.0.0.1:8081" would be sent in another spelling. Write, and register, the exact one. Did you mean "http://127.0.0.1:8081/"?
    cozegate.toml:6:1: apps.main.client_secret: This key belongs to apps of kind "web".
    cozegate.toml:5:17: apps.main.client_secret: The secret holds characters that cannot be sent, such as spaces or line breaks.
    cozegate.toml:6:16: apps.main.redirect_uri: The address at https://shop.example holds a "#" or a name and password. Leave them out.
    cozegate.toml:5:1: apps.main.redirect_uri: This key belongs to apps of kind "web", "pkce".
    cozegate.toml:6:1: apps.main.duration_seconds: This key belongs to apps of kind "jwt".
    cozegate.toml:1:1: apps.main.token: A secret is missing. Write one of: token, token_file, token_env, token_command.
    cozegate.toml:4:1: apps.main.client_id: This key belongs to apps of kind "jwt", "web", "pkce", "device".
    cozegate.toml:1:1: apps.main.kind: This key is missing. Did you mean "web"?
    cozegate.toml:1:1: apps.main.kind: This key is missing. Did you mean "pkce"?
    "##);
}

#[test]
fn what_a_service_app_may_ask_for_is_checked() {
    let jwt = format!(
        "kind = \"jwt\"\nregion = \"cn\"\nclient_id = \"1\"\npublic_key_id = \"k\"\nprivate_key = \"\"\"\n{}\"\"\"\n",
        private_key()
    );
    let options = [
        "account_id = \"1\"\nenterprise_id = \"2\"",
        "account_id = \"../../token\"",
        "scope = \"Connector.botChat\"",
        "scope = { permission = [\"Connector.botChat\"], bots = \"7\" }",
        "session_context = { device = \"1\" }",
    ];
    let said: Vec<String> = options
        .iter()
        .map(|option| toml(&format!("[apps.main]\n{option}\n{jwt}")).mistakes())
        .collect();

    insta::assert_snapshot!(said.join("\n"), @r#"
    cozegate.toml:3:1: apps.main.enterprise_id: Both "account_id" and "enterprise_id" are set. Keep one of them.
    cozegate.toml:2:14: apps.main.account_id: "../../token" is not an id: it holds more than letters, digits, "_" and "-".
    cozegate.toml:2:9: apps.main.scope: Expected a section, found a text in quotes.
    cozegate.toml:2:11: apps.main.scope.permission: This key is not known. Did you mean "permissions"?
    cozegate.toml:2:54: apps.main.scope.bots: Expected a list, found a text in quotes.
    cozegate.toml:2:21: apps.main.session_context.device: This key is not known. Did you mean "device_id"?
    "#);
}

#[test]
fn store_that_cannot_be_meant_is_explained() {
    let app = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_env = \"T\"\n";
    let of = |store: &str| {
        let content = format!("{app}[store]\n{store}");
        Workplace::new()
            .variable("T", &token())
            .file("cozegate.toml", &content)
            .mistakes()
    };

    insta::assert_snapshot!(of("kind = \"sqlite3\"\n"), @r#"cozegate.toml:6:8: store.kind: "sqlite3" is not one of: sqlite, postgres, redis, memory."#);
    insta::assert_snapshot!(of("pth = \"x.db\"\n"), @r#"cozegate.toml:6:1: store.pth: This key is not known. Did you mean "path"?"#);
    insta::assert_snapshot!(of("kind = \"postgres\"\n"), @"cozegate.toml:5:1: store.url: A secret is missing. Write one of: url, url_file, url_env, url_command.");
    insta::assert_snapshot!(
        of("seal_key_env = \"T\"\nseal_key_file = \"store.key\"\n"),
        @"cozegate.toml:7:1: store.seal_key_file: The secret has more than one source. Keep one of them (also set: seal_key_env)."
    );
}
