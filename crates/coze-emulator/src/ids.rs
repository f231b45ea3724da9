//! Numbers and random texts that the platform gives away: object ids, log ids, opaque tokens.
//!
//! Object ids are 19-digit decimal strings that grow (protocol 6), and start somewhere else in every emulator, so that
//! an id of one run is never by chance an id of another.

use crate::clock::Clock;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::atomic::{AtomicU64, Ordering};

/// Smallest generated object id. The demo's fixed ids (bots, workspace, account) lie below it.
const FIRST_ID: u64 = 7_510_000_000_000_000_000;
/// Room for one run's ids above its random start.
const IDS_PER_RUN: u64 = 1_000_000;

/// Counts ids upwards from a random start.
#[derive(Debug)]
pub(crate) struct Ids {
    next: AtomicU64,
    run: u32,
    requests: AtomicU64,
    events: AtomicU64,
}

impl Ids {
    pub(crate) fn new() -> Result<Self, Unspecified> {
        let mut seed = [0; 4];
        rand::fill(&mut seed)?;
        let run = u32::from_be_bytes(seed);
        Ok(Self {
            next: AtomicU64::new(FIRST_ID + u64::from(run) * IDS_PER_RUN),
            run,
            requests: AtomicU64::new(0),
            events: AtomicU64::new(0),
        })
    }

    /// Returns the next object id.
    pub(crate) fn next(&self) -> String {
        self.next.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// Returns the id of an event, which looks like a UUID of version 4 and is counted.
    pub(crate) fn event_id(&self) -> String {
        let event = self.events.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (event >> 48, event & 0xFFFF_FFFF_FFFF);
        format!("{:08x}-{:04x}-4000-8000-{low:012x}", self.run, high)
    }

    /// Returns a log id: `YYYYMMDDhhmmss` and 20 hex digits (protocol 4.1).
    pub(crate) fn next_log_id(&self, clock: &Clock) -> String {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}{:08X}{request:012X}", clock.log_id_stamp(), self.run)
    }
}

/// Returns `prefix` and 64 random base64url characters.
pub(crate) fn random_text(prefix: &str) -> Result<String, Unspecified> {
    let mut bytes = [0; 48];
    rand::fill(&mut bytes)?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Returns a code that a person types, like `WDJB-MJHT`: consonants only, so that it spells no word and no letter looks
/// like a digit (RFC 8628 section 6.1).
pub(crate) fn user_code() -> Result<String, Unspecified> {
    const ALPHABET: [char; 20] = [
        'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z',
    ];
    let mut bytes = [0; 8];
    rand::fill(&mut bytes)?;
    let letters = bytes
        .iter()
        // Slightly uneven, which does not matter to a double.
        .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
    let mut code: String = letters.collect();
    code.insert(4, '-');
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_nineteen_digits_and_grow() {
        let ids = Ids::new().unwrap();

        let (first, second) = (ids.next(), ids.next());

        assert_eq!(first.len(), 19);
        assert!(first < second);
    }

    #[test]
    fn user_code_is_two_groups_of_four_consonants() {
        let code = user_code().unwrap();

        let (left, right) = code.split_once('-').unwrap();

        assert_eq!((left.len(), right.len()), (4, 4));
        assert!(!code.contains(['A', 'E', 'I', 'O', 'U', 'Y']));
    }

    #[test]
    fn log_id_has_the_length_of_a_real_one() {
        let log_id = Ids::new().unwrap().next_log_id(&Clock::default());

        assert_eq!(log_id.len(), "20240708143040790E78F9318B35A2910B".len());
    }
}
