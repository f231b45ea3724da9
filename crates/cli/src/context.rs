//! What every command is handed: the captured environment, the working directory, and where to print.

use crate::args::SourceArguments;
use crate::failure::{Failure, FailureKind};
use crate::logging::Logging;
use crate::output::Output;
use cozegate_config::{ConfigErrors, Environment, Flag, LoadRequest, Loaded};
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) environment: Environment,
    pub(crate) directory: PathBuf,
    pub(crate) output: Output,
    pub(crate) logging: Logging,
}

impl Context {
    pub(crate) fn new(environment: Environment, output: Output, logging: Logging) -> Self {
        // Without a working directory (it was deleted, say) the relative name still gives a sensible mistake.
        let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self {
            environment,
            directory,
            output,
            logging,
        }
    }

    /// Loads the configuration, without saying anything about it.
    pub(crate) fn load(&self, source: &SourceArguments, flags: Vec<Flag>) -> Result<Loaded, ConfigErrors> {
        cozegate_config::load(self.load_request(source, flags))
    }

    /// What a configuration is loaded by, now and again later.
    pub(crate) fn load_request(&self, source: &SourceArguments, flags: Vec<Flag>) -> LoadRequest {
        LoadRequest {
            explicit: source.config.clone(),
            directory: self.directory.clone(),
            environment: self.environment.clone(),
            flags,
        }
    }

    /// Loads the configuration and says what deserves a word.
    pub(crate) fn load_aloud(&self, source: &SourceArguments, flags: Vec<Flag>) -> Result<Loaded, Failure> {
        let loaded = self
            .load(source, flags)
            .map_err(|errors| self.config_failure(&errors))?;
        self.show_notices(&loaded);
        Ok(loaded)
    }

    /// Shows what deserves a word, on stderr.
    pub(crate) fn show_notices(&self, loaded: &Loaded) {
        for notice in &loaded.notices {
            self.output.warning(&notice.text(self.output.language));
        }
    }

    /// The failure of a configuration that is wrong.
    pub(crate) fn config_failure(&self, errors: &ConfigErrors) -> Failure {
        let mut lines = errors
            .mistakes()
            .iter()
            .map(|mistake| mistake.text(self.output.language));
        let message = match errors.mistakes().len() {
            1 => lines.next().unwrap_or_default(),
            count => self
                .output
                .text("cli-config-mistakes", &[("count", &count.to_string())]),
        };
        lines.fold(Failure::new(FailureKind::Configuration, message), Failure::with_detail)
    }

    /// Makes the runtime that carries the auth service, the renewal of tokens and the emulator.
    pub(crate) fn runtime(&self) -> Result<Runtime, Failure> {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| {
                Failure::new(FailureKind::Fault, self.output.text("cli-runtime-failed", &[])).because(&source)
            })
    }
}
