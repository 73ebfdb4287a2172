//! The HTTP interface as a whole: the router over real services and an embedded Backbone.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod authentication;
mod openapi;
mod pipeline;
mod properties;
mod recordings;
mod resources;
mod serving;
mod support;
