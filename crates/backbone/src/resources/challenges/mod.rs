//! Challenges and the signatures over them (`docs/protocol/03 §3.1, §3.2`).

pub(crate) mod handlers;
pub(crate) mod rules;
pub(crate) mod signature;
mod storage;
