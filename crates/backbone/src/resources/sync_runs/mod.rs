//! Sync runs: one device at a time processes the external events (`docs/protocol/03 §12`).

mod finalize;
pub(crate) mod handlers;
mod rules;
mod start;
pub(crate) mod storage;
