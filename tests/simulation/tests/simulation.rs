//! Seeds that must pass, and bugs that seeds must find.

#![expect(clippy::expect_used, reason = "what fails here fails the tests")]

use frontdesk_memory::Fault;
use frontdesk_simulation::{Figures, Simulation};
use std::sync::LazyLock;

static SIMULATION: LazyLock<Simulation> = LazyLock::new(|| Simulation::new().expect("the playbook is valid"));

/// So many seeds are played at every run of the tests; `cargo run -p frontdesk-simulation -- --seeds N`
/// plays more.
const SEEDS: u64 = 12;

/// What must have happened in them, or they show less than they seem to.
const MUST_HAPPEN: &[&str] = &[
    "updates accepted",
    "duplicates turned away",
    "updates that came a day later",
    "updates over a limit",
    "turns committed",
    "updates given up",
    "commits refused",
    "calls made",
    "calls put off",
    "calls of unknown outcome",
    "calls parked",
    "calls refused",
    "replies sent twice",
    "messages withheld",
    "changes of owner",
    "leases that ran out",
    "jobs ended",
    "questions to the model",
    "reservations granted",
    "reservations refused",
    "cosmetic calls",
    "crashes",
    "freezes",
    "graceful stops",
    "killers read",
    "outages",
    "limits of the messenger",
];

#[test]
fn every_promise_holds_in_every_seed() {
    let mut all = Figures::new();
    for seed in 0..SEEDS {
        let figures = SIMULATION.run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        for (what, count) in figures {
            *all.entry(what).or_default() += count;
        }
    }
    let never: Vec<_> = MUST_HAPPEN
        .iter()
        .filter(|what| !all.contains_key(**what))
        .collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    assert_eq!(SIMULATION.run(3).unwrap(), SIMULATION.run(3).unwrap());
}

#[test]
fn broken_stores_are_found_within_fifty_seeds() {
    let mut wrong = Vec::new();
    for (fault, why) in [
        (Fault::DedupeForgotten, "accepted twice"),
        (Fault::DedupeForgottenAfterAnHour, "accepted twice"),
        (Fault::FenceIgnored, "by a process that had lost the lane"),
        (Fault::OwnerEpochIgnored, "goes to a chat that a person has taken"),
        (Fault::OrderReversed, "was next"),
        (Fault::ClaimNotExclusive, "while another claim of it held"),
        (Fault::LeaseNeverExpires, "while another claim of it held"),
        (Fault::WakeLost, "waits for ever"),
        (Fault::UnknownNeverParked, "three times"),
        (Fault::NothingReserved, "a model used more than is counted"),
    ] {
        let broken = SIMULATION.with_fault(fault);
        match (0..50).find_map(|seed| broken.run(seed).err()) {
            Some(failure) => {
                println!("{fault:?}\n{failure}\n");
                if !failure.violation.what.contains(why) {
                    wrong.push(format!(
                        "{fault:?} is found for another reason: {}",
                        failure.violation.what
                    ));
                }
            }
            None => wrong.push(format!("{fault:?} is not found")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
