//! What cozegate's HTTP service does.

pub mod text;
