//! The checks of the store port, one file per subject.

mod access;
mod attachments;
mod budget;
mod commit;
mod dead;
mod inbox;
mod jobs;
mod knowledge;
mod lanes;
mod leads;
mod leases;
mod model;
mod office;
mod ops;
mod parts;
mod play;
mod rows;
mod scene;
mod sends;
mod upkeep;
mod withheld;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::{BackOfficeStore, DeskStore};
use frontdesk_core::time::Timestamp;

use crate::check::suite;
use scene::Scene;

pub use model::model_based;

/// A store as the kit needs it.
pub trait KitStore: DeskStore + BackOfficeStore {}

impl<T: DeskStore + BackOfficeStore + ?Sized> KitStore for T {}

/// What the kit must know of a store adapter.
#[async_trait]
pub trait StoreHarness: Sync {
    /// An empty store that shares nothing with those given before.
    async fn fresh(&self) -> Arc<dyn KitStore>;

    /// Moves the store's own clock on, by which it measures leases and due times.
    async fn advance(&self, store: &dyn KitStore, by: Duration);

    /// The time now by the store's own clock, to a second or so.
    fn now(&self) -> Timestamp;
}

suite!(
    StoreHarness,
    "store",
    Scene::new,
    [
        inbox::an_update_is_accepted_once_in_a_slice,
        inbox::an_update_is_accepted_once_later,
        inbox::an_update_is_remembered_for_three_days,
        inbox::an_update_is_accepted_once_by_concurrent_callers,
        inbox::an_update_of_another_bot_is_another,
        inbox::what_the_desk_reports_is_always_new,
        inbox::payloads_come_back_byte_for_byte,
        inbox::an_item_comes_back_as_it_was_accepted,
        inbox::a_long_slice_is_accepted,
        lanes::a_lane_keeps_the_order_across_slices,
        lanes::lanes_are_claimed_side_by_side,
        lanes::a_claimed_lane_is_not_claimed_again,
        lanes::concurrent_claimers_share_no_lane,
        lanes::the_lane_that_waits_longest_comes_first,
        lanes::only_the_desks_asked_for_are_claimed,
        lanes::the_limit_is_kept,
        lanes::a_lane_is_ready_again_while_more_waits,
        lanes::what_arrives_during_a_turn_is_not_lost,
        lanes::a_lane_sleeps_when_nothing_waits,
        lanes::accepting_leaves_a_back_off_alone,
        leases::an_expired_lease_is_due_again,
        leases::a_stale_commit_writes_nothing,
        leases::a_stale_claim_moves_nothing,
        leases::attempts_are_counted_at_the_claim,
        leases::attempts_start_anew_with_the_next_item,
        leases::a_counted_release_costs_an_attempt,
        leases::an_uncounted_release_costs_none,
        leases::a_release_waits_as_long_as_asked,
        leases::a_renewed_lease_holds,
        leases::the_latest_claim_commits_even_late,
        leases::reply_lanes_are_renewed_and_released_too,
        leases::a_named_lease_has_one_holder,
        leases::a_named_lease_runs_out,
        commit::a_turn_is_committed_once,
        commit::a_turn_is_committed_once_by_concurrent_callers,
        commit::a_changed_conversation_is_a_conflict,
        commit::a_conflict_writes_nothing,
        commit::a_conflict_keeps_the_claim,
        commit::neighbours_of_a_conflict_are_committed,
        commit::neighbours_of_a_lost_lease_are_committed,
        commit::a_refused_turn_writes_nothing,
        commit::a_turn_of_an_item_that_is_gone_is_lost,
        commit::a_client_has_one_open_case,
        rows::a_client_comes_back,
        rows::a_client_is_replaced,
        rows::microseconds_are_kept,
        rows::a_conversation_comes_back,
        rows::a_case_ends_and_another_begins,
        rows::unknown_values_come_back_unchanged,
        leads::a_lead_comes_back,
        leads::the_lead_of_a_closed_case_stays_with_it,
        rows::a_session_comes_back,
        rows::a_message_comes_back,
        rows::messages_are_numbered_without_gaps,
        rows::the_last_messages_are_listed,
        rows::an_edit_keeps_the_earlier_texts,
        rows::an_edit_of_an_unknown_message_changes_nothing,
        rows::chats_are_loaded_in_the_order_asked_for,
        attachments::a_file_comes_back,
        attachments::a_file_is_settled_later,
        attachments::a_file_that_is_gone_does_not_come_back,
        attachments::a_file_needs_its_message,
        attachments::files_of_a_case_are_listed_as_they_came,
        attachments::keys_that_no_file_refers_to_are_told,
        sends::a_call_comes_back_as_it_was_decided,
        sends::calls_go_out_in_the_order_decided,
        sends::a_call_knows_how_long_its_cause_waits,
        sends::a_dedupe_key_is_sent_once,
        sends::a_call_that_was_not_sent_waits,
        sends::a_limit_of_the_chat_costs_no_attempt,
        sends::a_limit_of_the_bot_stops_the_bot,
        sends::a_refused_call_becomes_a_dead_letter,
        sends::a_gone_chat_marks_the_client,
        sends::a_second_unknown_outcome_parks,
        sends::a_crash_in_flight_is_an_unknown_outcome,
        sends::a_call_that_may_never_be_repeated_is_parked,
        sends::a_harmless_call_is_repeated_for_ever,
        sends::a_known_failure_is_no_unknown_outcome,
        sends::unknown_outcomes_add_up,
        sends::senders_are_answered_one_by_one,
        sends::a_stale_sender_does_nothing,
        withheld::a_message_of_the_bot_is_withheld_from_an_agents_chat,
        withheld::a_message_decided_since_is_not_withheld,
        withheld::agents_and_the_desk_are_not_withheld,
        withheld::nothing_is_withheld_while_the_case_waits_for_a_person,
        jobs::a_job_runs_when_it_is_due,
        jobs::a_job_comes_back_as_it_was_started,
        jobs::urgent_jobs_come_first_then_those_due_longest,
        jobs::unknown_kinds_and_versions_are_left_alone,
        jobs::only_jobs_of_the_desks_asked_for_are_claimed,
        jobs::concurrent_claimers_share_no_job,
        jobs::an_expired_job_is_due_again_and_its_claim_is_stale,
        jobs::a_job_tried_again_waits,
        jobs::a_report_is_accepted_with_the_end_of_its_job,
        jobs::a_lost_claim_reports_nothing,
        jobs::a_newer_job_takes_the_place_of_the_older,
        jobs::a_superseded_job_cannot_be_finished,
        jobs::jobs_are_ended_one_by_one,
        jobs::a_cancelled_job_is_gone,
        jobs::a_renewed_job_holds,
        jobs::a_superseded_or_cancelled_job_is_not_renewed,
        dead::a_dead_turn_is_listed_and_does_not_block_its_chat,
        dead::a_dead_job_is_listed,
        dead::dead_letters_are_listed_newest_first,
        dead::a_dead_turn_is_retried_at_the_end_of_its_lane,
        dead::a_dead_call_is_retried_as_new,
        dead::a_dead_job_is_retried_as_new,
        dead::a_dropped_letter_is_gone,
        office::cases_are_listed_in_parts,
        office::cases_are_filtered,
        office::a_case_comes_with_its_client_and_lead,
        office::any_case_can_be_loaded_by_name,
        office::messages_are_listed_in_parts,
        office::leads_are_listed_in_parts_and_filtered,
        office::a_lead_is_moved_from_where_it_stands,
        office::a_turn_does_not_undo_a_move,
        office::figures_are_those_of_the_period,
        access::a_token_is_found_and_taken_back,
        access::a_token_needs_its_agent,
        access::tokens_are_listed_in_parts,
        access::a_change_is_in_the_audit_log,
        access::what_was_not_done_is_not_in_the_audit_log,
        access::concurrent_changes_make_one_chain,
        access::entries_of_a_turn_are_committed_with_it,
        access::the_audit_log_is_read_in_parts,
        knowledge::an_entry_of_knowledge_comes_back,
        knowledge::an_entry_is_changed_from_the_version_it_stands_at,
        knowledge::one_of_concurrent_changes_of_an_entry_is_done,
        knowledge::a_name_is_taken_once_in_a_locale,
        knowledge::the_epoch_counts_every_change_of_knowledge,
        knowledge::knowledge_is_listed_in_parts_and_by_locale,
        budget::budgets_begin_empty,
        budget::tokens_are_reserved_up_to_the_clients_limit,
        budget::the_bots_limit_is_for_all_its_clients,
        budget::a_refused_reservation_reserves_nothing,
        budget::concurrent_reservations_never_exceed_a_limit,
        budget::settling_and_reserving_do_not_get_in_each_others_way,
        budget::a_reservation_is_counted_once,
        budget::a_reservation_is_settled_once,
        budget::what_models_report_is_counted_exactly,
        budget::an_unknown_use_counts_in_full,
        budget::what_was_not_charged_is_free_again,
        budget::reservations_are_settled_one_by_one,
        budget::every_day_has_its_own_budget,
        budget::bots_have_budgets_of_their_own,
        budget::a_reservation_that_ran_out_counts_as_estimated,
        budget::old_budgets_are_swept,
        upkeep::a_database_belongs_to_one_bot,
        upkeep::depth_counts_what_waits,
        upkeep::open_cases_are_counted_by_owner,
        upkeep::a_chat_is_idle_when_nothing_waits,
        upkeep::sweeping_forgets_old_ids_and_sessions,
        upkeep::sweeping_leaves_alone_what_waits,
    ]
);
