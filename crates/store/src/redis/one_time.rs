//! What may be used once, on Redis. Only [`Backend`](crate::Backend) comes here.

use super::{RedisError, RedisStore, hexadecimal};
use crate::one_time::{OneTimeKind, OneTimeRow};
use coze_auth::UnixSeconds;

impl RedisStore {
    pub(crate) async fn insert_one_time(&self, row: &OneTimeRow) -> Result<(), RedisError> {
        let mut script = self.scripts.insert_one_time.prepare_invoke();
        script
            .key(self.one_time_key(row.kind, &row.secret_hash))
            .arg(row.sealed_content.as_slice())
            .arg(row.expires_at.0);
        self.run("save something for one use", &script).await
    }

    /// Takes it out, and returns what is sealed there and its end.
    pub(crate) async fn spend_one_time(
        &self,
        kind: OneTimeKind,
        secret_hash: &[u8; 32],
    ) -> Result<Option<(Vec<u8>, UnixSeconds)>, RedisError> {
        let mut script = self.scripts.spend_one_time.prepare_invoke();
        script.key(self.one_time_key(kind, secret_hash));
        let spent: (Option<Vec<u8>>, Option<i64>) = self.run("spend something for one use", &script).await?;
        let (sealed, expires_at) = spent;
        Ok(sealed.zip(expires_at.map(UnixSeconds)))
    }

    /// Returns what is sealed there and its end, and leaves it.
    pub(crate) async fn find_one_time(
        &self,
        kind: OneTimeKind,
        secret_hash: &[u8; 32],
    ) -> Result<Option<(Vec<u8>, UnixSeconds)>, RedisError> {
        let mut script = self.scripts.find_one_time.prepare_invoke();
        script.key(self.one_time_key(kind, secret_hash));
        let (sealed, expires_at): (Option<Vec<u8>>, Option<i64>) =
            self.run("look up something for one use", &script).await?;
        Ok(sealed.zip(expires_at.map(UnixSeconds)))
    }

    fn one_time_key(&self, kind: OneTimeKind, secret_hash: &[u8; 32]) -> String {
        format!("{}once:{}:{}", self.prefix, kind.name(), hexadecimal(secret_hash))
    }
}
