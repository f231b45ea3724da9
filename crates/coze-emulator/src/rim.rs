//! What every request passes on its way in and out, in the order in which it happens.
//!
//! One function instead of a stack of layers: journal outermost (it sees what the others refuse), then CORS (a page may
//! read every refusal), then faults (they replace the platform, not its rim), then the endpoint.

use crate::clock::Clock;
use crate::journal::Authorization;
use crate::platform::Platform;
use crate::{cors, envelope, oauth};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use http::{HeaderValue, header};
use std::sync::Arc;

/// The log id of a request, for those who write it into more than its answer.
#[derive(Debug, Clone)]
pub(crate) struct LogId(pub(crate) String);

/// Answers `request` with all that is common to the platform's answers. Not used by the control side.
pub(crate) async fn rim(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let log_id = platform.ids.next_log_id(&platform.clock);
    let authorization = Authorization::read(request.headers(), request.uri().query(), &platform.tokens);
    let (mut request, seq) = platform.journal.received(&platform.clock, authorization, request);

    request.extensions_mut().insert(LogId(log_id.clone()));
    let mut response = if cors::is_preflight(request.method()) {
        cors::preflight()
    } else {
        with_faults(&platform, &log_id, request, next).await
    };

    if !oauth::is_page(&response) {
        cors::open_to_scripts(response.headers_mut());
    }
    if let Ok(value) = HeaderValue::try_from(log_id) {
        response.headers_mut().insert("x-tt-logid", value);
    }
    platform.journal.answered(seq, response.status());
    response
}

async fn with_faults(platform: &Platform, log_id: &str, request: Request, next: Next) -> Response {
    let strike = platform.faults.strike(request.method(), request.uri().path());
    strike.delay(&platform.stopping).await;
    let answering = async {
        let mut response = match strike.answer() {
            Some(response) => {
                read_to_the_end(request).await;
                response
            }
            None => next.run(request).await,
        };
        // By the platform's clock: a client may compare it with its own.
        if let Ok(date) = HeaderValue::try_from(platform.clock.http_date()) {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    };
    let response = Clock::skewed(strike.clock_skew_seconds(), answering).await;
    strike.delay_answer(&platform.stopping).await;
    strike.spoil(envelope::finish(response, log_id))
}

/// Takes the whole body, so that the client can read the answer: a server that answers and closes while the client is
/// still sending resets the connection instead.
async fn read_to_the_end(request: Request) {
    let mut body = request.into_body().into_data_stream();
    while let Some(Ok(_)) = body.next().await {}
}
