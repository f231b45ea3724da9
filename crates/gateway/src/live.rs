//! The part of the shared state that a configuration decides and a reload replaces.

use cozegate_config::{Config, LimitsConfig};
use cozegate_core::addresses::origins;
use cozegate_core::apps::Apps;
use cozegate_core::limits::Limits;
use cozegate_core::sites::Sites;
use cozegate_core::state::Live;
use cozegate_core::targets::Allowed;
use std::net::SocketAddr;
use std::sync::Arc;

/// Makes it from `config`; `listeners` are the addresses of the proxy and of the auth service.
pub(crate) fn live(config: &Config, apps: Apps, limits: Arc<Limits>, listeners: [SocketAddr; 2]) -> Live {
    Live {
        targets: targets(config),
        apps,
        origins: origins(config, listeners),
        sites: Sites::new(config, listeners),
        chat: config.chat.clone(),
        userscript: config.userscript.clone(),
        handle_lifetime: config.visitors.handle_lifetime,
        pass_lifetime: config.visitors.pass_lifetime,
        limits,
        access_log: config.log.access,
    }
}

/// The configured limits, with room in memory for one file of the largest size.
pub(crate) fn limits_config(config: &Config) -> LimitsConfig {
    let limits = config.limits.clone();
    let buffer_mib = match limits.buffer_mib {
        0 => 0,
        mib => mib.max(config.files.file_mib),
    };
    LimitsConfig { buffer_mib, ..limits }
}

/// The hosts of files, and the APIs of all apps.
fn targets(config: &Config) -> Arc<Allowed> {
    let api_bases = config.apps.values().map(|app| &app.endpoints.api_base);
    Arc::new(Allowed::new(config.files.hosts.clone(), api_bases))
}
