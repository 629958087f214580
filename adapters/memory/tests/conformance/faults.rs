//! The kit would notice: every bug made to order is caught by the check that names it.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use crate::harness::Memory;
use frontdesk_memory::{Fault, MemoryStore};
use frontdesk_port_kit::store;
use futures_util::FutureExt;

/// Each bug, and the check that is to catch it.
const CAUGHT: &[(Fault, &str)] = &[
    (Fault::DedupeForgotten, "an_update_is_accepted_once_later"),
    (
        Fault::DedupeForgottenAfterAnHour,
        "an_update_is_remembered_for_three_days",
    ),
    (Fault::OrderReversed, "a_lane_keeps_the_order_across_slices"),
    (Fault::FenceIgnored, "a_stale_commit_writes_nothing"),
    (Fault::LeaseNeverExpires, "an_expired_lease_is_due_again"),
    (Fault::ClaimNotExclusive, "a_claimed_lane_is_not_claimed_again"),
    (Fault::AttemptsNotCounted, "attempts_are_counted_at_the_claim"),
    (Fault::ReleaseAlwaysCounted, "an_uncounted_release_costs_none"),
    (Fault::WakeLost, "what_arrives_during_a_turn_is_not_lost"),
    (Fault::VersionIgnored, "a_changed_conversation_is_a_conflict"),
    (Fault::PartialCommit, "a_conflict_writes_nothing"),
    (Fault::SeqWithGaps, "messages_are_numbered_without_gaps"),
    (Fault::EarlierTextLost, "an_edit_keeps_the_earlier_texts"),
    (Fault::AttachmentRevived, "a_file_that_is_gone_does_not_come_back"),
    (
        Fault::ReferencedTakenForOrphans,
        "keys_that_no_file_refers_to_are_told",
    ),
    (Fault::DedupeKeyIgnored, "a_dedupe_key_is_sent_once"),
    (
        Fault::OwnerEpochIgnored,
        "a_message_of_the_bot_is_withheld_from_an_agents_chat",
    ),
    (Fault::AgentsAreWithheld, "agents_and_the_desk_are_not_withheld"),
    (Fault::UnknownNeverParked, "a_second_unknown_outcome_parks"),
    (
        Fault::NeverIsRepeated,
        "a_call_that_may_never_be_repeated_is_parked",
    ),
    (Fault::BotKeepsSending, "a_limit_of_the_bot_stops_the_bot"),
    (Fault::ChatGoneIgnored, "a_gone_chat_marks_the_client"),
    (
        Fault::UniqueKeyIgnored,
        "a_newer_job_takes_the_place_of_the_older",
    ),
    (Fault::ReportLost, "a_report_is_accepted_with_the_end_of_its_job"),
    (
        Fault::PriorityIgnored,
        "urgent_jobs_come_first_then_those_due_longest",
    ),
    (Fault::PayloadAsText, "payloads_come_back_byte_for_byte"),
    (Fault::MicrosecondsLost, "microseconds_are_kept"),
    (
        Fault::DeadForgottenOnRetry,
        "a_dead_turn_is_retried_at_the_end_of_its_lane",
    ),
    (Fault::StageUndone, "a_turn_does_not_undo_a_move"),
    (Fault::PageStartsTwice, "cases_are_listed_in_parts"),
    (Fault::AuditUnchained, "concurrent_changes_make_one_chain"),
    (Fault::ChangeUnaudited, "a_change_is_in_the_audit_log"),
    (
        Fault::KnowledgeVersionIgnored,
        "an_entry_is_changed_from_the_version_it_stands_at",
    ),
    (Fault::NameTakenTwice, "a_name_is_taken_once_in_a_locale"),
    (Fault::EpochStands, "the_epoch_counts_every_change_of_knowledge"),
    (Fault::AnyBotAdopted, "a_database_belongs_to_one_bot"),
    (Fault::LeasesShared, "a_named_lease_has_one_holder"),
    (Fault::AwakeLanesSwept, "sweeping_leaves_alone_what_waits"),
    (
        Fault::NothingReserved,
        "tokens_are_reserved_up_to_the_clients_limit",
    ),
    (
        Fault::LimitReadThenWritten,
        "concurrent_reservations_never_exceed_a_limit",
    ),
    (
        Fault::RefusedHalfReserved,
        "a_refused_reservation_reserves_nothing",
    ),
    (Fault::SettleLost, "what_models_report_is_counted_exactly"),
    (Fault::UnknownUseForgotten, "an_unknown_use_counts_in_full"),
    (Fault::LimitOfAllDays, "every_day_has_its_own_budget"),
    (
        Fault::ReservationsNeverExpire,
        "a_reservation_that_ran_out_counts_as_estimated",
    ),
];

/// Bugs so deep that much else fails too.
const DEEP: &[Fault] = &[
    Fault::LeaseNeverExpires,
    Fault::ClaimNotExclusive,
    Fault::FenceIgnored,
];

#[tokio::test]
async fn every_fault_is_caught_by_name() {
    let all: BTreeSet<_> = store::checks().iter().map(|check| check.name).collect();
    assert_eq!(all.len(), store::checks().len(), "no two checks have one name");
    let mut unseen = Vec::new();
    for &(fault, name) in CAUGHT {
        assert!(all.contains(name), "there is no check {name}");
        let harness = Memory::new(move |clock| MemoryStore::new(clock).with_fault(fault));
        let broken = store::broken(&harness).await;
        let names: Vec<_> = broken.iter().map(|broken| broken.check).collect();
        if !names.contains(&name) {
            unseen.push((fault, name, names.clone()));
        }
        // A check that fails for everything names nothing.
        assert!(DEEP.contains(&fault) || names.len() <= 15, "{fault:?}: {names:?}");
    }
    assert!(unseen.is_empty(), "not caught: {unseen:#?}");
}

#[tokio::test]
#[should_panic(expected = "the store breaks `an_update_is_accepted_once_in_a_slice`")]
async fn the_first_broken_promise_is_named() {
    let harness = Memory::new(|clock| MemoryStore::new(clock).with_fault(Fault::DedupeForgotten));
    store::conforms(&harness).await;
}

/// Bugs that random operations find, too.
const FOUND: &[Fault] = &[
    Fault::DedupeForgotten,
    Fault::FenceIgnored,
    Fault::WakeLost,
    Fault::VersionIgnored,
    Fault::PartialCommit,
    Fault::OwnerEpochIgnored,
    Fault::UnknownNeverParked,
    Fault::BotKeepsSending,
    Fault::UniqueKeyIgnored,
    Fault::DeadForgottenOnRetry,
];

#[tokio::test]
async fn the_model_notices_faults_too() {
    for &fault in FOUND {
        let play = async {
            let harness = Memory::new(move |clock| MemoryStore::new(clock).with_fault(fault));
            store::model_based(&harness, 400).await;
        };
        let noticed = AssertUnwindSafe(play).catch_unwind().await.is_err();
        assert!(noticed, "{fault:?}");
    }
}
