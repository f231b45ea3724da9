//! What a caller may choose about the double before it starts.
//!
//! Everything that changes while it runs (clock, faults, pace) has its own handle or a path under `/_emulator/`.

use std::{net::SocketAddr, time::Duration};

use crate::logins::{ConsentMode, RefreshPolicy};

/// Address, pace and strictness of one [`crate::Emulator`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatorConfig {
    /// Where it listens. Port 0 takes a free port.
    pub addr: SocketAddr,
    /// Time between two deltas of an answer. Zero sends them as fast as the socket takes them.
    pub delta_spacing: Duration,
    /// How many deltas the bot "节拍 Clock" sends.
    pub clock_ticks: u32,
    /// Time between two deltas of the bot "节拍 Clock".
    pub clock_spacing: Duration,
    /// Also accept assertions made for `api.coze.cn` and `api.coze.com`. Some official examples write these hosts into
    /// `aud` whatever the base is (protocol 1.2); off by default, so that a wrong `aud` is noticed.
    pub accept_official_audience: bool,
    /// Let `/v3/chat` continue a conversation of another identity when its id is known. The platform's documents say
    /// that sharing an id defeats the isolation (protocol 5); off by default, so that such a mistake is noticed.
    pub open_foreign_conversations: bool,
    /// Let `scope` narrow a token to some permissions and bots. Documented for channel apps only, unknown for others
    /// (protocol 2.2), therefore off by default.
    pub enforce_scope: bool,
    /// What the demo user answers when an app asks for access. [`crate::Emulator::set_consent`] changes it.
    pub consent: ConsentMode,
    /// How strict refresh tokens are. [`crate::Emulator::set_refresh_policy`] changes it.
    pub refresh: RefreshPolicy,
    /// How long a device has to wait between two polls.
    pub device_interval: Duration,
    /// How long a device code waits for its user.
    pub device_life: Duration,
}

impl Default for EmulatorConfig {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            delta_spacing: Duration::from_millis(40),
            clock_ticks: 10,
            clock_spacing: Duration::from_millis(100),
            accept_official_audience: false,
            open_foreign_conversations: false,
            enforce_scope: false,
            consent: ConsentMode::Ask,
            refresh: RefreshPolicy::default(),
            // Protocol 3.4.
            device_interval: Duration::from_secs(5),
            device_life: Duration::from_mins(5),
        }
    }
}
