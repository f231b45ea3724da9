//! Handles on Redis: a hash per handle, and per subject the set of its handles. Only [`Backend`](crate::Backend) comes
//! here.

use super::{RedisError, RedisStore, hexadecimal};
use crate::handle_row::HandleRow;
use crate::handles::HandleHash;
use coze_auth::UnixSeconds;

impl RedisStore {
    pub(crate) async fn insert_handle(&self, hash: &HandleHash, row: &HandleRow) -> Result<(), RedisError> {
        let mut script = self.scripts.insert_handle.prepare_invoke();
        script
            .key(self.handle_key(hash))
            .key(self.subject_key(&row.subject_digest))
            .arg(row.sealed_subject.as_slice())
            .arg(row.expires_at.0)
            .arg(self.subject_key(&row.subject_digest))
            .arg(self.handle_key(hash));
        self.run("save a handle", &script).await
    }

    /// Returns what is sealed there, and its end.
    pub(crate) async fn find_handle(&self, hash: &HandleHash) -> Result<Option<(Vec<u8>, UnixSeconds)>, RedisError> {
        let mut script = self.scripts.find_handle.prepare_invoke();
        script.key(self.handle_key(hash));
        let (sealed, expires_at): (Option<Vec<u8>>, Option<i64>) = self.run("look up a handle", &script).await?;
        Ok(sealed.zip(expires_at.map(UnixSeconds)))
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
