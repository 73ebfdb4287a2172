//! Relationship templates (`docs/protocol/03 §4`).

pub(crate) mod handlers;
pub(crate) mod rules;
mod storage;
