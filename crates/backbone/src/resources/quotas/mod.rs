//! Quotas (`docs/protocol/03 §15`).

pub(crate) mod handlers;
mod period;
pub(crate) mod rules;
mod usage;
