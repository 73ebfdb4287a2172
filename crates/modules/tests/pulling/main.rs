//! Modules that synchronise, and those that act on what comes in, against the embedded Backbone with faults in between.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod network;
mod relationships;
mod sse;
mod sync;
mod world;
