//! The names of all limits: what a refusal says, what is counted by, and where a person looks it up.

/// A limit that a request can meet; `docs/reference/limits.md` has a row for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// API requests of one caller.
    RequestsPerMinute,
    /// API requests from one address.
    AddressRequestsPerMinute,
    /// Sessions opened and tokens asked for from one address.
    SessionsPerMinute,
    /// Logins begun from one address.
    LoginsPerMinute,
    /// Exchanges of one caller that run at the same time.
    StreamsPerCaller,
    /// Exchanges of all callers that run at the same time.
    Exchanges,
}

impl Limit {
    /// All of them, for the documentation and for counting.
    pub const ALL: [Self; 6] = [
        Self::RequestsPerMinute,
        Self::AddressRequestsPerMinute,
        Self::SessionsPerMinute,
        Self::LoginsPerMinute,
        Self::StreamsPerCaller,
        Self::Exchanges,
    ];

    /// The setting that moves it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "limits.requests_per_minute",
            Self::AddressRequestsPerMinute => "limits.address_requests_per_minute",
            Self::SessionsPerMinute => "limits.sessions_per_minute",
            Self::LoginsPerMinute => "limits.logins_per_minute",
            Self::StreamsPerCaller => "limits.streams_per_caller",
            Self::Exchanges => "limits.exchanges",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_stands_in_the_reference() {
        let page = include_str!("../../../../docs/reference/limits.md");

        for limit in Limit::ALL {
            assert!(page.contains(&format!("`{}`", limit.key())), "{}", limit.key());
        }
    }
}
