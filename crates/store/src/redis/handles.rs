//! Handles on Redis: a hash per handle, and per subject the set of its handles. Only [`Backend`](crate::Backend) comes
//! here.

use super::{RedisError, RedisStore, from_hexadecimal, hexadecimal};
use crate::handle_row::{FoundHandle, HandlePage, HandleRow};
use crate::handles::HandleHash;
use coze_auth::UnixSeconds;

/// How many keys Redis looks at before it answers; others wait meanwhile.
const KEYS_AT_A_TIME: u32 = 500;

/// Rows that one script reads.
const ROWS_AT_A_TIME: usize = 500;

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

    /// Returns the rows that are there under `hashes`, in no order.
    pub(crate) async fn find_handles(&self, hashes: &[HandleHash]) -> Result<Vec<FoundHandle>, RedisError> {
        let mut all = Vec::with_capacity(hashes.len());
        for some in hashes.chunks(ROWS_AT_A_TIME) {
            let mut script = self.scripts.find_handles.prepare_invoke();
            for hash in some {
                script.key(self.handle_key(hash));
            }
            let rows: Vec<(Option<Vec<u8>>, Option<i64>)> = self.run("look up handles", &script).await?;
            let found = some.iter().zip(rows).filter_map(|(hash, (sealed, expires_at))| {
                let (sealed, expires_at) = sealed.zip(expires_at)?;
                Some((*hash, sealed, UnixSeconds(expires_at)))
            });
            all.extend(found);
        }
        Ok(all)
    }

    /// Returns the rows of handles that work at `now`, in no order. Asks Redis for a part of its keys at a time.
    pub(crate) async fn live_handles(&self, now: UnixSeconds, limit: u32) -> Result<Vec<FoundHandle>, RedisError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut all = Vec::new();
        let mut page = HandlePage::Start;
        while page != HandlePage::End && all.len() < most {
            let rows;
            (rows, page) = self.handles_of_page(page, now).await?;
            all.extend(rows);
        }
        all.truncate(most);
        Ok(all)
    }

    /// Returns some rows of handles that work at `now`, and where the walk goes on.
    pub(crate) async fn handles_of_page(
        &self,
        page: HandlePage,
        now: UnixSeconds,
    ) -> Result<(Vec<FoundHandle>, HandlePage), RedisError> {
        let beginning = format!("{}handle:", self.prefix);
        let cursor = match page {
            HandlePage::Cursor(cursor) => cursor,
            _ => 0,
        };
        let mut scan = ::redis::cmd("SCAN");
        scan.arg(cursor)
            .arg("MATCH")
            .arg(format!("{}*", literally(&beginning)))
            .arg("COUNT")
            .arg(KEYS_AT_A_TIME);
        let mut connection = self.connection.clone();
        let (next, keys): (u64, Vec<String>) =
            scan.query_async(&mut connection)
                .await
                .map_err(|source| RedisError::Failed {
                    operation: "list handles",
                    source,
                })?;
        let hashes: Vec<HandleHash> = keys
            .iter()
            .filter_map(|key| HandleHash::try_from(from_hexadecimal(key.strip_prefix(&beginning)?.as_bytes())?).ok())
            .collect();
        let mut rows = self.find_handles(&hashes).await?;
        rows.retain(|(_, _, expires_at)| now < *expires_at);
        let next = match next {
            0 => HandlePage::End,
            cursor => HandlePage::Cursor(cursor),
        };
        Ok((rows, next))
    }

    /// Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, RedisError> {
        let mut script = self.scripts.delete_handle.prepare_invoke();
        script.key(self.handle_key(hash)).key(self.revocations_key());
        self.run("revoke a handle", &script).await
    }

    /// Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, subject_digest: &[u8; 32]) -> Result<u64, RedisError> {
        let mut script = self.scripts.delete_handles_of.prepare_invoke();
        script.key(self.subject_key(subject_digest)).key(self.revocations_key());
        self.run("revoke the handles of a subject", &script).await
    }

    /// Returns how many there were. Not one step: a handle that is issued meanwhile may stay.
    pub(crate) async fn delete_all_handles(&self) -> Result<u64, RedisError> {
        let mut deleted = 0;
        let mut page = HandlePage::Start;
        while page != HandlePage::End {
            let rows;
            (rows, page) = self.handles_of_page(page, UnixSeconds(i64::MIN)).await?;
            for (hash, ..) in rows {
                deleted += u64::from(self.delete_handle(&hash).await?);
            }
        }
        Ok(deleted)
    }

    /// Returns how many revocations there were.
    pub(crate) async fn revocations(&self) -> Result<i64, RedisError> {
        let mut script = self.scripts.get.prepare_invoke();
        script.key(self.revocations_key());
        let counter: Option<i64> = self.run("read the revocation counter", &script).await?;
        Ok(counter.unwrap_or_default())
    }

    fn revocations_key(&self) -> String {
        format!("{}revocations", self.prefix)
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
