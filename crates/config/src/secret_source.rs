//! Secrets and the four places they may come from: the configuration itself, a file, a variable, a command.
//!
//! A secret is read once, while loading. It is never echoed: not in a mistake, not in a notice, not by `config show`.

use super::dialect::Dialect;
use super::files::ReadFault;
use super::mistake::{CommandFault, MistakeKind};
use super::notice::NoticeKind;
use super::place::Place;
use super::section::Section;
use super::settings::SettingValue;
use super::tree::{Node, Shape, Value};
use super::trust;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A command may have to ask a person (a password manager does), so it gets a minute.
const COMMAND_SECONDS: u64 = 60;
/// The longest PEM of an RSA key is a few KiB; whoever prints more prints something else.
const LONGEST_SECRET_BYTES: u64 = 64 * 1024;

/// A secret of the configuration; `Debug` is redacted.
#[derive(Clone)]
pub struct SecretText(SecretString);

impl SecretText {
    /// Takes a secret into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the secret. A visible act: search for its callers.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// The keys under which one secret may be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct SecretKeys {
    pub(super) inline: &'static str,
    pub(super) file: &'static str,
    pub(super) variable: &'static str,
    pub(super) command: &'static str,
}

impl SecretKeys {
    pub(super) const PRIVATE_KEY: Self = Self {
        inline: "private_key",
        file: "private_key_file",
        variable: "private_key_env",
        command: "private_key_command",
    };
    pub(super) const CLIENT_SECRET: Self = Self {
        inline: "client_secret",
        file: "client_secret_file",
        variable: "client_secret_env",
        command: "client_secret_command",
    };
    pub(super) const URL: Self = Self {
        inline: "url",
        file: "url_file",
        variable: "url_env",
        command: "url_command",
    };
    pub(super) const SEAL_KEY: Self = Self {
        inline: "seal_key",
        file: "seal_key_file",
        variable: "seal_key_env",
        command: "seal_key_command",
    };
    pub(super) const TOKEN: Self = Self {
        inline: "token",
        file: "token_file",
        variable: "token_env",
        command: "token_command",
    };

    pub(super) const fn all(self) -> [&'static str; 4] {
        [self.inline, self.file, self.variable, self.command]
    }
}

/// Reads the secret from the one source that was written; answers it with the place that a mistake in it points at.
pub(super) fn read(section: &mut Section<'_, '_>, keys: SecretKeys) -> Option<(SecretText, Place)> {
    let mut written: Vec<(&'static str, Node)> = Vec::new();
    for key in keys.all() {
        if let Some(node) = section.take(key) {
            written.push((key, node));
        }
    }
    let Some((key, node)) = written.pop() else {
        let place = section.place().clone();
        section.mistake(
            keys.inline,
            &place,
            MistakeKind::NoSource {
                keys: spelled(section, &keys.all()),
            },
        );
        return None;
    };
    if !written.is_empty() {
        let others: Vec<&str> = written.iter().map(|(key, _)| *key).collect();
        let kind = MistakeKind::SeveralSources {
            keys: spelled(section, &others),
        };
        section.mistake(key, &node.key_place, kind);
        return None;
    }
    if matches!(node.value, Value::Refused) {
        return None;
    }
    let place = node.place.clone();
    let read = if key == keys.inline {
        inline(section, key, node)
    } else if key == keys.command {
        from_command(section, key, node)
    } else {
        let (text, _) = put_back(section, key, node)?;
        if key == keys.file {
            from_file(section, key, &text, &place)
        } else {
            from_variable(section, key, &text, &place)
        }
    };
    match read {
        Ok(secret) if secret.trim().is_empty() => section.mistake(key, &place, MistakeKind::SecretEmpty),
        Ok(secret) => return Some((SecretText::new(secret), place)),
        Err(Some(kind)) => section.mistake(key, &place, kind),
        Err(None) => {}
    }
    None
}

/// Keys as the source at hand spells them, without those that it cannot say: advice has to be possible to follow.
fn spelled(section: &Section<'_, '_>, keys: &[&'static str]) -> Vec<String> {
    let dialect = section.checker.dialect;
    if dialect == Dialect::Toml {
        return keys.iter().map(ToString::to_string).collect();
    }
    let words = keys.iter().filter_map(|key| dialect.word_for(&section.path_of(key)));
    // Two of ours may be one of theirs.
    let mut spelled: Vec<String> = Vec::new();
    for word in words {
        if !spelled.iter().any(|other| other == word) {
            spelled.push(word.to_owned());
        }
    }
    spelled
}

/// The name of a file or variable: an ordinary text, so the ordinary reader takes it.
fn put_back(section: &mut Section<'_, '_>, key: &'static str, node: Node) -> Option<(String, Place)> {
    section.put_back(key, node);
    section.text(key)
}

/// `Err(None)`: the mistake is recorded already.
type Outcome = Result<String, Option<MistakeKind>>;

fn inline(section: &mut Section<'_, '_>, key: &str, node: Node) -> Outcome {
    let Value::Text(text) = node.value else {
        return Err(node.value.shape().map(|found| MistakeKind::WrongShape {
            expected: Shape::Text,
            found,
        }));
    };
    section.setting(key, &node.place, SettingValue::Redacted);
    if let Some(file) = node.place.file() {
        let file = section.checker.directory.join(file);
        warn_when_readable(section, key, &node.place, &file);
        if matches!(section.checker.dialect, Dialect::Toml | Dialect::Yaml { .. }) && node.place.variable().is_none() {
            let path = section.path_of(key);
            section.checker.notice(&node.key_place, &path, NoticeKind::InlineSecret);
        }
    }
    Ok(text)
}

fn from_file(section: &mut Section<'_, '_>, key: &str, name: &str, place: &Place) -> Outcome {
    section.setting(key, place, SettingValue::Text(name.to_owned()));
    let path = section.checker.resolve(place, name);
    let bytes = section
        .checker
        .files
        .read(&path)
        .map_err(|fault| Some(mistake_of(path.clone(), fault)))?;
    warn_when_readable(section, key, place, &path);
    // Bytes that are not text cannot be a PEM; let the key reader say so.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The mistake of a file beside the configuration.
pub(super) fn mistake_of(path: PathBuf, fault: ReadFault) -> MistakeKind {
    match fault {
        ReadFault::Io(error) => MistakeKind::SecretFileUnreadable {
            path,
            reason: error.to_string(),
        },
        ReadFault::Untrusted(fault) => MistakeKind::FileUntrusted { path, fault },
    }
}

fn from_variable(section: &mut Section<'_, '_>, key: &str, name: &str, place: &Place) -> Outcome {
    section.setting(key, place, SettingValue::Text(name.to_owned()));
    match section.checker.environment.value(name) {
        Some(Value::Text(text)) => Ok(text),
        Some(_) => Err(None),
        None => Err(Some(MistakeKind::SecretVariableUnset { name: name.to_owned() })),
    }
}

fn from_command(section: &mut Section<'_, '_>, key: &'static str, node: Node) -> Outcome {
    let place = node.place.clone();
    section.put_back(key, node);
    let arguments: Vec<String> = section.list(key, |argument| Ok(argument.to_owned()));
    let Some((program, arguments)) = arguments.split_first() else {
        return Err(Some(MistakeKind::Blank));
    };
    let directory = section.checker.resolve(&place, ".");
    // A program that is named by its place is judged like the configuration; one of the PATH is the system's.
    if Path::new(program).components().count() > 1 {
        let path = directory.join(program);
        let judged = std::fs::File::open(&path).and_then(|file| trust::judge(&path, &file));
        if let Ok(Err(fault)) = judged {
            return Err(Some(MistakeKind::FileUntrusted { path, fault }));
        }
    }
    run(program, arguments, &directory).map_err(|reason| {
        Some(MistakeKind::SecretCommandFailed {
            program: program.clone(),
            reason,
        })
    })
}

/// Runs a command and returns what it prints, without the line break at the end.
fn run(program: &str, arguments: &[String], directory: &Path) -> Result<String, CommandFault> {
    let not_started = |error: std::io::Error| CommandFault::NotStarted(error.to_string());
    // Its stderr stays ours: that is where it asks for a password, or says why it fails.
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let output = child.stdout.take().ok_or(CommandFault::Output)?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(LONGEST_SECRET_BYTES).read_to_string(&mut text);
        // Nobody listens any more after the time is over; then the output does not matter either.
        drop(sender.send(read.map(|_| text)));
    });
    let Ok(read) = receiver.recv_timeout(Duration::from_secs(COMMAND_SECONDS)) else {
        // It may have ended meanwhile; then there is nothing to end.
        drop(child.kill());
        drop(child.wait());
        return Err(CommandFault::TimedOut {
            seconds: COMMAND_SECONDS,
        });
    };
    let status = child.wait().map_err(not_started)?;
    if !status.success() {
        return Err(CommandFault::Status(status.to_string()));
    }
    let text = read.map_err(|_| CommandFault::Output)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Says so when others on this machine may read a file that holds a secret.
#[cfg(unix)]
pub(super) fn warn_when_readable(section: &mut Section<'_, '_>, key: &str, place: &Place, path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    const GROUP_OR_OTHERS: u32 = 0o077;
    let Ok(metadata) = std::fs::metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & GROUP_OR_OTHERS != 0 {
        let kind = NoticeKind::SecretFileReadable {
            path: path.to_owned(),
            mode: format!("{mode:04o}"),
        };
        let path = section.path_of(key);
        section.checker.notice(place, &path, kind);
    }
}

/// Windows answers this question by access lists, which need more than a mode; nothing is said there.
#[cfg(not(unix))]
pub(super) fn warn_when_readable(_: &mut Section<'_, '_>, _: &str, _: &Place, _: &Path) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_gives_its_output_without_the_line_break() {
        let arguments = ["-c".to_owned(), "printf 'one\\ntwo\\n\\n'".to_owned()];

        assert_eq!(run("sh", &arguments, Path::new(".")), Ok("one\ntwo".to_owned()));
    }

    #[test]
    fn a_command_that_fails_says_how() {
        let arguments = ["-c".to_owned(), "exit 3".to_owned()];

        assert_eq!(
            run("sh", &arguments, Path::new(".")),
            Err(CommandFault::Status("exit status: 3".to_owned()))
        );
        assert!(matches!(
            run("no-such-program-here", &[], Path::new(".")),
            Err(CommandFault::NotStarted(_))
        ));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", SecretText::new("canary")), "SecretText(..)");
    }
}
