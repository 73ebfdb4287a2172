//! The events that the Backbone offers to Identities (`docs/protocol/03 §13`), by sync runs.

pub(crate) mod rules;
pub(crate) mod storage;
