//! Feature flags of Identities (`docs/protocol/03 §3.4`).

pub(crate) mod handlers;
mod rules;
mod storage;
