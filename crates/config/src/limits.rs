//! `[limits]`: what a caller may use (`docs/reference/limits.md`). 0 is no limit.
//!
//! In local mode every caller is the one person at the machine, whose test suites must not be slowed down: no rates. What
//! runs at the same time costs memory and is limited in both modes, and no caller may have more than half of it. In public
//! mode every caller is a stranger.

use super::mode::Mode;
use super::number_key::NumberDefault::{Always, ByMode};
use super::number_key::{NumberField, NumberKey, number_section};
use super::section::Section;
use std::ops::RangeInclusive;

/// A browser takes six connections; a million take more memory than most machines have.
const CONNECTIONS: RangeInclusive<u32> = 16..=1_000_000;
/// Ten million a minute are more than one machine carries.
const PER_MINUTE: RangeInclusive<u32> = 0..=10_000_000;
/// One at a time has to be possible.
const BURST: RangeInclusive<u32> = 1..=1_000_000;
const AT_THE_SAME_TIME: RangeInclusive<u32> = 0..=1_000_000;
const BYTES: RangeInclusive<u32> = 0..=u32::MAX;
/// A terabyte.
const MIB: RangeInclusive<u32> = 0..=1_048_576;

number_section! {
    /// `[limits]`.
    pub struct LimitsConfig {
        /// Open connections of each listener; never more than the system lets us open.
        connections: u32 = "connections", CONNECTIONS, Always(20_000);
        /// The same from one address other than loopback. Whole offices are behind one address.
        connections_per_address: u32 = "connections_per_address", AT_THE_SAME_TIME, ByMode { local: 0, public: 512 };
        /// API requests of one caller.
        requests_per_minute: u32 = "requests_per_minute", PER_MINUTE, ByMode { local: 0, public: 120 };
        /// API requests from one address.
        address_requests_per_minute: u32 = "address_requests_per_minute", PER_MINUTE, ByMode { local: 0, public: 600 };
        /// How many of these may come at once after a pause.
        burst: u32 = "burst", BURST, Always(60);
        /// Sessions opened, and tokens asked for by scripts, from one address.
        sessions_per_minute: u32 = "sessions_per_minute", PER_MINUTE, ByMode { local: 0, public: 30 };
        /// Logins begun from one address.
        logins_per_minute: u32 = "logins_per_minute", PER_MINUTE, ByMode { local: 0, public: 10 };
        /// Exchanges of one caller that run at the same time: streams, uploads, answers that are waited for.
        streams_per_caller: u32 = "streams_per_caller", AT_THE_SAME_TIME, ByMode { local: 8_192, public: 32 };
        /// The same of all callers.
        exchanges: u32 = "exchanges", AT_THE_SAME_TIME, Always(16_384);
        /// What is held in memory for all callers together: files, and bodies that are collected. A file of the largest size
        /// fits (`files.file_mib`).
        buffer_mib: u32 = "buffer_mib", MIB, Always(32);
        /// The body of a request, but for those that bring files. The platform takes 15 MB, of workflows 20 MB (protocol 7);
        /// a visitor sends a question, and a picture or a document beside it.
        body_bytes: u32 = "body_bytes", BYTES, ByMode { local: 20 << 20, public: 1 << 20 };
        /// The body of an upload. The platform takes files of 512 MB, and their wrapping (protocol 6.6).
        upload_bytes: u32 = "upload_bytes", BYTES, ByMode { local: 513 << 20, public: 20 << 20 };
        /// The bodies of all uploads from one address in a minute.
        upload_mib_per_minute: u32 = "upload_mib_per_minute", MIB, ByMode { local: 0, public: 200 };
    }
}
