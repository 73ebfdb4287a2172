//! Log lines on standard output, as text or as one JSON object each (`docs/protocol/07 §6.6`).

mod line;
mod log4js;

use std::io::IsTerminal as _;

use serde_json::Value;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{EnvFilter, Registry, reload};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub(crate) use line::Format;
pub(crate) use log4js::Plan;

/// The variable that replaces the configured levels, for example `RUST_LOG=info,transport=debug`.
const OVERRIDE: &str = "RUST_LOG";

/// The levels, which can be changed while the program is running.
pub(crate) struct Levels {
    filter: reload::Handle<EnvFilter, Registry>,
    format: Format,
}

impl Levels {
    /// Applies the levels of a `logging` block. Returns true if its format differs from the current one, which is kept.
    ///
    /// # Errors
    /// If logging has ended.
    pub(crate) fn apply(&self, block: &Value) -> Result<bool, reload::Error> {
        let (plan, ignored) = plan(block);
        self.filter.reload(filter(&plan))?;
        ignored.iter().for_each(|notice| tracing::warn!("{notice}"));
        Ok(plan.format != self.format)
    }
}

/// Starts logging according to the configuration's `logging` block, as far as that is possible here.
///
/// # Errors
/// If logging has been started before.
pub(crate) fn start(block: &Value) -> Result<Levels, TryInitError> {
    let (plan, ignored) = plan(block);
    let (filter, handle) = reload::Layer::new(filter(&plan));
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer()
        .event_format(line::Line::new(plan.format))
        .with_ansi(colours)
        .with_writer(std::io::stdout)
        // A line that cannot be written is lost. Reporting that on standard error would panic if it is on the same full
        // disk.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    ignored.iter().for_each(|notice| tracing::warn!("{notice}"));
    Ok(Levels { filter: handle, format: plan.format })
}

fn filter(plan: &Plan) -> EnvFilter {
    EnvFilter::try_new(&plan.directives).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// The plan of the block, unless the variable overrides it; and the reason for ignoring the variable, if it is invalid.
fn plan(block: &Value) -> (Plan, Option<String>) {
    let mut plan = Plan::from_log4js(block);
    let mut ignored = None;
    if let Ok(directives) = std::env::var(OVERRIDE)
        && !directives.is_empty()
    {
        match directives.parse::<EnvFilter>() {
            Ok(_) => plan.directives = format!("{directives},{}", log4js::NEVER),
            Err(error) => ignored = Some(format!("The environment variable {OVERRIDE} is ignored: {error}.")),
        }
    }
    (plan, ignored)
}
