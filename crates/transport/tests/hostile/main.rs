//! No answer of a Backbone causes a panic, a hang or wrong data in the store, and valid data is accepted when it is
//! repeated.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod endless;
mod events;
mod meddler;
mod mutations;
mod support;
