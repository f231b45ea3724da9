//! Static files of allowed hosts, for pages that cannot reach them: the Chat SDK's script above all.
//!
//! Nothing of a caller goes to a host of files: no credential, no cookie, no origin, no word of who asks. The hosts are a
//! list of the configuration; what a redirect or the DNS says is judged again. Files are public, so a caller needs no
//! handle, and a page of any site may embed them ([`crate::guard`]). They are kept on disk, and handed out from there
//! when their host is slow or away (`docs/decisions/0007-file-cache.md`).
//!
//! | file | owns |
//! |---|---|
//! | [`target`] | which URL a request names, and whether it is one that we fetch |
//! | [`address`] | which addresses a host may have |
//! | [`host`] | one exchange: look up, connect to a judged address, ask |
//! | [`fetch`] | redirects, the limit, the whole body |
//! | [`media_type`] | what is handed out at all |
//! | [`flights`] | one fetch for many callers |
//! | [`freshness`] | how long a stored file may be used |
//! | [`cache`], [`folder`], [`stored`] | stored files: for callers, on disk, as bytes |
//! | [`condition`] | whether the caller has the file already |
//! | [`answer`] | the fields that a file leaves with |
//! | [`failure`] | why there is none |

mod address;
mod answer;
mod cache;
mod condition;
mod failure;
mod fetch;
mod flights;
mod folder;
mod freshness;
mod host;
mod media_type;
mod stored;
pub(crate) mod target;

use super::body::Answer;
use crate::config::{FilesConfig, TimeoutsConfig};
use crate::dns::Resolve;
use crate::encoding::{Encoding, takes_file};
use crate::problem::{Problem, ProblemKind};
use crate::telemetry::metrics::Metrics;
use answer::CacheStatus;
use cache::Cache;
use coze_auth::{Clock, UnixSeconds};
use failure::FetchFailure;
use fetch::{Bounds, Fetched};
use flights::{Flight, Flights, Landed, Outcome};
use folder::Folder;
use host::Hosts;
use http::header::{ACCEPT_ENCODING, HeaderMap};
use http::{Method, Response};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stored::{Key, Stored};
use target::{Allowed, FileTarget};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Each may hold a file of the largest size in memory.
const MOST_FETCHES: usize = 16;
const MIB: u32 = 1024 * 1024;

/// Fetches and keeps files. One for all workers; the work runs on the background runtime.
#[derive(Debug)]
pub(crate) struct Files {
    inner: Arc<Inner>,
    /// How long a host may take before a stored file takes its answer's place.
    patience: Duration,
}

#[derive(Debug)]
struct Inner {
    hosts: Hosts,
    bounds: Bounds,
    cache: Cache,
    flights: Arc<Flights>,
    places: Semaphore,
    clock: Arc<dyn Clock>,
    background: Handle,
    metrics: Arc<Metrics>,
}

/// What fetching and keeping files needs of others.
pub(crate) struct Means<'a> {
    /// Looks up the names of hosts.
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where files are kept when the configuration names no place.
    pub(crate) folder: Option<&'a Path>,
    /// A set that any thread may write.
    pub(crate) metrics: Arc<Metrics>,
}

impl Files {
    /// What fetches on the runtime of the caller.
    pub(crate) fn new(config: &FilesConfig, timeouts: &TimeoutsConfig, means: Means<'_>) -> Self {
        let Means {
            resolver,
            clock,
            folder,
            metrics,
        } = means;
        let background = Handle::current();
        let folder = config.cache_dir.as_deref().or(folder);
        let cache = Cache::new(
            folder.and_then(|folder| open(folder, config.cache_mib)),
            background.clone(),
            Arc::clone(&metrics),
        );
        cache.look_through(clock.now());
        Self {
            patience: Duration::from_secs(config.slow_seconds.into()),
            inner: Arc::new(Inner {
                hosts: Hosts::new(resolver, timeouts),
                bounds: Bounds {
                    largest: usize::try_from(u64::from(config.file_mib) * u64::from(MIB)).unwrap_or(usize::MAX),
                    idle_timeout: Duration::from_secs(timeouts.idle_seconds.into()),
                },
                cache,
                flights: Arc::default(),
                places: Semaphore::new(MOST_FETCHES),
                clock,
                background,
                metrics,
            }),
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
        let key = Key::new(target.url(), Encoding::best_for(request));
        let now = self.inner.clock.now();
        let found = self.inner.cache.find(&key, now).await;
        let is_fresh = |stored: &Stored| freshness::is_fresh(&stored.fields, stored.received, now);
        let had = match found {
            Some(stored) if is_fresh(&stored) && !freshness::is_reload(request) => Ok((stored, CacheStatus::Hit)),
            found => {
                let fallback = self.fallback(&target, &key, found.as_ref(), request, now).await;
                self.renewed(allowed, target, &key, found, fallback).await
            }
        };
        self.inner.metrics.file_asked_for(match &had {
            Ok((_, status)) => status.source(),
            Err(failure) => failure.source(),
        });
        let (stored, status) = had?;
        let age = freshness::age(&stored.fields, stored.received, now);
        Ok(if condition::has_it(request, &stored.fields) {
            answer::not_modified(&stored.fields, age, status)
        } else {
            answer::with_file(method, stored, age, status)
        })
    }

    /// What may be handed out while the host is slow or away: the stored file, or the same in another coding that the
    /// caller takes.
    async fn fallback(
        &self,
        target: &FileTarget,
        key: &Key,
        found: Option<&Arc<Stored>>,
        request: &HeaderMap,
        now: UnixSeconds,
    ) -> Option<Arc<Stored>> {
        let path = target.url().path();
        let is_allowed = |stored: &Arc<Stored>| {
            let Stored { fields, received, .. } = &**stored;
            freshness::is_fresh(fields, *received, now) || freshness::may_be_served_stale(fields, path, *received, now)
        };
        if let Some(found) = found {
            return Some(Arc::clone(found)).filter(is_allowed);
        }
        for encoding in Encoding::ALL.into_iter().filter(|encoding| *encoding != key.encoding()) {
            let other = self.inner.cache.find(&Key::new(target.url(), encoding), now).await;
            let fits = |stored: &Arc<Stored>| takes_file(request, &stored.fields) && is_allowed(stored);
            if let Some(stored) = other.filter(fits) {
                return Some(stored);
            }
        }
        None
    }

    /// Has the file asked for, and falls back where the host fails.
    async fn renewed(
        &self,
        allowed: &Arc<Allowed>,
        target: FileTarget,
        key: &Key,
        found: Option<Arc<Stored>>,
        fallback: Option<Arc<Stored>>,
    ) -> Result<(Arc<Stored>, CacheStatus), FetchFailure> {
        let flight = self.join(allowed, target, key, found);
        let Some(stale) = fallback else {
            let Landed { stored, status } = flight.outcome().await?;
            return Ok((stored, status));
        };
        match tokio::time::timeout(self.patience, flight.outcome()).await {
            Ok(Ok(Landed { stored, status })) => Ok((stored, status)),
            Ok(Err(failure)) if failure.is_the_hosts_word() => Err(failure),
            Ok(Err(failure)) => {
                tracing::warn!(error = %failure, "The host of a file fails; the stored one takes its place");
                Ok((stale, CacheStatus::Stale))
            }
            Err(_) => {
                tracing::info!("The host of a file is slow; the stored one takes its place");
                Ok((stale, CacheStatus::Stale))
            }
        }
    }

    fn join(&self, allowed: &Arc<Allowed>, target: FileTarget, key: &Key, found: Option<Arc<Stored>>) -> Flight {
        let inner = &self.inner;
        inner.flights.join(key, &inner.background, || {
            let (inner, allowed, key) = (Arc::clone(inner), Arc::clone(allowed), key.clone());
            async move { inner.fly(&allowed, target, &key, found).await }
        })
    }
}

impl Inner {
    /// Fetches, and keeps what came.
    async fn fly(&self, allowed: &Allowed, target: FileTarget, key: &Key, found: Option<Arc<Stored>>) -> Outcome {
        let _place = self.places.acquire().await;
        if let Some(stored) = self.brought_meanwhile(key, found.as_ref()).await {
            let status = CacheStatus::Hit;
            return Ok(Landed { stored, status });
        }
        match self.fetch(allowed, target, key, found).await {
            Ok((landed, true)) => {
                self.cache.keep(key, &landed.stored, self.clock.now()).await;
                Ok(landed)
            }
            // What must not be stored, and what is gone, takes the stored file along.
            Ok((landed, false)) => {
                self.cache.remove(key, self.clock.now()).await;
                Ok(landed)
            }
            Err(failure) => {
                if failure.is_the_hosts_word() {
                    self.cache.remove(key, self.clock.now()).await;
                }
                Err(failure)
            }
        }
    }

    /// What another fetch has brought between the caller's look and this one's turn.
    async fn brought_meanwhile(&self, key: &Key, found: Option<&Arc<Stored>>) -> Option<Arc<Stored>> {
        let now = self.clock.now();
        let latest = self.cache.find(key, now).await?;
        let is_known = found.is_some_and(|found| Arc::ptr_eq(found, &latest));
        Some(latest).filter(|latest| !is_known && freshness::is_fresh(&latest.fields, latest.received, now))
    }

    /// Asks whether the stored file is still the one, or for the file; and whether that may be kept.
    async fn fetch(
        &self,
        allowed: &Allowed,
        target: FileTarget,
        key: &Key,
        found: Option<Arc<Stored>>,
    ) -> Result<(Landed, bool), FetchFailure> {
        if let Some(stored) = found {
            let conditions = freshness::validators(&stored.fields);
            match self.ask(allowed, target.clone(), key, conditions).await? {
                Fetched::NotModified(news) => {
                    if let Some(fields) = freshness::renewed(&stored.fields, &news) {
                        return Ok(self.landed(fields, stored.file.clone(), CacheStatus::Revalidated, true));
                    }
                }
                Fetched::File { answer, is_moved } => return Ok(self.landed_new(answer, is_moved)),
            }
        }
        match self.ask(allowed, target, key, HeaderMap::new()).await? {
            Fetched::File { answer, is_moved } => Ok(self.landed_new(answer, is_moved)),
            Fetched::NotModified(_) => Err(FetchFailure::Status(http::StatusCode::NOT_MODIFIED)),
        }
    }

    async fn ask(
        &self,
        allowed: &Allowed,
        target: FileTarget,
        key: &Key,
        mut fields: HeaderMap,
    ) -> Result<Fetched, FetchFailure> {
        fields.insert(ACCEPT_ENCODING, key.encoding().field());
        fetch::fetch(&self.hosts, allowed, target, fields, self.bounds).await
    }

    fn landed_new(&self, answer: Response<bytes::Bytes>, is_moved: bool) -> (Landed, bool) {
        let (head, file) = answer.into_parts();
        let fields = freshness::kept_fields(&head.headers);
        // Where a temporary redirect leads is no word about the URL that was asked for (RFC 9110 15.4).
        let may_be_kept = !is_moved && freshness::is_storable(&fields);
        self.landed(fields, file, CacheStatus::Miss, may_be_kept)
    }

    fn landed(&self, fields: HeaderMap, file: bytes::Bytes, status: CacheStatus, may_be_kept: bool) -> (Landed, bool) {
        let stored = Arc::new(Stored {
            fields,
            received: self.clock.now(),
            file,
        });
        let landed = Landed { stored, status };
        (landed, may_be_kept)
    }
}

/// Opens the folder; without one that can be used, every file is fetched.
fn open(folder: &Path, cache_mib: u32) -> Option<Folder> {
    if cache_mib == 0 {
        return None;
    }
    Folder::open(folder, u64::from(cache_mib) * u64::from(MIB))
        .inspect_err(|error| tracing::warn!(%error, folder = %folder.display(), "Files cannot be kept in this folder"))
        .ok()
}
