//! Handles on Redis: a hash per handle, and per subject the set of its handles. Only [`Backend`](crate::Backend) comes
//! here.

use super::{RedisError, RedisStore, from_hexadecimal, hexadecimal};
use crate::handle_row::{FoundHandle, HandleRow};
use crate::handles::HandleHash;
use coze_auth::UnixSeconds;

/// How many keys Redis looks at before it answers; others wait meanwhile.
const KEYS_AT_A_TIME: u32 = 500;

impl RedisStore {
    pub(crate) async fn insert_handle(&self, hash: &HandleHash, row: &HandleRow) -> Result<(), RedisError> {
        let mut script = self.scripts.insert_handle.prepare_invoke();
        script
            .key(self.handle_key(hash))
            .key(self.subject_key(&row.subject_digest))
            .arg(row.sealed_subject.as_slice())
            .arg(row.expires_at.0)
            .arg(self.subject_key(&row.subject_digest))
            .arg(self.handle_key(hash))
            .arg(&*row.site);
        self.run("save a handle", &script).await
    }

    /// Returns what is sealed there, and its end.
    pub(crate) async fn find_handle(&self, hash: &HandleHash) -> Result<Option<(Vec<u8>, UnixSeconds)>, RedisError> {
        let mut script = self.scripts.find_handle.prepare_invoke();
        script.key(self.handle_key(hash));
        let (sealed, expires_at): (Option<Vec<u8>>, Option<i64>) = self.run("look up a handle", &script).await?;
        Ok(sealed.zip(expires_at.map(UnixSeconds)))
    }

    /// Returns the rows of handles that work at `now`, in no order. Asks Redis for a part of its keys at a time.
    pub(crate) async fn live_handles(&self, now: UnixSeconds, limit: u32) -> Result<Vec<FoundHandle>, RedisError> {
        let failed = |source| RedisError::Failed {
            operation: "list handles",
            source,
        };
        let beginning = format!("{}handle:", self.prefix);
        let pattern = format!("{}*", literally(&beginning));
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut connection = self.connection.clone();
        let mut found = Vec::new();
        let mut cursor: u64 = 0;
        loop {
            let mut scan = ::redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(&pattern)
                .arg("COUNT")
                .arg(KEYS_AT_A_TIME);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await.map_err(failed)?;
            for key in keys {
                let hash = key
                    .strip_prefix(&beginning)
                    .and_then(|hash| from_hexadecimal(hash.as_bytes()));
                let Some(hash) = hash.and_then(|hash| HandleHash::try_from(hash).ok()) else {
                    continue;
                };
                if let Some((sealed, expires_at)) = self.find_handle(&hash).await?.filter(|(_, end)| now < *end) {
                    found.push((hash, sealed, expires_at));
                }
                if found.len() == most {
                    return Ok(found);
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(found);
            }
        }
    }

    /// Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, RedisError> {
        let mut script = self.scripts.delete_handle.prepare_invoke();
        script.key(self.handle_key(hash));
        self.run("revoke a handle", &script).await
    }

    /// Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, subject_digest: &[u8; 32]) -> Result<u64, RedisError> {
        let mut script = self.scripts.delete_handles_of.prepare_invoke();
        script.key(self.subject_key(subject_digest));
        self.run("revoke the handles of a subject", &script).await
    }

    fn handle_key(&self, hash: &HandleHash) -> String {
        format!("{}handle:{}", self.prefix, hexadecimal(hash))
    }

    fn subject_key(&self, subject_digest: &[u8; 32]) -> String {
        format!("{}handles_of:{}", self.prefix, hexadecimal(subject_digest))
    }
}

/// Writes `text` as a glob pattern that matches nothing but it.
fn literally(text: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '^' | '-' | '\\');
    let mut pattern = String::new();
    for c in text.chars() {
        if special(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
