//! The HTTP interface as a whole: the router over real services and an embedded Backbone.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod authentication;
mod delivery;
mod event_stream;
mod lists;
mod metrics;
mod openapi;
mod pipeline;
mod properties;
mod raw_requests;
mod recordings;
mod resources;
mod serving;
mod support;
mod uploads;
