//! Relationships (`docs/protocol/03 §5`).

pub(crate) mod actions;
mod creation;
pub(crate) mod handlers;
mod state_machine;
pub(crate) mod storage;
