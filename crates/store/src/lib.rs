//! Where things rest: handles (only hashed) and the gateway's own secret (a file that only its owner reads).
//!
//! | what | kept how | lost on restart |
//! |---|---|---|
//! | [`handles`]: the opaque stand-ins for Coze tokens | SHA-256 of the handle -> what it stands for, in memory | yes; the browser's cookie opens a new one for the same visitor |
//! | [`secret_file`]: the key from which cookies and `session_name`s are derived | 32 random bytes in a file with mode 0600 | no |
//!
//! This crate knows nothing of HTTP and of Coze's addresses. Coze tokens themselves rest behind
//! [`coze_auth::TokenStore`].

pub mod handles;
pub mod secret_file;

pub use handles::{Handle, HandleRecord, HandleTable};
pub use secret_file::{GatewaySecret, SecretFileError};
