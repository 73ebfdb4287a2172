//! Compares the crate with vectors from the existing implementation's library (`vectors/README.md`).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and report how many cases they ran"
)]

mod captured_objects;
mod case;
mod encodings;
mod hashes;
mod kdf;
mod key_exchange;
mod password_derivation;
mod relationship_secrets;
mod signatures;
mod symmetric;
