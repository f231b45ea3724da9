//! A gateway and a host of files behind it.

use super::{Answer, Names, RecordingUpstream, World, fixed_app, send};
use coze_auth::{Clock, SystemClock, SystemRandom};
use cozegate_config::{Config, ConfigSource, FileHost};
use cozegate_gateway::store;
use std::sync::Arc;

/// A gateway, a host of files that it knows as `http://cdn.test:PORT`, and the names it looks up.
pub struct Site {
    pub world: World,
    pub cdn: RecordingUpstream,
    pub names: Arc<Names>,
    /// What stands before the path of a file.
    pub base: String,
    clock: Arc<dyn Clock>,
}

impl Site {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With `change` made to the configuration.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(SystemClock, change).await
    }

    /// The same at a time of the test's own.
    pub async fn start_at(clock: impl Clock + 'static, change: impl FnOnce(&mut Config)) -> Self {
        let cdn = RecordingUpstream::start().await;
        let base = cdn.api_base().replace("127.0.0.1", "cdn.test");
        let names = Arc::new(Names::default());
        names.set("cdn.test", &[&["127.0.0.1"]]);
        let mut config = Config::for_app(ConfigSource::Demo, fixed_app("main", "http://127.0.0.1:9"));
        config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
        config.server.auth_addr = ([127, 0, 0, 1], 0).into();
        config.files.hosts = vec![FileHost::private(&base).unwrap()];
        change(&mut config);
        let clock: Arc<dyn Clock> = Arc::new(clock);
        Self {
            world: run(config, &clock, &names).await,
            cdn,
            names,
            base,
            clock,
        }
    }

    /// The same host of files behind another process of the gateway.
    pub async fn restart(self) -> Self {
        let config = self.world.config.clone();
        self.world.stop().await;
        Self {
            world: run(config, &self.clock, &self.names).await,
            ..self
        }
    }

    /// Asks for a file of the host.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET /{}{path}", self.base), "").await
    }

    /// Asks the proxy, without a credential.
    pub async fn ask(&self, line: &str, fields: &str) -> Answer {
        let proxy = self.world.proxy;
        send(proxy, &format!("{line} HTTP/1.1\r\nHost: {proxy}\r\n{fields}\r\n")).await
    }
}

async fn run(config: Config, clock: &Arc<dyn Clock>, names: &Arc<Names>) -> World {
    let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
    let (clock, resolver) = (Arc::clone(clock), Arc::clone(names));
    World::run_resolving(config, backend, clock, resolver)
}
