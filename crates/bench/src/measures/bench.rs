//! What every measure uses: the stub, and the proxies that run all the time.

use crate::certificates::Certificates;
use crate::options::Options;
use crate::picture::Chart;
use crate::row::Row;
use crate::stub::{Stub, json_body};
use crate::targets::cozegate::{Cozegate, Setup};
use crate::targets::{Started, Target, haproxy, nginx, python};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Users with a session of their own.
const USERS: usize = 512;

/// What came of a measure.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<Row>,
    pub(crate) charts: Vec<Chart>,
}

/// What every measure uses: the stub, and the proxies that run all the time.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(super) home: PathBuf,
    pub(crate) stub: Stub,
    pub(crate) certificates: Certificates,
    pub(crate) private_key: PathBuf,
    pub(super) body: Vec<u8>,
    cozegate: Cozegate,
    nginx: Option<Started>,
    haproxy: Option<Started>,
    python: Option<Started>,
    folders: Cell<usize>,
}

impl Bench {
    /// Starts everything in `home`.
    pub(crate) fn start(options: Options, home: &Path) -> anyhow::Result<Self> {
        let certificates = Certificates::make(home)?;
        let private_key = crate::certificates::make_private_key(home)?;
        let stub = Stub::start(Some(&certificates))?;
        let setup = Setup {
            program: &options.cozegate,
            home: home.join("cozegate"),
            private_key: &private_key,
            api_base: format!("http://{}", stub.api),
            authority: None,
        };
        let cozegate = setup.start("cozegate", USERS)?;
        let handles = Arc::clone(&cozegate.target()?.door.handles);
        for (user, handle) in handles.iter().enumerate() {
            stub.know(handle, user);
        }
        let libraries = options.libraries.as_deref();
        let folder = |name: &str| {
            let folder = home.join(name);
            std::fs::create_dir_all(&folder).map(|()| folder)
        };
        let nginx = match &options.nginx {
            None => None,
            Some(program) => {
                let folder = folder("nginx")?;
                Some(nginx::start(
                    program,
                    libraries,
                    &folder,
                    &stub,
                    Some(&certificates),
                    &handles,
                )?)
            }
        };
        let haproxy = match &options.haproxy {
            None => None,
            Some(program) => Some(haproxy::start(
                program,
                libraries,
                &folder("haproxy")?,
                &stub,
                &handles,
            )?),
        };
        let python = match &options.python {
            None => None,
            Some(program) => Some(python::start(program, &folder("python")?, &stub, &handles)?),
        };
        Ok(Self {
            options,
            home: home.to_owned(),
            stub,
            certificates,
            private_key,
            body: json_body(),
            cozegate,
            nginx,
            haproxy,
            python,
            folders: Cell::new(0),
        })
    }

    /// An instance of cozegate of its own, to be configured and started.
    pub(super) fn setup(&self) -> Setup<'_> {
        Setup {
            program: &self.options.cozegate,
            home: self.fresh_folder("cozegate"),
            private_key: &self.private_key,
            api_base: format!("http://{}", self.stub.api),
            authority: None,
        }
    }

    /// The path of a folder that nobody else uses.
    pub(super) fn fresh_folder(&self, name: &str) -> PathBuf {
        self.folders.set(self.folders.get() + 1);
        self.home.join(format!("{name}-{}", self.folders.get()))
    }

    pub(super) fn ours(&self) -> anyhow::Result<&Target> {
        self.cozegate.target()
    }

    /// The ways through nginx: in clear, per user, to TLS.
    pub(super) fn nginx(&self, way: usize) -> Option<&Target> {
        self.nginx.as_ref()?.targets.get(way)
    }

    pub(super) fn haproxy(&self) -> Option<&Target> {
        self.haproxy.as_ref()?.targets.first()
    }

    pub(super) fn python(&self) -> Option<&Target> {
        self.python.as_ref()?.targets.first()
    }

    /// A second nginx, as it is after its start.
    pub(super) fn fresh_nginx(&self) -> anyhow::Result<Option<Started>> {
        let Some(program) = &self.options.nginx else {
            return Ok(None);
        };
        let folder = self.fresh_folder("nginx");
        std::fs::create_dir_all(&folder)?;
        let libraries = self.options.libraries.as_deref();
        let handles = &self.ours()?.door.handles;
        nginx::start(program, libraries, &folder, &self.stub, None, handles).map(Some)
    }

    /// A second haproxy.
    pub(super) fn fresh_haproxy(&self) -> anyhow::Result<Option<Started>> {
        let Some(program) = &self.options.haproxy else {
            return Ok(None);
        };
        let folder = self.fresh_folder("haproxy");
        std::fs::create_dir_all(&folder)?;
        let libraries = self.options.libraries.as_deref();
        let handles = &self.ours()?.door.handles;
        haproxy::start(program, libraries, &folder, &self.stub, handles).map(Some)
    }

    /// The row for what the product may not be able to do yet.
    pub(crate) fn auth_token(&self) -> anyhow::Result<Row> {
        let name = "POST /auth/token for a fresh token, CPU vs bare hyper";
        let goal = crate::row::Goal::at_most(1.6, 1.25);
        let status = self.cozegate.status_of_post("/auth/token")?;
        let (verdict, note) = match status {
            404 | 405 => (crate::row::Verdict::NotBuilt, String::new()),
            other => (
                crate::row::Verdict::Skipped,
                format!("it answers {other}; this program does not measure it yet"),
            ),
        };
        Ok(Row::absent(name, goal, verdict, note))
    }

    /// Every call has to come with a credential that a proxy of ours has put in.
    pub(crate) fn check_credentials(&self) -> anyhow::Result<()> {
        let wrong = self.stub.wrong_credentials();
        anyhow::ensure!(
            wrong == 0,
            "{wrong} requests came upstream without a token of the stub's"
        );
        Ok(())
    }
}
