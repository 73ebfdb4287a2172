//! The required behaviour of the engine, tested on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod clock;
mod crashing;
mod delivering;
mod failing;
mod former;
mod logging;
mod replaying;
mod support;

testing::on_both! {
    delivering::everything_arrives_once_and_in_order,
    delivering::one_message_for_every_trigger,
    delivering::a_target_gets_only_so_many_messages_at_the_same_time,
    delivering::a_long_attempt_holds_up_nothing_else,
    delivering::what_is_waiting_is_counted,
    delivering::a_slow_target_delays_no_other,
    failing::what_fails_is_tried_again_before_what_comes_after_it,
    failing::a_dead_target_is_left_alone_and_recovers,
    failing::what_was_put_back_stays_behind_a_long_attempt_that_fails,
    failing::a_message_nobody_takes_does_not_stop_the_others,
    failing::a_permanent_failure_is_given_up_at_once,
    failing::what_is_refused_too_often_is_given_up,
    failing::what_reaches_nobody_waits_where_it_is_not_to_be_dropped,
    failing::what_is_dropped_behind_a_target_is_counted,
    failing::the_old_is_given_up,
    failing::the_old_is_given_up_while_the_target_is_dead,
    failing::more_than_may_wait_is_given_up_from_the_oldest_on,
    failing::only_so_many_dead_letters_are_kept,
    failing::a_target_that_panics_or_hangs_has_failed,
    replaying::dead_letters_are_sent_once_more,
    replaying::a_replayed_dead_letter_has_a_new_age,
    replaying::a_period_is_sent_once_more,
    replaying::a_period_comes_in_order_before_what_happens_then,
    replaying::what_waits_is_tried_now,
    replaying::a_failing_target_is_tried_now,
    replaying::what_a_removed_target_leaves_can_be_forgotten,
    replaying::deliveries_are_listed_page_by_page,
    replaying::a_reader_follows_the_log,
    clock::a_clock_that_is_put_gives_up_nothing_and_delays_nothing,
    clock::a_program_that_was_off_for_long_gives_up_nothing,
    clock::the_time_of_the_next_attempt_is_shown_as_the_clock_will_show_it,
    crashing::order_is_kept_under_random_failures_and_crashes,
    crashing::a_crash_repeats_few_messages,
    former::rows_of_the_former_design_are_delivered,
}
