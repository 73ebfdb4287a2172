//! Any client input results in a 4xx with a documented code, never in a 5xx, a panic, a hang or a changed store.
//!
//! Everything that reaches the store is tried on both databases. The routes come from the OpenAPI document, so a new
//! one is attacked without a change here.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod bodies;
mod callers;
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

testing::on_both! { |database| crate::world::World::on(database).await =>
    bodies::members_of_a_wrong_kind_or_number,
    bodies::bodies_that_are_no_ordinary_json,
    bodies::other_types_and_charsets,
    paths::ids_that_are_none,
    paths::paths_that_are_nearly_routes,
    queries::filters_and_what_looks_like_them,
    queries::queries_where_none_are_expected,
    uploads::forms_that_are_cut_off_anywhere,
    uploads::forms_that_are_wrong,
    uploads::files_that_are_too_large,
}
