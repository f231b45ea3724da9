//! The text of a `cozegate.toml`: every key with a word about it, those that nobody set as comments.

use super::super::app_kind::AppKind;
use super::super::limits::LimitsConfig;
use super::super::number_key::NumberKey;
use super::super::settings::SettingValue;
use super::super::timeouts::TimeoutsConfig;
use crate::text::{Language, has_text, text};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// What is set, by dotted key.
pub(super) type Values = BTreeMap<String, SettingValue>;

/// A key with the value that stands in its comment while nobody sets it.
type Line = (&'static str, &'static str);

/// The lines of a section.
enum Lines {
    /// Keys with our defaults, or with samples where there is none.
    Samples(&'static [Line]),
    /// Declared numbers.
    Numbers(&'static [NumberKey]),
}

/// The keys before the first section.
const TOP: [Line; 2] = [("mode", "\"local\""), ("default_app", "\"main\"")];

/// The sections behind the apps.
const SECTIONS: [(&str, Lines); 11] = [
    (
        "server",
        Lines::Samples(&[
            ("proxy_addr", "\"127.0.0.1:8080\""),
            ("auth_addr", "\"127.0.0.1:8081\""),
            ("workers", "2"),
            ("trusted_proxies", "[\"10.0.0.0/8\"]"),
            ("forwarded_field", "\"x-forwarded-for\""),
            ("pass_fields", "[\"x-tt-env\"]"),
            ("proxy_url", ""),
            ("auth_url", ""),
            ("tls_certificate_file", ""),
            ("tls_key_file", ""),
        ]),
    ),
    ("local", Lines::Samples(&[("pages", "\"chat\"")])),
    ("cors", Lines::Samples(&[("origins", "[\"https://www.example.com\"]")])),
    (
        "chat",
        Lines::Samples(&[
            ("bot_id", "\"7500000000000000001\""),
            ("title", "\"Help desk\""),
            ("bots", "[\"7500000000000000001 Help desk\"]"),
            ("sdk_url", ""),
        ]),
    ),
    (
        "userscript",
        Lines::Samples(&[
            ("sites", "[\"https://www.coze.cn/*\", \"https://www.coze.com/*\"]"),
            ("width", "460"),
            ("ui", "\"sdk\""),
        ]),
    ),
    (
        "visitors",
        Lines::Samples(&[
            ("kinds", "[\"anonymous\"]"),
            ("handle_ttl_seconds", "86400"),
            ("body_bytes", "65536"),
            ("pass_days", "180"),
            ("secret_file", "\"visitors.secret\""),
        ]),
    ),
    (
        "store",
        Lines::Samples(&[
            ("kind", "\"sqlite\""),
            ("path", "\"cozegate.db\""),
            ("url_file", ""),
            ("url_env", ""),
            ("url_command", ""),
            ("prefix", ""),
            ("seal_key_file", "\"store.key\""),
            ("seal_key_env", ""),
            ("seal_key_command", ""),
            ("seal_key_keyring", "\"cozegate\""),
        ]),
    ),
    ("limits", Lines::Numbers(LimitsConfig::KEYS)),
    (
        "files",
        Lines::Samples(&[
            ("hosts", "[\"lf-cdn.coze.cn\", \"sf-cdn.coze.com\"]"),
            ("private_hosts", "[\"http://127.0.0.1:9000\"]"),
            ("file_mib", "32"),
            ("cache_dir", "\"files\""),
            ("cache_mib", "256"),
            ("slow_seconds", "3"),
        ]),
    ),
    ("log", Lines::Samples(&[("format", "\"text\""), ("access", "\"off\"")])),
    ("timeouts", Lines::Numbers(TimeoutsConfig::KEYS)),
];

/// The keys of an app in the order in which they are written.
const APP_ORDER: [&str; 29] = [
    "kind",
    "region",
    "api_base",
    "www_base",
    "ws_base",
    "client_id",
    "public_key_id",
    "private_key_file",
    "private_key_env",
    "private_key_command",
    "client_secret_file",
    "client_secret_env",
    "client_secret_command",
    "redirect_uri",
    "workspace_id",
    "challenge_method",
    "token_file",
    "token_env",
    "token_command",
    "expires_at",
    "duration_seconds",
    "account_id",
    "enterprise_id",
    "scope.permissions",
    "scope.bots",
    "channel",
    "visitor_scope",
    "session_context.device_id",
    "session_context.custom_consumer",
];

const REDIRECT_URI: Line = ("redirect_uri", "\"http://127.0.0.1:8081/callback\"");
const WORKSPACE_ID: Line = ("workspace_id", "\"7400000000000000001\"");

/// What an app of this kind may add, with samples.
const fn samples(kind: AppKind) -> &'static [Line] {
    match kind {
        AppKind::Jwt => &[
            ("duration_seconds", "900"),
            ("account_id", "\"7400000000000000001\""),
            ("enterprise_id", "\"volcano_2100000001\""),
            ("scope.permissions", "[\"Connector.botChat\"]"),
            ("scope.bots", "[\"7500000000000000001\"]"),
            ("channel", "false"),
            ("visitor_scope", "\"all\""),
            ("session_context.device_id", "\"till-4\""),
            ("session_context.custom_consumer", "\"branch-7\""),
        ],
        AppKind::Web => &[REDIRECT_URI, WORKSPACE_ID],
        AppKind::Pkce => &[REDIRECT_URI, WORKSPACE_ID, ("challenge_method", "\"S256\"")],
        AppKind::Device => &[WORKSPACE_ID],
        AppKind::PersonalAccessToken | AppKind::ServiceAccessToken => &[("expires_at", "2030-12-31T00:00:00Z")],
    }
}

/// Another app for a template that a person fills in.
const OTHER_APP: &str = "# [apps.personal]\n# kind = \"pat\"\n# region = \"cn\"\n# token_file = \"token\"\n";

/// Writes the file. `source` is what it was made of.
pub(super) fn render(language: Language, values: &Values, source: Option<&Path>) -> String {
    let mut file = heading(language, source);
    file.push('\n');
    for line in TOP {
        file.push_str(&entry(language, values, "", line));
    }
    for app in app_names(values) {
        file.push_str(&app_section(language, values, &app));
    }
    if source.is_none() {
        file.push('\n');
        file.push_str(&comment(&text(language, "init-other-app", &[])));
        file.push_str(OTHER_APP);
    }
    for (section, lines) in SECTIONS {
        file.push_str(&format_section(language, section));
        match lines {
            Lines::Samples(lines) => {
                for &(key, sample) in lines {
                    // Without a sample it belongs to a choice that nobody made.
                    if !sample.is_empty() || values.contains_key(&format!("{section}.{key}")) {
                        file.push_str(&entry(language, values, section, (key, sample)));
                    }
                }
            }
            Lines::Numbers(keys) => {
                for key in keys {
                    let sample = key.sample().to_string();
                    file.push_str(&entry(language, values, section, (key.name, &sample)));
                }
            }
        }
    }
    file
}

fn heading(language: Language, source: Option<&Path>) -> String {
    let made_of = match source {
        None => text(language, "init-heading-template", &[]),
        Some(path) => {
            let args = [("source", &*path.to_string_lossy())];
            text(language, "init-heading-from", &args)
        }
    };
    comment(&format!("{made_of}\n{}", text(language, "init-heading", &[])))
}

fn app_names(values: &Values) -> Vec<String> {
    values
        .keys()
        .filter_map(|key| key.strip_prefix("apps.")?.strip_suffix(".kind"))
        .map(str::to_owned)
        .collect()
}

fn app_section(language: Language, values: &Values, app: &str) -> String {
    let section = format!("apps.{app}");
    let kind = match values.get(&format!("{section}.kind")) {
        Some(SettingValue::Text(word)) => AppKind::from_word(word).unwrap_or(AppKind::Jwt),
        _ => AppKind::Jwt,
    };
    let about = text(language, &format!("init-app-{kind}"), &[("app", app)]);
    let mut lines = format!("\n{}[{section}]\n", comment(&about));
    for key in APP_ORDER {
        let sample = samples(kind).iter().find(|(known, _)| *known == key);
        if let Some(sample) = sample {
            lines.push_str(&entry(language, values, &section, *sample));
        } else if values.contains_key(&format!("{section}.{key}")) {
            lines.push_str(&entry(language, values, &section, (key, "")));
        }
    }
    lines
}

fn format_section(language: Language, section: &str) -> String {
    let about = text(language, &format!("init-section-{section}"), &[]);
    format!("\n{}[{section}]\n", comment(&about))
}

/// `key = value  # about it`, or the same as a comment when nobody set it.
fn entry(language: Language, values: &Values, section: &str, (key, sample): (&str, &str)) -> String {
    let path = if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    };
    let (mark, value) = match values.get(&path) {
        Some(value) => ("", toml_text(value)),
        None => ("# ", sample.to_owned()),
    };
    let key_id = key.replace(['_', '.'], "-");
    // Two sections may have a key of the same name.
    let ids = [format!("init-{section}-{key_id}"), format!("init-{key_id}")];
    let about = match ids.iter().find(|id| has_text(id)) {
        Some(id) => format!("  # {}", text(language, id, &[])),
        None => String::new(),
    };
    format!("{mark}{key} = {value}{about}\n")
}

/// JSON's texts, numbers and lists of texts are TOML's.
fn toml_text(value: &SettingValue) -> String {
    match value {
        SettingValue::Text(text) => json!(text).to_string().replace('\u{7f}', "\\u007f"),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Switch(is_on) => is_on.to_string(),
        SettingValue::List(items) => json!(items).to_string(),
        SettingValue::Redacted => String::new(),
    }
}

fn comment(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().collect();
    format!("# {}\n", lines.join("\n# "))
}
