//! The command line's own listener for one login (RFC 8252 7.3): on the registered redirect URI, for one answer.
//!
//! It listens before the browser opens, since the platform compares redirect URIs character by character and another
//! port would not do. The browser begins at a page of ours that sets the cookie and sends it on, so that neither `state`
//! nor challenge stands in the arguments of the browser's process, where every user of the machine could read them.
//!
//! Anybody on this machine can call the listener. What does not belong to the login is answered and forgotten; the first
//! answer that does ends it.

use super::browser_binding::BrowserBinding;
use crate::pages;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use coze_auth::{AuthError, Callback, LoginFailure, PendingLogin, Random, Subject, Token, TokenSource};
use cozegate_config::text::Language;
use cozegate_core::asked::Asked;
use cozegate_core::guard::{Guard, OriginList, OwnHosts, Scheme};
use cozegate_core::problem::{ProblemKind, language_of};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

/// Where the browser begins: at the first, unless that is where it comes back to.
const START_PATHS: [&str; 2] = ["/login", "/begin"];

/// How long a browser may take to fetch the last page after the login has ended.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// A listener on a redirect URI.
#[derive(Debug)]
pub struct LoopbackListener {
    listeners: Vec<TcpListener>,
    redirect_uri: Url,
}

/// Why nobody can listen there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoopbackError {
    /// The redirect URI leads to another machine, or wants TLS.
    #[error("{0} is not an http:// address on this machine")]
    Elsewhere(Url),
    /// Somebody listens there already.
    #[error("{0} is taken")]
    Taken(SocketAddr),
    /// The address cannot be listened on.
    #[error("{addr} cannot be listened on")]
    Refused {
        /// Which.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What the handlers share.
struct Desk {
    guard: Guard,
    authorize_url: String,
    redirect_path: String,
    binding: BrowserBinding,
    state: coze_auth::LoginState,
    /// Takes the answer that belongs to the login, once.
    answers: Mutex<Option<oneshot::Sender<Answered>>>,
    language: Language,
}

/// The answer that belongs to the login, and where its page is awaited.
struct Answered {
    callback: Callback,
    page: oneshot::Sender<Outcome>,
}

/// How a login ended, as its page tells.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done,
    Failed,
}

impl LoopbackListener {
    /// Listens where `redirect_uri` leads; for `localhost` on both kinds of address, as far as the machine has them.
    pub async fn listen(redirect_uri: &Url) -> Result<Self, LoopbackError> {
        let elsewhere = || LoopbackError::Elsewhere(redirect_uri.clone());
        let port = redirect_uri.port_or_known_default().ok_or_else(elsewhere)?;
        let addresses: Vec<IpAddr> = match redirect_uri.host() {
            _ if redirect_uri.scheme() != "http" => return Err(elsewhere()),
            Some(Host::Ipv4(ip)) if ip.is_loopback() => vec![ip.into()],
            Some(Host::Ipv6(ip)) if ip.is_loopback() => vec![ip.into()],
            Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            _ => return Err(elsewhere()),
        };
        let mut listeners = Vec::new();
        let mut failure = None;
        for ip in addresses {
            let addr = SocketAddr::new(ip, port);
            match TcpListener::bind(addr).await {
                Ok(listener) => listeners.push(listener),
                Err(source) if source.kind() == io::ErrorKind::AddrInUse => return Err(LoopbackError::Taken(addr)),
                Err(source) => failure = Some(LoopbackError::Refused { addr, source }),
            }
        }
        match failure {
            Some(failure) if listeners.is_empty() => Err(failure),
            Some(_) | None => Ok(Self {
                listeners,
                redirect_uri: redirect_uri.clone(),
            }),
        }
    }

    /// Where the person's browser has to go.
    pub fn start_url(&self) -> String {
        let origin = self.redirect_uri.origin().ascii_serialization();
        format!("{origin}{}", start_path(self.redirect_uri.path()))
    }

    /// Waits for the browser to come back, and finishes the login as that of `subject`.
    pub async fn finish(
        self,
        tokens: &TokenSource,
        subject: &Subject,
        pending: PendingLogin,
        random: &dyn Random,
        language: Language,
    ) -> Result<Token, AuthError> {
        let path = self.redirect_uri.path();
        let broken = || AuthError::LoginFailed(LoginFailure::NoState);
        let binding = BrowserBinding::draw(pending.state(), Scheme::Http, path, random).ok_or_else(broken)?;
        let (sender, answered) = oneshot::channel();
        let addr = self.listeners.first().and_then(|listener| listener.local_addr().ok());
        let desk = Arc::new(Desk {
            guard: Guard::new(OwnHosts::loopback(addr.ok_or_else(broken)?, Scheme::Http)),
            authorize_url: pending.authorize_url().to_string(),
            redirect_path: path.to_owned(),
            binding,
            state: pending.state().clone(),
            answers: Mutex::new(Some(sender)),
            language,
        });
        let stop = CancellationToken::new();
        let serving = serve(self.listeners, router(&desk), &stop);
        let login = async {
            let answered = tokio::time::timeout(LONGEST_LOGIN, answered).await;
            let Ok(Ok(Answered { callback, page })) = answered else {
                return Err(AuthError::LoginFailed(LoginFailure::TooLate));
            };
            let finished = tokens.finish_login(subject, pending, &callback).await;
            let outcome = if finished.is_ok() {
                Outcome::Done
            } else {
                Outcome::Failed
            };
            // The browser may have gone.
            page.send(outcome).ok();
            finished
        };
        let login = async {
            let finished = login.await;
            stop.cancel();
            finished
        };
        let (finished, ()) = tokio::join!(login, serving);
        finished
    }
}

/// As long as `coze-auth` keeps a login open.
const LONGEST_LOGIN: Duration = Duration::from_mins(10);

/// Serves on every listener until `stop`, and then as long as the last page needs.
async fn serve(listeners: Vec<TcpListener>, router: Router, stop: &CancellationToken) {
    let servers = listeners.into_iter().map(|listener| {
        let (router, stop) = (router.clone(), stop.clone());
        async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
            let last_page = async {
                stop.cancelled().await;
                tokio::time::sleep(LAST_PAGE).await;
            };
            tokio::select! {
                // A listener that fails is as if nobody had come back.
                _ended = server => {}
                () = last_page => {}
            }
        }
    });
    futures_util::future::join_all(servers).await;
}

fn start_path(redirect_path: &str) -> &'static str {
    let [usual, other] = START_PATHS;
    if redirect_path == usual { other } else { usual }
}

fn router(desk: &Arc<Desk>) -> Router {
    Router::new()
        .route(start_path(&desk.redirect_path), get(start))
        .fallback(callback)
        .with_state(Arc::clone(desk))
}

/// Where the browser begins: to the consent page, with the cookie that binds the login to this browser.
async fn start(State(desk): State<Arc<Desk>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if desk.check(&method, &uri, &headers).is_err() {
        return desk.refusal(&headers, ProblemKind::HostNotAllowed);
    }
    let Ok(location) = HeaderValue::from_str(&desk.authorize_url) else {
        return desk.refusal(&headers, ProblemKind::Internal);
    };
    let cookie = desk.binding.cookie.clone();
    protected((StatusCode::FOUND, [(LOCATION, location), (SET_COOKIE, cookie)]).into_response())
}

/// The redirect URI, and everything else.
async fn callback(
    State(desk): State<Arc<Desk>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Err(kind) = desk.check(&method, &uri, &headers) {
        return desk.refusal(&headers, kind);
    }
    if uri.path() != desk.redirect_path {
        return desk.refusal(&headers, ProblemKind::NoSuchEndpoint);
    }
    let callback = Callback::parse(query.as_deref().unwrap_or_default());
    let belongs = callback.state().is_some_and(|state| desk.state.matches(state.expose()))
        && BrowserBinding::is_same_browser(&headers, Scheme::Http, &desk.state, &desk.binding.hash);
    if !belongs {
        return desk.refusal(&headers, ProblemKind::LoginNotBegunHere);
    }
    let answers = desk.answers.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (page, outcome) = oneshot::channel();
    let delivered = answers.is_some_and(|answers| answers.send(Answered { callback, page }).is_ok());
    let outcome = if delivered { outcome.await.ok() } else { None };
    desk.page(&headers, outcome.unwrap_or(Outcome::Failed))
}

impl Desk {
    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ProblemKind> {
        let asked = Asked::of(method, uri, headers);
        self.guard.check(&OriginList::default(), &asked).map(drop)
    }

    /// The person's own language, as far as the browser tells; else that of the command line.
    fn language(&self, headers: &HeaderMap) -> Language {
        let asked = headers.get(ACCEPT_LANGUAGE);
        asked.map_or(self.language, |_| language_of(asked))
    }

    fn refusal(&self, headers: &HeaderMap, kind: ProblemKind) -> Response {
        let language = self.language(headers);
        let page = pages::plain(language, &kind.title(language), &kind.detail(language));
        protected((kind.status(), Html(page)).into_response())
    }

    fn page(&self, headers: &HeaderMap, outcome: Outcome) -> Response {
        let language = self.language(headers);
        let (status, is_done) = match outcome {
            Outcome::Done => (StatusCode::OK, true),
            Outcome::Failed => (StatusCode::BAD_REQUEST, false),
        };
        let page = pages::loopback_end(language, is_done);
        let mut response = protected((status, Html(page)).into_response());
        let removal = BrowserBinding::removal(&self.state, Scheme::Http, &self.redirect_path);
        response.headers_mut().extend(removal.map(|value| (SET_COOKIE, value)));
        response
    }
}

/// The pages need nothing from anywhere, and their address holds a code.
fn protected(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = HeaderValue::from_str(&pages::plain_policy());
    headers.extend(policy.ok().map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    response
}
