//! Accounts against an embedded Backbone, and against other servers.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backbone_services;
mod datawallet;
mod devices;
mod end_to_end;
mod errors;
mod hostile_backbone;
mod identity_deletion;
mod imported_database;
mod interruptions;
mod send;
mod support;
