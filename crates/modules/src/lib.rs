//! The modules of the Connector, one folder each.
//!
//! A module runs beside the use cases of an Account ([`runtime::Module`]). Modules do not know each other.

mod description;
mod retry;
mod synchronisation;

pub mod auto_accept_pending_relationships;
pub mod auto_accept_relationship_creation_changes;
pub mod auto_decompose_deletion_proposed_relationships;
pub mod message_broker_publisher;
pub mod sse;
pub mod sync;
pub mod webhooks;

pub use description::{COMMON, Make, ModuleDescription, Role};
