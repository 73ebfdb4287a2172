//! Messages (`docs/protocol/03 §6`).

pub(crate) mod handlers;
pub(crate) mod rules;
pub(crate) mod storage;
