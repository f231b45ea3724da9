//! `GET /device`: a login on another device (RFC 8628). The page shows the short code and where to type it, and looks
//! again every few seconds, without a script; this process asks the platform meanwhile.
//!
//! One login per app at a time, in memory: who restarts in the middle begins again. The long code never leaves
//! `coze-auth`.

use super::status::{login_app, renew_sessions, standing};
use crate::device_logins::Waiting;
use crate::language::Reader;
use crate::own_page::see_other;
use crate::pages::LoginStanding;
use crate::query::parameter;
use crate::respond;
use crate::state::PortalState;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use coze_auth::Subject;
use cozegate_config::AppKind;
use cozegate_core::apps::ServingApp;
use cozegate_core::caller::ClientAddress;
use cozegate_core::guard::Passage;
use cozegate_core::problem::Problem;
use cozegate_core::state::Shared;
use std::sync::{Arc, OnceLock};

/// Answers the request.
pub(crate) async fn show(
    State(portal): State<PortalState>,
    Extension(passage): Extension<Passage>,
    Extension(address): Extension<ClientAddress>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    let live = portal.shared.live();
    let query = query.as_deref();
    let name = parameter(query, "app");
    let wants_another = parameter(query, "again").is_some();
    let shown = async {
        let app = login_app(&live, name.as_deref())?;
        if app.kind != AppKind::Device {
            return Ok(see_other(&format!("/login?app={}", app.name)));
        }
        // What another site's link opens must not take an outcome away.
        if let Some(waiting) = portal.device_logins.find(&app.name)
            && !(passage.foreign_navigation && waiting.outcome.get().is_some())
        {
            return how_it_goes(&portal, app, &waiting, &reader);
        }
        let standing = standing(app).await?;
        let is_logged_in = matches!(standing, LoginStanding::LoggedIn { .. });
        // As with /login: another site's link begins nothing.
        if passage.foreign_navigation || (is_logged_in && !wants_another) {
            return Ok(respond::login(&reader, app, standing));
        }
        live.limits.check_login(address)?;
        begin(&portal, app).await?;
        Ok::<_, Problem>(see_other(&format!("/device?app={}", app.name)))
    };
    shown.await.unwrap_or_else(|problem| respond::problem(problem, &reader))
}

fn how_it_goes(
    portal: &PortalState,
    app: &ServingApp,
    waiting: &Waiting,
    reader: &Reader,
) -> Result<Response, Problem> {
    match waiting.outcome.get() {
        None => Ok(respond::device(reader, app, waiting)),
        Some(Ok(())) => {
            portal.device_logins.end(&app.name);
            let mut response = see_other(&format!("/login?app={}", app.name));
            renew_visitor(&portal.shared, app, response.headers_mut());
            Ok(response)
        }
        Some(Err(problem)) => {
            portal.device_logins.end(&app.name);
            Err(problem.clone())
        }
    }
}

/// The sessions were ended when the login came; the browser's own visitor is a new one from here on.
fn renew_visitor(shared: &Shared, app: &ServingApp, headers: &mut HeaderMap) {
    let removal = app.visitor_cookie.removal(shared.scheme);
    headers.extend(removal.map(|value| (axum::http::header::SET_COOKIE, value)));
}

/// Gets the codes, and waits for the person in the background.
async fn begin(portal: &PortalState, app: &Arc<ServingApp>) -> Result<(), Problem> {
    let login = app.tokens.begin_device_login().await;
    let login = login.map_err(|error| Problem::from_auth_error(&error))?;
    let waiting = Arc::new(Waiting {
        user_code: login.user_code.clone(),
        verification_uri: login.verification_uri.clone(),
        verification_uri_complete: login.verification_uri_complete.clone(),
        expires_at: login.expires_at,
        outcome: OnceLock::new(),
    });
    portal.device_logins.begin(Arc::clone(&app.name), Arc::clone(&waiting));
    let (shared, app) = (Arc::clone(&portal.shared), Arc::clone(app));
    let background = shared.background.clone();
    background.spawn(async move {
        let subject = Subject::app();
        let finished = app.tokens.finish_device_login(&subject, login);
        // Whoever stops does not wait for a person; each question to the platform ends by itself.
        let Some(finished) = shared.stop.run_until_cancelled(finished).await else {
            return;
        };
        let outcome = match finished {
            Ok(_token) => {
                renew_sessions(&shared, &app, &mut HeaderMap::new()).await;
                Ok(())
            }
            Err(error) => Err(Problem::from_auth_error(&error)),
        };
        // Set once: this task is the only one of this login.
        waiting.outcome.set(outcome).ok();
    });
    Ok(())
}
