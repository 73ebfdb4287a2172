//! Support shared by the tests of several crates.
//!
//! [`TestDatabase`] is an empty database of one of the two kinds, removed afterwards; [`on_both!`] makes one test per kind of
//! each function. Read `database.rs` first.

#![expect(clippy::unwrap_used, reason = "tests")]

mod database;

pub use database::{TestDatabase, admin, postgres_url};

/// Runs each function as one test per kind of database.
///
/// A function takes the [`TestDatabase`], or what an expression makes of it: `on_both! { |database| World::on(database).await =>
/// module::function, … }`. Paths in the expression begin with `crate`.
#[macro_export]
macro_rules! on_both {
    (|$database:ident| $world:expr => $($module:ident::$name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let $database = $crate::TestDatabase::sqlite();
                super::$module::$name($world).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let $database = $crate::TestDatabase::postgres();
                super::$module::$name($world).await;
            })*
        }
    };
    ($($module:ident::$name:ident),* $(,)?) => {
        $crate::on_both! { |database| database => $($module::$name),* }
    };
}
