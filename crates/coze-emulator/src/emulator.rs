//! Starts and stops the server, and hands out what a test needs to hold.

use crate::accounts::{Accounts, DemoApp, write_secret};
use crate::apps::{AppKind, Apps, OAuthApp};
use crate::clock::Clock;
use crate::config::EmulatorConfig;
use crate::control::{self, Info};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::logins::{ConsentMode, RefreshPolicy};
use crate::platform::Platform;
use crate::rim::rim;
use crate::{api, oauth};
use aws_lc_rs::error::Unspecified;
use axum::serve::{Listener, ListenerExt};
use axum::{Router, middleware};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task;
use tokio::time::timeout;

/// How long [`Emulator::shutdown`] waits for connections to end. Streams and delays end by themselves at once; only a
/// client that is still sending a body can use this up.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A running double of the platform. Dropping it stops it.
#[derive(Debug)]
pub struct Emulator {
    platform: Arc<Platform>,
}

/// Why the emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("could not listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No key pair or token for the demo account.
    #[error("could not make the demo account's key pair")]
    Keys(#[source] Unspecified),
}

impl Emulator {
    /// Binds the address, makes a fresh key pair and serves until [`Emulator::shutdown`] or drop.
    pub async fn start(config: EmulatorConfig) -> Result<Self, StartError> {
        let listen_error = |source| StartError::Listen {
            addr: config.addr,
            source,
        };
        let listener = TcpListener::bind(config.addr).await.map_err(listen_error)?;
        let addr = listener.local_addr().map_err(listen_error)?;
        // Key generation takes long enough to hold up other tasks of the runtime.
        let accounts = task::spawn_blocking(Accounts::generate)
            .await
            .unwrap_or(Err(Unspecified));
        let accounts = accounts.map_err(StartError::Keys)?;
        let platform = Arc::new(Platform::new(config, addr, accounts).map_err(StartError::Keys)?);

        let stopping = platform.stopping.clone();
        let server = axum::serve(without_nagle(listener), router(Arc::clone(&platform)))
            .with_graceful_shutdown(stopping.cancelled_owned());
        platform.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "The emulator's server ended");
            }
        });
        Ok(Self { platform })
    }

    /// Returns the address it listens on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.platform.addr
    }

    /// Returns the base of the REST API: `http://127.0.0.1:PORT`.
    pub fn api_base(&self) -> String {
        self.info().api_base
    }

    /// Returns the base of the console's pages; the same server.
    pub fn www_base(&self) -> String {
        self.info().www_base
    }

    /// Returns the base of WebSocket connections: `ws://127.0.0.1:PORT`.
    pub fn ws_base(&self) -> String {
        self.info().ws_base
    }

    /// Returns what a client needs to know, as JSON-ready data. The web app's secret is in it, no other.
    pub fn info(&self) -> Info {
        Info::of(&self.platform)
    }

    /// Returns the JWT app with its private key.
    pub fn jwt_app(&self) -> DemoApp {
        self.platform.accounts.app.clone()
    }

    /// Returns the registered apps, which can be changed.
    pub fn apps(&self) -> Apps {
        self.platform.apps.clone()
    }

    /// Returns the registered app of a kind; there is one of each.
    pub fn app(&self, kind: AppKind) -> Option<OAuthApp> {
        self.platform.apps.list().into_iter().find(|app| app.kind == kind)
    }

    /// Sets what the demo user answers from now on, also to devices that are waiting.
    pub fn set_consent(&self, mode: ConsentMode) {
        self.platform.logins.set_consent(mode);
    }

    /// Sets how strict refresh tokens are from now on.
    pub fn set_refresh_policy(&self, policy: RefreshPolicy) {
        self.platform.logins.set_policy(policy);
    }

    /// Writes the app's private key to `dir/private_key.pem`, readable by its owner only, and names it in
    /// [`Emulator::info`] from now on. An existing file is not overwritten. Whoever made `dir` removes it.
    pub fn write_private_key(&self, dir: &Path) -> io::Result<PathBuf> {
        let path = write_secret(dir, "private_key.pem", &self.platform.accounts.app.private_key_pem)?;
        self.platform.secret_files().private_key = Some(path.clone());
        Ok(path)
    }

    /// Returns a personal access token (`pat_…`) of the account. It carries no session name: all who use it share one
    /// history. A secret.
    pub fn personal_access_token(&self) -> String {
        self.platform.accounts.personal_access_token().to_owned()
    }

    /// Writes the personal access token to `dir/personal_access_token`, like [`Emulator::write_private_key`].
    pub fn write_personal_access_token(&self, dir: &Path) -> io::Result<PathBuf> {
        let path = write_secret(
            dir,
            "personal_access_token",
            self.platform.accounts.personal_access_token(),
        )?;
        self.platform.secret_files().personal_access_token = Some(path.clone());
        Ok(path)
    }

    /// Returns the list of requests received.
    pub fn journal(&self) -> Journal {
        self.platform.journal.clone()
    }

    /// Returns the platform's clock, which can be moved.
    pub fn clock(&self) -> Clock {
        self.platform.clock.clone()
    }

    /// Returns the faults on order.
    pub fn faults(&self) -> Faults {
        self.platform.faults.clone()
    }

    /// Sets the time between two deltas of an answer, also of answers that are being spoken.
    pub fn set_delta_spacing(&self, spacing: Duration) {
        self.platform.set_delta_spacing(spacing);
    }

    /// Stops listening, ends running answers, and waits (two seconds at most) until the last connection is closed.
    pub async fn shutdown(self) {
        self.platform.stopping.cancel();
        self.platform.tasks.close();
        if timeout(SHUTDOWN_GRACE, self.platform.tasks.wait()).await.is_err() {
            tracing::warn!("Left the emulator's last connections to end by themselves");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.platform.stopping.cancel();
    }
}

fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .merge(oauth::routes())
        .merge(api::routes())
        // Above the layer: what is nested below is not journalled.
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), rim))
        .nest("/_emulator", control::routes())
        .with_state(platform)
}

/// Sends each small frame of a stream at once.
fn without_nagle(listener: TcpListener) -> impl Listener<Addr = SocketAddr> {
    listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "Could not turn off Nagle's algorithm");
        }
    })
}
