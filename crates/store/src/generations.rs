//! Generations: withdraw passes and cookies that cannot be found one by one.
//!
//! A pass carries the generation that was in force when it was issued. Raising the generation of its visitor, of its
//! subject, or of the whole installation makes every older pass worthless. No entry means generation 0, so an
//! installation that never withdrew anything stores nothing.

pub use crate::generation_row::{GENERATION_DAYS, GenerationKey};

use crate::backend::{Backend, BackendError};
use crate::handle_row::HandleRow;
use coze_auth::{Subject, UnixSeconds};

/// The key of every pass of the installation.
pub const EVERY_PASS: GenerationKey = [0; 32];

/// Returns the key of a subject's passes at the app of this name.
pub fn key_of_subject(app: &str, subject: &Subject) -> GenerationKey {
    HandleRow::subject_digest(app, subject)
}

impl Backend {
    /// Returns the highest generation among `keys`. A pass of a lower one is refused.
    pub async fn generation(&self, keys: &[GenerationKey]) -> Result<u64, BackendError> {
        let mut highest = 0;
        for key in keys {
            highest = highest.max(self.find_generation(key).await?);
        }
        Ok(u64::try_from(highest).unwrap_or_default())
    }

    /// Raises the generation of each of `keys`, at `now`.
    pub async fn raise_generation(&self, keys: &[GenerationKey], now: UnixSeconds) -> Result<(), BackendError> {
        // The day, so that numbers grow even after an old entry was removed.
        let day = now.0.div_euclid(86_400);
        for key in keys {
            self.write_generation(key, day).await?;
        }
        Ok(())
    }

    /// Returns since when this store knows passes with a date. The first call, at `now`, decides it.
    pub async fn passes_dated_since(&self, now: UnixSeconds) -> Result<UnixSeconds, BackendError> {
        let since = self.number_or_insert("passes_dated_since", now.0).await?;
        Ok(UnixSeconds(since))
    }
}
