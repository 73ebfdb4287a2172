//! Tokens (`docs/protocol/03 §8`).

pub(crate) mod handlers;
mod rules;
mod storage;
