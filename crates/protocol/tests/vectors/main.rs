//! Data that the TypeScript implementation really sent and stored: every case of the captured vector files is
//! decrypted, verified and reproduced byte for byte, with the recorded random draws fed back in.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod accounts;
mod challenges;
mod database;
mod datawallet;
mod files;
mod messages;
mod relationships;
mod script;
mod secrets_and_devices;
mod serialization;
mod support;
mod templates;
mod tokens;
