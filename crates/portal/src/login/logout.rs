//! `/logout`: the app's login is forgotten, and every session with it.
//!
//! The platform has no way to hear of it (protocol 3.5): what it was told once works there until it ends, and the page
//! says so. Only a page of our own may ask: listed origins may use sessions, not end them.

use super::status::{login_app, renew_sessions, standing};
use crate::language::Reader;
use crate::own_page::{is_own_page, see_other};
use crate::query::parameter;
use crate::respond;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use coze_auth::Subject;
use cozegate_core::guard::Passage;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::Shared;
use std::sync::Arc;

/// `GET /logout`: how the login stands, with the button that ends it.
pub(crate) async fn show(State(shared): State<Arc<Shared>>, reader: Reader, RawQuery(query): RawQuery) -> Response {
    let live = shared.live();
    let name = parameter(query.as_deref(), "app");
    let shown = async {
        let app = login_app(&live, name.as_deref())?;
        Ok::<_, Problem>(respond::login(&reader, app, standing(app).await?))
    };
    shown.await.unwrap_or_else(|problem| respond::problem(problem, &reader))
}

/// `POST /logout` with `app` in the form.
pub(crate) async fn log_out(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let form = std::str::from_utf8(&body).ok();
    let ended = async {
        if !is_own_page(shared.scheme, &passage, &reader.headers) {
            return Err(ProblemKind::OriginNotAllowed.into());
        }
        let live = shared.live();
        let name = parameter(form, "app");
        let app = login_app(&live, name.as_deref())?;
        let ended = app.tokens.log_out(&Subject::app()).await;
        ended.map_err(|error| Problem::from_auth_error(&error))?;
        let mut response = see_other(&format!("/logout?app={}", app.name));
        renew_sessions(&shared, app, response.headers_mut()).await;
        Ok::<_, Problem>(response)
    };
    ended.await.unwrap_or_else(|problem| respond::problem(problem, &reader))
}
