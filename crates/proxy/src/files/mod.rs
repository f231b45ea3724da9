//! Static files of allowed hosts, for pages that cannot reach them: the Chat SDK's script above all.
//!
//! Nothing of a caller goes to a host of files: no credential, no cookie, no origin, no word of who asks. The hosts are a
//! list of the configuration; what a redirect or the DNS says is judged again. Files are public, so a caller needs no
//! handle, and a page of any site may embed them ([`cozegate_core::guard`]). They are kept on disk, and handed out from there
//! when their host is slow or away (`docs/decisions/0007-file-cache.md`).
//!
//! Memory is bounded: a file that is kept is collected on disk and sent from there piece by piece; any other reserves its
//! bytes of `limits.buffer_mib` until its last byte has left.
//!
//! | file | owns |
//! |---|---|
//! | `address` | which addresses a host may have |
//! | `host` | one exchange: look up, connect to a judged address, ask |
//! | `fetch` | redirects, the limit, the whole body |
//! | `collect` | where the bytes of a body go: disk or memory |
//! | `media_type` | what is handed out at all |
//! | `flights` | one fetch for many callers |
//! | `freshness` | how long a stored file may be used |
//! | `cache`, `folder`, `stored` | stored files: for callers, on disk, as entries that are authenticated |
//! | `content`, `body` | the bytes of a file, and how they are sent |
//! | `condition` | whether the caller has the file already |
//! | `answer` | the fields that a file leaves with |
//! | `failure` | why there is none |

mod address;
mod answer;
mod body;
mod cache;
mod collect;
mod condition;
mod content;
mod failure;
mod fetch;
mod flights;
mod folder;
mod freshness;
mod host;
mod media_type;
mod stored;

pub(super) use body::FileBody;
pub use stored::EntryKey;

use answer::CacheStatus;
use cache::Cache;
use collect::{Collected, Collector};
use content::Content;
use coze_auth::{Clock, UnixSeconds};
use cozegate_config::{FilesConfig, TimeoutsConfig};
use cozegate_core::dns::Resolve;
use cozegate_core::encoding::{Encoding, takes_file};
use cozegate_core::limits::{Buffer, Permit};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::targets::{Allowed, FileTarget};
use cozegate_core::telemetry::metrics::Metrics;
use cozegate_store::PrivateFileError;
use failure::FetchFailure;
use fetch::{Bounds, Fetched, LONGEST_FETCH, Opened};
use flights::{Flight, Flights, Landed, Outcome};
use folder::Folder;
use host::Hosts;
use http::header::{ACCEPT_ENCODING, HeaderMap};
use http::{Method, Response};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stored::{Key, Stored};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// Exchanges with hosts of files at the same time.
const MOST_FETCHES: usize = 16;
const MIB: u32 = 1024 * 1024;

/// Fetches and keeps files. One for all workers; the work runs on the background runtime.
#[derive(Debug)]
pub struct Files {
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

/// Dependencies of [`Files`].
#[derive(Debug)]
pub struct Dependencies<'a> {
    /// Looks up the names of hosts.
    pub resolver: Arc<dyn Resolve>,
    pub clock: Arc<dyn Clock>,
    /// Where files are kept when the configuration names no place.
    pub folder: Option<&'a Path>,
    /// A set that any thread may write.
    pub metrics: Arc<Metrics>,
    /// Names and authenticates stored files.
    pub entry_key: EntryKey,
}

/// A request for a file.
pub(super) struct FileRequest<'r> {
    pub(super) target: FileTarget,
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
    /// Counts the exchange; held until the answer's last byte has left.
    pub(super) permit: Permit,
    /// Bounds what is held in memory.
    pub(super) buffer: &'r Arc<Buffer>,
}

/// What a fetch needs to know.
#[derive(Clone)]
struct Wanted {
    allowed: Arc<Allowed>,
    target: FileTarget,
    key: Key,
    found: Option<Arc<Stored>>,
    buffer: Arc<Buffer>,
}

impl Files {
    /// What fetches on the runtime of the caller.
    pub fn new(
        config: &FilesConfig,
        timeouts: &TimeoutsConfig,
        means: Dependencies<'_>,
    ) -> Result<Self, PrivateFileError> {
        let Dependencies {
            resolver,
            clock,
            folder,
            metrics,
            entry_key,
        } = means;
        let background = Handle::current();
        let folder = config.cache_dir.as_deref().or(folder);
        let cache = Cache::new(
            folder
                .filter(|_| config.cache_mib > 0)
                .map(|folder| Folder::open(folder, u64::from(config.cache_mib) * u64::from(MIB), entry_key))
                .transpose()?,
            background.clone(),
            Arc::clone(&metrics),
        );
        cache.look_through(clock.now());
        Ok(Self {
            patience: config.slow,
            inner: Arc::new(Inner {
                hosts: Hosts::new(resolver, timeouts),
                bounds: Bounds {
                    largest: usize::try_from(u64::from(config.file_mib) * u64::from(MIB)).unwrap_or(usize::MAX),
                    idle_timeout: timeouts.idle,
                },
                cache,
                flights: Arc::default(),
                places: Semaphore::new(MOST_FETCHES),
                clock,
                background,
                metrics,
            }),
        })
    }

    /// Answers `request`. `allowed` judges redirects.
    pub(super) async fn answer(
        &self,
        allowed: &Arc<Allowed>,
        request: FileRequest<'_>,
    ) -> Result<Response<Option<Box<FileBody>>>, Problem> {
        let FileRequest {
            target,
            method,
            headers,
            permit,
            buffer,
        } = request;
        if method != Method::GET && method != Method::HEAD {
            return Err(ProblemKind::of_method(method).into());
        }
        let target = without_meaningless_query(target);
        let key = Key::new(target.url(), Encoding::best_for(headers));
        let inner = &self.inner;
        let now = inner.clock.now();
        let found = inner.cache.find(&key, now).await;
        let is_fresh = |stored: &Stored| freshness::is_fresh(&stored.fields, stored.received, now);
        let had = match found {
            Some(stored) if is_fresh(&stored) && !freshness::is_reload(headers) => {
                Ok(Had::File(stored, CacheStatus::Hit))
            }
            found => {
                let fallback = self.fallback(&target, &key, found.as_ref(), headers, now).await;
                let wanted = Wanted {
                    allowed: Arc::clone(allowed),
                    target,
                    key,
                    found,
                    buffer: Arc::clone(buffer),
                };
                if method == Method::HEAD {
                    self.asked_for_head(wanted, fallback).await
                } else {
                    self.renewed(wanted, fallback).await
                }
            }
        };
        inner.metrics.file_asked_for(match &had {
            Ok(had) => had.status().source(),
            Err(failure) => failure.source(),
        });
        let had = had?;
        let status = had.status();
        let (fields, length, received) = had.description();
        let age = freshness::age(fields, received, now);
        if condition::has_it(headers, fields) {
            return Ok(answer::not_modified(fields, age, status));
        }
        Ok(match had {
            Had::File(stored, _) if method == Method::GET => {
                answer::with_file(stored, age, status, permit, inner.background.clone())
            }
            Had::File(..) | Had::Head(..) => answer::without_body(fields, length, age, status),
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
    async fn renewed(&self, wanted: Wanted, fallback: Option<Arc<Stored>>) -> Result<Had, FetchFailure> {
        let flight = self.join(wanted);
        let Some(stale) = fallback else {
            let Landed { stored, status } = flight.outcome().await?;
            return Ok(Had::File(stored, status));
        };
        let mut outcome = Box::pin(flight.outcome());
        match timeout(self.patience, &mut outcome).await {
            Ok(Ok(Landed { stored, status })) => Ok(Had::File(stored, status)),
            Ok(Err(failure)) => stale_instead(failure, stale),
            Err(_) => {
                tracing::info!("The host of a file is slow; the stored one takes its place");
                // Waited for behind the answer, so that the stored file is renewed.
                self.inner.background.spawn(outcome);
                Ok(Had::File(stale, CacheStatus::Stale))
            }
        }
    }

    /// Asks the host for the head alone. Nothing is stored.
    async fn asked_for_head(&self, wanted: Wanted, fallback: Option<Arc<Stored>>) -> Result<Had, FetchFailure> {
        let inner = Arc::clone(&self.inner);
        // On the runtime that looks up names and connects; it ends with the caller.
        let asking = AbortOnDropHandle::new(self.inner.background.spawn(async move { inner.head(&wanted).await }));
        let limit = if fallback.is_some() {
            self.patience
        } else {
            LONGEST_FETCH
        };
        let outcome = match timeout(limit, asking).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(FetchFailure::Stopping),
            Err(_) => Err(FetchFailure::Overdue),
        };
        match (outcome, fallback) {
            (Err(failure), Some(stale)) => stale_instead(failure, stale),
            (outcome, _) => outcome,
        }
    }

    fn join(&self, wanted: Wanted) -> Flight {
        let inner = &self.inner;
        let key = wanted.key.clone();
        inner.flights.join(&key, &inner.background, || {
            let inner = Arc::clone(inner);
            async move { inner.fly(&wanted).await }
        })
    }
}

/// What an answer is made of.
enum Had {
    /// A file.
    File(Arc<Stored>, CacheStatus),
    /// The fields of a file, its length if the host states it, and when they came.
    Head(HeaderMap, Option<u64>, UnixSeconds),
}

impl Had {
    fn status(&self) -> CacheStatus {
        match self {
            Self::File(_, status) => *status,
            Self::Head(..) => CacheStatus::Miss,
        }
    }

    fn description(&self) -> (&HeaderMap, Option<u64>, UnixSeconds) {
        match self {
            Self::File(stored, _) => (&stored.fields, Some(stored.content.length()), stored.received),
            Self::Head(fields, length, received) => (fields, *length, *received),
        }
    }
}

/// A stored file in place of a failure, unless the host itself says that there is no such file.
fn stale_instead(failure: FetchFailure, stale: Arc<Stored>) -> Result<Had, FetchFailure> {
    if failure.is_the_hosts_word() {
        return Err(failure);
    }
    tracing::warn!(error = %failure, "The host of a file fails; the stored one takes its place");
    Ok(Had::File(stale, CacheStatus::Stale))
}

/// Drops the query of a URL whose path names a version: such a file is always the same, and a caller could make up any
/// number of queries to have it fetched and stored again.
fn without_meaningless_query(target: FileTarget) -> FileTarget {
    if freshness::has_version_number(target.url().path()) {
        target.without_query()
    } else {
        target
    }
}

impl Inner {
    /// Fetches, and keeps what came.
    async fn fly(&self, wanted: &Wanted) -> Outcome {
        let _place = self.places.acquire().await;
        if let Some(stored) = self.brought_meanwhile(&wanted.key, wanted.found.as_ref()).await {
            let status = CacheStatus::Hit;
            return Ok(Landed { stored, status });
        }
        let fetched = timeout(LONGEST_FETCH, self.fetch(wanted)).await;
        let outcome = fetched.unwrap_or(Err(FetchFailure::Overdue));
        if outcome.as_ref().is_err_and(FetchFailure::is_the_hosts_word) {
            self.cache.remove(&wanted.key, self.clock.now()).await;
        }
        outcome
    }

    /// What another fetch has brought between the caller's look and this one's turn.
    async fn brought_meanwhile(&self, key: &Key, found: Option<&Arc<Stored>>) -> Option<Arc<Stored>> {
        let now = self.clock.now();
        let latest = self.cache.find(key, now).await?;
        let is_known = found.is_some_and(|found| Arc::ptr_eq(found, &latest));
        Some(latest).filter(|latest| !is_known && freshness::is_fresh(&latest.fields, latest.received, now))
    }

    /// Fetches to the cache; into memory where that does not take the file.
    async fn fetch(&self, wanted: &Wanted) -> Outcome {
        match self.fetch_once(wanted, true).await {
            Err(FetchFailure::NotStored(error)) => {
                tracing::warn!(%error, "A file could not be stored");
                self.fetch_once(wanted, false).await
            }
            outcome => outcome,
        }
    }

    /// Asks whether the stored file is still the one, or for the file.
    async fn fetch_once(&self, wanted: &Wanted, may_keep: bool) -> Outcome {
        if let Some(stored) = &wanted.found {
            let conditions = freshness::validators(&stored.fields);
            match self.ask(wanted, &Method::GET, conditions).await? {
                Fetched::NotModified(news) => {
                    if let Some(fields) = freshness::renewed(&stored.fields, &news) {
                        return Ok(self.confirmed(wanted, stored, fields).await);
                    }
                }
                Fetched::File(opened) => return self.collected(wanted, opened, may_keep).await,
            }
        }
        match self.ask(wanted, &Method::GET, HeaderMap::new()).await? {
            Fetched::File(opened) => self.collected(wanted, opened, may_keep).await,
            Fetched::NotModified(_) => Err(FetchFailure::Status(http::StatusCode::NOT_MODIFIED)),
        }
    }

    async fn ask(&self, wanted: &Wanted, method: &Method, mut fields: HeaderMap) -> Result<Fetched, FetchFailure> {
        fields.insert(ACCEPT_ENCODING, wanted.key.encoding().field());
        fetch::open(&self.hosts, &wanted.allowed, method, wanted.target.clone(), fields).await
    }

    /// The stored file with the fields of its confirmation.
    async fn confirmed(&self, wanted: &Wanted, stored: &Stored, fields: HeaderMap) -> Landed {
        let now = self.clock.now();
        let renewed = match &stored.content {
            Content::Disk(disk) => {
                let renewing = self.cache.renew(&wanted.key, disk.clone(), (fields.clone(), now), now);
                renewing
                    .await
                    .inspect_err(|error| tracing::warn!(%error, "A file could not be stored"))
                    .ok()
            }
            Content::Memory(_) => None,
        };
        let stored = renewed.unwrap_or_else(|| {
            Arc::new(Stored {
                fields,
                received: now,
                content: stored.content.clone(),
            })
        });
        Landed {
            stored,
            status: CacheStatus::Revalidated,
        }
    }

    /// Reads a new file to its end: to the cache where it may be kept, else into memory.
    async fn collected(&self, wanted: &Wanted, opened: Opened, may_keep: bool) -> Outcome {
        opened.check_coding(wanted.key.encoding())?;
        let fields = freshness::kept_fields(opened.headers());
        // Where a temporary redirect leads is no word about the URL that was asked for (RFC 9110 15.4).
        let may_be_kept = !opened.is_moved && freshness::is_storable(&fields);
        let announced = opened.announced(self.bounds)?;
        let length = u64::try_from(announced).unwrap_or(u64::MAX);
        let folder = self.cache.folder_for(length).filter(|_| may_keep && may_be_kept);
        let largest = self.bounds.largest;
        let mut collector = match folder {
            Some(folder) => Collector::on_disk(folder, &self.background, largest).await?,
            None => Collector::in_memory(&wanted.buffer, announced, largest)?,
        };
        opened.read(&mut collector, self.bounds).await?;
        let now = self.clock.now();
        let stored = match collector.finish().await? {
            Collected::Draft(draft) => {
                let saved = self.cache.save(&wanted.key, draft, (fields, now), now).await;
                saved.map_err(|error| FetchFailure::NotStored(error.to_string()))?
            }
            Collected::Memory(content) => {
                if !may_be_kept {
                    // What must not be stored takes the stored file along.
                    self.cache.remove(&wanted.key, now).await;
                }
                Arc::new(Stored {
                    fields,
                    received: now,
                    content,
                })
            }
        };
        Ok(Landed {
            stored,
            status: CacheStatus::Miss,
        })
    }

    async fn head(&self, wanted: &Wanted) -> Result<Had, FetchFailure> {
        let _place = self.places.acquire().await;
        let Fetched::File(opened) = self.ask(wanted, &Method::HEAD, HeaderMap::new()).await? else {
            return Err(FetchFailure::Status(http::StatusCode::NOT_MODIFIED));
        };
        opened.check_coding(wanted.key.encoding())?;
        let length = opened.stated_length();
        let largest = u64::try_from(self.bounds.largest).unwrap_or(u64::MAX);
        if length.is_some_and(|length| length > largest) {
            return Err(FetchFailure::TooLarge);
        }
        let fields = freshness::kept_fields(opened.headers());
        Ok(Had::Head(fields, length, self.clock.now()))
    }
}
