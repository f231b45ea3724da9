//! On what, and with which versions, it was measured.

use crate::options::Options;
use coze_auth::{Clock as _, SystemClock};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// What stands beside every table.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) date: String,
    processor: String,
    cores: usize,
    kernel: String,
    versions: Vec<String>,
}

impl Facts {
    pub(crate) fn gather(options: &Options) -> Self {
        let date = jiff::Timestamp::from_second(SystemClock.now().0)
            .map_or_else(|_| String::new(), |now| now.strftime("%Y-%m-%d %H:%M UTC").to_string());
        let processor = read("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned());
        let programs = [
            (Some(options.cozegate.as_path()), "--version"),
            (options.nginx.as_deref(), "-v"),
            (options.haproxy.as_deref(), "-v"),
            (Some(Path::new("openssl")), "version"),
            (options.python.as_deref(), "--version"),
        ];
        let versions = programs
            .into_iter()
            .filter_map(|(program, argument)| version(program?, argument, options.libraries.as_deref()))
            .collect();
        Self {
            date,
            processor,
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            versions,
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            date,
            processor,
            cores,
            kernel,
            versions,
        } = self;
        write!(
            f,
            "{date}; {cores} cores of {processor}, Linux {kernel}; {}",
            versions.join(", ")
        )
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The first line that a program says about itself, shortened to its name and number.
fn version(program: &Path, argument: &str, libraries: Option<&Path>) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument);
    if let Some(libraries) = libraries {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    let output = command.output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&said);
    let line = text
        .lines()
        .next()?
        .replace("nginx version: nginx/", "nginx ")
        .replace("version ", "");
    Some(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}
