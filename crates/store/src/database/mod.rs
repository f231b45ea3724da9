//! One SQL database for everything that outlives a process: SQLite for one machine, PostgreSQL for several.
//!
//! | file | owns |
//! |---|---|
//! | `open` | [`Database`] itself: opened, checked, closed |
//! | `pool` | connections, and the one place that tells the two databases apart |
//! | `migrate` | the schema: brought up to date, or refused when it is newer than this program |
//! | `seal_mark` | refusing a store that was sealed with another key |
//! | `tokens`, `leases` | [`coze_auth::TokenStore`]: versions, who may renew, fencing |
//! | `handles` | the rows behind the handles |
//! | `generations` | which passes were withdrawn; single numbers |
//! | `one_time` | what may be used once: pending logins, tickets |
//! | `owned` | which subject owns which id of the platform |
//! | `sweep` | removing what has ended |
//!
//! One SQL text per query serves both: numbered parameters, `RETURNING`, `ON CONFLICT`, integer seconds. Where the
//! dialects differ stands in `migrations/` (types, and a function that SQLite has and PostgreSQL gets from us).

mod error;
mod generations;
mod handles;
mod leases;
mod migrate;
mod one_time;
mod open;
mod owned;
mod pool;
mod seal_mark;
mod sweep;
mod tokens;
mod within;

pub use error::{DatabaseError, OpenError};
pub use open::Database;
pub use sweep::Swept;
