//! The rules of `docs/protocol/03-backbone-api.md`, checked through the HTTP interface.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

mod administration;
mod announcements;
mod challenges;
mod conventions;
mod datawallet;
mod deletion;
mod devices;
mod disk_full;
mod feature_flags;
mod files;
mod guessing;
mod identities;
mod login;
mod maintenance;
mod messages;
mod quotas;
mod relationships;
mod robustness;
mod server_info;
mod serving;
mod spelling;
mod sse;
mod sync_runs;
mod templates;
mod tokens;
mod waiting;
