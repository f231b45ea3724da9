//! Login with a browser: the address of the consent page, what comes back, and the exchange (RFC 6749 section 4.1,
//! protocol 3.1, 3.2).
//!
//! A [`PendingLogin`] is bound to one browser by its `state`, to one app and platform by their names in it, and is used up
//! by [`PendingLogin::accept`]. So a code of another session, app or region never reaches the token endpoint.

use crate::app::LoginClient;
use crate::clock::UnixSeconds;
use crate::error::{InvalidRedirectUri, LoginFailure};
use crate::grant::callback::Callback;
use crate::pkce::ChallengeMethod;
use crate::random::{Random, base64url};
use crate::region::Endpoints;
use crate::secret::{AuthorizationCode, CodeVerifier, LoginState};
use crate::versioned_json::{self, UnreadableBytes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

const GRANT_TYPE: &str = "authorization_code";

/// 256 random bits; RFC 6749 section 10.10 asks for at least 128.
const STATE_BYTES: usize = 32;

/// How long a person may take on the consent page. Longer ones are abandoned tabs.
const LOGIN_LIFETIME: Duration = Duration::from_mins(10);

/// A code with all that makes it worth something.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a LoginClient,
    pub(crate) granted: &'a GrantedCode,
}

impl Exchange<'_> {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "grant_type": GRANT_TYPE,
            "client_id": self.client.client_id,
            "code": self.granted.code.expose(),
            "redirect_uri": self.granted.redirect_uri,
        });
        if let (Some(members), Some(verifier)) = (body.as_object_mut(), &self.granted.code_verifier) {
            members.insert("code_verifier".to_owned(), verifier.expose().into());
        }
        body
    }

    pub(crate) fn secrets(&self) -> Vec<&str> {
        let verifier = self.granted.code_verifier.as_ref().map(CodeVerifier::expose);
        std::iter::once(self.granted.code.expose()).chain(verifier).collect()
    }
}

/// A code that came back to the browser it was asked for in.
#[derive(Debug)]
pub(crate) struct GrantedCode {
    pub(crate) code: AuthorizationCode,
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: Option<CodeVerifier>,
}

/// A login that was begun: what has to be kept until the browser comes back.
pub struct PendingLogin {
    audience: String,
    client_id: String,
    authorize_url: Url,
    redirect_uri: String,
    state: LoginState,
    code_verifier: Option<CodeVerifier>,
    ends_at: UnixSeconds,
}

/// The address holds the `state`.
impl fmt::Debug for PendingLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PendingLogin")
            .field("audience", &self.audience)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize, Serialize)]
struct Written {
    audience: String,
    client_id: String,
    authorize_url: String,
    redirect_uri: String,
    state: String,
    code_verifier: Option<String>,
    ends_at: i64,
}

impl PendingLogin {
    /// Begins a login. `challenge_method` is `None` for an app that has a secret instead.
    pub(crate) fn begin(
        client: &LoginClient,
        redirect_uri: &str,
        challenge_method: Option<ChallengeMethod>,
        random: &dyn Random,
        now: UnixSeconds,
    ) -> Result<Self, InvalidRedirectUri> {
        check_redirect_uri(redirect_uri)?;
        let state = LoginState::new(base64url(random, STATE_BYTES));
        let challenge = challenge_method.map(|method| (CodeVerifier::generate(random), method));
        let segments = [client.segments(), vec!["authorize"]].concat();
        let mut authorize_url = client.endpoints.authorize_endpoint(&segments);
        {
            let mut query = authorize_url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &client.client_id)
                .append_pair("redirect_uri", redirect_uri)
                .append_pair("state", state.expose());
            if let Some((verifier, method)) = &challenge {
                query
                    .append_pair("code_challenge", &verifier.challenge(*method))
                    .append_pair("code_challenge_method", method.as_str());
            }
        }
        Ok(Self {
            audience: client.endpoints.audience(),
            client_id: client.client_id.clone(),
            authorize_url,
            redirect_uri: redirect_uri.to_owned(),
            state,
            code_verifier: challenge.map(|(verifier, _)| verifier),
            ends_at: now + LOGIN_LIFETIME,
        })
    }

    /// Returns where the person's browser has to go. Not for logs: it holds the `state`.
    pub fn authorize_url(&self) -> &Url {
        &self.authorize_url
    }

    /// Returns what binds the login to the browser: to be kept there, and to look the login up by (hashed).
    pub fn state(&self) -> &LoginState {
        &self.state
    }

    /// Returns until when the browser may come back.
    pub fn ends_at(&self) -> UnixSeconds {
        self.ends_at
    }

    /// Checks what the browser brought back, and returns its code. Uses nothing up.
    pub(crate) fn check(
        &self,
        client: &LoginClient,
        callback: &Callback,
        now: UnixSeconds,
    ) -> Result<AuthorizationCode, LoginFailure> {
        if self.audience != client.endpoints.audience() || self.client_id != client.client_id {
            return Err(LoginFailure::OtherApp);
        }
        // A clock far before the beginning has jumped back; the state still guards the login then.
        if now >= self.ends_at {
            return Err(LoginFailure::TooLate);
        }
        let issuers = [&client.endpoints.www_base, &client.endpoints.api_base];
        callback.code(&self.state, &issuers.map(Endpoints::origin_of))
    }

    /// Takes what the browser brought back, and is used up by it.
    pub(crate) fn accept(
        self,
        client: &LoginClient,
        callback: &Callback,
        now: UnixSeconds,
    ) -> Result<GrantedCode, LoginFailure> {
        Ok(GrantedCode {
            code: self.check(client, callback, now)?,
            redirect_uri: self.redirect_uri,
            code_verifier: self.code_verifier,
        })
    }

    /// Writes everything down, **the secrets in clear**, for a store that seals it.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        versioned_json::write(&Written {
            audience: self.audience.clone(),
            client_id: self.client_id.clone(),
            authorize_url: self.authorize_url.to_string(),
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.expose().to_owned(),
            code_verifier: self.code_verifier.as_ref().map(|verifier| verifier.expose().to_owned()),
            ends_at: self.ends_at.0,
        })
    }

    /// Reads what [`to_secret_bytes`](Self::to_secret_bytes) wrote.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, UnreadableBytes> {
        let written: Written = versioned_json::read(bytes)?;
        Ok(Self {
            audience: written.audience,
            client_id: written.client_id,
            authorize_url: Url::parse(&written.authorize_url).map_err(|_| UnreadableBytes::new("not an address"))?,
            redirect_uri: written.redirect_uri,
            state: LoginState::new(written.state),
            code_verifier: written.code_verifier.map(CodeVerifier::new),
            ends_at: UnixSeconds(written.ends_at),
        })
    }
}

/// Checks a redirect URI, which afterwards is sent exactly as it was given: the platform compares texts (protocol 3.1).
fn check_redirect_uri(redirect_uri: &str) -> Result<(), InvalidRedirectUri> {
    let url = Url::parse(redirect_uri).map_err(|_| InvalidRedirectUri::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(InvalidRedirectUri::Scheme);
    }
    if url.fragment().is_some() {
        return Err(InvalidRedirectUri::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidRedirectUri::Credentials);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;
    use crate::region::Region;
    use std::collections::HashMap;

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);
    const REDIRECT_URI: &str = "http://127.0.0.1:8081/callback";

    fn client(region: Region, workspace_id: Option<&str>) -> LoginClient {
        LoginClient {
            client_id: "1.app.coze".to_owned(),
            client_secret: None,
            endpoints: region.endpoints(),
            workspace_id: workspace_id.map(str::to_owned),
        }
    }

    fn begin(client: &LoginClient, method: Option<ChallengeMethod>) -> PendingLogin {
        PendingLogin::begin(client, REDIRECT_URI, method, &SystemRandom, NOW).unwrap()
    }

    fn query(url: &Url) -> HashMap<String, String> {
        url.query_pairs().into_owned().collect()
    }

    fn callback(pending: &PendingLogin) -> Callback {
        Callback::parse(&format!("code=code_1&state={}", pending.state().expose()))
    }

    #[test]
    fn pkce_login_sends_a_challenge_and_keeps_the_verifier() {
        let pending = begin(&client(Region::China, None), Some(ChallengeMethod::S256));

        let url = pending.authorize_url();
        let query = query(url);
        assert_eq!(url.host_str(), Some("www.coze.cn"));
        assert_eq!(url.path(), "/api/permission/oauth2/authorize");
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], "1.app.coze");
        assert_eq!(query["redirect_uri"], REDIRECT_URI);
        assert_eq!(query["code_challenge_method"], "S256");
        let verifier = pending.code_verifier.as_ref().unwrap();
        assert_eq!(query["code_challenge"], verifier.challenge(ChallengeMethod::S256));
        assert!(!url.as_str().contains(verifier.expose()));
        assert_eq!(query["state"].len(), 43);
    }

    #[test]
    fn login_with_a_secret_sends_a_state_and_no_challenge() {
        let pending = begin(&client(Region::International, None), None);

        let query = query(pending.authorize_url());
        assert_eq!(pending.authorize_url().host_str(), Some("www.coze.com"));
        assert!(query.contains_key("state") && !query.contains_key("code_challenge"));
    }

    #[test]
    fn login_of_a_workspace_has_its_own_address() {
        let pending = begin(&client(Region::China, Some("7")), None);

        assert_eq!(
            pending.authorize_url().path(),
            "/api/permission/oauth2/workspace_id/7/authorize"
        );
    }

    #[test]
    fn no_two_logins_share_a_state_or_a_verifier() {
        let client = client(Region::China, None);
        let (one, two) = (
            begin(&client, Some(ChallengeMethod::S256)),
            begin(&client, Some(ChallengeMethod::S256)),
        );

        assert_ne!(one.state().expose(), two.state().expose());
        assert_ne!(one.code_verifier.unwrap().expose(), two.code_verifier.unwrap().expose());
    }

    #[test]
    fn code_for_one_region_is_never_taken_by_the_other() {
        let pending = begin(&client(Region::China, None), None);
        let callback = callback(&pending);

        let refused = pending.accept(&client(Region::International, None), &callback, NOW);

        assert_eq!(refused.unwrap_err(), LoginFailure::OtherApp);
    }

    #[test]
    fn browser_that_comes_back_too_late_is_refused() {
        let client = client(Region::China, None);
        let pending = begin(&client, None);
        let (callback, late) = (callback(&pending), pending.ends_at());

        assert_eq!(
            pending.accept(&client, &callback, late).unwrap_err(),
            LoginFailure::TooLate
        );
    }

    #[test]
    fn login_that_was_written_down_can_be_finished() {
        let client = client(Region::China, None);
        let pending = begin(&client, Some(ChallengeMethod::S256));
        let verifier = pending.code_verifier.clone().unwrap();

        let read = PendingLogin::from_secret_bytes(&pending.to_secret_bytes()).unwrap();

        assert_eq!(read.authorize_url(), pending.authorize_url());
        let granted = read.accept(&client, &callback(&pending), NOW).unwrap();
        assert_eq!(granted.code.expose(), "code_1");
        assert_eq!(granted.redirect_uri, REDIRECT_URI);
        assert_eq!(granted.code_verifier.unwrap().expose(), verifier.expose());
    }

    #[test]
    fn redirect_uri_that_cannot_be_registered_is_refused() {
        let table = [
            ("callback", InvalidRedirectUri::NotAUrl),
            ("myapp://callback", InvalidRedirectUri::Scheme),
            ("https://a.example/callback#x", InvalidRedirectUri::Fragment),
            ("https://user@a.example/callback", InvalidRedirectUri::Credentials),
        ];

        for (redirect_uri, reason) in table {
            let refused = PendingLogin::begin(&client(Region::China, None), redirect_uri, None, &SystemRandom, NOW);
            assert_eq!(refused.unwrap_err(), reason, "{redirect_uri}");
        }
    }
}
