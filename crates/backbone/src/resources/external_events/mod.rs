//! What the Backbone tells its Identities (`docs/protocol/03 §13`). The events are offered by sync runs.

pub(crate) mod rules;
pub(crate) mod storage;
