//! What may be used once: kept by the hash of its secret, with a sealed content, and gone in the moment it is read.
//!
//! The typed layers above are [`crate::logins`] and [`crate::tickets`].

use super::pool::on_pool;
use super::{Database, DatabaseError, within};
use crate::handles::hash;
use crate::seal::{Place, SealError};
use crate::token_row::UnreadableRow;
use coze_auth::UnixSeconds;
use zeroize::Zeroizing;

const INSERT: &str = "
    INSERT INTO one_time (kind, secret_hash, sealed_content, expires_at) VALUES ($1, $2, $3, $4)";

/// Of many that spend the same secret at once, one gets the row.
const SPEND: &str = "
    DELETE FROM one_time WHERE kind = $1 AND secret_hash = $2 RETURNING sealed_content, expires_at";

/// What a secret is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OneTimeKind {
    Login,
    Ticket,
}

impl OneTimeKind {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Ticket => "ticket",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Login => "one_time.sealed_content (login)",
            Self::Ticket => "one_time.sealed_content (ticket)",
        }
    }

    /// Says that a content opened, or was to be written, and is none of this kind.
    pub(crate) fn unknown_content(self) -> DatabaseError {
        UnreadableRow {
            column: self.column(),
            source: SealError::UnknownContent,
        }
        .into()
    }

    /// The end is sealed with the content: nobody prolongs it in the file.
    fn place(self, hash: &[u8], expires_at: UnixSeconds) -> Place<'_> {
        Place {
            column: self.column(),
            row: hash,
            version: expires_at.0,
        }
    }
}

impl Database {
    /// Keeps `content` until `expires_at` for whoever brings `secret`.
    pub(crate) async fn insert_one_time(
        &self,
        kind: OneTimeKind,
        secret: &str,
        content: &[u8],
        expires_at: UnixSeconds,
    ) -> Result<(), DatabaseError> {
        let hash = hash(secret);
        let sealed = self.seal(kind.place(&hash, expires_at), content)?;
        within(
            "save something for one use",
            on_pool!(&self.pool, db => async {
                sqlx::query(INSERT)
                    .bind(kind.name())
                    .bind(hash.as_slice())
                    .bind(&sealed)
                    .bind(expires_at.0)
                    .execute(db)
                    .await?;
                Ok(())
            }),
        )
        .await
    }

    /// Gives the content out, once; `None` when it is unknown, was given out before or has ended.
    pub(crate) async fn spend_one_time(
        &self,
        kind: OneTimeKind,
        secret: &str,
        now: UnixSeconds,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, DatabaseError> {
        let hash = hash(secret);
        let row: Option<(Vec<u8>, i64)> = within(
            "spend something for one use",
            on_pool!(&self.pool, db => {
                sqlx::query_as(SPEND).bind(kind.name()).bind(hash.as_slice()).fetch_optional(db)
            }),
        )
        .await?;
        match row.map(|(sealed, expires_at)| (sealed, UnixSeconds(expires_at))) {
            Some((sealed, expires_at)) if now < expires_at => {
                Ok(Some(self.open_sealed(kind.place(&hash, expires_at), &sealed)?))
            }
            Some(_) | None => Ok(None),
        }
    }
}
