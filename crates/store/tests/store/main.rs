//! The required behaviour of every database, tested on SQLite and on PostgreSQL, and the peculiarities of each.
#![expect(clippy::unwrap_used, reason = "tests")]

mod configuration;
mod connection_loss;
mod crash;
mod damage;
mod documents;
mod events;
mod filter_equivalence;
mod filters;
mod lease;
mod read_only;
mod running_time;
mod scan;

testing::on_both! {
    documents::documents_come_back_as_they_were_written,
    documents::keys_are_unique_and_replacing_needs_a_document,
    documents::natural_order_is_insertion_order,
    documents::dropped_transactions_leave_nothing,
    documents::a_cancelled_transaction_does_not_block_the_next,
    documents::a_transaction_may_end_outside_the_runtime,
    documents::nobody_sees_what_is_not_committed,
    documents::unstorable_documents_are_refused,
    documents::the_deepest_documents_are_in_nobodys_way,
    documents::a_document_of_another_shape_is_reported_without_its_values,
    documents::database_names_are_separate,
    documents::documents_survive_reopening,
    filters::filters_select_what_they_say,
    filters::thousands_of_alternatives_are_no_problem,
    filters::queries_sort_limit_and_skip,
    filters::indexes_follow_the_documents,
    filters::an_index_declared_later_covers_what_is_there,
    filters::a_hundred_thousand_documents_are_found_at_once,
    events::events_are_logged_with_their_documents,
    events::commits_wake_waiters,
    events::cursors_move_with_the_transaction,
    events::the_places_of_targets_are_told_from_others,
    events::deliveries_keep_the_order_of_an_object,
    events::a_running_delivery_holds_its_object,
    events::dead_letters_step_aside_and_can_be_retried,
    events::the_oldest_are_given_up_and_discarded_first,
    events::the_log_is_counted_and_read_in_parts,
    events::old_events_are_pruned_once_nobody_needs_them,
    events::abandoned_events_go_with_what_waits_for_them,
    events::a_refused_statement_prevents_the_commit,
    running_time::running_time_grows_with_the_time_that_passes_alone,
    running_time::a_crash_forgets_running_time_only_since_the_last_event_or_note,
    lease::a_second_opener_is_refused,
    lease::a_second_opener_can_wait,
    lease::a_former_writer_is_fenced_off,
    lease::a_closed_store_refuses_everything,
    read_only::what_is_not_there_is_not_made,
    read_only::a_reader_sees_what_the_writer_does_and_cannot_write,
    read_only::the_writer_is_named_while_there_is_one,
    read_only::a_closed_database_is_left_as_it_was,
    scan::a_scan_gives_what_a_search_finds,
    scan::pages_put_together_are_the_whole,
    scan::what_follows_nothing_is_an_error,
    scan::whoever_takes_his_time_keeps_nobody_from_reading,
}
