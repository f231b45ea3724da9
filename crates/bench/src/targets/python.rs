//! The stack of the hand-made set-ups: Flask and requests under gunicorn (`python/app.py`).

use super::{Started, Target, command, cores};
use crate::child::{Running, free_addr};
use crate::load::Door;
use crate::stub::Stub;
use std::path::Path;
use std::sync::Arc;

const APP: &str = include_str!("../../python/app.py");

/// Starts it in `home`.
pub(crate) fn start(program: &Path, home: &Path, stub: &Stub, handles: &Arc<Vec<String>>) -> anyhow::Result<Started> {
    let addr = free_addr()?;
    std::fs::write(home.join("app.py"), APP)?;
    let mut command = command(program, home, None);
    command
        .env("BENCH_UPSTREAM", format!("http://{}", stub.api))
        .args([
            "-m",
            "gunicorn",
            "--worker-class",
            "gthread",
            "--threads",
            "64",
            "--keep-alive",
            "300",
        ])
        .args([
            "--workers",
            &cores().to_string(),
            "--bind",
            &addr.to_string(),
            "app:app",
        ]);
    let mut running = Running::start("python", command, home)?;
    running.wait_for(addr)?;
    let pids = running.wait_for_processes(cores() + 1)?;
    let door = Door {
        addr,
        handles: Arc::clone(handles),
    };
    let target = Target {
        name: "Flask, requests, gunicorn",
        door,
        pids,
        helper: None,
    };
    Ok(Started {
        targets: vec![target],
        _running: running,
    })
}
