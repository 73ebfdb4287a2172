//! The datawallet, which the devices of an Identity share (`docs/protocol/03 §10, §11`).

pub(crate) mod handlers;
pub(crate) mod rules;
pub(crate) mod storage;
pub(crate) mod supported_version;
