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
    /// Open connections of a listener.
    Connections,
    /// Open connections from one address; behind a trusted proxy, exchanges of one address.
    ConnectionsPerAddress,
    /// Exchanges of one caller that run at the same time.
    StreamsPerCaller,
    /// Exchanges of all callers that run at the same time.
    Exchanges,
    /// What is held in memory for all callers.
    BufferMib,
    /// The body of a request.
    BodyBytes,
    /// The body of an upload.
    UploadBytes,
    /// The body of a visitor's request, uploads apart.
    VisitorBodyBytes,
    /// The bodies of uploads from one address.
    UploadMibPerMinute,
    /// Until a connection to the platform stands.
    ConnectSeconds,
    /// Until its answer begins.
    HeadSeconds,
    /// Between two pieces of a body, from either side.
    IdleSeconds,
    /// Until an answer that is no stream is there.
    TotalSeconds,
}

impl Limit {
    /// All of them, for the documentation and for counting.
    pub const ALL: [Self; 17] = [
        Self::RequestsPerMinute,
        Self::AddressRequestsPerMinute,
        Self::SessionsPerMinute,
        Self::LoginsPerMinute,
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::StreamsPerCaller,
        Self::Exchanges,
        Self::BufferMib,
        Self::BodyBytes,
        Self::UploadBytes,
        Self::VisitorBodyBytes,
        Self::UploadMibPerMinute,
        Self::ConnectSeconds,
        Self::HeadSeconds,
        Self::IdleSeconds,
        Self::TotalSeconds,
    ];

    /// The setting that moves it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "limits.requests_per_minute",
            Self::AddressRequestsPerMinute => "limits.address_requests_per_minute",
            Self::SessionsPerMinute => "limits.sessions_per_minute",
            Self::LoginsPerMinute => "limits.logins_per_minute",
            Self::Connections => "limits.connections",
            Self::ConnectionsPerAddress => "limits.connections_per_address",
            Self::StreamsPerCaller => "limits.streams_per_caller",
            Self::Exchanges => "limits.exchanges",
            Self::BufferMib => "limits.buffer_mib",
            Self::BodyBytes => "limits.body_bytes",
            Self::VisitorBodyBytes => "visitors.body_bytes",
            Self::UploadBytes => "limits.upload_bytes",
            Self::UploadMibPerMinute => "limits.upload_mib_per_minute",
            Self::ConnectSeconds => "timeouts.connect_seconds",
            Self::HeadSeconds => "timeouts.head_seconds",
            Self::IdleSeconds => "timeouts.idle_seconds",
            Self::TotalSeconds => "timeouts.total_seconds",
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
