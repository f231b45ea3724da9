//! The platform's double, a person who logs in there, and the judge of every token.

use crate::shifted_clock::ShiftedClock;
use anyhow::Context as _;
use coze_auth::{
    App, Callback, Endpoints, JwtApp, PkceApp, Policy, SessionName, SigningKey, Subject, Token, TokenSource,
    TokenStore, transport,
};
use coze_emulator::{
    AppKind, ConsentMode, Emulator, EmulatorConfig, Entry, Fault, FaultMatch, FaultRule, RefreshPolicy,
};
use std::sync::Arc;
use std::time::Duration;

/// From here on a token of 15 minutes is due, whatever was drawn for it, and it has not ended.
pub(crate) const DUE_AFTER: i64 = 800;
/// From here on it has ended.
pub(crate) const ENDED_AFTER: i64 = 901;

/// Whose tokens are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A service app's, which signs for every token.
    Jwt,
    /// A person's, who logged in once.
    Login,
}

/// One running double, which nobody else uses.
pub(crate) struct Platform {
    pub(crate) emulator: Emulator,
    endpoints: Endpoints,
    http: reqwest::Client,
    pub(crate) clocks: Clocks,
}

/// The platform's clock and ours. Clones show the same times.
#[derive(Clone, Debug)]
pub(crate) struct Clocks {
    theirs: coze_emulator::Clock,
    pub(crate) ours: ShiftedClock,
}

impl Clocks {
    /// Lets time pass for everybody.
    pub(crate) fn advance(&self, seconds: i64) {
        self.theirs.set_offset_seconds(self.theirs.offset_seconds() + seconds);
        self.set_ours_wrong(seconds);
    }

    /// Moves our clock and no other.
    pub(crate) fn set_ours_wrong(&self, seconds: i64) {
        self.ours.set_ahead(self.ours.ahead() + seconds);
    }
}

impl Platform {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let config = EmulatorConfig {
            consent: ConsentMode::Approve,
            ..EmulatorConfig::default()
        };
        let emulator = Emulator::start(config).await?;
        let endpoints = endpoints(&emulator.api_base())?;
        let http = transport::http_client_for(&endpoints, "cozegate-bench/judge")?;
        let clocks = Clocks {
            theirs: emulator.clock(),
            ours: ShiftedClock::default(),
        };
        Ok(Self {
            emulator,
            endpoints,
            http,
            clocks,
        })
    }

    pub(crate) fn pkce_client_id(&self) -> anyhow::Result<String> {
        let app = self.emulator.app(AppKind::Pkce);
        Ok(app.context("the emulator has no PKCE app")?.client_id)
    }

    pub(crate) fn app(&self, kind: Kind) -> anyhow::Result<App> {
        match kind {
            Kind::Login => Ok(pkce_app(self.pkce_client_id()?, self.endpoints.clone())),
            Kind::Jwt => {
                let app = self.emulator.jwt_app();
                let (signing_key, _repairs) = SigningKey::parse(&app.private_key_pem)?;
                let endpoints = self.endpoints.clone();
                Ok(App::Jwt(JwtApp::new(
                    app.client_id,
                    app.public_key_id,
                    signing_key,
                    endpoints,
                )))
            }
        }
    }

    /// Lets a source have its first token in hand.
    pub(crate) async fn first_token(
        &self,
        kind: Kind,
        tokens: &TokenSource,
        subject: &Subject,
    ) -> anyhow::Result<Token> {
        match kind {
            Kind::Jwt => Ok(tokens.access_token(subject).await?),
            Kind::Login => self.log_in(tokens, subject).await,
        }
    }

    /// Sends a person to the consent page, who agrees, and takes the login that comes of it.
    pub(crate) async fn log_in(&self, tokens: &TokenSource, subject: &Subject) -> anyhow::Result<Token> {
        let app = self.emulator.app(AppKind::Pkce).context("no PKCE app")?;
        let redirect_uri = app.redirect_uris.first().context("no redirect URI")?;
        let pending = tokens.begin_login(redirect_uri)?;
        let answer = self.http.get(pending.authorize_url().clone()).send().await?;
        let location = answer.headers().get("location").context("no redirect")?.to_str()?;
        let (_, query) = location.split_once('?').context("a redirect without a query")?;
        Ok(tokens.finish_login(subject, pending, &Callback::parse(query)).await?)
    }

    /// Asks the API whether it takes a token.
    pub(crate) async fn accepts(&self, access_token: &str) -> anyhow::Result<bool> {
        let url = format!("{}/v1/users/me", self.emulator.api_base());
        let answer = self.http.get(url).bearer_auth(access_token).send().await?;
        let body: serde_json::Value = serde_json::from_str(&answer.text().await?)?;
        Ok(body.get("code").is_some_and(|code| code == 0))
    }

    /// Returns what was asked of the token endpoint since the journal was cleared.
    pub(crate) fn token_requests(&self) -> Vec<Entry> {
        let mut entries = self.emulator.journal().entries();
        entries.retain(Entry::is_token_request);
        entries
    }

    /// A strict platform ends the whole login when a spent refresh token comes again (RFC 9700 section 4.14.2).
    pub(crate) fn set_strict(&self, is_strict: bool) {
        self.emulator.set_refresh_policy(RefreshPolicy {
            revoke_family_on_reuse: is_strict,
            ..RefreshPolicy::default()
        });
    }

    /// Lets the token endpoint suffer: `first` strikes the next request, `later` all after it.
    pub(crate) fn order(&self, first: Fault, later: Option<Fault>) -> anyhow::Result<()> {
        let rule = |fault, nth| FaultRule {
            matcher: FaultMatch {
                path: Some("/api/permission/oauth2/token".to_owned()),
                nth,
                ..FaultMatch::default()
            },
            fault,
        };
        let later = later.map(|later| rule(later, None));
        let rules = std::iter::once(rule(first, Some(1))).chain(later).collect();
        Ok(self.emulator.faults().set(rules)?)
    }

    pub(crate) fn heal(&self) -> anyhow::Result<()> {
        Ok(self.emulator.faults().set(Vec::new())?)
    }

    /// Makes a source as a process of its own would.
    pub(crate) fn source(&self, app: App, store: Arc<dyn TokenStore>, policy: Policy) -> anyhow::Result<TokenSource> {
        source(app, "cozegate-bench/conductor", store, &self.clocks.ours, policy)
    }
}

/// Says whether the platform refused a refresh token: it had been spent, or its login was ended.
pub(crate) fn is_spent_token(entry: &Entry) -> bool {
    entry
        .oauth
        .as_ref()
        .is_some_and(|step| step.grant_type.as_deref() == Some("refresh_token") && step.outcome == "invalid_request")
}

/// A platform that takes its time: before it acts, and before its answer leaves.
pub(crate) fn slow(before: Duration, after: Duration) -> Fault {
    let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
    Fault {
        delay_ms: millis(before),
        answer_delay_ms: millis(after),
        ..Fault::default()
    }
}

pub(crate) fn endpoints(api_base: &str) -> anyhow::Result<Endpoints> {
    Ok(Endpoints::from_api_base(&api_base.parse()?))
}

pub(crate) fn pkce_app(client_id: String, endpoints: Endpoints) -> App {
    App::Pkce(PkceApp::new(client_id, endpoints))
}

pub(crate) fn subject(name: &str) -> anyhow::Result<Subject> {
    Ok(Subject::login(SessionName::parse(name)?))
}

/// Puts together what the product puts together, but for the clock.
pub(crate) fn source(
    app: App,
    user_agent: &str,
    store: Arc<dyn TokenStore>,
    clock: &ShiftedClock,
    policy: Policy,
) -> anyhow::Result<TokenSource> {
    let http_client = transport::http_client_for(app.endpoints(), user_agent)?;
    let tokens = TokenSource::builder(app)
        .http_client(http_client)
        .store(store)
        .clock(Arc::new(clock.clone()))
        .policy(policy)
        .build()?;
    Ok(tokens)
}
