//! What the engine must do, run on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod delivering;
mod support;

/// Runs each function as one test a database.
macro_rules! on_both {
    ($($module:ident::$name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$module::$name(crate::support::TestDatabase::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$module::$name(crate::support::TestDatabase::postgres()).await;
            })*
        }
    };
}

on_both! {
    delivering::everything_arrives_once_and_in_order,
    delivering::one_message_for_every_trigger,
    delivering::a_target_gets_only_so_many_messages_at_the_same_time,
    delivering::a_long_attempt_holds_up_nothing_else,
    delivering::what_is_waiting_is_told,
    delivering::a_slow_target_delays_no_other,
}
