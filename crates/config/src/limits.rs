//! `[limits]`: what a caller may use (`docs/reference/limits.md`).

use super::mode::Mode;
use super::section::Section;
use std::ops::RangeInclusive;

/// `[limits]`. 0 is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Open connections of each listener; never more than the system lets us open.
    pub connections: u32,
    /// The same from one address other than loopback.
    pub connections_per_address: u32,
    /// API requests of one caller.
    pub requests_per_minute: u32,
    /// API requests from one address.
    pub address_requests_per_minute: u32,
    /// How many of these may come at once after a rest.
    pub burst: u32,
    /// Sessions opened, and tokens asked for by scripts, from one address.
    pub sessions_per_minute: u32,
    /// Logins begun from one address.
    pub logins_per_minute: u32,
    /// Exchanges of one caller that run at the same time: streams, uploads, answers that are waited for.
    pub streams_per_caller: u32,
    /// The same of all callers.
    pub exchanges: u32,
    /// What is held in memory for all callers together: files, and bodies that are collected.
    pub buffer_mib: u32,
    /// The body of a request, but for those that bring files.
    pub body_bytes: u32,
    /// The body of an upload.
    pub upload_bytes: u32,
    /// The bodies of all uploads from one address in a minute.
    pub upload_mib_per_minute: u32,
}

impl LimitsConfig {
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

    /// What holds where nobody says otherwise.
    ///
    /// In local mode everybody is the one person at the machine, whose test suites are not to be slowed down: no rates. What
    /// runs at the same time costs us memory and is limited in any case, and no caller may have more than half of it. In
    /// public mode everybody is a stranger.
    pub const fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Local => Self {
                connections: 20_000,
                connections_per_address: 0,
                requests_per_minute: 0,
                address_requests_per_minute: 0,
                burst: 60,
                sessions_per_minute: 0,
                logins_per_minute: 0,
                streams_per_caller: 8_192,
                exchanges: 16_384,
                // A file of the largest size fits (`files.file_mib`).
                buffer_mib: 32,
                // The platform takes 15 MB, of workflows 20 MB (protocol 7); files of 512 MB, and their wrapping (6.6).
                body_bytes: 20 << 20,
                upload_bytes: 513 << 20,
                upload_mib_per_minute: 0,
            },
            Mode::Public => Self {
                // Whole offices sit behind one address.
                connections_per_address: 512,
                requests_per_minute: 120,
                address_requests_per_minute: 600,
                sessions_per_minute: 30,
                logins_per_minute: 10,
                streams_per_caller: 32,
                // A question, and a picture or a document beside it.
                body_bytes: 1 << 20,
                upload_bytes: 20 << 20,
                upload_mib_per_minute: 200,
                ..Self::of_mode(Mode::Local)
            },
        }
    }

    pub(super) fn read(mut section: Section<'_, '_>, mode: Mode) -> Self {
        let default = Self::of_mode(mode);
        let mut number = |key, default, range| section.number_or(key, default, range);
        let limits = Self {
            connections: number("connections", default.connections, Self::CONNECTIONS),
            connections_per_address: number(
                "connections_per_address",
                default.connections_per_address,
                Self::AT_THE_SAME_TIME,
            ),
            requests_per_minute: number("requests_per_minute", default.requests_per_minute, Self::PER_MINUTE),
            address_requests_per_minute: number(
                "address_requests_per_minute",
                default.address_requests_per_minute,
                Self::PER_MINUTE,
            ),
            burst: number("burst", default.burst, Self::BURST),
            sessions_per_minute: number("sessions_per_minute", default.sessions_per_minute, Self::PER_MINUTE),
            logins_per_minute: number("logins_per_minute", default.logins_per_minute, Self::PER_MINUTE),
            streams_per_caller: number("streams_per_caller", default.streams_per_caller, Self::AT_THE_SAME_TIME),
            exchanges: number("exchanges", default.exchanges, Self::AT_THE_SAME_TIME),
            buffer_mib: number("buffer_mib", default.buffer_mib, Self::MIB),
            body_bytes: number("body_bytes", default.body_bytes, Self::BYTES),
            upload_bytes: number("upload_bytes", default.upload_bytes, Self::BYTES),
            upload_mib_per_minute: number("upload_mib_per_minute", default.upload_mib_per_minute, Self::MIB),
        };
        section.finish();
        limits
    }
}
