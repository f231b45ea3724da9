//! What outlives a command: the folder for it, the gateway's secret, and the store.

use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use coze_auth::SystemRandom;
use cozegate_config::{Config, Environment, StoreKind};
use cozegate_gateway::store::{self, OpenStoreError, OpenedStore};
use cozegate_store::{Backend, GatewaySecret};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The gateway's secret, in the folder.
const SECRET_FILE: &str = "visitors.secret";
/// Fetched files, in the folder.
const FILES_FOLDER: &str = "files";

/// Reads the secret from which visitors are derived, or makes it. Without a place to keep one, visitors start anew with
/// every start; that is said and served.
pub(super) fn load_secret(context: &Context, config: &Config) -> Result<GatewaySecret, Failure> {
    let output = &context.output;
    let usual = || folder(&context.environment).map(|folder| folder.join(SECRET_FILE));
    let Some(path) = config.visitors.secret_file.clone().or_else(usual) else {
        output.warning(&output.text("cli-no-state-directory", &[]));
        return Ok(GatewaySecret::throw_away(&SystemRandom));
    };
    GatewaySecret::load_or_create(&path, &SystemRandom).map_err(|source| {
        let path = path.display().to_string();
        Failure::new(
            FailureKind::Configuration,
            output.text("cli-secret-file-failed", &[("path", &path)]),
        )
        .because(&source)
        .with_hint(output.text("cli-hint-secret-file", &[]))
    })
}

/// Opens the store. Without a place for a file, nothing outlives the process; that is said and served.
pub(super) async fn open_store(context: &Context, config: &Config) -> Result<Backend, Failure> {
    let output = &context.output;
    let folder = folder(&context.environment);
    let opened = store::open(&config.store, folder.as_deref(), Arc::new(SystemRandom)).await;
    let OpenedStore { backend, is_makeshift } = opened.map_err(|error| store_failure(context, config, &error))?;
    if is_makeshift {
        output.warning(&output.text("cli-store-makeshift", &[]));
    }
    Ok(backend)
}

/// Where fetched files are kept when nobody says where: beside the SQLite file, else below the state folder. Whoever wants
/// nothing to outlive the process has no files either.
pub(super) fn files_folder(context: &Context, config: &Config) -> Option<PathBuf> {
    let beside = match &config.store.kind {
        StoreKind::Memory => return None,
        StoreKind::Sqlite { path } => path.as_deref().and_then(Path::parent).map(Path::to_owned),
        StoreKind::Postgres { .. } | StoreKind::Redis { .. } => None,
    };
    beside
        .or_else(|| folder(&context.environment))
        .map(|folder| folder.join(FILES_FOLDER))
}

/// Opens a store that ends with the process.
pub(super) async fn open_memory(context: &Context) -> Result<Backend, Failure> {
    let opened = store::in_memory(Arc::new(SystemRandom)).await;
    opened.map_err(|source| {
        Failure::new(FailureKind::Fault, context.output.text("cli-start-failed", &[])).because(&source)
    })
}

fn store_failure(context: &Context, config: &Config, error: &OpenStoreError) -> Failure {
    let output = &context.output;
    let store = match config.store.kind {
        StoreKind::Sqlite { .. } => "SQLite",
        StoreKind::Postgres { .. } => "PostgreSQL",
        StoreKind::Redis { .. } => "Redis",
        StoreKind::Memory => "memory",
    };
    let failure = Failure::new(
        FailureKind::Configuration,
        output.text("cli-store-failed", &[("store", store)]),
    );
    failure.because(error).with_hint(output.text("cli-hint-store", &[]))
}

/// Where programs keep what must outlive them: the XDG base directories, and their counterpart on Windows.
fn folder(environment: &Environment) -> Option<PathBuf> {
    let from = |name: &str| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = from("XDG_STATE_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| from("LOCALAPPDATA"))?;
    Some(base.join("cozegate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        folder(
            &variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[cfg(unix)]
    #[test]
    fn state_rests_where_programs_keep_theirs() {
        let in_home = folder_with(&[("HOME", "/home/me")]);
        let in_xdg = folder_with(&[("HOME", "/home/me"), ("XDG_STATE_HOME", "/state")]);

        assert_eq!(in_home, Some(PathBuf::from("/home/me/.local/state/cozegate")));
        assert_eq!(in_xdg, Some(PathBuf::from("/state/cozegate")));
        assert_eq!(folder_with(&[("XDG_STATE_HOME", "relative")]), None);
    }
}
