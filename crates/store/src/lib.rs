//! Where things rest: tokens, handles and pending logins in a database, secrets in files that only their owner reads.
//!
//! | what | kept how |
//! |---|---|
//! | Coze tokens and whose they are ([`coze_auth::TokenStore`]) | sealed; found by a SHA-256 of platform, app and subject |
//! | [`handles`], the opaque stand-ins for Coze tokens | SHA-256 of the handle; what it stands for sealed |
//! | [`logins`] and [`tickets`]: used once, short life | SHA-256 of `state` or ticket; content sealed |
//! | [`generations`]: which passes of visitors were withdrawn | digests and numbers |
//! | [`owned`]: which subject may use which id of the platform | digests of both |
//! | leases: who may renew which token | in clear; they hold digests and random names |
//! | [`secret_file`]: the key of cookies and `session_name`s | 32 random bytes in a file with mode 0600 |
//! | [`seal`]: the keys that seal all of the above | the same, or in the system's keyring (feature `keyring`), or from a text that the host was given |
//!
//! | backend | feature | for |
//! |---|---|---|
//! | [`Database`] on SQLite | `sqlite` (default) | one machine, any number of processes: one file, no set-up |
//! | [`Database`] on PostgreSQL | `postgres` (default) | several machines |
//! | `RedisStore` | `redis` | several machines without PostgreSQL |
//!
//! [`Backend`] is whichever of them it is. At least one feature has to be on. This crate knows nothing of HTTP and of
//! Coze's addresses.

mod backend;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod database;
mod generation_row;
pub mod generations;
pub mod handle_register;
mod handle_row;
pub mod handles;
pub mod logins;
mod one_time;
pub mod owned;
mod owned_row;
mod private_file;
#[cfg(feature = "redis")]
pub mod redis;
mod revocations;
pub mod seal;
mod sealed_row;
pub mod secret_file;
pub mod tickets;
mod token_row;

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "redis")))]
compile_error!(
    "cozegate-store needs one of the features `sqlite`, `postgres` and `redis`: something has to keep what it keeps"
);

pub use backend::{Backend, BackendError};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::{Database, DatabaseError, OpenError, Swept};
pub use handle_register::HandleRegister;
pub use handles::{Grade, Handle, HandleHash, HandleRecord, KnownHandle};
pub use logins::{LoginRecord, UsedLogin};
pub use owned::{OwnedDigest, OwnedId, OwnedKind};
pub use private_file::{PrivateFileError, create_private_folder};
#[cfg(feature = "redis")]
pub use redis::{RedisError, RedisStore};
#[cfg(feature = "keyring")]
pub use seal::keyring::{KeyringEntry, KeyringError};
pub use seal::{SealError, Sealer, keys::SealKeys, keys::SealKeysError};
pub use sealed_row::UnreadableRow;
pub use secret_file::{GatewaySecret, SecretFileError};
pub use tickets::{Ticket, TicketRecord};
