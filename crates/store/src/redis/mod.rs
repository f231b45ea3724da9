//! Everything on Redis (7 or later, or Valkey), where several instances run without PostgreSQL.
//!
//! Every function is one script, which Redis runs whole or not at all; that is what makes check and write one step. Time
//! is the server's own. Rows are sealed like those of the SQL databases.
//!
//! **What the operator owes:** a Redis that keeps what it was told. The default of a snapshot now and then loses the last
//! minutes with a crash, and with them refresh tokens that the platform has voided: set `appendonly yes` and
//! `maxmemory-policy noeviction`.
//!
//! All keys begin with a prefix and share one hash tag, so they live on one node of a cluster.

mod connection;
mod error;
mod generations;
mod handles;
mod one_time;
mod owned;
mod scripts;

pub use error::RedisError;

use crate::seal::Sealer;
use crate::seal::mark::MarkVerdict;
use crate::token_row::{self, TokenRow, public_version, stored_version};
use ::redis::{FromRedisValue, ScriptInvocation};
use connection::{Connection, OpenError};
use coze_auth::{
    DueQuery, Lease, LeaseRequest, Random, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore, Version,
};
use scripts::Scripts;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// What the keys begin with, unless told otherwise. The braces are the hash tag.
pub const DEFAULT_PREFIX: &str = "{cozegate}:";

/// Tokens, leases, handles, pending logins and tickets on Redis. Cloning counts references.
#[derive(Clone)]
pub struct RedisStore {
    connection: Connection,
    scripts: Arc<Scripts>,
    prefix: String,
    sealer: Sealer,
    random: Arc<dyn Random>,
}

impl RedisStore {
    /// Connects to Redis by its URL (`redis://user:password@host:6379/0`, `rediss://` for TLS), which is a secret because
    /// of the password in it. Keys begin with `prefix`, see [`DEFAULT_PREFIX`].
    pub async fn connect(
        url: &SecretString,
        prefix: &str,
        sealer: Sealer,
        random: Arc<dyn Random>,
    ) -> Result<Self, RedisError> {
        let connection = Connection::open(url.expose_secret())
            .await
            .map_err(|error| match error {
                OpenError::InvalidUrl => RedisError::InvalidUrl,
                OpenError::Unreachable(source) => RedisError::Unreachable { source },
            })?;
        let store = Self {
            connection,
            scripts: Arc::default(),
            prefix: prefix.to_owned(),
            sealer,
            random,
        };
        store.check_seal_mark().await?;
        Ok(store)
    }

    /// Leaves our mark in a new store; refuses one that was sealed with a key that is not here.
    async fn check_seal_mark(&self) -> Result<(), RedisError> {
        let key = format!("{}seal_mark", self.prefix);
        let operation = "compare the key with that";
        let failed = |source| RedisError::Failed { operation, source };
        let mark = self.sealer.make_mark().map_err(|_| RedisError::OtherSealKey)?;
        let mut connection = self.connection.clone();
        let (_, found): (bool, Vec<u8>) = ::redis::pipe()
            .cmd("SETNX")
            .arg(&key)
            .arg(&mark)
            .cmd("GET")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        match self.sealer.judge_mark(&found) {
            MarkVerdict::Ours => Ok(()),
            MarkVerdict::Older => {
                let mut replace = ::redis::cmd("SET");
                replace.arg(&key).arg(&mark);
                replace.exec_async(&mut connection).await.map_err(failed)
            }
            MarkVerdict::Foreign => Err(RedisError::OtherSealKey),
        }
    }

    fn token_key(&self, key_digest: &[u8]) -> String {
        format!("{}token:{}", self.prefix, hexadecimal(key_digest))
    }

    fn due_key(&self, app_digest: &[u8]) -> String {
        format!("{}due:{}", self.prefix, hexadecimal(app_digest))
    }

    fn lease_key(&self, name: &str) -> String {
        format!("{}lease:{name}", self.prefix)
    }

    /// Finds out whether Redis answers.
    pub async fn ping(&self) -> Result<(), RedisError> {
        let mut connection = self.connection.clone();
        ::redis::cmd("PING")
            .exec_async(&mut connection)
            .await
            .map_err(|source| RedisError::Failed {
                operation: "reach",
                source,
            })
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RedisError> {
        let mut connection = self.connection.clone();
        script
            .invoke_async(&mut connection)
            .await
            .map_err(|source| RedisError::Failed { operation, source })
    }

    /// The same for what [`TokenStore`] asks.
    async fn run_for_tokens<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let outcome = self.run(operation, script).await;
        outcome.map_err(|error| error.into_store_error(operation))
    }

    async fn load_token(&self, key: &TokenKey) -> Result<Option<Stored>, StoreError> {
        let key_digest = key.digest();
        let mut script = self.scripts.load.prepare_invoke();
        script.key(self.token_key(&key_digest));
        let (version, sealed): (Option<i64>, Option<Vec<u8>>) = self.run_for_tokens("load a token", &script).await?;
        version
            .zip(sealed)
            .map(|(version, sealed)| token_row::open_token(&self.sealer, &key_digest, version, &sealed))
            .transpose()
    }

    async fn save_token(&self, key: &TokenKey, save: Save<'_>) -> Result<Version, StoreError> {
        let row = TokenRow::seal(&self.sealer, self.random.as_ref(), key, save)?;
        let mut script = self.scripts.save.prepare_invoke();
        script
            .key(self.token_key(&row.key_digest))
            .key(self.due_key(&row.app_digest))
            .key(self.lease_key(save.lease.map_or("", |lease| lease.name.as_str())))
            .arg(optional(save.expected.map(stored_version)))
            .arg(save.lease.map_or_else(String::new, |lease| lease.fencing.to_string()))
            .arg(row.version)
            .arg(row.sealed_key)
            .arg(row.sealed_token)
            .arg(hexadecimal(&row.key_digest))
            .arg(optional(row.renew_at))
            .arg(optional(row.ends_at));
        let saved: String = self.run_for_tokens("save a token", &script).await?;
        match saved.as_str() {
            "saved" => Ok(public_version(row.version)),
            "fenced" => Err(StoreError::Fenced),
            _ => Err(StoreError::VersionConflict),
        }
    }

    async fn delete_token(&self, key: &TokenKey, expected: Version) -> Result<(), StoreError> {
        let key_digest = key.digest();
        let app_digest = token_row::app_digest(&key.audience, &key.client_id, key.tenant.as_deref());
        let mut script = self.scripts.delete.prepare_invoke();
        script
            .key(self.token_key(&key_digest))
            .key(self.due_key(&app_digest))
            .arg(stored_version(expected))
            .arg(hexadecimal(&key_digest));
        let is_gone: bool = self.run_for_tokens("delete a token", &script).await?;
        is_gone.then_some(()).ok_or(StoreError::VersionConflict)
    }

    async fn due_tokens(&self, query: DueQuery<'_>) -> Result<Vec<TokenKey>, StoreError> {
        let app_digest = token_row::app_digest(query.audience, query.client_id, query.tenant);
        let mut script = self.scripts.due.prepare_invoke();
        script
            .key(self.due_key(&app_digest))
            .arg(query.now.0)
            .arg(query.limit)
            .arg(self.token_key(&[]));
        let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = self.run_for_tokens("list due tokens", &script).await?;
        Ok(rows
            .iter()
            .filter_map(|(digest, version, sealed)| {
                let digest = from_hexadecimal(digest)?;
                token_row::open_key(&self.sealer, &digest, *version, sealed)
            })
            .collect())
    }

    async fn take(&self, request: LeaseRequest<'_>) -> Result<Option<Lease>, StoreError> {
        let mut script = self.scripts.take_lease.prepare_invoke();
        script
            .key(self.lease_key(request.name))
            .key(format!("{}last_fencing", self.prefix))
            .arg(request.holder)
            .arg(millis(request.time));
        let taken: Option<(u64, bool)> = self.run_for_tokens("take a lease", &script).await?;
        Ok(taken.map(|(fencing, is_taken_over)| Lease {
            name: request.name.to_owned(),
            holder: request.holder.to_owned(),
            fencing,
            is_taken_over,
        }))
    }

    async fn extend(&self, lease: &Lease, time: Duration) -> Result<bool, StoreError> {
        let mut script = self.scripts.extend_lease.prepare_invoke();
        script
            .key(self.lease_key(&lease.name))
            .arg(lease.fencing)
            .arg(millis(time));
        self.run_for_tokens("extend a lease", &script).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut script = self.scripts.release_lease.prepare_invoke();
        script.key(self.lease_key(&lease.name)).arg(lease.fencing);
        self.run_for_tokens("release a lease", &script).await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl TokenStore for RedisStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(self.load_token(key))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        Box::pin(self.save_token(key, save))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        Box::pin(self.delete_token(key, expected))
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        Box::pin(self.due_tokens(query))
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        Box::pin(self.take(request))
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        Box::pin(self.extend(lease, time))
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        Box::pin(self.release(lease))
    }
}

/// Scripts know no absent value: an empty text stands for it.
fn optional(number: Option<i64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn from_hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    text.chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
