//! The HTTP interface as a whole: the router over real services and an embedded Backbone.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod authentication;
mod delivery;
mod event_stream;
mod metrics;
mod openapi;
mod pipeline;
mod properties;
mod recordings;
mod resources;
mod serving;
mod support;
