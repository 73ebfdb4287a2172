//! The modules of the Connector, one folder each.
//!
//! A module runs beside the use cases of an Account ([`runtime::Module`]). Modules know nothing of each other.

pub mod sync;
pub mod webhooks;
