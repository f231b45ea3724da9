//! Where a process dies.

use serde::{Deserialize, Serialize};

/// A moment in the renewal of a login (`coze_auth`, `lifecycle/rotation.rs`), in the order of events.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum KillPoint {
    BeforeLease,
    LeaseHeld,
    RequestReceived,
    Rotated,
    AnswerCut,
    AnswerReceived,
    SaveUnderWay,
    Saved,
    Released,
}

impl KillPoint {
    pub(crate) const ALL: [Self; 9] = [
        Self::BeforeLease,
        Self::LeaseHeld,
        Self::RequestReceived,
        Self::Rotated,
        Self::AnswerCut,
        Self::AnswerReceived,
        Self::SaveUnderWay,
        Self::Saved,
        Self::Released,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BeforeLease => "before the lease is taken",
            Self::LeaseHeld => "lease held, before the request leaves",
            Self::RequestReceived => "request received by the platform, not yet acted on",
            Self::Rotated => "platform has rotated, answer not yet sent",
            Self::AnswerCut => "answer cut in the middle",
            Self::AnswerReceived => "answer received, save not yet begun",
            Self::SaveUnderWay => "save under way",
            Self::Saved => "saved, not yet returned",
            Self::Released => "after release",
        }
    }

    /// Whether the platform's journal tells that the moment has come, and not the process itself.
    pub(crate) fn is_seen_by_the_platform(self) -> bool {
        match self {
            Self::RequestReceived | Self::Rotated => true,
            Self::BeforeLease
            | Self::LeaseHeld
            | Self::AnswerCut
            | Self::AnswerReceived
            | Self::SaveUnderWay
            | Self::Saved
            | Self::Released => false,
        }
    }
}
