//! The measurements, one file each.

mod bare_brokers;
mod brokers;
mod files;
mod messages;
mod sizes;
mod start;
mod webhooks;

pub(crate) use brokers::brokers;
pub(crate) use files::files;
pub(crate) use messages::messages;
pub(crate) use sizes::sizes;
pub(crate) use start::start;
pub(crate) use webhooks::{latency, webhooks};

use crate::report::Row;

/// Size of the installed file.
#[expect(clippy::cast_precision_loss, reason = "a file far below 2^52 bytes")]
pub(crate) fn program_size() -> anyhow::Result<Row> {
    let bytes = std::fs::metadata(system_tests::connector_program()?)?.len();
    Ok(Row::new("size of the program", "–", format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))))
}
