//! haproxy with one constant credential for everybody.

use super::{MOST_CONNECTIONS, Started, Target, command, cores};
use crate::child::{Running, free_addr};
use crate::load::Door;
use crate::stub::{CONSTANT_TOKEN, Stub};
use std::path::Path;
use std::sync::Arc;

/// Starts it in `home`.
pub(crate) fn start(
    program: &Path,
    libraries: Option<&Path>,
    home: &Path,
    stub: &Stub,
    handles: &Arc<Vec<String>>,
) -> anyhow::Result<Started> {
    let addr = free_addr()?;
    let file = home.join("haproxy.cfg");
    // Each connection is one handle on each side.
    let (threads, connections, api) = (cores(), MOST_CONNECTIONS / 2, stub.api);
    std::fs::write(
        &file,
        format!(
            "global
    nbthread {threads}
    maxconn {connections}
defaults
    mode http
    timeout connect 10s
    timeout client 300s
    timeout server 300s
    timeout http-keep-alive 300s
    option http-keep-alive
    option http-no-delay
    http-reuse always
frontend callers
    bind {addr} backlog 4096
    http-request set-header Authorization \"Bearer {CONSTANT_TOKEN}\"
    http-request set-header Host {api}
    http-response set-header Access-Control-Allow-Origin https://www.coze.cn
    http-response set-header Vary Origin
    default_backend api
backend api
    server stub {api} pool-max-conn -1
"
        ),
    )?;
    let mut command = command(program, home, libraries);
    command.arg("-db").arg("-f").arg(&file);
    let mut running = Running::start("haproxy", command, home)?;
    running.wait_for(addr)?;
    let target = Target {
        name: "haproxy",
        door: Door {
            addr,
            handles: Arc::clone(handles),
        },
        pids: running.pids(),
        helper: None,
    };
    Ok(Started {
        targets: vec![target],
        _running: running,
    })
}
