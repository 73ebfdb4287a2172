//! Whatever a client sends: a 4xx with a documented code, never a 5xx, a panic, a hang or a changed store.
//!
//! The routes come from the OpenAPI document, so a new one is attacked without a change here.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod bodies;
mod headers;
mod paths;
mod queries;
mod routes;
mod slow;
#[path = "../http/support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the interface")]
mod support;
mod uploads;
mod world;
