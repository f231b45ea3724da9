//! cozegate-store.
