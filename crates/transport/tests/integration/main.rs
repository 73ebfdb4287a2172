//! Accounts against an embedded Backbone, and against other servers.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backbone_services;
mod causes;
mod copies;
mod datawallet;
mod devices;
mod end_to_end;
mod errors;
mod hostile_backbone;
mod identity_deletion;
mod imported_database;
mod inbox;
mod interruptions;
mod lost_answers;
mod send;
mod support;
