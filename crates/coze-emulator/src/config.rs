//! What a caller may choose about the double before it starts.
//!
//! Everything that changes while it runs (clock, faults, pace) has its own handle or a path under `/_emulator/`.

use crate::logins::{ConsentMode, RefreshPolicy};
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Who may use a conversation whose id is known. Lists show a caller's own in any case: the documents say so.
///
/// The platform's documents promise histories by `session_name`, and say that sharing a conversation's id between two
/// sessions defeats it (protocol 5). Which of the two holds for an id that a stranger names is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// The app and the `session_name` that made it. To all others it does not exist.
    #[default]
    Session,
    /// Every token of the account: messages, chats and changes, by id. A wall in front of the platform is tested so.
    None,
}

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
    /// Who may use a conversation whose id is known.
    pub isolation: Isolation,
    /// The permissions that the owner ticked for the apps in the console (protocol 2.5); `None` means all. A token may do
    /// no more, whatever its scope. [`crate::Apps::set_permissions`] changes it. The personal access token has all.
    pub permissions: Option<Vec<String>>,
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
            isolation: Isolation::Session,
            permissions: None,
            enforce_scope: false,
            consent: ConsentMode::Ask,
            refresh: RefreshPolicy::default(),
            // Protocol 3.4.
            device_interval: Duration::from_secs(5),
            device_life: Duration::from_mins(5),
        }
    }
}
