//! What a token looks like at rest, whichever backend keeps it: a digest to find it by, its key and itself sealed.
//!
//! So a file or a dump tells neither who has tokens nor what they are.

use crate::seal::{Place, SealError, Sealer};
use crate::sealed_row::UnreadableRow;
use aws_lc_rs::digest::{Context, SHA256};
use coze_auth::{Random, Save, StoreError, Stored, TokenKey, TokenSet, UnixSeconds, Version};
use std::sync::Arc;

/// One token, ready to be written.
pub(crate) struct TokenRow {
    pub(crate) key_digest: [u8; 32],
    pub(crate) app_digest: [u8; 32],
    pub(crate) version: i64,
    pub(crate) sealed_key: Vec<u8>,
    pub(crate) sealed_token: Vec<u8>,
    /// Unix seconds.
    pub(crate) renew_at: Option<i64>,
    /// When nothing of it can be used any more, in Unix seconds; `None`: not known.
    pub(crate) ends_at: Option<i64>,
}

impl TokenRow {
    /// Seals a token under a new version.
    pub(crate) fn seal(
        sealer: &Sealer,
        random: &dyn Random,
        key: &TokenKey,
        save: Save<'_>,
    ) -> Result<Self, StoreError> {
        let not_sealed = |row: UnreadableRow| StoreError::Unavailable {
            operation: "save a token",
            source: Arc::new(row.into()),
        };
        let key_digest = key.digest();
        let version = draw_version(random);
        let (key_place, token_place) = (key_place(&key_digest, version), token_place(&key_digest, version));
        Ok(Self {
            app_digest: app_digest(&key.audience, &key.client_id, key.tenant.as_deref()),
            version,
            sealed_key: sealer
                .seal(key_place, &key.to_bytes())
                .map_err(UnreadableRow::at(key_place))
                .map_err(not_sealed)?,
            sealed_token: sealer
                .seal(token_place, &save.token_set.to_secret_bytes())
                .map_err(UnreadableRow::at(token_place))
                .map_err(not_sealed)?,
            renew_at: save.renew_at.map(|at| at.0),
            ends_at: end_of(save.token_set).map(|at| at.0),
            key_digest,
        })
    }
}

/// Opens a token that was stored under `key_digest` and `version`. One that does not open can be replaced: its version
/// comes with the error.
pub(crate) fn open_token(
    sealer: &Sealer,
    key_digest: &[u8],
    version: i64,
    sealed: &[u8],
) -> Result<Stored, StoreError> {
    let place = token_place(key_digest, version);
    let token_set = sealer
        .open(place, sealed)
        .and_then(|bytes| TokenSet::from_secret_bytes(&bytes).map_err(|_| SealError::UnknownContent))
        .map_err(UnreadableRow::at(place));
    let version = public_version(version);
    match token_set {
        Ok(token_set) => Ok(Stored { token_set, version }),
        Err(row) => Err(StoreError::Unreadable {
            version,
            source: Arc::new(row.into()),
        }),
    }
}

/// Opens the key of a token that was stored under `key_digest` and `version`. `None`, and a warning, if it does not open:
/// one bad row must not keep all others from being renewed.
pub(crate) fn open_key(sealer: &Sealer, key_digest: &[u8], version: i64, sealed: &[u8]) -> Option<TokenKey> {
    let place = key_place(key_digest, version);
    let key = sealer
        .open(place, sealed)
        .and_then(|bytes| TokenKey::from_bytes(&bytes).map_err(|_| SealError::UnknownContent));
    key.inspect_err(|error| tracing::warn!(%error, "Left out a token that is due: {error}"))
        .ok()
}

/// Names an app at a platform: what a list of due tokens is asked for by.
pub(crate) fn app_digest(audience: &str, client_id: &str, tenant: Option<&str>) -> [u8; 32] {
    let has_tenant = [u8::from(tenant.is_some())];
    let tenant = tenant.unwrap_or_default();
    let mut context = Context::new(&SHA256);
    for part in [
        audience.as_bytes(),
        client_id.as_bytes(),
        &has_tenant,
        tenant.as_bytes(),
    ] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    for (byte, hashed) in digest.iter_mut().zip(context.finish().as_ref()) {
        *byte = *hashed;
    }
    digest
}

/// A version as a backend keeps it: the same 64 bits, since the databases know signed numbers only.
pub(crate) fn stored_version(version: Version) -> i64 {
    version.0.cast_signed()
}

/// A version as the caller sees it.
pub(crate) fn public_version(version: i64) -> Version {
    Version(version.cast_unsigned())
}

/// Draws 64 random bits: a number that does not come back, and unlike a counter costs no step before the sealing.
fn draw_version(random: &dyn Random) -> i64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    i64::from_be_bytes(bytes)
}

fn token_place(key_digest: &[u8], version: i64) -> Place<'_> {
    Place {
        column: "tokens.sealed_token",
        row: key_digest,
        version,
    }
}

fn key_place(key_digest: &[u8], version: i64) -> Place<'_> {
    Place {
        column: "tokens.sealed_key",
        row: key_digest,
        version,
    }
}

fn end_of(token_set: &TokenSet) -> Option<UnixSeconds> {
    match &token_set.refresh_token {
        Some(_) => token_set.refresh_expires_at,
        None => token_set.expires_at,
    }
}
