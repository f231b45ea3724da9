//! Register of running exchanges by handle: ends streams and tunnels whose session has ended.
//!
//! An answer that is passed on as it comes, and every WebSocket, is registered from its head to its end. It ends early
//! when its handle was revoked (logout, another login, `fresh`, the page of sessions, the command line), has expired, or
//! belongs to an app or an origin that a reload removed. What this instance revokes ends at once; for everything else
//! the watcher of sessions looks every second.

use coze_auth::Subject;
use cozegate_store::{HandleHash, HandleRecord, KnownHandle};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Why an exchange of a session that has ended stops, for programs that read event streams. The number makes no SDK
/// act; `web/client` opens a session and asks for what is missing of the answer.
pub const SESSION_ENDED_CODE: u32 = 990_401;

/// The same in words.
pub const SESSION_ENDED: &str = "cozegate: the session of this handle has ended";

/// Every running exchange of this process.
#[derive(Debug, Default)]
pub struct Exchanges {
    running: Mutex<HashMap<u64, Entry>>,
    last_id: AtomicU64,
    /// Makes the watcher of sessions look now.
    pub wake: Notify,
}

#[derive(Debug)]
struct Entry {
    handle: Arc<KnownHandle>,
    ended: CancellationToken,
    /// The handle was known without asking the store when the exchange was registered.
    is_checked: bool,
}

impl Exchanges {
    /// Registers an exchange of `handle`. `is_known` says afterwards whether the handle is certainly not revoked; else
    /// the store is asked soon.
    pub fn join(self: &Arc<Self>, handle: &Arc<KnownHandle>, is_known: impl FnOnce() -> bool) -> RunningExchange {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let ended = CancellationToken::new();
        let entry = Entry {
            handle: Arc::clone(handle),
            ended: ended.clone(),
            is_checked: true,
        };
        self.with(|running| running.insert(id, entry));
        // After the registration: a revocation before it is seen here, one behind it ends the entry.
        if !is_known() {
            self.with(|running| {
                if let Some(entry) = running.get_mut(&id) {
                    entry.is_checked = false;
                }
            });
            self.wake.notify_one();
        }
        RunningExchange {
            has_ended: Box::pin(ended.clone().cancelled_owned()),
            ended,
            id,
            exchanges: Arc::clone(self),
        }
    }

    /// Ends the exchanges of all handles of `subject` at the app of this name.
    pub fn end_all_of(&self, app: &str, subject: &Subject) {
        self.end_if(|handle| *handle.app == *app && handle.subject == *subject);
    }

    /// Makes the configuration in force count at once.
    pub fn look_now(&self) {
        self.wake.notify_one();
    }

    /// Ends those whose handle fulfils `is_over`. Returns how many.
    pub fn end_if(&self, is_over: impl Fn(&HandleRecord) -> bool) -> usize {
        self.with(|running| {
            let over = running.extract_if(|_, entry| is_over(&entry.handle));
            over.map(|(_, entry)| entry.ended.cancel()).count()
        })
    }

    /// Returns the handles of running exchanges: all, or those that were not checked when they were registered.
    pub fn handles(&self, all: bool) -> Vec<HandleHash> {
        let mut hashes: Vec<HandleHash> = self.with(|running| {
            let entries = running.values().filter(|entry| all || !entry.is_checked);
            entries.map(|entry| entry.handle.hash).collect()
        });
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// Ends the exchanges of the handles that are gone, and takes the others for checked.
    pub fn note_checked(&self, hashes: &[HandleHash], are_there: &[bool]) -> usize {
        let there: HashMap<&HandleHash, bool> = hashes.iter().zip(are_there.iter().copied()).collect();
        self.with(|running| {
            for entry in running.values_mut() {
                entry.is_checked |= there.contains_key(&entry.handle.hash);
            }
        });
        self.with(|running| {
            let over = running.extract_if(|_, entry| there.get(&entry.handle.hash) == Some(&false));
            over.map(|(_, entry)| entry.ended.cancel()).count()
        })
    }

    pub fn is_empty(&self) -> bool {
        self.with(|running| running.is_empty())
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<u64, Entry>) -> T) -> T {
        // No code that may panic runs under the lock.
        work(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One registered exchange. Dropping it takes it off the register.
#[derive(Debug)]
pub struct RunningExchange {
    has_ended: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: CancellationToken,
    id: u64,
    exchanges: Arc<Exchanges>,
}

impl RunningExchange {
    /// Is ready when the session has ended.
    pub fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.has_ended.as_mut().poll(context)
    }

    /// The same to be waited for.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Drop for RunningExchange {
    fn drop(&mut self) {
        self.exchanges.with(|running| running.remove(&self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::{SessionName, UnixSeconds};
    use cozegate_store::Grade;

    fn handle(number: u8, name: &str) -> Arc<KnownHandle> {
        let record = HandleRecord {
            app: "main".into(),
            site: "main".into(),
            grade: Grade::Anonymous,
            subject: Subject::of(SessionName::parse(name).unwrap()),
            user_id: "v_1".into(),
            origin: None,
            expires_at: UnixSeconds(1_800_000_000),
        };
        let hash = [number; 32];
        Arc::new(KnownHandle { hash, record })
    }

    #[test]
    fn only_the_exchanges_of_the_subject_end_and_what_is_dropped_is_forgotten() {
        let exchanges = Arc::new(Exchanges::default());
        let of_a = [handle(1, "a"), handle(1, "a"), handle(2, "a")].map(|handle| exchanges.join(&handle, || true));
        let of_b = exchanges.join(&handle(3, "b"), || true);

        exchanges.end_all_of("second", &handle(1, "a").subject);
        assert!(!of_a.iter().any(|running| running.ended.is_cancelled()));
        exchanges.end_all_of("main", &handle(1, "a").subject);

        assert!(of_a.iter().all(|running| running.ended.is_cancelled()));
        assert!(!of_b.ended.is_cancelled());
        drop(of_a);
        assert_eq!(exchanges.handles(true), [[3; 32]]);
        drop(of_b);
        assert!(exchanges.is_empty());
    }

    #[test]
    fn handle_that_was_not_known_is_checked_and_ends_when_it_is_gone() {
        let exchanges = Arc::new(Exchanges::default());
        let known = exchanges.join(&handle(1, "a"), || true);
        let [gone, there] = [2, 3].map(|number| exchanges.join(&handle(number, "a"), || false));

        let hashes = exchanges.handles(false);
        assert_eq!(hashes, [[2; 32], [3; 32]]);
        assert_eq!(exchanges.note_checked(&hashes, &[false, true]), 1);

        assert!(gone.ended.is_cancelled());
        assert!(!known.ended.is_cancelled() && !there.ended.is_cancelled());
        assert!(exchanges.handles(false).is_empty());
    }
}
