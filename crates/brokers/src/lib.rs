//! Publishers for message brokers: each turns an event into a message of its broker and waits until the broker has it
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.2).
//!
//! When to publish, and how often after a failure, is the business of [`delivery`]. A publisher connects when it has something
//! to publish, and again after a connection was lost.

mod config_error;
mod settings;

pub use config_error::ConfigError;
