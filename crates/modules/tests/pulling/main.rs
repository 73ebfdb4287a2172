//! Modules that synchronise, and those that react to events, against the embedded Backbone with faults in between.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod network;
mod relationships;
mod sse;
mod sync;
mod world;
