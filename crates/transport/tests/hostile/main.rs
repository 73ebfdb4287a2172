//! Whatever a Backbone answers: no panic, no hang, nothing wrong in the store, and nothing valid lost that comes again.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod endless;
mod events;
mod meddler;
mod mutations;
mod support;
