//! State of the auth service: what its handlers share, and the type of its routes.

use super::device_logins::DeviceLogins;
use axum::extract::FromRef;
use axum::http::Method;
use axum::routing::MethodRouter;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels;
use std::sync::Arc;

/// What every handler can ask for.
#[derive(Clone, Debug)]
pub struct PortalState {
    /// What both listeners share.
    pub shared: Arc<Shared>,
    /// Logins on other devices that are under way.
    pub device_logins: Arc<DeviceLogins>,
    /// The table that this service serves.
    pub routes: &'static [Route],
}

impl PortalState {
    /// State of a service that serves `routes`.
    pub fn new(shared: Arc<Shared>, routes: &'static [Route]) -> Self {
        Self {
            shared,
            device_logins: Arc::default(),
            routes,
        }
    }

    /// The route that serves `path`.
    pub fn route(&self, path: &str) -> Option<&'static Route> {
        self.routes.iter().find(|route| route.serves(path))
    }
}

impl FromRef<PortalState> for Arc<Shared> {
    fn from_ref(state: &PortalState) -> Self {
        Arc::clone(&state.shared)
    }
}

/// One address of the auth service. Every field has to be stated; what a route does not state, it does not have.
#[derive(Debug)]
pub struct Route {
    /// As axum spells it: `{*name}` at the end stands for the rest of the path.
    pub path: &'static str,
    pub methods: &'static [Method],
    pub handler: fn() -> MethodRouter<PortalState>,
    /// The value of the metrics' label `route`.
    pub label: labels::Route,
    pub audience: Audience,
    pub effect: Effect,
}

/// Who may ask for a route. There is no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anybody, and a page of any site may embed it: it holds nothing but what everybody may have.
    Everyone,
    /// Own pages, pages of listed origins, and programs.
    ListedOrigins,
    /// As [`ListedOrigins`](Self::ListedOrigins) in local mode; in public mode only programs on this machine.
    Operator,
    /// As [`ListedOrigins`](Self::ListedOrigins) in local mode; closed in public mode.
    LocalOnly,
}

/// What a GET does beside answering. HEAD and prefetch must do none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Begins or ends a login.
    Login,
    /// Finishes a login, if the query is the platform's answer to one.
    Callback,
}

impl Audience {
    /// As the documentation calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "anybody; any page may embed it",
            Self::ListedOrigins => "own pages, listed origins, programs",
            Self::Operator => "as before; in public mode programs on this machine only",
            Self::LocalOnly => "local mode only",
        }
    }
}

impl Route {
    /// Whether `path` is an address of this route.
    pub fn serves(&self, path: &str) -> bool {
        match self.path.split_once("{*") {
            Some((prefix, _)) => path.starts_with(prefix),
            None => path == self.path,
        }
    }
}
