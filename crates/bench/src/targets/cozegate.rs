//! cozegate as people run it: `serve` with a service app, a store in SQLite, users with handles, and every guard on.

use super::{Started, Target, command};
use crate::child::{Running, free_addr};
use crate::load::Door;
use crate::wire;
use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

/// Every rate is counted, and none is met.
const MOST: u32 = 10_000_000;

/// What an instance needs.
#[derive(Clone, Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) program: &'a Path,
    /// The folder of its files.
    pub(crate) home: PathBuf,
    pub(crate) private_key: &'a Path,
    pub(crate) api_base: String,
    /// What it has to trust besides the system's certificates.
    pub(crate) authority: Option<&'a Path>,
}

/// A running instance.
#[derive(Debug)]
pub(crate) struct Cozegate {
    pub(crate) started: Started,
    /// Where its auth service listens.
    auth: SocketAddr,
}

impl Setup<'_> {
    /// Writes the configuration and starts the program, without waiting for it.
    pub(crate) fn launch(&self) -> anyhow::Result<(Running, SocketAddr, SocketAddr)> {
        let (proxy, auth) = (free_addr()?, free_addr()?);
        std::fs::create_dir_all(&self.home)?;
        let mut file = String::new();
        write!(
            file,
            "mode = \"local\"\n\n[apps.main]\nkind = \"jwt\"\napi_base = \"{}\"\nclient_id = \"1100000000001\"\n\
             public_key_id = \"bench\"\nprivate_key_file = \"{}\"\nduration_seconds = 86399\n\n\
             [server]\nproxy_addr = \"{proxy}\"\nauth_addr = \"{auth}\"\n\n\
             [limits]\nrequests_per_minute = {MOST}\naddress_requests_per_minute = {MOST}\nburst = 1000000\n\
             sessions_per_minute = {MOST}\nlogins_per_minute = {MOST}\n\n\
             [visitors]\nsecret_file = \"secret\"\n\n\
             [store]\nkind = \"sqlite\"\npath = \"cozegate.db\"\nseal_key_file = \"store.key\"\n",
            self.api_base,
            self.private_key.display()
        )?;
        let path = self.home.join("cozegate.toml");
        std::fs::write(&path, file)?;
        let mut command = command(self.program, &self.home, None);
        command
            .args(["serve", "--json", "--config"])
            .arg(&path)
            .stdout(Stdio::null());
        if let Some(authority) = self.authority {
            command.env("SSL_CERT_FILE", authority);
        }
        Ok((Running::start("cozegate", command, &self.home)?, proxy, auth))
    }

    /// Starts an instance and opens sessions for `users` users.
    pub(crate) fn start(&self, name: &'static str, users: usize) -> anyhow::Result<Cozegate> {
        let (mut running, proxy, auth) = self.launch()?;
        running.wait_for(auth)?;
        running.wait_for(proxy)?;
        let handles = sessions(auth, 0..users)?;
        let target = Target {
            name,
            door: Door {
                addr: proxy,
                handles: Arc::new(handles),
            },
            pids: running.pids(),
            helper: None,
        };
        Ok(Cozegate {
            started: Started {
                targets: vec![target],
                _running: running,
            },
            auth,
        })
    }
}

impl Cozegate {
    pub(crate) fn target(&self) -> anyhow::Result<&Target> {
        self.started.targets.first().context("an instance without a door")
    }

    /// The same way in for other users as well.
    pub(crate) fn with_users(&self, users: std::ops::Range<usize>) -> anyhow::Result<Target> {
        let target = self.target()?;
        Ok(Target {
            door: Door {
                handles: Arc::new(sessions(self.auth, users)?),
                ..target.door
            },
            ..target.clone()
        })
    }

    /// The status of a `POST` that has no right to be answered: 404 and 405 mean that there is no such thing.
    pub(crate) fn status_of_post(&self, path: &str) -> anyhow::Result<u16> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n",
            self.auth
        );
        Ok(wire::ask(self.auth, request.as_bytes())?.0)
    }
}

/// Opens a session for each user and returns the handles.
fn sessions(auth: SocketAddr, users: std::ops::Range<usize>) -> anyhow::Result<Vec<String>> {
    let mut stream = TcpStream::connect(auth)?;
    stream.set_nodelay(true)?;
    users
        .map(|user| {
            let body = format!(r#"{{"session_name":"user-{user}"}}"#);
            let request = format!(
                "POST /auth/session HTTP/1.1\r\nHost: {auth}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let (status, answer) = wire::ask_on(&mut stream, request.as_bytes())?;
            ensure!(status == 200, "no session was opened: {status} {answer}");
            let answer: serde_json::Value = serde_json::from_str(&answer)?;
            let handle = answer.get("handle").and_then(|handle| handle.as_str());
            Ok(handle.context("a session without a handle")?.to_owned())
        })
        .collect()
}
