//! What was asked for, and which programs were found.
//!
//! Read by hand: people type `cargo xtask bench proxy`, which checks what they typed and hands it on.

use anyhow::{Context as _, bail};
use std::path::PathBuf;
use std::time::Duration;

/// The measures by name, in the order in which they run.
pub(crate) const MEASURES: [&str; 9] = [
    "start",
    "mints",
    "json",
    "tls",
    "open-loop",
    "sse",
    "memory",
    "slow",
    "growth",
];

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) cozegate: PathBuf,
    pub(crate) nginx: Option<PathBuf>,
    pub(crate) haproxy: Option<PathBuf>,
    /// A Python that has what `python/requirements.txt` lists.
    pub(crate) python: Option<PathBuf>,
    /// Where the proxies' own libraries lie, if not where the system looks.
    pub(crate) libraries: Option<PathBuf>,
    /// Clean pairs wanted.
    pub(crate) pairs: usize,
    /// How long each proxy is measured in a round.
    pub(crate) slice: Duration,
    /// Streams, sockets and users are a tenth of what a full run has.
    pub(crate) small: bool,
    /// Empty for all.
    pub(crate) only: Vec<String>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) picture: Option<PathBuf>,
}

impl Options {
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self {
            cozegate: PathBuf::new(),
            nginx: None,
            haproxy: None,
            python: None,
            libraries: None,
            pairs: 5,
            slice: Duration::from_millis(1500),
            small: false,
            only: vec![],
            json: None,
            picture: None,
        };
        while let Some(argument) = arguments.next() {
            if argument == "--small" {
                options.small = true;
                continue;
            }
            let value = arguments.next().with_context(|| format!("{argument} wants a value"))?;
            match argument.as_str() {
                "--cozegate" => options.cozegate = value.into(),
                "--nginx" => options.nginx = Some(value.into()),
                "--haproxy" => options.haproxy = Some(value.into()),
                "--python" => options.python = Some(value.into()),
                "--libraries" => options.libraries = Some(value.into()),
                "--pairs" => options.pairs = value.parse().context("--pairs wants a number")?,
                "--seconds" => {
                    let seconds = value.parse().context("--seconds wants a number")?;
                    options.slice = Duration::try_from_secs_f64(seconds).context("--seconds wants a duration")?;
                }
                "--only" => options.only.push(value),
                "--json" => options.json = Some(value.into()),
                "--picture" => options.picture = Some(value.into()),
                _ => bail!("{argument} is not known"),
            }
        }
        if options.cozegate.as_os_str().is_empty() {
            bail!("nothing to measure: run it with `cargo xtask bench proxy`");
        }
        if let Some(unknown) = options.only.iter().find(|name| !MEASURES.contains(&name.as_str())) {
            bail!("there is no measure {unknown}; there are {}", MEASURES.join(", "));
        }
        options.pairs = options.pairs.max(1);
        Ok(options)
    }

    pub(crate) fn wants(&self, measure: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == measure)
    }

    /// How many of what a full run has `full` of.
    pub(crate) const fn scaled(&self, full: usize) -> usize {
        if self.small { full / 10 } else { full }
    }
}
