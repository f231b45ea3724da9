//! `POST /auth/session`: opens a visitor's session, or continues it, and answers with a handle.
//!
//! The page never sees the platform's token: it gets a handle, which the proxy accepts in the token's place. Who the
//! visitor is comes from our own cookie, or from the pass that we gave to a page where no cookie comes back; the body may name
//! a `session_name` in local mode only, where the one person at the machine is all users anyway (legacy contract).

use super::language::Reader;
use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::header::{HeaderValue, ORIGIN, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use coze_auth::{SessionName, Subject, UnixSeconds};
use cozegate_config::Mode;
use cozegate_core::apps::ServingApp;
use cozegate_core::caller::anonymous::{read_pass, write_pass};
use cozegate_core::caller::session_name::SubjectKind;
use cozegate_core::caller::{ClientAddress, IssuedVisitor, ShownVisitor, VisitorId};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::sites::Site;
use cozegate_core::state::{Live, Shared};
use cozegate_core::telemetry::access_log::Whose;
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_policy::{Bots, Group};
use cozegate_store::generations::{EVERY_PASS, key_of_subject};
use cozegate_store::{Grade, HandleRecord};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a userscript shows that it is ours.
const PAIRING: &str = "x-cozegate-pairing";
const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// How an answer says that every bot of the app may be used.
const ANY_BOT: &str = "*";

/// The request's body; an empty one is `{}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRequest {
    /// The site to chat at, by its name in the configuration; that of the page when absent.
    site: Option<String>,
    /// The app to chat with, by its name in the configuration; that of the site when absent.
    app: Option<String>,
    /// Local mode only: the name to chat under.
    session_name: Option<String>,
    /// The pass that an answer of before held.
    visitor: Option<String>,
    /// The browser is somebody else's from now on: whoever it was before is forgotten, and their handles end.
    #[serde(default)]
    fresh: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
struct SessionAnswer<'a> {
    /// Stands for the visitor's Coze token at the proxy. Secret.
    handle: &'a str,
    /// How many seconds the handle lives.
    expires_in: u64,
    /// When it ends, in Unix seconds.
    expires_at: i64,
    /// Where to send the platform's calls.
    api_base: String,
    /// The same for WebSocket.
    ws_base: String,
    user: User,
    /// How the visitor was recognized: `anonymous`, or in local mode `local_page` or `local`.
    grade: &'static str,
    /// The bots that the visitor may use; `*` for every bot.
    bots: Vec<String>,
    /// The groups of operations that the visitor may use.
    operations: Vec<&'static str>,
    /// Whether this visitor has a history of their own; `false` where everybody shares one token's.
    isolated: bool,
    /// What to show next time to be the same visitor; only where our cookie has not come along. Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor: Option<String>,
    upstream: Platform<'a>,
}

/// What the proxy stands in front of: a page that carries the platform's own scripts has to know whose calls to turn to us.
#[derive(Debug, Serialize)]
struct Platform<'a> {
    api_base: &'a str,
    ws_base: &'a str,
    /// The script of the platform's Chat SDK.
    sdk_url: &'a str,
}

/// Who the visitor is, as far as a page may know.
#[derive(Debug, Serialize)]
struct User {
    /// Stable for the same visitor; good as `user_id` of a chat.
    id: String,
    /// `anonymous` (an id of ours) or `named` (a `session_name` of the caller's, local mode).
    kind: &'static str,
}

/// Answers the request.
pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    Extension(address): Extension<ClientAddress>,
    reader: Reader,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match try_open(&shared, address, &reader.headers, body).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(reader.language, &reader.request),
    }
}

async fn try_open(
    shared: &Shared,
    address: ClientAddress,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let live = shared.live();
    live.limits.check_session(address)?;
    let is_paired = check_pairing(shared, headers)?;
    let request = parse(body)?;
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    let site = live.sites.for_session(origin, request.site.as_deref())?;
    let app = site.app(&live.apps, request.app.as_deref())?;
    let place = Place {
        shared,
        live: &live,
        site,
        app,
    };
    let now = shared.means.clock.now();
    let named = request.session_name.as_deref().filter(|name| !name.is_empty());
    let visitor = match (named, shared.mode) {
        (Some(name), Mode::Local) => Visitor::named(app, name)?,
        (Some(_), Mode::Public) => return Err(ProblemKind::SessionNameRefused.into()),
        (None, _) if request.fresh => {
            Visitor::forget(&place, headers, &request).await?;
            Visitor::new(&place, now).await?
        }
        (None, _) => Visitor::anonymous(&place, headers, &request).await?,
    };
    let expires_at = now + live.handle_lifetime;
    let whose = Whose {
        app: Arc::clone(&app.name),
        subject: shared.visitor_keys.log_name(&app.name, &visitor.subject),
    };
    let grade = live.sites.grade(origin, is_paired);
    let permissions = Permissions::of(grade, site);
    let record = HandleRecord {
        app: Arc::clone(&app.name),
        site: Arc::clone(&site.name),
        grade,
        subject: visitor.subject,
        user_id: visitor.user.id.as_str().into(),
        origin: live.sites.foreign_page(headers).map(Into::into),
        expires_at,
    };
    let issued = shared.handles.issue(record, now, shared.means.random.as_ref()).await;
    let handle = issued.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?;
    let api_base = shared.proxy_base_for(headers);
    let answer = SessionAnswer {
        handle: handle.expose(),
        expires_in: live.handle_lifetime.as_secs(),
        expires_at: expires_at.0,
        ws_base: api_base.replacen("http", "ws", 1),
        api_base,
        user: visitor.user,
        grade: grade.name(),
        bots: permissions.bots,
        operations: permissions.operations,
        isolated: app.kind.keeps_visitors_apart(),
        visitor: visitor.pass,
        upstream: Platform {
            api_base: app.api_base.as_str().trim_end_matches('/'),
            ws_base: app.ws_base.as_str().trim_end_matches('/'),
            sdk_url: live.chat.sdk_url(app.region),
        },
    };
    let mut response = Json(answer).into_response();
    response.extensions_mut().insert(whose);
    if let Some(issued) = visitor.keep {
        let life = live.pass_lifetime.map(|life| (issued.issued_at + life).since(now));
        let cookie = site
            .visitor_cookie(app)
            .write(&issued, life, shared.scheme, &shared.visitor_keys);
        response.headers_mut().extend(cookie.map(|value| (SET_COOKIE, value)));
    }
    Ok(response)
}

/// Holds browser extensions to the secret of the userscript that we served, and says whether it was shown.
///
/// A page names its origin with every POST, and a program of this machine sends no fetch metadata. What has metadata and no
/// origin is an extension's doing (chat-sdk.md 4.2), on whose behalf nobody knows - unless it shows what only our
/// userscript knows. In public mode everybody is a stranger anyway.
fn check_pairing(shared: &Shared, headers: &HeaderMap) -> Result<bool, Problem> {
    if shared.mode == Mode::Public {
        return Ok(false);
    }
    let shown = headers.get(PAIRING).map(HeaderValue::as_bytes);
    let is_paired = shown.is_some_and(|shown| shared.visitor_keys.is_pairing(shown));
    let is_extension = headers.contains_key(SEC_FETCH_SITE) && !headers.contains_key(ORIGIN);
    if is_extension && !is_paired {
        return Err(ProblemKind::PairingNeeded.into());
    }
    Ok(is_paired)
}

fn parse(body: Result<Bytes, BytesRejection>) -> Result<SessionRequest, Problem> {
    let body = body.map_err(|rejection| Problem::with_inside(ProblemKind::BodyTooLarge, rejection))?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(SessionRequest::default());
    }
    // The parser's words may quote the body, so they go nowhere; where they point to does.
    serde_json::from_slice(&body).map_err(|error| {
        Problem::with_inside(
            ProblemKind::BadRequest,
            format!("no session request: {:?}", error.classify()),
        )
    })
}

/// What the holder of a handle may do, as far as a page has to know it.
struct Permissions {
    bots: Vec<String>,
    operations: Vec<&'static str>,
}

impl Permissions {
    fn of(grade: Grade, site: &Site) -> Self {
        let any = || vec![ANY_BOT.to_owned()];
        if site.allows_everything(grade) {
            return Self {
                bots: any(),
                operations: Group::ALL.iter().map(|group| group.name()).collect(),
            };
        }
        Self {
            bots: match &site.rules.bots {
                Bots::Any => any(),
                Bots::Listed(ids) => ids.iter().map(|id| id.to_string()).collect(),
            },
            operations: site.rules.allow.iter().map(Group::name).collect(),
        }
    }
}

/// Where a session is opened: at which site, and with which app.
#[derive(Clone, Copy)]
struct Place<'a> {
    shared: &'a Shared,
    live: &'a Live,
    site: &'a Site,
    app: &'a ServingApp,
}

/// The one for whom a handle is made.
struct Visitor {
    subject: Subject,
    user: User,
    /// What the browser shall keep.
    keep: Option<IssuedVisitor>,
    /// What the page shall keep, in case the browser does not.
    pass: Option<String>,
}

impl Visitor {
    fn named(app: &ServingApp, name: &str) -> Result<Self, Problem> {
        let name =
            SessionName::parse(name).map_err(|error| Problem::with_inside(ProblemKind::SessionNameInvalid, error))?;
        let user = User {
            id: name.as_str().to_owned(),
            kind: "named",
        };
        Ok(Self {
            subject: app.subject(name),
            user,
            keep: None,
            pass: None,
        })
    }

    /// The visitor whom the cookie names, else the one whom the pass names, else a new one.
    async fn anonymous(place: &Place<'_>, headers: &HeaderMap, request: &SessionRequest) -> Result<Self, Problem> {
        if let Some(shown) = Self::in_cookie(place, headers)
            && let Some(issued) = still_good(place, shown).await?
        {
            return Ok(Self::of(place, issued, false));
        }
        if let Some(shown) = Self::in_pass(place, request)
            && let Some(issued) = still_good(place, shown).await?
        {
            return Ok(Self::of(place, issued, true));
        }
        Self::new(place, place.shared.means.clock.now()).await
    }

    async fn new(place: &Place<'_>, now: UnixSeconds) -> Result<Self, Problem> {
        let shared = place.shared;
        let generation = shared.backend.generation(&[EVERY_PASS]).await;
        let issued = IssuedVisitor {
            id: VisitorId::generate(shared.means.random.as_ref()),
            issued_at: now,
            generation: generation.map_err(|error| shared.store_problem(StoreUse::Handles, &error))?,
        };
        Ok(Self::of(place, issued, true))
    }

    /// Withdraws the cookie and the pass that the browser shows, and ends the handles of their visitors at every site and
    /// app.
    async fn forget(place: &Place<'_>, headers: &HeaderMap, request: &SessionRequest) -> Result<(), Problem> {
        let Place { shared, live, .. } = place;
        let failed = |error| shared.store_problem(StoreUse::Handles, &error);
        let known = [Self::in_cookie(place, headers), Self::in_pass(place, request)];
        for shown in known.into_iter().flatten() {
            let key = shared.visitor_keys.generation_key(shown.id());
            let now = shared.means.clock.now();
            shared.backend.raise_generation(&[key], now).await.map_err(failed)?;
            for (site, app) in live.sites.with_apps(&live.apps) {
                // Behind a login all visitors share one subject, and the others stay.
                if app.kind.needs_login() {
                    continue;
                }
                let there = Place { site, app, ..*place };
                let subject = app.subject(session_name(&there, shown.id()));
                shared.end_sessions(&app.name, &subject).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    fn in_cookie(place: &Place<'_>, headers: &HeaderMap) -> Option<ShownVisitor> {
        let Place { shared, site, app, .. } = place;
        site.visitor_cookie(app)
            .read(headers, shared.scheme, &shared.visitor_keys)
    }

    fn in_pass(place: &Place<'_>, request: &SessionRequest) -> Option<ShownVisitor> {
        read_pass(request.visitor.as_deref()?, &place.shared.visitor_keys)
    }

    fn of(place: &Place<'_>, issued: IssuedVisitor, needs_pass: bool) -> Self {
        Self {
            subject: place.app.subject(session_name(place, &issued.id)),
            user: User {
                id: issued.id.public_id(),
                kind: "anonymous",
            },
            pass: needs_pass.then(|| write_pass(&issued, &place.shared.visitor_keys)),
            keep: Some(issued),
        }
    }
}

/// Returns what to hand out again for a cookie or a pass, or `None` when its life is over or it was withdrawn.
///
/// One without a date was issued before this store knew dates, and counts from the day on which it learned of them. So it
/// has an end as well, and a browser whose answer got lost, or two tabs at once, lose no history.
async fn still_good(place: &Place<'_>, shown: ShownVisitor) -> Result<Option<IssuedVisitor>, Problem> {
    let Place { shared, live, app, .. } = place;
    let failed = |error| shared.store_problem(StoreUse::Handles, &error);
    let now = shared.means.clock.now();
    let issued = match shown {
        ShownVisitor::Dated(issued) => issued,
        ShownVisitor::Undated(id) => IssuedVisitor {
            id,
            issued_at: shared.backend.passes_dated_since(now).await.map_err(failed)?,
            generation: 0,
        },
    };
    if live.pass_lifetime.is_some_and(|life| now >= issued.issued_at + life) {
        return Ok(None);
    }
    let subject = app.subject(session_name(place, &issued.id));
    let mut keys = vec![EVERY_PASS, shared.visitor_keys.generation_key(&issued.id)];
    // Behind a login it is everyone's subject.
    if !app.kind.needs_login() {
        keys.push(key_of_subject(&app.name, &subject));
    }
    let lowest = shared.backend.generation(&keys).await.map_err(failed)?;
    Ok((issued.generation >= lowest).then_some(issued))
}

fn session_name(place: &Place<'_>, id: &VisitorId) -> SessionName {
    let keys = &place.shared.visitor_keys;
    keys.session_name(&place.site.tenant(place.app), SubjectKind::Anonymous, id.as_str())
}
