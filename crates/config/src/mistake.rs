//! What can be wrong with a configuration, as kinds with data; the words stand in `locales/*/config.ftl`.
//!
//! A mistake points at its place and names the key as the reader knows it: `server.proxy_addr` in TOML,
//! `coze_api_base` in the console's file, `COZE_API_BASE` in the environment. No kind carries a secret.

use super::app_kind::AppKind;
use super::key_words;
use super::place::Place;
use super::tree::Shape;
use super::trust::TrustFault;
use crate::text::{Language, text};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Debug)]
pub struct ConfigMistake {
    /// Where it stands.
    pub place: Place,
    /// The key as its source spells it; empty when the mistake belongs to a whole file or directory.
    pub key: String,
    /// What is wrong.
    pub kind: MistakeKind,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// What is wrong.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the fields are named after what they hold, and the sentences show them"
)]
pub enum MistakeKind {
    /// There is neither a file nor a variable to start from.
    NoConfiguration { directory: PathBuf },
    /// The file could not be read.
    FileUnreadable { reason: String },
    /// A file could have been written by another user.
    FileUntrusted { path: PathBuf, fault: TrustFault },
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is not TOML, JSON, YAML or `NAME=value`.
    Syntax { reason: String },
    /// Nobody reads this key.
    UnknownKey { known: Vec<String> },
    /// The key belongs to another kind of app.
    KeyOfOtherKind { kinds: &'static [AppKind] },
    /// The key has to be there.
    MissingKey,
    /// The value is empty.
    Blank,
    /// A text where a number is expected, and the like.
    WrongShape { expected: Shape, found: Shape },
    /// A word that is not one of the list.
    NotOneOf {
        value: String,
        allowed: &'static [&'static str],
    },
    /// A number outside its range.
    OutOfRange { value: String, min: u32, max: u32 },
    /// Not an `IP:PORT`.
    InvalidAddress { value: String },
    /// Not an address or a network in CIDR notation.
    InvalidNetwork { value: String },
    /// Local mode listens on this machine only.
    NotLoopback { address: SocketAddr },
    /// Both services want the same address.
    SameAddress { address: SocketAddr },
    /// The key says something about public mode, and this is local mode.
    KeyOfPublicMode,
    /// Public mode needs a way to tell visitors apart.
    PublicNeedsVisitors,
    /// Public mode needs the pages that may use us.
    PublicNeedsOrigins,
    /// Public mode needs a secret whose place is known, since every history hangs on it.
    PublicNeedsSecret,
    /// Public mode needs to know how visitors reach us.
    PublicNeedsUrl,
    /// Visitors would reach us unencrypted.
    PublicUrlPlain { value: String },
    /// Visitors reach us over HTTPS, and nobody speaks it.
    PublicNeedsTls,
    /// All visitors of an app of this kind would share one history.
    PublicSharesHistory { kind: AppKind },
    /// Public mode needs the bots that a site's visitors may use.
    PublicNeedsBots,
    /// The key belongs to local mode, and this is public mode.
    KeyOfLocalMode,
    /// `cors.origins` beside sites, none of which is `main`.
    OriginsOfNoSite,
    /// An origin of two sites.
    OriginOfTwoSites { origin: String, other: String },
    /// A site's name holds something other than lower-case letters, digits, `-` and `_`.
    InvalidSiteName { name: String },
    /// Not a group of operations.
    UnknownGroup { value: String, known: String },
    /// A group of operations that no setting gives to visitors.
    GroupNotForVisitors { group: String },
    /// Not the name of a JSON member.
    InvalidMember { name: String },
    /// A member that the visitor policy checks itself, in this or another spelling.
    MemberIsChecked { name: String },
    /// A member of a bot's description that no visitor may see.
    BotFieldRefused { name: String },
    /// Not the name of a header field.
    InvalidField { name: String },
    /// A header field that only the gateway may write or that belongs to one hop.
    FieldRefused { name: String },
    /// Not a bot's id with a name behind it.
    InvalidBot { value: String },
    /// Not the address of a script.
    InvalidScript { value: String },
    /// Not a match pattern of userscripts.
    InvalidSite { value: String },
    /// Not the base address of an API.
    InvalidBase { value: String, fault: BaseFault },
    /// The addresses belong to different regions, whose accounts, apps and tokens are strangers to each other.
    RegionsMixed { api_host: String, other_host: String },
    /// Both `region` and `api_base` are there.
    RegionAndBase,
    /// Neither says which of the two platforms is meant.
    RegionUnknown,
    /// Not the origin of a web page.
    InvalidOrigin { value: String, fault: OriginFault },
    /// Not a host of files.
    InvalidFileHost { value: String },
    /// Not a point in time.
    InvalidMoment { value: String },
    /// An app's name holds something other than lower-case letters, digits, `-` and `_`.
    InvalidAppName { name: String },
    /// No app at all.
    NoApps,
    /// `default_app` names no app.
    UnknownDefaultApp { name: String },
    /// Several apps, and none is the default.
    DefaultAppNeeded { names: Vec<String> },
    /// Not where a person can be sent back to after a login.
    InvalidRedirectUri { value: String, fault: RedirectFault },
    /// Not an id of an account or enterprise.
    InvalidId { value: String },
    /// Not a number by which the platform names a bot, a workflow or a connector.
    InvalidNumber { value: String },
    /// Both `account_id` and `enterprise_id` are there.
    AccountAndEnterprise,
    /// A YAML file as the configuration; only `init` reads one.
    YamlIsConverted { path: PathBuf },
    /// A YAML file without an app of ours.
    NoAppInYaml,
    /// A YAML file in which a second document speaks of Coze.
    SeveralDocuments,
    /// The console's file in a shape that old tutorials show.
    HistoricAppId,
    /// The same, for the address.
    HistoricDomain,
    /// The key itself where the platform's name for it belongs.
    KeyInsteadOfId,
    /// A secret has more than one source.
    SeveralSources { keys: Vec<String> },
    /// A secret has no source.
    NoSource { keys: Vec<String> },
    /// The file of a secret could not be read.
    SecretFileUnreadable { path: PathBuf, reason: String },
    /// The variable of a secret is not set.
    SecretVariableUnset { name: String },
    /// The command of a secret failed.
    SecretCommandFailed { program: String, reason: CommandFault },
    /// The source of a secret holds nothing.
    SecretEmpty,
    /// A token with spaces or control characters inside, or one that cannot be a header.
    TokenMalformed,
    /// The two files make no certificate with a key.
    TlsUnusable { fault: TlsFault },
    /// The private key cannot sign.
    PrivateKeyUnusable { source: coze_auth::KeyError },
}

/// Why a text is not the base address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseFault {
    /// Not an absolute URL.
    NotAUrl,
    /// A scheme other than the one or two that fit.
    Scheme,
    /// Name and password inside.
    Credentials,
    /// A path, a query or a fragment behind the host.
    PathOrQuery,
    /// The console's address in the place of the API's.
    Console,
}

/// Why a text is not the origin of a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginFault {
    /// `*`: every page of the world.
    Everyone,
    /// `null`: every sandboxed frame and local file.
    Null,
    /// Not `scheme://host[:port]`.
    NotAnOrigin,
    /// Something behind the host.
    PathOrQuery,
}

/// Why a text is not a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectFault {
    /// Not an absolute `http://` or `https://` URL.
    NotAUrl,
    /// `#...`, or a name and password inside.
    FragmentOrCredentials,
    /// Another spelling than the one that would be sent; the platform compares character by character.
    Spelling,
}

/// Why the two files make no certificate with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// No certificate stands in the file.
    NoCertificate,
    /// One that cannot be read does.
    BadCertificate,
    /// No private key stands in the file, or an encrypted one.
    NoKey,
    /// It is of a kind, or a length, that TLS does not use.
    BadKey,
    /// It belongs to another certificate.
    OtherKey,
}

/// How a command that should print a secret failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandFault {
    /// It could not be started; the operating system's words.
    NotStarted(String),
    /// It ended with this status.
    Status(String),
    /// It did not end in time.
    TimedOut {
        /// How long we waited.
        seconds: u64,
    },
    /// Its output is not text, or far too long.
    Output,
}

impl ConfigMistake {
    /// A mistake without a suggestion.
    pub(super) fn new(place: Place, key: impl Into<String>, kind: MistakeKind) -> Self {
        Self {
            place,
            key: key.into(),
            kind,
            suggestion: None,
        }
    }

    /// The mistake in one line: place, key, what is wrong, what was probably meant.
    pub fn text(&self, language: Language) -> String {
        let (id, args) = self.kind.words(language);
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sentence = text(language, id, &args);
        let sentence = match &self.suggestion {
            Some(suggestion) => {
                let args = [("sentence", sentence.as_str()), ("suggestion", suggestion.as_str())];
                text(language, "config-did-you-mean", &args)
            }
            None => sentence,
        };
        located(language, &self.place, &self.key, &sentence)
    }
}

/// Puts place and key before a sentence.
pub(super) fn located(language: Language, place: &Place, key: &str, sentence: &str) -> String {
    let where_it_stands = match place {
        Place::Default => String::new(),
        Place::Variable(name) => text(language, "config-place-variable", &[("name", name)]),
        Place::Flag(flag) => (*flag).to_owned(),
        Place::File { .. } | Place::DotEnv { .. } => place.to_string(),
    };
    // A variable's or flag's name is the place already.
    let key = if matches!(place, Place::Variable(_) | Place::Flag(_)) {
        ""
    } else {
        key
    };
    [where_it_stands.as_str(), key, sentence]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

/// English, for logs and `Error`; people get [`ConfigMistake::text`] in their language.
impl fmt::Display for ConfigMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl MistakeKind {
    /// The id of the sentence and what to fill in.
    fn words(&self, language: Language) -> (&'static str, Vec<(&'static str, String)>) {
        let shape = |shape: &Shape| text(language, shape.text_id(), &[]);
        match self {
            Self::NoConfiguration { directory } => (
                "config-no-configuration",
                vec![("directory", directory.display().to_string())],
            ),
            Self::FileUntrusted { path, fault } => {
                let (id, mut arguments) = fault.words();
                arguments.push(("path", path.display().to_string()));
                (id, arguments)
            }
            Self::FileUnreadable { reason } => ("config-file-unreadable", vec![("reason", reason.clone())]),
            Self::NotUtf8 => ("config-not-utf8", vec![]),
            Self::Syntax { reason } => ("config-syntax", vec![("reason", reason.clone())]),
            Self::UnknownKey { known } if known.is_empty() => ("config-unknown-key", vec![]),
            Self::UnknownKey { known } => ("config-unknown-key-of", vec![("known", known.join(", "))]),
            Self::KeyOfOtherKind { kinds } => {
                let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
                ("config-key-of-other-kind", vec![("kinds", kinds.join(", "))])
            }
            Self::MissingKey => ("config-missing-key", vec![]),
            Self::Blank => ("config-blank", vec![]),
            Self::WrongShape { expected, found } => (
                "config-wrong-shape",
                vec![("expected", shape(expected)), ("found", shape(found))],
            ),
            Self::NotOneOf { value, allowed } => (
                "config-not-one-of",
                vec![("value", value.clone()), ("allowed", allowed.join(", "))],
            ),
            Self::OutOfRange { value, min, max } => (
                "config-out-of-range",
                vec![
                    ("value", value.clone()),
                    ("min", min.to_string()),
                    ("max", max.to_string()),
                ],
            ),
            Self::InvalidAddress { value } => ("config-invalid-address", vec![("value", value.clone())]),
            Self::InvalidNetwork { value } => ("config-invalid-network", vec![("value", value.clone())]),
            Self::NotLoopback { address } => ("config-not-loopback", vec![("address", address.to_string())]),
            Self::SameAddress { address } => ("config-same-address", vec![("address", address.to_string())]),
            Self::KeyOfPublicMode => ("config-key-of-public-mode", vec![]),
            Self::PublicNeedsVisitors => ("config-public-needs-visitors", vec![]),
            Self::PublicNeedsOrigins => ("config-public-needs-origins", vec![]),
            Self::PublicNeedsSecret => ("config-public-needs-secret", vec![]),
            Self::PublicNeedsUrl => ("config-public-needs-url", vec![]),
            Self::PublicUrlPlain { value } => ("config-public-url-plain", vec![("value", value.clone())]),
            Self::PublicNeedsTls => ("config-public-needs-tls", vec![]),
            Self::PublicSharesHistory { kind } => ("config-public-shares-history", vec![("kind", kind.to_string())]),
            Self::PublicNeedsBots => ("config-public-needs-bots", vec![]),
            Self::KeyOfLocalMode => ("config-key-of-local-mode", vec![]),
            Self::OriginsOfNoSite => ("config-origins-of-no-site", vec![]),
            Self::OriginOfTwoSites { origin, other } => (
                "config-origin-of-two-sites",
                vec![("origin", origin.clone()), ("other", other.clone())],
            ),
            Self::InvalidSiteName { name } => ("config-invalid-site-name", vec![("name", name.clone())]),
            Self::UnknownGroup { value, known } => (
                "config-unknown-group",
                vec![("value", value.clone()), ("known", known.clone())],
            ),
            Self::GroupNotForVisitors { group } => ("config-group-not-for-visitors", vec![("group", group.clone())]),
            Self::InvalidMember { name } => ("config-invalid-member", vec![("name", name.clone())]),
            Self::MemberIsChecked { name } => ("config-member-is-checked", vec![("name", name.clone())]),
            Self::BotFieldRefused { name } => ("config-bot-field-refused", vec![("name", name.clone())]),
            Self::InvalidField { name } => ("config-invalid-field", vec![("name", name.clone())]),
            Self::FieldRefused { name } => ("config-field-refused", vec![("name", name.clone())]),
            Self::InvalidBot { value } => ("config-invalid-bot", vec![("value", value.clone())]),
            Self::InvalidScript { value } => ("config-invalid-script", vec![("value", value.clone())]),
            Self::InvalidSite { value } => ("config-invalid-site", vec![("value", value.clone())]),
            Self::InvalidBase { value, fault } => (fault.text_id(), vec![("value", value.clone())]),
            Self::RegionsMixed { api_host, other_host } => (
                "config-regions-mixed",
                vec![("api_host", api_host.clone()), ("other_host", other_host.clone())],
            ),
            Self::RegionAndBase => ("config-region-and-base", vec![]),
            Self::RegionUnknown => ("config-region-unknown", vec![]),
            Self::InvalidOrigin { value, fault } => (fault.text_id(), vec![("value", value.clone())]),
            Self::InvalidFileHost { value } => ("config-invalid-file-host", vec![("value", value.clone())]),
            Self::InvalidMoment { value } => ("config-invalid-moment", vec![("value", value.clone())]),
            Self::InvalidAppName { name } => ("config-invalid-app-name", vec![("name", name.clone())]),
            Self::NoApps => ("config-no-apps", vec![]),
            Self::UnknownDefaultApp { name } => ("config-unknown-default-app", vec![("name", name.clone())]),
            Self::DefaultAppNeeded { names } => ("config-default-app-needed", vec![("names", names.join(", "))]),
            Self::InvalidRedirectUri { value, fault } => (fault.text_id(), vec![("value", value.clone())]),
            Self::InvalidId { value } => ("config-invalid-id", vec![("value", value.clone())]),
            Self::InvalidNumber { value } => ("config-invalid-number", vec![("value", value.clone())]),
            Self::AccountAndEnterprise => ("config-account-and-enterprise", vec![]),
            Self::YamlIsConverted { path } => ("config-yaml-is-converted", vec![("path", path.display().to_string())]),
            Self::NoAppInYaml => ("config-no-app-in-yaml", vec![]),
            Self::SeveralDocuments => ("config-several-documents", vec![]),
            Self::HistoricAppId => ("config-historic-app-id", vec![]),
            Self::HistoricDomain => ("config-historic-domain", vec![]),
            Self::KeyInsteadOfId => ("config-key-instead-of-id", vec![]),
            Self::SeveralSources { keys } => ("config-several-sources", vec![("keys", keys.join(", "))]),
            Self::NoSource { keys } => ("config-no-source", vec![("keys", keys.join(", "))]),
            Self::SecretFileUnreadable { path, reason } => (
                "config-secret-file-unreadable",
                vec![("path", path.display().to_string()), ("reason", reason.clone())],
            ),
            Self::SecretVariableUnset { name } => ("config-secret-variable-unset", vec![("name", name.clone())]),
            Self::SecretCommandFailed { program, reason } => {
                let (id, argument) = reason.words();
                (id, vec![("program", program.clone()), ("reason", argument)])
            }
            Self::SecretEmpty => ("config-secret-empty", vec![]),
            Self::TokenMalformed => ("config-token-malformed", vec![]),
            Self::TlsUnusable { fault } => (fault.text_id(), vec![]),
            Self::PrivateKeyUnusable { source } => key_words::of_error(source),
        }
    }
}

impl BaseFault {
    const fn text_id(self) -> &'static str {
        match self {
            Self::NotAUrl => "config-base-not-a-url",
            Self::Scheme => "config-base-scheme",
            Self::Credentials => "config-base-credentials",
            Self::PathOrQuery => "config-base-path",
            Self::Console => "config-base-console",
        }
    }
}

impl OriginFault {
    const fn text_id(self) -> &'static str {
        match self {
            Self::Everyone => "config-origin-everyone",
            Self::Null => "config-origin-null",
            Self::NotAnOrigin => "config-origin-not-an-origin",
            Self::PathOrQuery => "config-origin-path",
        }
    }
}

impl RedirectFault {
    const fn text_id(self) -> &'static str {
        match self {
            Self::NotAUrl => "config-redirect-not-a-url",
            Self::FragmentOrCredentials => "config-redirect-fragment",
            Self::Spelling => "config-redirect-spelling",
        }
    }
}

impl TlsFault {
    const fn text_id(self) -> &'static str {
        match self {
            Self::NoCertificate => "config-tls-no-certificate",
            Self::BadCertificate => "config-tls-bad-certificate",
            Self::NoKey => "config-tls-no-key",
            Self::BadKey => "config-tls-bad-key",
            Self::OtherKey => "config-tls-other-key",
        }
    }
}

impl CommandFault {
    fn words(&self) -> (&'static str, String) {
        match self {
            Self::NotStarted(reason) => ("config-command-not-started", reason.clone()),
            Self::Status(status) => ("config-command-status", status.clone()),
            Self::TimedOut { seconds } => ("config-command-timed-out", seconds.to_string()),
            Self::Output => ("config-command-output", String::new()),
        }
    }
}

/// All mistakes of a configuration, in the order in which a reader would meet them; never empty.
#[derive(Debug)]
pub struct ConfigErrors(Vec<ConfigMistake>);

impl ConfigErrors {
    /// Sorts by file and position; what has none comes behind.
    pub(super) fn of(mut mistakes: Vec<ConfigMistake>) -> Self {
        mistakes.sort_by_key(|mistake| {
            let place = &mistake.place;
            (
                place.file().is_none(),
                place.file().map(std::path::Path::to_owned),
                place.position(),
            )
        });
        Self(mistakes)
    }

    /// The mistakes.
    pub fn mistakes(&self) -> &[ConfigMistake] {
        &self.0
    }
}

/// English, one mistake per line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
