//! Identities (`docs/protocol/03 §3.3, §3.4`).

pub(crate) mod handlers;
mod rules;
pub(crate) mod storage;
