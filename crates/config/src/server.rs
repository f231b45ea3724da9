//! `[server]`: where the two services listen.

use super::base_url;
use super::mistake::MistakeKind;
use super::mode::Mode;
use super::section::{Section, Wrong};
use super::tls::TlsConfig;
use cozegate_policy::fields::may_pass;
use http::HeaderName;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use url::Url;

const DEFAULT_PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_AUTH: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
const MOST_WORKERS: u32 = 1024;

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where the proxy listens; `127.0.0.1:8080`.
    pub proxy_addr: SocketAddr,
    /// Where the auth service listens; `127.0.0.1:8081`.
    pub auth_addr: SocketAddr,
    /// How many threads carry proxied traffic; one per core when absent.
    pub workers: Option<NonZeroUsize>,
    /// The operator's own proxies in front of us, whose word about the caller's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The field in which they name the caller.
    pub forwarded_field: ForwardedField,
    /// Header fields that go upstream beside the listed ones, in lower case.
    pub pass_fields: Vec<HeaderName>,
    /// What both speak HTTPS with, instead of plain HTTP.
    pub tls: Option<TlsConfig>,
    /// How visitors' browsers reach us; in public mode only, and always there.
    pub public: Option<PublicUrls>,
}

/// The one field in which trusted proxies name the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedField {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedField {
    const NAMES: [&str; 2] = ["x-forwarded-for", "forwarded"];

    fn parse(text: &str) -> Result<Self, Wrong> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(MistakeKind::NotOneOf {
                value: text.to_owned(),
                allowed: &Self::NAMES,
            }
            .into()),
        }
    }
}

impl fmt::Display for ForwardedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        })
    }
}

/// How visitors' browsers reach us. Both may be the same, behind a reverse proxy that tells them apart by their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrls {
    /// The proxy.
    pub proxy: Url,
    /// The auth service.
    pub auth: Url,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            proxy_addr: DEFAULT_PROXY,
            auth_addr: DEFAULT_AUTH,
            workers: None,
            trusted_proxies: Vec::new(),
            forwarded_field: ForwardedField::default(),
            pass_fields: Vec::new(),
            tls: None,
            public: None,
        }
    }
}

impl ServerConfig {
    pub(super) fn read(mut section: Section<'_, '_>, mode: Mode) -> Self {
        let proxy_addr = address(&mut section, "proxy_addr", DEFAULT_PROXY, mode);
        let auth_addr = address(&mut section, "auth_addr", DEFAULT_AUTH, mode);
        if let Some(address) = proxy_addr.filter(|address| address.port() != 0 && auth_addr == Some(*address)) {
            let place = section.place().clone();
            section.mistake("auth_addr", &place, MistakeKind::SameAddress { address });
        }
        let workers = section.number("workers", 1..=MOST_WORKERS);
        let workers = workers.and_then(|workers| NonZeroUsize::new(usize::try_from(workers).ok()?));
        let trusted_proxies = section.list("trusted_proxies", parse_network);
        let forwarded_field = section.checked_or("forwarded_field", ForwardedField::default(), ForwardedField::parse);
        let pass_fields = section.list("pass_fields", parse_field);
        let has_tls = section.has("tls_certificate_file") || section.has("tls_key_file");
        let tls = TlsConfig::read(&mut section);
        let public = PublicUrls::read(&mut section, mode, has_tls || !trusted_proxies.is_empty());
        section.finish();
        Self {
            proxy_addr: proxy_addr.unwrap_or(DEFAULT_PROXY),
            auth_addr: auth_addr.unwrap_or(DEFAULT_AUTH),
            workers,
            trusted_proxies,
            forwarded_field,
            pass_fields,
            tls,
            public,
        }
    }
}

impl PublicUrls {
    /// Reads them in public mode, and refuses them in local mode. `speaks_https`: we do, or a proxy in front of us.
    fn read(section: &mut Section<'_, '_>, mode: Mode, speaks_https: bool) -> Option<Self> {
        const KEYS: [&str; 2] = ["proxy_url", "auth_url"];
        let place = section.place().clone();
        match mode {
            Mode::Local => {
                for key in KEYS {
                    if let Some((_, place)) = section.text(key) {
                        section.mistake(key, &place, MistakeKind::KeyOfPublicMode);
                    }
                }
                None
            }
            Mode::Public => {
                let [proxy, auth] = KEYS.map(|key| {
                    if !section.has(key) {
                        section.take(key);
                        section.mistake(key, &place, MistakeKind::PublicNeedsUrl);
                        return None;
                    }
                    let url = section.checked(key, base_url::parse_public)?;
                    if url.scheme() == "https" && !speaks_https {
                        section.mistake(key, &place, MistakeKind::PublicNeedsTls);
                    }
                    Some(url)
                });
                Some(Self {
                    proxy: proxy?,
                    auth: auth?,
                })
            }
        }
    }
}

/// Reads the name of a header field that may go upstream. Credentials, cookies, framing and our own fields may not.
fn parse_field(text: &str) -> Result<HeaderName, Wrong> {
    let name: HeaderName = text
        .parse()
        .map_err(|_| MistakeKind::InvalidField { name: text.to_owned() })?;
    if may_pass(&name) {
        Ok(name)
    } else {
        Err(MistakeKind::FieldRefused { name: text.to_owned() }.into())
    }
}

/// Reads `10.0.0.0/8`, or one address. Bits behind the prefix are a slip: which network was meant, nobody knows.
fn parse_network(text: &str) -> Result<IpNet, Wrong> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let wrong = || MistakeKind::InvalidNetwork { value: text.to_owned() };
    let network = text.parse::<IpNet>().map_err(|_| wrong())?;
    if network == network.trunc() {
        Ok(network)
    } else {
        Err(Wrong::suggesting(wrong(), network.trunc().to_string()))
    }
}

/// Takes an `IP:PORT` and holds local mode to this machine. `None` when a wrong one was written: nobody listens there, nor
/// at the default.
fn address(section: &mut Section<'_, '_>, key: &'static str, default: SocketAddr, mode: Mode) -> Option<SocketAddr> {
    if !section.has(key) {
        return Some(section.checked_or(key, default, |_| Ok(default)));
    }
    section.checked(key, |text| {
        let address = parse_address(text)?;
        match mode {
            Mode::Local if !address.ip().is_loopback() => Err(MistakeKind::NotLoopback { address }.into()),
            Mode::Local | Mode::Public => Ok(address),
        }
    })
}

/// Reads `IP:PORT`, and guesses what was meant by the usual shorter forms.
fn parse_address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let kind = MistakeKind::InvalidAddress { value: text.to_owned() };
        let port = text
            .strip_prefix("localhost:")
            .or_else(|| text.strip_prefix(':'))
            .unwrap_or(text);
        match port.parse::<u16>() {
            Ok(port) => Wrong::suggesting(kind, format!("127.0.0.1:{port}")),
            Err(_) => kind.into(),
        }
    })
}
