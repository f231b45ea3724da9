//! Compares the keys at hand with those that sealed the store, at the start ([`crate::seal::mark`]).

use super::error::OpenError;
use super::pool::{Pool, on_pool};
use crate::seal::Sealer;
use crate::seal::mark::MarkVerdict;

const INSERT: &str = "INSERT INTO seal_mark (id, sealed_mark) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
const FIND: &str = "SELECT sealed_mark FROM seal_mark WHERE id = 1";
const REPLACE: &str = "UPDATE seal_mark SET sealed_mark = $1 WHERE id = 1";

/// Leaves our mark in a new store; refuses one that was sealed with a key that is not here.
pub(super) async fn check(pool: &Pool, sealer: &Sealer) -> Result<(), OpenError> {
    let mark = sealer.make_mark().map_err(|_| OpenError::OtherSealKey)?;
    let outcome = on_pool!(pool, db => async {
        sqlx::query(INSERT).bind(&mark).execute(db).await?;
        let found: Vec<u8> = sqlx::query_scalar(FIND).fetch_one(db).await?;
        let verdict = sealer.judge_mark(&found);
        if verdict == MarkVerdict::Older {
            sqlx::query(REPLACE).bind(&mark).execute(db).await?;
        }
        Ok(verdict)
    });
    match outcome.await.map_err(|source| OpenError::SealMark { source })? {
        MarkVerdict::Ours | MarkVerdict::Older => Ok(()),
        MarkVerdict::Foreign => Err(OpenError::OtherSealKey),
    }
}
