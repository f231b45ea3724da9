//! The labels of our metrics: closed sets, so that no caller can make a series of its own.
//!
//! A value of a label is a variant, never a text that came from outside: no path with ids in it, no name of a user. How
//! many series there can be at most is thus known while compiling ([`Label::COUNT`], `docs/reference/metrics.md`).

use crate::problem::ProblemKind;
use coze_auth::{AuthError, GrantKind};
use cozegate_policy::Denial;
use http::{Method, StatusCode};

/// A value, or several together, that tells series of one metric apart.
pub trait Label: Copy + Send + Sync + 'static {
    /// How many values there are.
    const COUNT: usize;

    /// The place of this value among them.
    fn index(self) -> usize;

    /// The value at `index`.
    fn at(index: usize) -> Option<Self>;

    /// Adds name and value of each label.
    fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>);
}

/// Declares a label: the name of the label, and its values with their names.
macro_rules! label {
    ($(#[$about:meta])* $type:ident is $key:literal { $($(#[$what:meta])* $value:ident => $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type { $($(#[$what])* $value,)+ }

        impl $type {
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// As it stands in the metrics and in the access log.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $name,)+ }
            }
        }

        impl Label for $type {
            const COUNT: usize = Self::ALL.len();

            fn index(self) -> usize {
                self as usize
            }

            fn at(index: usize) -> Option<Self> {
                Self::ALL.get(index).copied()
            }

            fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>) {
                pairs.push(($key, self.name()));
            }
        }
    };
}

label! {
    /// Which of the two listeners.
    Listener is "listener" {
        /// 8080.
        Proxy => "proxy",
        /// 8081.
        Auth => "auth",
    }
}

label! {
    /// What a request asked for.
    Route is "route" {
        /// The proxy about itself.
        About => "about",
        /// `/v3/chat`: a chat.
        Chat => "chat",
        /// Any other call of the platform's API.
        Api => "api",
        /// A static file of another host.
        File => "file",
        /// The overview.
        Home => "home",
        /// A page with a chat.
        ChatPage => "chat-page",
        /// `/auth/session`
        Session => "session",
        /// The legacy token service, and the way back from a login.
        Callback => "callback",
        /// `/login`
        Login => "login",
        /// `/logout`
        Logout => "logout",
        /// `/device`
        Device => "device",
        /// `/sessions`
        Sessions => "sessions",
        /// Scripts and styles.
        Assets => "assets",
        /// `/livez` and `/readyz`
        Health => "health",
        /// `/metrics`
        Metrics => "metrics",
        /// A preflight, whatever it asks about.
        Preflight => "preflight",
        /// Refused before it was looked where it goes, or no path of ours.
        None => "none",
    }
}

label! {
    /// The method; those that are not named in RFC 9110 or RFC 5789 are one.
    MethodClass is "method" {
        /// GET
        Get => "GET",
        /// HEAD
        Head => "HEAD",
        /// POST
        Post => "POST",
        /// PUT
        Put => "PUT",
        /// PATCH
        Patch => "PATCH",
        /// DELETE
        Delete => "DELETE",
        /// OPTIONS
        Options => "OPTIONS",
        /// Any other, or that of a head that was refused.
        Other => "other",
    }
}

impl From<&Method> for MethodClass {
    fn from(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }
}

label! {
    /// Why the visitor policy denied a request.
    PolicyReason is "reason" {
        /// The operation.
        Operation => "operation",
        /// A query parameter.
        Parameter => "parameter",
        /// A JSON member.
        Member => "member",
        /// A value.
        Value => "value",
        /// A bot.
        Bot => "bot",
        /// Another user.
        User => "user",
        /// Two readings.
        Ambiguous => "ambiguous",
        /// A required id that is absent or not an id.
        Invalid => "invalid",
        /// A media type or content coding.
        MediaType => "media-type",
        /// A body that is too long.
        Length => "length",
        /// A conversation, chat or file of another visitor.
        Ownership => "ownership",
    }
}

label! {
    /// What came of a denial.
    PolicyOutcome is "outcome" {
        /// The request was refused.
        Refused => "refused",
        /// The site only reports; the request went on.
        Reported => "reported",
    }
}

impl From<&Denial> for PolicyReason {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::OperationNotAllowed { .. } => Self::Operation,
            Denial::ParameterNotAllowed { .. } => Self::Parameter,
            Denial::MemberNotAllowed { .. } => Self::Member,
            Denial::ValueNotAllowed { .. } => Self::Value,
            Denial::BotNotAllowed { .. } => Self::Bot,
            Denial::UserIdRefused { .. } => Self::User,
            Denial::RequestAmbiguous(_) => Self::Ambiguous,
            Denial::BadRequest { .. } => Self::Invalid,
            Denial::MediaTypeRefused => Self::MediaType,
            Denial::BodyTooLarge => Self::Length,
            Denial::ResourceUnknown { .. } => Self::Ownership,
        }
    }
}

label! {
    /// The first digit of the status (RFC 9110 15).
    StatusClass is "status" {
        /// 101 is the only one that ends a request.
        Informational => "1xx",
        /// 200 to 299
        Successful => "2xx",
        /// 300 to 399
        Redirection => "3xx",
        /// 400 to 499
        ClientError => "4xx",
        /// 500 and more
        ServerError => "5xx",
        /// The caller left before there was an answer.
        Left => "left",
    }
}

impl From<Option<StatusCode>> for StatusClass {
    fn from(status: Option<StatusCode>) -> Self {
        match status.map(|status| status.as_u16() / 100) {
            None => Self::Left,
            Some(0 | 1) => Self::Informational,
            Some(2) => Self::Successful,
            Some(3) => Self::Redirection,
            Some(4) => Self::ClientError,
            Some(_) => Self::ServerError,
        }
    }
}

label! {
    /// What ended an answer before its end.
    Early is "cause" {
        /// The caller left.
        CallerLeft => "caller-left",
        /// The platform's answer broke off.
        AnswerCut => "answer-cut",
    }
}

label! {
    /// A stretch of a request.
    Phase is "phase" {
        /// From the head until the request could be sent on: guard, caller, a small body, and what follows.
        Ready => "ready",
        /// Waiting for the store to tell what a handle stands for. Not observed when it was in memory.
        HandleLookup => "handle-lookup",
        /// Waiting for a token. Not observed when one was there.
        Credential => "credential",
        /// Opening a connection to the platform. Not observed when an idle one was there.
        Connect => "connect",
        /// From sending until the answer could be passed on: its head, or a short JSON answer as a whole.
        Upstream => "upstream",
    }
}

label! {
    /// What an exchange with the platform's API failed of.
    UpstreamFailure is "kind" {
        /// No connection could be opened, or none in time.
        Unreachable => "unreachable",
        /// No answer came in time.
        TimedOut => "timed-out",
        /// The connection broke before an answer came.
        Broken => "broken",
        /// The connection broke within the answer.
        BodyBroken => "body-broken",
        /// The answer stood still for too long.
        BodyTimedOut => "body-timed-out",
    }
}

label! {
    /// What ended a WebSocket.
    TunnelEnd is "end" {
        /// Its caller, with or without a close.
        Caller => "caller",
        /// The platform, with or without a close.
        Platform => "platform",
        /// The gateway: its caller has sent as many messages as it may.
        Limited => "limited",
        /// One of the two connections was reset.
        Broken => "broken",
        /// The session of its caller ended.
        Session => "session",
        /// Its caller left before it was open.
        Unopened => "unopened",
    }
}

label! {
    /// Where a static file came from, or why there was none.
    FileSource is "cache" {
        /// From the cache: fresh.
        Hit => "hit",
        /// From the cache: its host said that it is still the one.
        Revalidated => "revalidated",
        /// From its host.
        Miss => "miss",
        /// From the cache, although stale: its host is slow or away.
        Stale => "stale",
        /// Its host gave an answer, or has an address, that is not accepted.
        Refused => "refused",
        /// Its host does not have it.
        Missing => "missing",
        /// Its host does not answer, or not well.
        Failed => "failed",
    }
}

label! {
    /// What came of looking for a handle.
    HandleLookup is "found" {
        /// Known in this process.
        Memory => "memory",
        /// The store knew it.
        Store => "store",
        /// Nobody knows it.
        Unknown => "unknown",
        /// The store could not say.
        Failed => "failed",
    }
}

label! {
    /// What came of a token that the platform refused before its time.
    RefusedToken is "result" {
        /// A new one served, and the caller saw nothing of it.
        Mended => "mended",
        /// The caller was told.
        Told => "told",
    }
}

label! {
    /// What came of a new configuration.
    Reload is "result" {
        /// It is in force.
        Applied => "applied",
        /// It was wrong; the old one stays.
        Refused => "refused",
    }
}

label! {
    /// Which way the bytes of bodies went.
    Direction is "direction" {
        /// From callers.
        In => "in",
        /// To callers.
        Out => "out",
    }
}

label! {
    /// How a token is asked for (protocol 2, 3).
    Grant is "grant" {
        /// A service app's assertion.
        JwtBearer => "jwt-bearer",
        /// A login's next pair.
        RefreshToken => "refresh-token",
        /// A login with a browser.
        AuthorizationCode => "authorization-code",
        /// A login on another device.
        DeviceCode => "device-code",
    }
}

impl From<GrantKind> for Grant {
    fn from(grant: GrantKind) -> Self {
        match grant {
            GrantKind::AuthorizationCode => Self::AuthorizationCode,
            GrantKind::DeviceCode => Self::DeviceCode,
            GrantKind::JwtBearer => Self::JwtBearer,
            GrantKind::RefreshToken => Self::RefreshToken,
        }
    }
}

label! {
    /// What the token endpoint did.
    TokenOutcome is "outcome" {
        /// Gave a token.
        Issued => "issued",
        /// Said that the person has not decided yet.
        Pending => "pending",
        /// Said no.
        Refused => "refused",
        /// Could not be reached.
        Unreachable => "unreachable",
        /// Did not answer in time.
        TimedOut => "timed-out",
        /// Was overloaded or down.
        Unavailable => "unavailable",
        /// Gave an answer that is none, or cannot be used.
        Unusable => "unusable",
        /// The request came to nothing on our side.
        Failed => "failed",
    }
}

impl From<Option<&AuthError>> for TokenOutcome {
    fn from(error: Option<&AuthError>) -> Self {
        match error {
            None => Self::Issued,
            Some(AuthError::Refused(refusal)) => match refusal.error_code.as_deref() {
                Some("authorization_pending" | "slow_down") => Self::Pending,
                _ => Self::Refused,
            },
            Some(AuthError::Unreachable { .. }) => Self::Unreachable,
            Some(AuthError::TimedOut { .. }) => Self::TimedOut,
            Some(AuthError::Unavailable { .. }) => Self::Unavailable,
            Some(
                AuthError::NotTheApi { .. } | AuthError::MalformedAnswer { .. } | AuthError::ExpiredOnArrival { .. },
            ) => Self::Unusable,
            Some(_) => Self::Failed,
        }
    }
}

label! {
    /// What the store was wanted for.
    StoreUse is "purpose" {
        /// Handles of visitors.
        Handles => "handles",
        /// Logins that have been begun.
        Logins => "logins",
        /// Tokens.
        Tokens => "tokens",
        /// Leases: which process renews a login.
        Leases => "leases",
        /// Owners of conversations and files.
        Ownership => "ownership",
        /// Reading which handles were revoked.
        Revocations => "revocations",
        /// Removing what has ended.
        Sweep => "sweep",
    }
}

/// A problem counts under the name that its documentation has.
impl Label for ProblemKind {
    const COUNT: usize = Self::ALL.len();

    fn index(self) -> usize {
        self as usize
    }

    fn at(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>) {
        pairs.push(("problem", self.name()));
    }
}

/// A route of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub listener: Listener,
    pub route: Route,
}

impl Label for Place {
    const COUNT: usize = Listener::COUNT * Route::COUNT;

    fn index(self) -> usize {
        (self.listener, self.route).index()
    }

    fn at(index: usize) -> Option<Self> {
        let (listener, route) = Label::at(index)?;
        Some(Self { listener, route })
    }

    fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>) {
        (self.listener, self.route).describe(pairs);
    }
}

impl<A: Label, B: Label> Label for (A, B) {
    const COUNT: usize = A::COUNT * B::COUNT;

    fn index(self) -> usize {
        self.0.index() * B::COUNT + self.1.index()
    }

    fn at(index: usize) -> Option<Self> {
        Some((A::at(index / B::COUNT)?, B::at(index % B::COUNT)?))
    }

    fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>) {
        self.0.describe(pairs);
        self.1.describe(pairs);
    }
}

impl<A: Label, B: Label, C: Label> Label for (A, B, C) {
    const COUNT: usize = A::COUNT * B::COUNT * C::COUNT;

    fn index(self) -> usize {
        ((self.0, self.1), self.2).index()
    }

    fn at(index: usize) -> Option<Self> {
        let ((a, b), c) = Label::at(index)?;
        Some((a, b, c))
    }

    fn describe(self, pairs: &mut Vec<(&'static str, &'static str)>) {
        ((self.0, self.1), self.2).describe(pairs);
    }
}

/// For metrics without labels.
impl Label for () {
    const COUNT: usize = 1;

    fn index(self) -> usize {
        0
    }

    fn at(index: usize) -> Option<Self> {
        (index == 0).then_some(())
    }

    fn describe(self, _pairs: &mut Vec<(&'static str, &'static str)>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every value comes back from its index, and no two of them look alike.
    fn holds<L: Label + PartialEq + std::fmt::Debug>() {
        let mut seen = BTreeSet::new();
        for index in 0..L::COUNT {
            let value = L::at(index).unwrap();
            assert_eq!(value.index(), index, "{value:?}");
            let mut pairs = vec![];
            value.describe(&mut pairs);
            assert!(seen.insert(pairs.clone()), "{pairs:?} stands there twice");
        }
        assert_eq!(L::at(L::COUNT), None);
    }

    #[test]
    fn every_value_has_a_place_of_its_own() {
        holds::<Listener>();
        holds::<Route>();
        holds::<Early>();
        holds::<Phase>();
        holds::<UpstreamFailure>();
        holds::<HandleLookup>();
        holds::<TunnelEnd>();
        holds::<FileSource>();
        holds::<ProblemKind>();
        holds::<(Grant, TokenOutcome)>();
        holds::<Place>();
        holds::<(Place, MethodClass, StatusClass)>();
        holds::<()>();
    }
}
