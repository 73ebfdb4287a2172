//! Devices and their push registrations (`docs/protocol/03 §3.5`).

pub(crate) mod handlers;
pub(crate) mod rules;
pub(crate) mod storage;
