//! Static files of allowed hosts, for pages that cannot reach them: the Chat SDK's script above all.
//!
//! Nothing of a caller goes to a host of files: no credential, no cookie, no origin, no word of who asks. The hosts are a
//! list of the configuration; what a redirect or the DNS says is judged again. Files are public, so a caller needs no
//! handle, and a page of any site may embed them ([`crate::guard`]).
//!
//! | file | owns |
//! |---|---|
//! | [`target`] | which URL a request names, and whether it is one that we fetch |
//! | [`address`] | which addresses a host may have |
//! | [`host`] | one exchange: look up, connect to a judged address, ask |
//! | [`fetch`] | redirects, the limit, the whole body |
//! | [`media_type`] | what is handed out at all |
//! | [`encoding`] | which content coding is asked for |
//! | [`answer`] | the fields that a file leaves with |
//! | [`failure`] | why there is none |

mod address;
mod answer;
mod encoding;
mod failure;
mod fetch;
mod host;
mod media_type;
pub mod target;

use super::body::Answer;
use crate::config::{FilesConfig, TimeoutsConfig};
use crate::dns::Resolve;
use crate::problem::{Problem, ProblemKind};
use encoding::Encoding;
use failure::FetchFailure;
use fetch::Bounds;
use host::Hosts;
use http::header::{ACCEPT_ENCODING, HeaderMap};
use http::{Method, Response};
use std::sync::Arc;
use std::time::Duration;
use target::{Allowed, FileTarget};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

/// Each may hold a file of the largest size in memory.
const MOST_FETCHES: usize = 16;
const MIB: usize = 1024 * 1024;

/// Fetches files. One for all workers; the fetching runs on the background runtime.
#[derive(Debug)]
pub(crate) struct Files {
    hosts: Arc<Hosts>,
    bounds: Bounds,
    background: Handle,
    places: Arc<Semaphore>,
}

impl Files {
    /// What fetches on the runtime of the caller, with names looked up by `resolver`.
    pub(crate) fn new(config: &FilesConfig, timeouts: &TimeoutsConfig, resolver: Arc<dyn Resolve>) -> Self {
        Self {
            hosts: Arc::new(Hosts::new(resolver, timeouts)),
            bounds: Bounds {
                largest: usize::try_from(config.file_mib)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(MIB),
                idle_timeout: Duration::from_secs(timeouts.idle_seconds.into()),
            },
            background: Handle::current(),
            places: Arc::new(Semaphore::new(MOST_FETCHES)),
        }
    }

    /// Answers a request for `target`. `allowed` judges redirects.
    pub(super) async fn answer(
        &self,
        allowed: &Arc<Allowed>,
        target: FileTarget,
        method: &Method,
        request: &HeaderMap,
    ) -> Result<Response<Answer>, Problem> {
        if method != Method::GET && method != Method::HEAD {
            return Err(ProblemKind::MethodNotAllowed.into());
        }
        let fields = HeaderMap::from_iter([(ACCEPT_ENCODING, Encoding::best_for(request).field())]);
        let (hosts, allowed, bounds) = (Arc::clone(&self.hosts), Arc::clone(allowed), self.bounds);
        let places = Arc::clone(&self.places);
        // The caller leaves: so does the connection to the host.
        let fetching = AbortOnDropHandle::new(self.background.spawn(async move {
            let _place = places.acquire().await;
            fetch::fetch(&hosts, &allowed, target, fields, bounds).await
        }));
        let (head, file) = fetching.await.map_err(|_| FetchFailure::Stopping)??.into_parts();
        Ok(answer::with_file(method, &head.headers, file))
    }
}

/// An error with its sources, for the log.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
