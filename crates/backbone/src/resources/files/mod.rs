//! Files (`docs/protocol/03 §7`). Contents lie in the database beside their metadata, so both come and go together.

pub(crate) mod handlers;
mod ownership;
mod rules;
mod storage;
mod upload;
