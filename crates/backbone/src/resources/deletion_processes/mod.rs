//! Deletion processes of Identities (`docs/protocol/03 §3.6`).

pub(crate) mod handlers;
pub(crate) mod rules;
mod storage;
