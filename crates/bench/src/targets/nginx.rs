//! nginx: once with one constant credential for everybody, once with a credential per user, once with TLS upstream.

use super::{MOST_CONNECTIONS, Started, Target, command, cores};
use crate::certificates::Certificates;
use crate::child::{Running, free_addr};
use crate::load::Door;
use crate::stub::{CONSTANT_TOKEN, Stub};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// The doors, in this order.
#[derive(Clone, Copy, Debug)]
struct Doors {
    plain: SocketAddr,
    per_user: SocketAddr,
    tls: Option<SocketAddr>,
}

/// Starts it in `home`.
pub(crate) fn start(
    program: &Path,
    libraries: Option<&Path>,
    home: &Path,
    stub: &Stub,
    certificates: Option<&Certificates>,
    handles: &Arc<Vec<String>>,
) -> anyhow::Result<Started> {
    let tls = stub.api_tls.zip(certificates);
    let doors = Doors {
        plain: free_addr()?,
        per_user: free_addr()?,
        tls: tls.map(|_| free_addr()).transpose()?,
    };
    let file = home.join("nginx.conf");
    let tls = tls.map(|(api, certificates)| (api, certificates.authority.as_path()));
    std::fs::write(&file, configuration(home, stub, doors, tls))?;
    let mut command = command(program, home, libraries);
    command
        .arg("-p")
        .arg(home)
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(home.join("nginx-start.log"));
    let mut running = Running::start("nginx", command, home)?;
    running.wait_for(doors.plain)?;
    let pids = running.wait_for_processes(cores() + 1)?;
    let target = |name, addr, helper| Target {
        name,
        door: Door {
            addr,
            handles: Arc::clone(handles),
        },
        pids: pids.clone(),
        helper,
    };
    let mut targets = vec![
        target("nginx", doors.plain, None),
        target("nginx auth_request", doors.per_user, Some(stub.lookup_thread)),
    ];
    targets.extend(doors.tls.map(|addr| target("nginx to TLS", addr, None)));
    Ok(Started {
        targets,
        _running: running,
    })
}

fn configuration(home: &Path, stub: &Stub, doors: Doors, tls: Option<(SocketAddr, &Path)>) -> String {
    let home = home.display();
    let workers = cores();
    let (api, lookup) = (stub.api, stub.lookup);
    let Doors { plain, per_user, .. } = doors;
    let common = format!(
        "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host {api};
         add_header Access-Control-Allow-Origin https://www.coze.cn always; add_header Vary Origin always;"
    );
    let tls = tls
        .zip(doors.tls)
        .map_or_else(String::new, |((api_tls, authority), addr)| {
            format!(
                "upstream api_tls {{ server {api_tls}; keepalive 1024; keepalive_requests 100000000; }}
             server {{
               listen {addr} reuseport backlog=4096;
               {common}
               proxy_set_header Authorization \"Bearer {CONSTANT_TOKEN}\";
               proxy_ssl_verify on; proxy_ssl_trusted_certificate {authority}; proxy_ssl_name localhost;
               proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2 TLSv1.3;
               location / {{ proxy_pass https://api_tls; }}
             }}",
                authority = authority.display()
            )
        });
    format!(
        "daemon off; worker_processes {workers}; worker_rlimit_nofile {handles};
         error_log {home}/nginx-error.log error; pid {home}/nginx.pid;
         events {{ worker_connections {MOST_CONNECTIONS}; }}
         http {{
           access_log off; server_tokens off; keepalive_requests 100000000; proxy_read_timeout 300s;
           client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
           uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
           upstream api {{ server {api}; keepalive 1024; keepalive_requests 100000000; }}
           upstream lookup {{ server {lookup}; keepalive 1024; keepalive_requests 100000000; }}
           server {{
             listen {plain} reuseport backlog=4096;
             {common}
             proxy_set_header Authorization \"Bearer {CONSTANT_TOKEN}\";
             location / {{ proxy_pass http://api; }}
             location /v3/chat {{ proxy_pass http://api; proxy_buffering off; }}
           }}
           server {{
             listen {per_user} reuseport backlog=4096;
             {common}
             auth_request /_credential;
             auth_request_set $credential $upstream_http_x_upstream_authorization;
             proxy_set_header Authorization $credential;
             location / {{ proxy_pass http://api; }}
             location /v3/chat {{ proxy_pass http://api; proxy_buffering off; }}
             location = /_credential {{
               internal;
               proxy_pass http://lookup; proxy_http_version 1.1; proxy_pass_request_body off;
               proxy_set_header Connection \"\"; proxy_set_header Content-Length \"\";
             }}
           }}
           {tls}
         }}
",
        handles = MOST_CONNECTIONS + 1024,
    )
}
