//! Log lines on standard output, as text or as one JSON object each (`docs/protocol/07 §6.6`).

mod line;
mod log4js;

use std::io::IsTerminal as _;

use serde_json::Value;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub(crate) use line::Format;
pub(crate) use log4js::Plan;

/// The variable that replaces the configured levels, for example `RUST_LOG=info,transport=debug`.
const OVERRIDE: &str = "RUST_LOG";

/// Starts logging as the configuration's `logging` block asks, as far as it can be done here.
///
/// # Errors
/// When logging was started before.
pub(crate) fn start(block: &Value) -> Result<(), TryInitError> {
    let mut plan = Plan::from_log4js(block);
    if let Ok(directives) = std::env::var(OVERRIDE)
        && !directives.is_empty()
    {
        match directives.parse::<EnvFilter>() {
            Ok(_) => plan.directives = directives,
            Err(error) => plan.notices.push(format!("The environment variable {OVERRIDE} is ignored: {error}.")),
        }
    }
    let filter = EnvFilter::try_new(&plan.directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer()
        .event_format(line::Line::new(plan.format))
        .with_ansi(colours)
        .with_writer(std::io::stdout);
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    for notice in &plan.notices {
        tracing::warn!("{notice}");
    }
    Ok(())
}
