//! Context of one request: what the phases know of it so far.

use super::about;
use super::body::Answer;
use super::state::ProxyState;
use cozegate_core::caller::ClientAddress;
use cozegate_core::problem::{Problem, ProblemKind, language_of};
use cozegate_core::state::Live;
use cozegate_core::telemetry::access_log::path_for_log;
use cozegate_core::telemetry::labels::Listener;
use cozegate_core::telemetry::record::Record;
use http::header::{ACCEPT_LANGUAGE, ALLOW, HeaderMap, HeaderValue};
use http::{Method, Request, Response, Uri};
use std::net::IpAddr;
use std::sync::Arc;

/// One request while it is answered. A phase takes what it needs, and writes what it finds out.
pub(super) struct RequestContext<'p> {
    pub(super) proxy: &'p ProxyState,
    /// The configuration in force when the request came.
    pub(super) live: Arc<Live>,
    pub(super) peer: IpAddr,
    /// Counts the request, and writes its line in the log.
    pub(super) record: Record,
    /// What an answer of our own needs to know of the request, which itself travels on.
    method: Method,
    uri: Uri,
    accept_language: Option<HeaderValue>,
}

impl<'p> RequestContext<'p> {
    /// The context of a request that has just come.
    pub(super) fn new<B>(proxy: &'p ProxyState, request: &Request<B>, peer: IpAddr) -> Self {
        Self {
            proxy,
            live: proxy.shared.live(),
            peer,
            record: Record::begin(Arc::clone(&proxy.metrics), Listener::Proxy, request.method()),
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept_language: request.headers().get(ACCEPT_LANGUAGE).cloned(),
        }
    }

    /// The address that the request is counted by.
    pub(super) fn address(&self, headers: &HeaderMap) -> ClientAddress {
        ClientAddress::of(self.peer, headers, &self.proxy.shared.trusted_proxies)
    }

    /// Counts an exchange for the address behind a trusted proxy: the proxy's connections are not counted by address.
    pub(super) fn admit_forwarded(&mut self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.proxy.shared.trusted_proxies.contains(self.peer) {
            let permit = self.live.limits.admit_forwarded(self.address(headers))?;
            self.record.holds(permit);
        }
        Ok(())
    }

    /// Method and path, without the query, for the log.
    pub(super) fn request_for_log(&self) -> String {
        format!("{} {}", self.method, path_for_log(self.uri.path()))
    }

    /// Turns a problem into the answer, and into its line in the log.
    pub(super) fn problem(&self, problem: Problem) -> Response<Answer> {
        let language = language_of(self.accept_language.as_ref());
        let is_other_method = problem.kind == ProblemKind::MethodNotAllowed;
        let mut response = problem.into_response(language, &self.request_for_log());
        if is_other_method {
            // RFC 9110 15.5.6: a 405 says which methods there are.
            response.headers_mut().insert(ALLOW, about::METHODS);
        }
        response
    }
}
