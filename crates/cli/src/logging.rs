//! Log lines: on stderr, at the level that `-q`, `-v` or `RUST_LOG` ask for, in the form that the configuration asks for.

use crate::args::Global;
use cozegate_config::{Environment, LogFormat};
use std::fmt;
use std::io::IsTerminal as _;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer, Layered, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What writes lines.
type Writer = Box<dyn Layer<Filtered> + Send + Sync>;
/// What it is told of.
type Filtered = Layered<EnvFilter, Registry>;

/// The running log. The first lines come before there is a configuration, so its form can be changed.
pub(crate) struct Logging {
    writer: reload::Handle<Writer, Filtered>,
    colours: bool,
}

impl Logging {
    /// Goes on in this form.
    pub(crate) fn write_as(&self, format: LogFormat) {
        // It fails only when there is no log any more.
        self.writer.reload(writer(format, self.colours)).ok();
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging")
            .field("colours", &self.colours)
            .finish_non_exhaustive()
    }
}

/// Starts logging. `RUST_LOG` wins; a text that is no filter counts as absent. What a short command has to say about its
/// failure it says itself, so it logs warnings only when asked; a service has nobody else to tell them to, and writes
/// its access log (`log.access`) whenever that is switched on.
pub(crate) fn start(environment: &Environment, global: &Global, is_service: bool) -> Logging {
    let by_flags = match (global.quiet, global.verbose) {
        (false, 0) if is_service => "warn,access=info",
        (true, _) if is_service => "error,access=info",
        (true, _) | (false, 0) => "error",
        (false, 1) => "info",
        (false, 2) => "info,cozegate=debug,coze_auth=debug,coze_emulator=debug",
        (false, _) => "trace",
    };
    let asked = environment
        .get("RUST_LOG")
        .and_then(|filter| EnvFilter::try_new(filter).ok());
    let colours = environment.get("NO_COLOR").is_none() && std::io::stderr().is_terminal();
    let (layer, handle) = reload::Layer::new(writer(LogFormat::Text, colours));
    tracing_subscriber::registry()
        .with(asked.unwrap_or_else(|| EnvFilter::new(by_flags)))
        .with(layer)
        .init();
    Logging {
        writer: handle,
        colours,
    }
}

fn writer(format: LogFormat, colours: bool) -> Writer {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
    }
}
