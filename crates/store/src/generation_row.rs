//! Entry of the generations: what it belongs to, and how long it is kept.

/// How long a raised generation is stored. No pass may live longer.
pub const GENERATION_DAYS: i64 = 400;

/// What a generation belongs to, as a digest.
pub type GenerationKey = [u8; 32];
