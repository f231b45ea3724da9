//! `init`: writes a commented `cozegate.toml`, made of another source or to be filled in, and the keys it refers to.
//!
//! Nothing that is there is written over, unless `--force` says so for the configuration; a key is never written over.
//! Each file appears whole and readable by its owner alone: written beside its place, then moved there.

use crate::args::InitArguments;
use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use crate::output::{print_json, print_result};
use cozegate_config::{Draft, DraftRequest};
use serde::Serialize;
use std::io::{self, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// What is written.
const FILE: &str = "cozegate.toml";

/// The result with `--json`.
#[derive(Debug, Serialize)]
struct InitAnswer<'a> {
    /// The configuration's file name.
    config: &'a str,
    /// What it was made of; `null` for a template.
    source: Option<&'a Path>,
    /// Whether a person has to fill it in before it works.
    is_template: bool,
    apps: Vec<&'a str>,
    default_app: &'a str,
    /// Every file that was written, in this order.
    written: Vec<&'a str>,
}

/// Makes the file and says what to do next.
pub(super) fn run(arguments: &InitArguments, context: &Context) -> Result<(), Failure> {
    let target = context.directory.join(FILE);
    if !arguments.force && target.symlink_metadata().is_ok() {
        return Err(already_there(context));
    }
    let draft = cozegate_config::draft(DraftRequest {
        from: arguments.from.clone(),
        directory: context.directory.clone(),
        environment: context.environment.clone(),
        language: context.output.language,
    })
    .map_err(|errors| context.config_failure(&errors))?;
    for notice in &draft.notices {
        context.output.warning(&notice.text(context.output.language));
    }
    // The keys first: a configuration never refers to what is not there yet.
    for secret in &draft.secrets {
        let path = context.directory.join(&secret.name);
        write(&path, secret.content.expose(), Existing::Keep)
            .map_err(|source| not_written(context, &secret.name, &source))?;
    }
    let existing = if arguments.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    write(&target, &draft.toml, existing).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => already_there(context),
        _ => not_written(context, FILE, &source),
    })?;
    show(context, &draft);
    Ok(())
}

/// What happens to a file that is there.
#[derive(Clone, Copy)]
enum Existing {
    Keep,
    Replace,
}

/// Temporary files are made with mode 0600, and keep it when they move into place.
fn write(path: &Path, content: &str, existing: Existing) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder)?;
    draft.write_all(content.as_bytes())?;
    draft.as_file().sync_all()?;
    match existing {
        Existing::Keep => draft.persist_noclobber(path)?,
        Existing::Replace => draft.persist(path)?,
    };
    Ok(())
}

fn already_there(context: &Context) -> Failure {
    let output = &context.output;
    Failure::new(FailureKind::Usage, output.text("cli-init-exists", &[("file", FILE)]))
        .with_hint(output.text("cli-hint-init-force", &[]))
}

fn not_written(context: &Context, file: &str, source: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Fault,
        context.output.text("cli-init-not-written", &[("file", file)]),
    )
    .because(source)
}

fn show(context: &Context, draft: &Draft) {
    let output = &context.output;
    let keys = draft.secrets.iter().map(|secret| secret.name.as_str());
    if output.is_json() {
        print_json(&InitAnswer {
            config: FILE,
            source: draft.source.as_deref(),
            is_template: draft.source.is_none(),
            apps: draft.apps.iter().map(String::as_str).collect(),
            default_app: &draft.default_app,
            written: keys.chain([FILE]).collect(),
        });
        return;
    }
    for key in keys {
        print_result(&output.text("cli-init-wrote-secret", &[("file", key)]));
    }
    let Some(source) = &draft.source else {
        print_result(&output.text("cli-init-wrote-template", &[("file", FILE)]));
        output.note(&output.text("cli-init-next-template", &[]));
        return;
    };
    let source = source.display().to_string();
    let args = [
        ("file", FILE),
        ("source", source.as_str()),
        ("apps", &draft.apps.join(", ")),
        ("default_app", &draft.default_app),
    ];
    print_result(&output.text("cli-init-wrote", &args));
    if !draft.secrets.is_empty() {
        output.note(&output.text("cli-init-source-keeps-secret", &[("source", &source)]));
    }
    output.note(&output.text("cli-init-next", &[]));
}
