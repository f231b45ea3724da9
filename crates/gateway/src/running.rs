//! The running services: what they are told while they run, and how they stop.

use crate::live::{limits_config, live};
use crate::start_error::StartError;
use arc_swap::ArcSwap;
use cozegate_config::Config;
use cozegate_core::addresses::base_of;
use cozegate_core::apps::Apps;
use cozegate_core::connections::Certificate;
use cozegate_core::guard::Scheme;
use cozegate_core::limits::Limits;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::Reload;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a renewal may take to its end: an exchange with the platform, and a save.
const LONGEST_RENEWAL: Duration = Duration::from_secs(40);

/// The running services.
#[derive(Debug)]
pub struct Running {
    pub(crate) proxy_addr: Option<SocketAddr>,
    pub(crate) auth_addr: Option<SocketAddr>,
    pub(crate) shared: Arc<Shared>,
    /// What we were started with: settings outside [`cozegate_core::state::Live`] stay as they stand here.
    pub(crate) config: Config,
    /// What both listeners show, if they speak TLS.
    pub(crate) certificate: Option<Arc<Certificate>>,
    /// What is in force now.
    pub(crate) current: ArcSwap<Config>,
    pub(crate) stop: CancellationToken,
    pub(crate) grace: Duration,
    pub(crate) workers: Vec<oneshot::Receiver<()>>,
    pub(crate) auth_connections: TaskTracker,
}

impl Running {
    /// Where the proxy listens, if it was started.
    pub fn proxy_addr(&self) -> Option<SocketAddr> {
        self.proxy_addr
    }

    /// Where the auth service listens, if it was started.
    pub fn auth_addr(&self) -> Option<SocketAddr> {
        self.auth_addr
    }

    /// The address of the listener at `addr` as people of this machine type it.
    pub fn url_of(&self, addr: SocketAddr) -> String {
        let scheme = if self.certificate.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        };
        format!("{scheme}://{addr}")
    }

    /// Where visitors reach the proxy and the auth service, in public mode.
    pub fn public_urls(&self) -> Option<[String; 2]> {
        let public = self.shared.public.as_ref()?;
        Some([base_of(&public.proxy), base_of(&public.auth)])
    }

    /// Puts `config` in force for the requests that come from now on; those under way end with what they began with.
    ///
    /// Tokens and handles stay, so that a key or an app can be exchanged without a refused request. All or nothing:
    /// on an error the old configuration stays. Returns the sections whose changes need a restart.
    pub fn apply(&self, config: &Config) -> Result<Vec<&'static str>, StartError> {
        let apps = Apps::new(config, &self.shared.means, &self.stop).inspect_err(|_| self.refused_config())?;
        let listeners = [self.shared.proxy_addr, self.shared.auth_addr];
        self.shared
            .replace_live(live(config, apps, self.limits_of(config), listeners));
        self.shared.exchanges.look_now();
        if let (Some(certificate), Some(tls)) = (&self.certificate, &config.server.tls) {
            certificate.replace(tls.certified_key());
        }
        self.current.store(Arc::new(config.clone()));
        self.shared.telemetry.common().reloaded(Reload::Applied);
        let fixed = [
            ("mode", self.config.mode == config.mode),
            ("server", self.config.server == config.server),
            ("store", self.config.store.is_same_as(&config.store)),
            (
                "limits.connections",
                self.config.limits.connections == config.limits.connections
                    && self.config.limits.connections_per_address == config.limits.connections_per_address,
            ),
            ("timeouts", self.config.timeouts == config.timeouts),
            ("files", self.config.files.is_same_but_for_hosts(&config.files)),
            (
                "visitors.secret_file",
                self.config.visitors.secret_file == config.visitors.secret_file,
            ),
        ];
        Ok(fixed
            .into_iter()
            .filter(|(_, is_same)| !is_same)
            .map(|(section, _)| section)
            .collect())
    }

    /// The limits of `config`: those in force, with what was used of them, unless they change.
    fn limits_of(&self, config: &Config) -> Arc<Limits> {
        let in_force = &self.shared.live().limits;
        let limits = limits_config(config);
        if *in_force.config() == limits {
            Arc::clone(in_force)
        } else {
            Arc::new(in_force.changed_to(limits))
        }
    }

    /// Takes note of a new configuration that was not even tried, because it has mistakes. [`apply`](Self::apply) does so
    /// itself.
    pub fn refused_config(&self) {
        self.shared.telemetry.common().reloaded(Reload::Refused);
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.current.load_full()
    }

    /// Begins to stop: no new connection, idle ones closed, running answers finished within the grace period.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end after [`stop`](Self::stop). What still runs after the grace period is cut.
    pub async fn stopped(self) {
        self.stop.cancelled().await;
        self.auth_connections.close();
        let auth_ended = tokio::time::timeout(self.grace, self.auth_connections.wait());
        let workers_ended = async {
            for worker in self.workers {
                // An error means that the thread has ended without a word: ended all the same.
                let _ended = worker.await;
            }
        };
        let (auth_ended, ()) = tokio::join!(auth_ended, workers_ended);
        if auth_ended.is_err() {
            tracing::warn!("Answers of the auth service still running after the grace period are cut");
        }
        // A redeemed refresh token that is not saved yet would be a lost login: these have as long as the platform may
        // take to answer. Whoever cannot wait sends a second signal.
        let renewals = &self.shared.means.tasks;
        renewals.close();
        if tokio::time::timeout(self.grace.max(LONGEST_RENEWAL), renewals.wait())
            .await
            .is_err()
        {
            tracing::warn!("Renewals of tokens that still run are cut; a login among them may be lost");
        }
        self.shared.backend.close().await;
        #[cfg(feature = "otel")]
        if let Some(traces) = self.shared.telemetry.traces().cloned() {
            let stopping = self.shared.background.spawn_blocking(move || traces.stop());
            if stopping.await.is_err() {
                tracing::warn!("The last traces were not exported");
            }
        }
    }
}
