//! `config check` and `config show`: is the configuration right, and what does it say. Secrets are redacted below us.

use super::config_answer::{CheckAnswer, MistakeAnswer, NoticeAnswer, SettingAnswer, ShowAnswer};
use super::serve::source_text;
use crate::args::{ConfigInvocation, ShowArguments, SourceArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{print_json, print_result};
use cozegate_config::{ConfigErrors, Loaded, Place, Setting, SettingValue};
use serde_json::json;

/// Runs the subcommand.
pub(super) fn run(invocation: &ConfigInvocation, context: &Context) -> Result<(), Failure> {
    match invocation {
        ConfigInvocation::Check(source) => check(source, context),
        ConfigInvocation::Show(arguments) => show(arguments, context),
    }
}

fn check(source: &SourceArguments, context: &Context) -> Result<(), Failure> {
    match context.load(source, vec![]) {
        Ok(loaded) => {
            show_right(context, &loaded);
            Ok(())
        }
        Err(errors) => Err(show_wrong(context, &errors)),
    }
}

fn show_right(context: &Context, loaded: &Loaded) {
    let output = &context.output;
    let config = &loaded.config;
    if output.is_json() {
        print_json(&CheckAnswer {
            ok: true,
            source: Some((&config.source).into()),
            mistakes: vec![],
            notices: loaded
                .notices
                .iter()
                .map(|notice| NoticeAnswer::new(notice, output.language))
                .collect(),
        });
        return;
    }
    context.show_notices(loaded);
    let apps: Vec<&str> = config.apps.keys().map(String::as_str).collect();
    let source = source_text(context, &config.source);
    let args = [
        ("source", source.as_str()),
        ("apps", &apps.join(", ")),
        ("default_app", &config.default_app),
    ];
    print_result(&output.text("cli-config-right", &args));
}

fn show_wrong(context: &Context, errors: &ConfigErrors) -> Failure {
    let failure = context.config_failure(errors);
    if !context.output.is_json() {
        return failure;
    }
    let language = context.output.language;
    print_json(&CheckAnswer {
        ok: false,
        source: None,
        mistakes: errors
            .mistakes()
            .iter()
            .map(|mistake| MistakeAnswer::new(mistake, language))
            .collect(),
        notices: vec![],
    });
    failure.said_in_result()
}

fn show(arguments: &ShowArguments, context: &Context) -> Result<(), Failure> {
    let mut loaded = context.load_aloud(&arguments.source, vec![])?;
    loaded.settings.sort_by(|a, b| a.key.cmp(&b.key));
    let shown = loaded
        .settings
        .iter()
        .filter(|setting| arguments.effective || setting.place != Place::Default);
    if context.output.is_json() {
        let settings = shown.map(SettingAnswer::from).collect();
        print_json(&ShowAnswer {
            source: (&loaded.config.source).into(),
            settings,
        });
        return Ok(());
    }
    for setting in shown {
        print_result(&setting_text(context, setting));
    }
    Ok(())
}

/// A line as in `cozegate.toml`, with the place behind it.
fn setting_text(context: &Context, setting: &Setting) -> String {
    let value = match &setting.value {
        // JSON's texts, numbers and lists of texts are TOML's.
        SettingValue::Text(text) => json!(text).to_string(),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Switch(is_on) => is_on.to_string(),
        SettingValue::List(items) => json!(items).to_string(),
        SettingValue::Redacted => context.output.text("cli-redacted", &[]),
    };
    let from = match &setting.place {
        Place::Default => context.output.text("cli-place-default", &[]),
        place => place.to_string(),
    };
    format!("{} = {value}  # {from}", setting.key)
}
