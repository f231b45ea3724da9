//! `[timeouts]`: how long the gateway waits for the upstream, and for its own responses when it stops.

use super::mode::Mode;
use super::number_key::NumberDefault::{Absent, Always};
use super::number_key::{NumberField, NumberKey, number_section};
use super::section::Section;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An hour is longer than any answer of the platform.
const SECONDS: RangeInclusive<u32> = 1..=3600;

number_section! {
    /// `[timeouts]`.
    pub struct TimeoutsConfig {
        /// Until a connection to the upstream is established.
        connect: Duration = "connect_seconds", SECONDS, Always(10);
        /// From the end of the request until the head of the response.
        head: Duration = "head_seconds", SECONDS, Always(120);
        /// Between two pieces of a body in either direction, including the time in which the caller reads none of a response.
        idle: Duration = "idle_seconds", SECONDS, Always(300);
        /// From the beginning of a request until its response is complete, unless that is a stream; no limit when absent.
        total: Option<Duration> = "total_seconds", SECONDS, Absent { sample: 600 };
        /// Between two requests of a connection.
        keep_alive: Duration = "keep_alive_seconds", SECONDS, Always(600);
        /// For running responses after a stop was asked for. Zero ends them at once.
        shutdown: Duration = "shutdown_seconds", 0..=3600, Always(10);
    }
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self::of_mode(Mode::Local)
    }
}
