//! The rules of `docs/protocol/03-backbone-api.md`, checked through the HTTP interface.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

mod conventions;
mod datawallet;
mod deletion;
mod devices;
mod files;
mod identities;
mod login;
mod messages;
mod relationships;
mod robustness;
mod server_info;
mod serving;
mod sync_runs;
mod templates;
mod tokens;
