//! What a caller may use: so many requests, sessions and logins in a minute, so many exchanges at the same time.
//!
//! | file | owns |
//! |---|---|
//! | `ledger` | an account for every caller and address |
//! | `rate` | so many in a minute, so many at once, and the fields that say so |
//! | `permit` | so many at the same time |
//! | `buffer` | so many bytes in memory for all callers |
//!
//! A refusal is a [`Problem`] that names its [`Limit`]; it is counted and logged where every problem becomes an answer
//! (`problem/`). The limits of one configuration are one value: a new configuration with other limits begins with empty
//! accounts, one with the same keeps them.

mod buffer;
mod ledger;
mod permit;
mod rate;

pub use buffer::{Buffer, BufferFull, Reservation, UNCOUNTED_BYTES, held_by};
pub use permit::Permit;

use crate::caller::{Caller, ClientAddress};
use crate::problem::{Limit, Problem, RateLimitStatus};
use cozegate_config::LimitsConfig;
use governor::clock::MonotonicClock;
use ledger::{Account, Ledger};
use permit::Running;
use rate::Rate;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// When to try again where nobody knows when an exchange ends.
const SOON: Duration = Duration::from_secs(1);

/// The limits in force, and who has used how much.
#[derive(Debug)]
pub struct Limits {
    config: LimitsConfig,
    callers: Ledger<MonotonicClock>,
    requests: Option<Rate>,
    address_requests: Option<ByAddress>,
    sessions: Option<ByAddress>,
    logins: Option<ByAddress>,
    uploads: Option<ByAddress>,
    running: Arc<AtomicU32>,
    /// Exchanges by address, of callers behind a trusted proxy.
    forwarded: Ledger<MonotonicClock>,
    forwarded_running: Arc<AtomicU32>,
    buffer: Arc<Buffer>,
}

/// How much more than one address a whole IPv6 /48 may have: one customer can hold all of it, a carrier's users share one.
pub const NETWORK_FACTOR: u32 = 16;

/// Bytes are counted in cells of 64 KiB.
const CELLS_OF_MIB: u32 = 16;

fn cells_of(bytes: u64) -> NonZeroU32 {
    let cells = bytes.div_ceil((1 << 20) / u64::from(CELLS_OF_MIB));
    NonZeroU32::new(u32::try_from(cells).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
}

/// A rate with accounts of its own, by address; and a higher one by IPv6 network.
#[derive(Debug)]
struct ByAddress {
    ledger: Ledger<MonotonicClock>,
    rate: Rate,
    network_rate: Rate,
}

impl ByAddress {
    fn new(limit: Limit, policy: &'static str, per_minute: u32, burst: u32) -> Option<Self> {
        let (network_per_minute, network_burst) = (
            per_minute.saturating_mul(NETWORK_FACTOR),
            burst.saturating_mul(NETWORK_FACTOR),
        );
        Some(Self {
            rate: Rate::new(limit, policy, per_minute, burst, MonotonicClock)?,
            network_rate: Rate::new(limit, policy, network_per_minute, network_burst, MonotonicClock)?,
            ledger: Ledger::new(MonotonicClock),
        })
    }

    fn check(&self, address: ClientAddress) -> Result<Option<RateLimitStatus>, Problem> {
        let account = self.ledger.account(&address);
        let rate_limit = self.rate.check(&account).map_err(Problem::rate_limited)?;
        // Behind the address: what that is refused costs its neighbours nothing.
        if let Some(network) = address.network() {
            let account = self.ledger.account(&network);
            self.network_rate.check(&account).map_err(Problem::rate_limited)?;
        }
        Ok(rate_limit)
    }

    fn check_cells(&self, address: ClientAddress, cells: NonZeroU32) -> Result<(), Problem> {
        let account = self.ledger.account(&address);
        self.rate.check_cells(&account, cells).map_err(Problem::rate_limited)?;
        if let Some(network) = address.network() {
            let account = self.ledger.account(&network);
            self.network_rate
                .check_cells(&account, cells)
                .map_err(Problem::rate_limited)?;
        }
        Ok(())
    }
}

/// Counts an exchange for its address until it is dropped.
#[derive(Debug)]
pub struct AddressPermit {
    _of_address: Permit,
    _of_network: Option<Permit>,
}

/// What a request was let in with.
#[derive(Debug)]
pub struct Admission {
    /// To be held until the exchange has ended.
    pub permit: Permit,
    /// Said to the caller when little is left.
    pub rate_limit: Option<RateLimitStatus>,
}

impl Limits {
    /// The limits of `config`, with nothing used.
    pub fn new(config: LimitsConfig) -> Self {
        let buffer = Arc::new(Buffer::new(buffer_bytes(&config)));
        Self::with_buffer(config, buffer)
    }

    /// The limits of another `config`, with nothing used. What is in memory still counts.
    #[must_use]
    pub fn changed_to(&self, config: LimitsConfig) -> Self {
        self.buffer.set_limit(buffer_bytes(&config));
        Self::with_buffer(config, Arc::clone(&self.buffer))
    }

    fn with_buffer(config: LimitsConfig, buffer: Arc<Buffer>) -> Self {
        // Sessions and logins are few, and people open several at once; their burst is a minute's worth.
        Self {
            callers: Ledger::new(MonotonicClock),
            requests: Rate::new(
                Limit::RequestsPerMinute,
                "caller",
                config.requests_per_minute,
                config.burst,
                MonotonicClock,
            ),
            address_requests: ByAddress::new(
                Limit::AddressRequestsPerMinute,
                "address",
                config.address_requests_per_minute,
                config.burst,
            ),
            sessions: ByAddress::new(
                Limit::SessionsPerMinute,
                "sessions",
                config.sessions_per_minute,
                config.sessions_per_minute,
            ),
            logins: ByAddress::new(
                Limit::LoginsPerMinute,
                "logins",
                config.logins_per_minute,
                config.logins_per_minute,
            ),
            uploads: ByAddress::new(
                Limit::UploadMibPerMinute,
                "uploads",
                config.upload_mib_per_minute.saturating_mul(CELLS_OF_MIB),
                // A minute's worth, and at least one upload.
                config
                    .upload_mib_per_minute
                    .saturating_mul(CELLS_OF_MIB)
                    .max(cells_of(config.upload_bytes.into()).get()),
            ),
            running: Arc::new(AtomicU32::new(0)),
            forwarded: Ledger::new(MonotonicClock),
            forwarded_running: Arc::new(AtomicU32::new(0)),
            buffer,
            config,
        }
    }

    /// What they were made from.
    pub fn config(&self) -> &LimitsConfig {
        &self.config
    }

    /// The byte budget for what is collected in memory.
    pub fn buffer(&self) -> &Arc<Buffer> {
        &self.buffer
    }

    /// Counts an API request from an address, which `address` works out if anybody asks for it.
    pub fn check_address(&self, address: impl FnOnce() -> ClientAddress) -> Result<Option<RateLimitStatus>, Problem> {
        match &self.address_requests {
            Some(rate) => rate.check(address()),
            None => Ok(None),
        }
    }

    /// Counts a session that is opened, or a token that is asked for.
    pub fn check_session(&self, address: ClientAddress) -> Result<(), Problem> {
        self.sessions.as_ref().map_or(Ok(None), |rate| rate.check(address))?;
        Ok(())
    }

    /// Counts the body of an upload: its stated length, or the longest that it may become.
    pub fn check_upload(&self, address: impl FnOnce() -> ClientAddress, bytes: u64) -> Result<(), Problem> {
        match &self.uploads {
            Some(rate) => rate.check_cells(address(), cells_of(bytes)),
            None => Ok(()),
        }
    }

    /// Counts a login that is begun.
    pub fn check_login(&self, address: ClientAddress) -> Result<(), Problem> {
        self.logins.as_ref().map_or(Ok(None), |rate| rate.check(address))?;
        Ok(())
    }

    /// Counts an API request of `caller` and lets its exchange begin.
    pub fn admit(&self, caller: &Caller) -> Result<Admission, Problem> {
        let account = self.account_of(caller);
        let rate_limit = match &self.requests {
            Some(rate) => rate.check(&account).map_err(Problem::rate_limited)?,
            None => None,
        };
        let (permit, running) = Permit::take(account, &self.running);
        if is_too_many(self.config.streams_per_caller, running.of_caller) {
            return Err(Problem::too_many_streams(Limit::StreamsPerCaller, SOON));
        }
        self.check_all(&running)?;
        Ok(Admission { permit, rate_limit })
    }

    /// Whether requests are counted at all.
    pub fn counts_requests(&self) -> bool {
        self.requests.is_some() || self.address_requests.is_some()
    }

    /// Counts a message over a WebSocket as a request.
    pub fn check_message(&self, caller: &Caller, address: ClientAddress) -> Result<(), Problem> {
        if let Some(rate) = &self.requests {
            rate.check(&self.account_of(caller)).map_err(Problem::rate_limited)?;
        }
        self.check_address(|| address)?;
        Ok(())
    }

    /// The same for what needs no credential, and counts for the address alone. Its exchanges at the same time are bounded
    /// together with all others: many people may share an address.
    pub fn admit_unnamed(&self, address: ClientAddress) -> Result<Permit, Problem> {
        self.check_address(|| address)?;
        let (permit, running) = Permit::take(self.callers.account(&address), &self.running);
        self.check_all(&running)?;
        Ok(permit)
    }

    /// Lets an exchange of an address behind a trusted proxy begin. The proxy's connections are not counted by address, so
    /// its callers' exchanges are. `None` without a limit.
    pub fn admit_forwarded(&self, address: ClientAddress) -> Result<Option<AddressPermit>, Problem> {
        let most = self.config.connections_per_address;
        if most == 0 {
            return Ok(None);
        }
        let take = |account: Arc<Account>, most: u32| {
            let (permit, running) = Permit::take(account, &self.forwarded_running);
            if is_too_many(most, running.of_caller) {
                return Err(Problem::too_many_streams(Limit::ConnectionsPerAddress, SOON));
            }
            Ok(permit)
        };
        let of_address = take(self.forwarded.account(&address), most)?;
        let of_network = match address.network() {
            Some(network) => Some(take(
                self.forwarded.account(&network),
                most.saturating_mul(NETWORK_FACTOR),
            )?),
            None => None,
        };
        Ok(Some(AddressPermit {
            _of_address: of_address,
            _of_network: of_network,
        }))
    }

    fn check_all(&self, running: &Running) -> Result<(), Problem> {
        if is_too_many(self.config.exchanges, running.of_all) {
            return Err(Problem::too_many_streams(Limit::Exchanges, SOON));
        }
        Ok(())
    }

    /// Handles of one subject share an account, so opening sessions brings nobody more.
    fn account_of(&self, caller: &Caller) -> Arc<Account> {
        match caller {
            Caller::Visitor(record) => self.callers.account(&(&*record.app, &record.subject)),
            Caller::OwnToken(token) => self.callers.account(&token.as_bytes()),
        }
    }
}

fn buffer_bytes(config: &LimitsConfig) -> u64 {
    u64::from(config.buffer_mib) << 20
}

/// 0 is no limit.
const fn is_too_many(most: u32, running: u32) -> bool {
    most != 0 && running > most
}
