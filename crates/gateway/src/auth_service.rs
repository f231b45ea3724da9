//! The auth service on its listener.

use crate::start_error::{Service, StartError};
use axum::extract::ConnectInfo;
use cozegate_config::Config;
use cozegate_core::connections::{Connections, RequestBody};
use cozegate_core::listen;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::Listener;
use cozegate_core::telemetry::metrics::OpenConnection;
use http::Request;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Takes the configured address.
pub(crate) fn bind(config: &Config) -> Result<(TcpListener, SocketAddr), StartError> {
    let addr = config.server.auth_addr;
    listen::bind(addr)
        .and_then(|listener| listener.local_addr().map(|addr| (listener, addr)))
        .map_err(|source| StartError::of_address(Service::Auth, addr, source))
}

/// Serves `router` on `listener` until the shared state says stop; `tasks` has every connection.
pub(crate) fn serve(
    (listener, addr): (TcpListener, SocketAddr),
    router: axum::Router,
    connections: Connections,
    shared: &Shared,
    tasks: &TaskTracker,
) -> Result<(), StartError> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|source| StartError::of_address(Service::Auth, addr, source))?;
    let portal = TowerToHyperService::new(router);
    let metrics = Arc::clone(shared.telemetry.common());
    tasks.spawn(connections.accept_until(
        listener,
        move |peer| PortalService {
            portal: portal.clone(),
            peer,
            _open: OpenConnection::new(&metrics, Listener::Auth),
        },
        tasks.clone(),
        shared.stop.clone(),
    ));
    Ok(())
}

/// The auth service as hyper calls it, for one connection.
struct PortalService {
    portal: TowerToHyperService<axum::Router>,
    peer: SocketAddr,
    _open: OpenConnection,
}

impl hyper::service::Service<Request<RequestBody>> for PortalService {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<axum::Router> as hyper::service::Service<Request<RequestBody>>>::Future;

    fn call(&self, mut request: Request<RequestBody>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.portal.call(request)
    }
}
