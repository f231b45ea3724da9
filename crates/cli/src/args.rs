//! What may be typed. The words of the help stand in `locales/*/cli.ftl`, found by the names used here.
//!
//! The command is built by clap's derive, then every command and argument of the tree gets its text: `cli-about`,
//! `cli-<command>-about`, `cli-<command>-arg-<argument>`, and `cli-arg-<argument>` for what every command takes. A test
//! walks the same tree, so that nothing stays without words.

#[cfg(feature = "demo")]
use clap::builder::PossibleValuesParser;
use clap::builder::Styles;
use clap::{ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use cozegate_config::Environment;
use cozegate_config::text::{Language, text};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(name = "cozegate", version, disable_help_flag = true, disable_version_flag = true)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Invocation,
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    #[arg(long, global = true, value_name = "zh-CN|en", value_parser = parse_language)]
    pub(crate) lang: Option<Language>,
    #[arg(short = 'h', long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Invocation {
    Serve(ServeArguments),
    #[cfg(feature = "demo")]
    Demo(DemoArguments),
    #[cfg(feature = "demo")]
    Emulator(EmulatorArguments),
    Init(InitArguments),
    Login(LoginArguments),
    Logout(LogoutArguments),
    Token(TokenArguments),
    Ports(PortsArguments),
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Config(ConfigArguments),
}

impl Invocation {
    /// Whether the command runs until somebody stops it.
    pub(crate) const fn is_service(&self) -> bool {
        match self {
            Self::Serve(_) => true,
            #[cfg(feature = "demo")]
            Self::Demo(_) | Self::Emulator(_) => true,
            Self::Init(_) | Self::Login(_) | Self::Logout(_) | Self::Token(_) | Self::Ports(_) | Self::Config(_) => {
                false
            }
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[arg(long, value_name = "proxy|auth", hide_possible_values = true)]
    pub(crate) only: Option<OnlyService>,
    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

/// Where the configuration comes from.
#[derive(Args, Debug)]
pub(crate) struct SourceArguments {
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Where the two services listen.
#[derive(Args, Debug)]
pub(crate) struct AddressArguments {
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) proxy_addr: Option<SocketAddr>,
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) auth_addr: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OnlyService {
    Proxy,
    Auth,
}

#[cfg(feature = "demo")]
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
    #[arg(long, value_name = "IP:PORT", value_parser = parse_loopback)]
    pub(crate) emulator_addr: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) platform: PlatformArguments,
}

#[cfg(feature = "demo")]
#[derive(Args, Debug)]
pub(crate) struct EmulatorArguments {
    #[arg(long, value_name = "IP:PORT", value_parser = parse_loopback)]
    pub(crate) addr: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) platform: PlatformArguments,
}

/// How strict the emulated platform is.
#[cfg(feature = "demo")]
#[derive(Args, Clone, Debug)]
pub(crate) struct PlatformArguments {
    #[arg(long, value_name = "session|none", hide_possible_values = true)]
    pub(crate) isolation: Option<Isolation>,
    #[arg(long)]
    pub(crate) enforce_scope: bool,
    #[arg(long = "permission", value_name = "PERMISSION", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(coze_emulator::PERMISSIONS))]
    pub(crate) app_permission: Vec<String>,
}

/// Who may use a conversation whose id is known.
#[cfg(feature = "demo")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Isolation {
    Session,
    None,
}

#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    #[arg(long, value_name = "web|pkce|device", hide_possible_values = true)]
    pub(crate) flow: Option<LoginFlow>,
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["flow", "no_browser"])]
    pub(crate) import: Option<PathBuf>,
}

/// How a person agrees; the app's kind says which.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LoginFlow {
    Web,
    Pkce,
    Device,
}

#[derive(Args, Debug)]
pub(crate) struct LogoutArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) session_name: Option<String>,
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_399))]
    pub(crate) duration: Option<u32>,
    #[arg(long = "bot", value_name = "ID")]
    pub(crate) bots: Vec<String>,
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(crate) permissions: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct PortsArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
}

#[derive(Args, Debug)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(crate) command: ConfigInvocation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigInvocation {
    Check(SourceArguments),
    Show(ShowArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[arg(long)]
    pub(crate) effective: bool,
}

/// Reads the arguments. The error is either a mistake or what `--help` and `--version` ask for.
pub(crate) fn parse(words: Vec<OsString>, language: Language) -> Result<Arguments, clap::Error> {
    let matches = command(language).try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// Chooses the language before the arguments are read, because their help is in it already: `--lang`, else the
/// environment's locale, the most specific variable first (POSIX 8.2).
pub(crate) fn language(words: &[OsString], environment: &Environment) -> Language {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let mut asked = None;
    while let Some(word) = words.next() {
        match word.strip_prefix("--lang") {
            Some("") => asked = words.next(),
            Some(value) => asked = value.strip_prefix('=').or(asked),
            None => {}
        }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| environment.get(name));
    asked
        .or(locale)
        .and_then(Language::from_tag)
        .unwrap_or(Language::English)
}

/// The command with every text in `language`.
fn command(language: Language) -> Command {
    localize(Arguments::command().styles(Styles::styled()), language, "cli")
}

fn localize(command: Command, language: Language, prefix: &str) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}",
        text(language, "cli-heading-usage", &[])
    );
    let mut command = command
        .about(text(language, &format!("{prefix}-about"), &[]))
        .subcommand_help_heading(text(language, "cli-heading-commands", &[]))
        .help_template(template)
        .mut_args(|argument| {
            let help = text(language, &argument_text_id(prefix, &argument), &[]);
            // Defined at the root means: every command takes it.
            let heading = if prefix == "cli" {
                "cli-heading-global-options"
            } else {
                "cli-heading-options"
            };
            argument.help(help).help_heading(text(language, heading, &[]))
        });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let prefix = format!("{prefix}-{name}");
        command = command.mut_subcommand(&name, |sub| localize(sub, language, &prefix));
    }
    command
}

fn argument_text_id(prefix: &str, argument: &clap::Arg) -> String {
    let name = argument.get_id().as_str().replace('_', "-");
    // What several commands take is said once.
    let prefix = match name.as_str() {
        "config" | "proxy-addr" | "auth-addr" | "isolation" | "enforce-scope" | "app-permission" => "cli",
        _ => prefix,
    };
    format!("{prefix}-arg-{name}")
}

fn parse_language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| "expected zh-CN or en".to_owned())
}

/// The emulator has no door: it is for this machine only.
#[cfg(feature = "demo")]
fn parse_loopback(address: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = address
        .parse()
        .map_err(|_| "expected IP:PORT, such as 127.0.0.1:0".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the emulator listens on 127.0.0.1 or [::1] only".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_config::text::has_text;

    fn assert_words(command: &Command, prefix: &str) {
        assert!(
            has_text(&format!("{prefix}-about")),
            "{prefix}-about is missing in locales/*/cli.ftl"
        );
        for argument in command.get_arguments() {
            let id = argument_text_id(prefix, argument);
            assert!(has_text(&id), "{id} is missing in locales/*/cli.ftl");
        }
        for sub in command.get_subcommands() {
            assert_words(sub, &format!("{prefix}-{}", sub.get_name()));
        }
    }

    #[test]
    fn every_command_and_argument_has_words() {
        assert_words(&Arguments::command(), "cli");
    }

    #[test]
    fn the_tree_is_sound_in_both_languages() {
        for language in Language::ALL {
            command(language).debug_assert();
        }
    }

    #[test]
    fn the_language_is_asked_for_or_taken_from_the_locale() {
        let environment = |variables: &[(&str, &str)]| -> Environment {
            variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let words = |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };

        let chinese = environment(&[("LANG", "zh_CN.UTF-8")]);
        assert_eq!(language(&words(&["cozegate"]), &chinese), Language::Chinese);
        assert_eq!(
            language(&words(&["cozegate", "--lang", "en"]), &chinese),
            Language::English
        );
        assert_eq!(
            language(&words(&["cozegate", "--lang=en"]), &chinese),
            Language::English
        );
        let mixed = environment(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]);
        assert_eq!(language(&words(&["cozegate"]), &mixed), Language::English);
    }
}
