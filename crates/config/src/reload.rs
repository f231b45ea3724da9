//! Loads the configuration again when somebody asks (SIGHUP, [`ReloadHandle`]) or a file of it has changed.
//!
//! Either a whole new configuration comes out or its mistakes, and then the old one stays; what is done with it is the
//! caller's. Files count besides the configuration itself: keys and tokens it refers to, and one that would come first
//! if it were there. Editors and copy programs write in pieces, so a change is acted on when the files rest: when two
//! looks in a row see the same. Who asks is answered at once when all is right, and is otherwise given the same chance.

use super::files::FilesRead;
use super::load::{LoadRequest, Loaded, load_noting};
use super::mistake::ConfigErrors;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Interval, MissedTickBehavior};

/// The time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What came of a change.
#[derive(Debug)]
pub enum ReloadOutcome {
    /// A new configuration, whole and checked.
    Loaded(Box<Loaded>),
    /// The new one is wrong: keep the old one and say why.
    Refused(ConfigErrors),
}

/// Watches over the files of a configuration.
#[derive(Debug)]
pub struct Reloader {
    request: LoadRequest,
    /// The files as they were when the last answer was given.
    answered: FilesRead,
    /// What the last look saw, while that is not answered yet.
    seen: Option<FilesRead>,
    /// Somebody has asked, and waits for an answer whether anything has changed or not.
    is_asked: bool,
    asked: Arc<Notify>,
    looks: Interval,
    hangup: Hangup,
}

/// Asks for a reload.
#[derive(Clone, Debug)]
pub struct ReloadHandle(Arc<Notify>);

impl ReloadHandle {
    /// Asks the [`Reloader`] to load again. Asking twice before it does is asking once.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

impl Reloader {
    /// Begins to watch what `loaded` was made of; `request` is what made it. To be called inside a Tokio runtime.
    ///
    /// From here on SIGHUP does not end the process any more. The error is the system's, when it lets nobody listen.
    pub fn new(request: LoadRequest, loaded: &Loaded) -> io::Result<Self> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            request,
            answered: loaded.files.clone(),
            seen: None,
            is_asked: false,
            asked: Arc::default(),
            looks,
            hangup: Hangup::listen()?,
        })
    }

    /// Returns a handle by which others ask for a reload.
    pub fn handle(&self) -> ReloadHandle {
        ReloadHandle(Arc::clone(&self.asked))
    }

    /// Waits for the next change and loads.
    ///
    /// Cancel safe: what was asked for or seen before the future was dropped is answered by the next call.
    pub async fn next(&mut self) -> ReloadOutcome {
        loop {
            let outcome = tokio::select! {
                () = self.hangup.next() => self.load_for_asker().await,
                () = self.asked.notified() => self.load_for_asker().await,
                _ = self.looks.tick() => self.look().await,
            };
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
    }

    /// Loads at once. A file that is wrong may be half written, so that answer waits until it rests.
    async fn load_for_asker(&mut self) -> Option<ReloadOutcome> {
        self.is_asked = true;
        let attempt = self.load().await?;
        if attempt.outcome.is_ok() {
            return Some(self.answer(attempt));
        }
        self.seen = Some(attempt.files);
        None
    }

    /// Looks at the files, and loads when they have changed and rest.
    async fn look(&mut self) -> Option<ReloadOutcome> {
        let last = self.seen.clone().unwrap_or_else(|| self.answered.clone());
        let now = blocking(move || last.look_again()).await?;
        if now == self.answered && !self.is_asked {
            self.seen = None;
            return None;
        }
        if self.seen.as_ref() != Some(&now) {
            self.seen = Some(now);
            return None;
        }
        let Some(attempt) = self.load().await else {
            // It will not do better on the same files.
            self.answered = now;
            (self.seen, self.is_asked) = (None, false);
            return None;
        };
        if attempt.is_at_rest {
            return Some(self.answer(attempt));
        }
        self.seen = Some(attempt.files);
        None
    }

    fn answer(&mut self, attempt: Attempt) -> ReloadOutcome {
        self.answered = attempt.files;
        (self.seen, self.is_asked) = (None, false);
        match attempt.outcome {
            Ok(loaded) => ReloadOutcome::Loaded(Box::new(loaded)),
            Err(errors) => ReloadOutcome::Refused(errors),
        }
    }

    async fn load(&self) -> Option<Attempt> {
        let request = self.request.clone();
        blocking(move || {
            let mut files = FilesRead::default();
            let outcome = load_noting(request, &mut files);
            Attempt {
                is_at_rest: files.look_again() == files,
                outcome,
                files,
            }
        })
        .await
    }
}

/// One time of loading.
struct Attempt {
    outcome: Result<Loaded, ConfigErrors>,
    files: FilesRead,
    /// No file has changed while it was read.
    is_at_rest: bool,
}

/// Runs what reads files, and perhaps waits for a command that prints a secret, where it holds up nobody. `None` when it
/// panicked or the runtime is ending: a reload must not take the running services with it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Some(result),
        Err(error) => {
            if error.is_panic() {
                tracing::error!("Loading the configuration again panicked; the running one stays");
            }
            None
        }
    }
}

/// SIGHUP, where there is such a thing.
#[cfg(unix)]
#[derive(Debug)]
struct Hangup(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangup {
    fn listen() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Elsewhere [`ReloadHandle`] and the files are the ways to ask.
#[cfg(not(unix))]
#[derive(Debug)]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    #[expect(clippy::unnecessary_wraps, reason = "the Unix twin can fail")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(test)]
impl Reloader {
    /// One look, so that a test decides when.
    pub(super) async fn look_now(&mut self) -> Option<ReloadOutcome> {
        self.look().await
    }

    /// What a signal does, so that a test need not send one.
    pub(super) async fn ask_now(&mut self) -> Option<ReloadOutcome> {
        self.load_for_asker().await
    }
}
