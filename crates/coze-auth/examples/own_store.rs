//! A token store of one's own: what a database table has to do, and how to test it.
//!
//! `cargo run -p coze-auth --example own_store` runs the conformance suite (feature `test-util`) on the store, then shares
//! it between two sources as two processes would share a database. The rows hold secrets: a real store encrypts them.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use coze_auth::{
    App, DueQuery, Endpoints, JwtApp, Lease, LeaseRequest, Save, SessionName, SigningKey, StoreError, StoreFuture,
    Stored, Subject, TokenKey, TokenSet, TokenSource, TokenStore, UnixSeconds, Version, conformance,
};
use coze_emulator::{Emulator, EmulatorConfig};
use std::collections::HashMap;
use std::error::Error;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Two tables behind one lock, as a transaction would do.
#[derive(Debug, Default)]
struct TableStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    tokens: HashMap<[u8; 32], TokenRow>,
    leases: HashMap<String, LeaseRow>,
    /// Source of versions and of fencing numbers: it never goes back, so none of them is used twice.
    sequence: u64,
}

struct TokenRow {
    key: Vec<u8>,
    token_set: Vec<u8>,
    version: Version,
    renew_at: Option<UnixSeconds>,
}

#[derive(Debug)]
struct LeaseRow {
    holder: String,
    fencing: u64,
    ends_at: Instant,
    is_released: bool,
}

/// A row holds a secret, so nothing of it may reach a log.
impl std::fmt::Debug for TokenRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenRow(..)")
    }
}

impl TableStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn load(&self, key: &TokenKey) -> Result<Option<Stored>, StoreError> {
        let Some(row) = self.tokens.get(&key.digest()) else {
            return Ok(None);
        };
        let token_set = TokenSet::from_secret_bytes(&row.token_set).map_err(|source| StoreError::Unreadable {
            version: row.version,
            source: Arc::new(source.into()),
        })?;
        Ok(Some(Stored {
            token_set,
            version: row.version,
        }))
    }

    /// `INSERT`, or `UPDATE ... WHERE version = ?`: the check and the write are one step.
    fn save(&mut self, key: &TokenKey, save: &Save<'_>) -> Result<Version, StoreError> {
        if let Some(lease) = save.lease
            && self.current(lease).is_none()
        {
            return Err(StoreError::Fenced);
        }
        self.check_version(key, save.expected)?;
        let version = Version(self.next());
        let row = TokenRow {
            key: key.to_bytes(),
            token_set: save.token_set.to_secret_bytes().to_vec(),
            version,
            renew_at: save.renew_at,
        };
        self.tokens.insert(key.digest(), row);
        Ok(version)
    }

    fn delete(&mut self, key: &TokenKey, expected: Version) -> Result<(), StoreError> {
        if self.tokens.contains_key(&key.digest()) {
            self.check_version(key, Some(expected))?;
            self.tokens.remove(&key.digest());
        }
        Ok(())
    }

    fn check_version(&self, key: &TokenKey, expected: Option<Version>) -> Result<(), StoreError> {
        let found = self.tokens.get(&key.digest()).map(|row| row.version);
        if found == expected {
            Ok(())
        } else {
            Err(StoreError::VersionConflict)
        }
    }

    fn due(&self, query: &DueQuery<'_>) -> Vec<TokenKey> {
        let mut due: Vec<(UnixSeconds, TokenKey)> = self
            .tokens
            .values()
            .filter_map(|row| Some((row.renew_at?, TokenKey::from_bytes(&row.key).ok()?)))
            .filter(|(renew_at, key)| {
                *renew_at <= query.now
                    && key.audience == query.audience
                    && key.client_id == query.client_id
                    && key.tenant.as_deref() == query.tenant
            })
            .collect();
        due.sort_by_key(|(renew_at, _)| *renew_at);
        due.truncate(query.limit);
        due.into_iter().map(|(_, key)| key).collect()
    }

    fn take_lease(&mut self, request: &LeaseRequest<'_>, now: Instant) -> Option<Lease> {
        let last = self.leases.get(request.name).filter(|row| !row.is_released);
        if last.is_some_and(|row| row.holder != request.holder && now < row.ends_at) {
            return None;
        }
        // The holder before did not release it: what it began may be unfinished.
        let is_taken_over = last.is_some();
        let fencing = self.next();
        let row = LeaseRow {
            holder: request.holder.to_owned(),
            fencing,
            ends_at: now + request.time,
            is_released: false,
        };
        self.leases.insert(request.name.to_owned(), row);
        Some(Lease {
            name: request.name.to_owned(),
            holder: request.holder.to_owned(),
            fencing,
            is_taken_over,
        })
    }

    /// Returns the row of a lease that was not taken again since. It may have run out.
    fn current(&mut self, lease: &Lease) -> Option<&mut LeaseRow> {
        let row = self.leases.get_mut(&lease.name)?;
        (row.fencing == lease.fencing).then_some(row)
    }
}

impl TokenStore for TableStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(ready(self.tables().load(key)))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        Box::pin(ready(self.tables().save(key, &save)))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        Box::pin(ready(self.tables().delete(key, expected)))
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        Box::pin(ready(Ok(self.tables().due(&query))))
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        Box::pin(ready(Ok(self.tables().take_lease(&request, Instant::now()))))
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        let mut tables = self.tables();
        let row = tables.current(lease).filter(|row| !row.is_released);
        let is_held = row.map(|row| row.ends_at = Instant::now() + time).is_some();
        Box::pin(ready(Ok(is_held)))
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        if let Some(row) = self.tables().current(lease) {
            row.is_released = true;
        }
        Box::pin(ready(Ok(())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Panics with the name of the first check that the store does not pass.
    conformance::check_all(async || Arc::new(TableStore::default()) as Arc<dyn TokenStore>).await;
    println!("conformance: {} checks passed", conformance::CHECKS.len());

    let coze = Emulator::start(EmulatorConfig::default()).await?;
    let registered = coze.jwt_app();
    let (signing_key, _repairs) = SigningKey::parse(&registered.private_key_pem)?;
    let endpoints = Endpoints::from_api_base(&coze.api_base().parse()?);
    let app = App::Jwt(JwtApp::new(
        registered.client_id,
        registered.public_key_id,
        signing_key,
        endpoints,
    ));

    let store = Arc::new(TableStore::default());
    let first = TokenSource::builder(app.clone())
        .store(Arc::clone(&store) as _)
        .build()?;
    let second = TokenSource::builder(app).store(store).build()?;
    let alice = Subject::of(SessionName::parse("alice")?);
    let (from_first, from_second) = (first.access_token(&alice).await?, second.access_token(&alice).await?);
    println!("two processes, one token: {}", from_first.is_same_as(&from_second));
    coze.shutdown().await;
    Ok(())
}
