//! Where Coze is: addresses per region, and what follows from a self-hosted or emulated one (protocol 1.1, 1.2).
//!
//! Pure. Accounts, apps, keys and bots of the two regions are disjoint, so the wrong base is the most common cause of
//! every refusal (protocol 1.1); that is why the region is a type and has no default.

use url::Url;

/// The two platforms of Coze.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Region {
    /// coze.cn
    China,
    /// coze.com
    International,
}

impl Region {
    const ALL: [Self; 2] = [Self::China, Self::International];

    /// Returns the region whose official API host `api_base` names, whatever its scheme and path.
    pub fn from_api_base(api_base: &Url) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|region| api_base.host_str() == Some(region.api_host()))
    }

    /// Returns the region's addresses.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "two constants; a test parses both"
    )]
    pub fn endpoints(self) -> Endpoints {
        let api_base = Url::parse(match self {
            Self::China => "https://api.coze.cn/",
            Self::International => "https://api.coze.com/",
        })
        .expect("a constant URL");
        Endpoints::from_api_base(&api_base)
    }

    fn api_host(self) -> &'static str {
        match self {
            Self::China => "api.coze.cn",
            Self::International => "api.coze.com",
        }
    }

    fn www_host(self) -> &'static str {
        match self {
            Self::China => "www.coze.cn",
            Self::International => "www.coze.com",
        }
    }

    fn ws_host(self) -> &'static str {
        match self {
            Self::China => "ws.coze.cn",
            Self::International => "ws.coze.com",
        }
    }
}

/// The addresses of one platform.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    /// REST and the token endpoint: `https://api.coze.cn/`.
    pub api_base: Url,
    /// The console and the page where people consent: `https://www.coze.cn/`.
    pub www_base: Url,
    /// WebSocket: `wss://ws.coze.cn/`.
    pub ws_base: Url,
}

impl Endpoints {
    /// Derives the other addresses from the API's (protocol 1.2).
    ///
    /// An official host gets its `www.` and `ws.` twins. Any other host is kept, with `ws`/`wss` for `http`/`https`: a
    /// self-hosted platform or the emulator serves all three under one name, as coze-go expects.
    pub fn from_api_base(api_base: &Url) -> Self {
        let region = Region::from_api_base(api_base);
        let mut www_base = api_base.clone();
        let mut ws_base = api_base.clone();
        let scheme = if api_base.scheme() == "http" { "ws" } else { "wss" };
        if ws_base.set_scheme(scheme).is_err() {
            tracing::warn!(scheme = api_base.scheme(), "The API base is neither http nor https");
        }
        if let Some(region) = region {
            set_host(&mut www_base, region.www_host());
            set_host(&mut ws_base, region.ws_host());
        }
        Self {
            api_base: api_base.clone(),
            www_base,
            ws_base,
        }
    }

    /// Returns the `aud` of assertions: the API's bare host, with `:port` when the URL names one that is not its
    /// scheme's own (protocol 1.2; the documented value is `api.coze.cn`).
    pub fn audience(&self) -> String {
        let host = self.api_base.host_str().unwrap_or_default();
        match self.api_base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Says whether the API stands on this machine, where no proxy of the environment can reach it.
    pub fn is_loopback(&self) -> bool {
        match self.api_base.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns an address of the platform's OAuth service for programs (protocol 2.2, 3.4), below any path that the API
    /// base has.
    pub(crate) fn oauth2_endpoint(&self, segments: &[&str]) -> Url {
        below(&self.api_base, segments)
    }

    /// Returns scheme, host and port of one of the addresses, without a slash: what an issuer calls itself.
    pub(crate) fn origin_of(base: &Url) -> String {
        base.origin().ascii_serialization()
    }

    /// Returns an address of the platform's OAuth service for people (protocol 3.1).
    pub(crate) fn authorize_endpoint(&self, segments: &[&str]) -> Url {
        below(&self.www_base, segments)
    }
}

fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .extend(["api", "permission", "oauth2"])
            .extend(segments);
    }
    url
}

/// Replaces the host by an official name, which always is a valid one.
fn set_host(url: &mut Url, host: &'static str) {
    if let Err(error) = url.set_host(Some(host)) {
        tracing::warn!(%error, host, "The official host does not fit the URL");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn regions_have_the_documented_addresses() {
        let china = Region::China.endpoints();
        let international = Region::International.endpoints();

        assert_eq!(china.api_base.as_str(), "https://api.coze.cn/");
        assert_eq!(china.www_base.as_str(), "https://www.coze.cn/");
        assert_eq!(china.ws_base.as_str(), "wss://ws.coze.cn/");
        assert_eq!(international.api_base.as_str(), "https://api.coze.com/");
        assert_eq!(international.www_base.as_str(), "https://www.coze.com/");
        assert_eq!(international.ws_base.as_str(), "wss://ws.coze.com/");
    }

    #[test]
    fn api_base_names_its_region() {
        let table = [
            ("https://api.coze.cn", Some(Region::China)),
            ("https://API.COZE.CN/", Some(Region::China)),
            ("https://api.coze.com/", Some(Region::International)),
            ("https://www.coze.cn", None),
            ("https://api.coze.cn.example", None),
            ("http://127.0.0.1:8080", None),
        ];

        for (base, region) in table {
            assert_eq!(Region::from_api_base(&url(base)), region, "{base}");
        }
    }

    #[test]
    fn other_hosts_are_kept_with_their_port() {
        let endpoints = Endpoints::from_api_base(&url("http://127.0.0.1:4010"));

        assert_eq!(endpoints.www_base.as_str(), "http://127.0.0.1:4010/");
        assert_eq!(endpoints.ws_base.as_str(), "ws://127.0.0.1:4010/");
    }

    #[test]
    fn audience_is_the_host_and_an_explicit_port() {
        let table = [
            ("https://api.coze.cn", "api.coze.cn"),
            ("https://api.coze.cn:443/", "api.coze.cn"),
            ("https://coze.example:8443/base/", "coze.example:8443"),
            ("http://127.0.0.1:4010", "127.0.0.1:4010"),
            ("http://[::1]:4010", "[::1]:4010"),
        ];

        for (base, audience) in table {
            assert_eq!(Endpoints::from_api_base(&url(base)).audience(), audience, "{base}");
        }
    }

    #[test]
    fn token_endpoint_stands_below_the_base_without_a_doubled_slash() {
        let table = [
            ("https://api.coze.cn", "https://api.coze.cn/api/permission/oauth2/token"),
            (
                "https://coze.example/base",
                "https://coze.example/base/api/permission/oauth2/token",
            ),
            (
                "https://coze.example/base/?x=1#y",
                "https://coze.example/base/api/permission/oauth2/token",
            ),
        ];

        for (base, endpoint) in table {
            assert_eq!(
                Endpoints::from_api_base(&url(base))
                    .oauth2_endpoint(&["token"])
                    .as_str(),
                endpoint,
                "{base}"
            );
        }
    }

    #[test]
    fn addresses_of_this_machine_are_loopback() {
        for (base, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost:1", true),
            ("https://api.coze.cn", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(Endpoints::from_api_base(&url(base)).is_loopback(), loopback, "{base}");
        }
    }
}
