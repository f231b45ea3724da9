//! Limits that a request can meet, by name; and the remaining quota of a caller, for the `RateLimit` fields.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// draft-ietf-httpapi-ratelimit-headers-10, 3 and 4.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

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

/// Remaining quota and retry time of a caller, for the `RateLimit` fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    pub limit: Limit,
    /// The name of the policy in the fields.
    pub policy: &'static str,
    pub per_minute: u32,
    /// How many requests may come at once now.
    pub remaining: u32,
    /// With nothing remaining, until the next request may come; else until the full burst may come.
    pub wait: Duration,
}

impl RateLimitStatus {
    /// Writes `RateLimit` and `RateLimit-Policy`.
    pub fn write(&self, headers: &mut HeaderMap) {
        let policy = self.policy;
        let seconds = whole_seconds(self.wait);
        let fields = [
            (RATE_LIMIT, format!("\"{policy}\";r={};t={seconds}", self.remaining)),
            (RATE_LIMIT_POLICY, format!("\"{policy}\";q={};w=60", self.per_minute)),
        ];
        for (name, value) in fields {
            headers.extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
        }
    }
}

/// Rounded up, so that a client that waits this long does not come too early. At least one.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
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

    #[test]
    fn fields_are_those_of_the_draft() {
        let status = RateLimitStatus {
            limit: Limit::RequestsPerMinute,
            policy: "caller",
            per_minute: 120,
            remaining: 0,
            wait: Duration::from_millis(11_001),
        };
        let mut headers = HeaderMap::new();

        status.write(&mut headers);

        assert_eq!(headers["ratelimit"], "\"caller\";r=0;t=12");
        assert_eq!(headers["ratelimit-policy"], "\"caller\";q=120;w=60");
    }
}
