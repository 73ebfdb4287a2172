//! Server-sent events (`docs/protocol/03 §14`).

pub(crate) mod handlers;
pub(crate) mod registration;
