//! Trying again: how often, when, and when not.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_core::model::{LEAST, OnTime, RetrySettings, Retrying};
use frontdesk_core::port::llm::NotAsked;
use frontdesk_core::port::{Clock, LanguageModel, ModelError};
use frontdesk_memory::{SeededIds, SimulatedClock};
use proptest::prelude::*;

use crate::world::{
    Ear, End, FINAL, Step, TRANSIENT, TestModel, answers, ask, fails, hangs, kind, limited, noon, request,
    run, secs, unavailable,
};

fn retrying(clock: &SimulatedClock, model: Arc<dyn LanguageModel>, seed: u64) -> Retrying {
    let ids = Arc::new(SeededIds::new(seed));
    Retrying::new(model, Arc::new(clock.clone()), ids, RetrySettings::default())
}

#[test]
fn what_may_pass_is_tried_three_times_and_no_more() {
    for error in TRANSIENT {
        let clock = noon();
        let model = TestModel::new("a", &clock, || answers(None));
        model.first((0..10).map(|_| fails(error())));
        let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(60));
        assert_eq!((kind(&outcome), model.calls()), (error().kind(), 3));
    }
}

#[test]
fn what_will_not_pass_is_tried_once() {
    for error in FINAL {
        let clock = noon();
        let began = clock.now();
        let model = TestModel::new("a", &clock, || answers(None));
        model.first([fails(error())]);
        let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(60));
        assert_eq!((kind(&outcome), model.calls()), (error().kind(), 1));
        assert_eq!(clock.now(), began, "and nobody waits");
    }
}

#[test]
fn waits_grow_and_differ_between_calls() {
    let mut firsts = Vec::new();
    for seed in 0..20 {
        let clock = noon();
        let model = TestModel::new("a", &clock, || fails(unavailable()));
        assert_eq!(
            kind(&ask(&clock, &retrying(&clock, model.clone(), seed), secs(60))),
            "unavailable"
        );
        let times = model.times();
        let (first, second) = (times[1].since(times[0]), times[2].since(times[1]));
        assert!(
            (Duration::from_millis(50)..=Duration::from_millis(500)).contains(&first),
            "{first:?}"
        );
        assert!(
            (Duration::from_millis(100)..=secs(1)).contains(&second),
            "{second:?}"
        );
        firsts.push(first);
    }
    firsts.sort();
    firsts.dedup();
    assert!(firsts.len() > 15, "{firsts:?}");
}

#[test]
fn a_model_that_asks_to_wait_is_left_alone_for_as_long() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(limited(20))]);
    assert_eq!(
        kind(&ask(&clock, &retrying(&clock, model.clone(), 1), secs(60))),
        "answered"
    );
    let waited = model.times()[1].since(model.times()[0]);
    assert!((secs(20)..secs(21)).contains(&waited), "{waited:?}");
}

#[test]
fn a_model_that_asks_to_wait_longer_is_given_up_at_once() {
    let clock = noon();
    let began = clock.now();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(limited(21))]);
    let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(60));
    assert_eq!((kind(&outcome), model.calls()), ("rate_limited", 1));
    assert_eq!(clock.now(), began);
}

#[test]
fn nothing_is_repeated_once_it_was_heard() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(unavailable()), fails(unavailable()).saying(&["well", ""])]);
    let ear = Arc::new(Ear::default());
    let retrying = retrying(&clock, model.clone(), 1);
    let outcome = run(&clock, retrying.answer(request(secs(60)), ear.clone()));
    assert_eq!((kind(&outcome), model.calls()), ("unavailable", 2));
    assert_eq!(ear.heard(), ["well", ""]);
}

#[test]
fn an_empty_piece_is_nothing_heard() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(unavailable()).saying(&[""])]);
    assert_eq!(
        kind(&ask(&clock, &retrying(&clock, model.clone(), 1), secs(60))),
        "answered"
    );
    assert_eq!(model.calls(), 2);
}

#[test]
fn a_model_left_alone_meanwhile_is_known_by_the_error_that_led_to_it() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    let resting = || fails(ModelError::NotAsked(NotAsked::Resting { again_in: secs(30) }));
    model.first([fails(unavailable()), resting()]);
    let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(60));
    assert_eq!((kind(&outcome), model.calls()), ("unavailable", 2));
}

#[test]
fn a_retry_that_does_not_fit_is_not_begun() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(unavailable()).after(Duration::from_millis(4_500))]);
    let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(5));
    assert_eq!((kind(&outcome), model.calls()), ("unavailable", 1));
    let model = TestModel::new("a", &clock, || answers(None));
    model.first([fails(limited(10))]);
    let began = clock.now();
    let outcome = ask(&clock, &retrying(&clock, model.clone(), 1), secs(10));
    assert_eq!(
        (kind(&outcome), clock.now()),
        ("rate_limited", began),
        "nor waited for"
    );
}

fn step() -> impl Strategy<Value = (u64, u8)> {
    (0_u64..20_000, 0_u8..6)
}

proptest! {
    /// Whatever the model does: three attempts, in time, each with what is left.
    #[test]
    fn attempts_stay_within_the_deadline(
        steps in prop::collection::vec(step(), 0..4),
        deadline in 1_000_u64..60_000,
        seed in any::<u64>(),
    ) {
        let clock = noon();
        let began = clock.now();
        let model = TestModel::new("a", &clock, || answers(None));
        model.first(steps.iter().map(|(millis, end)| Step {
            after: Duration::from_millis(*millis),
            says: &[],
            end: match end {
                0 => End::Answer(None),
                1 => End::Hang,
                2 => End::Fail(limited(millis / 1_000)),
                _ => End::Fail(TRANSIENT[usize::from(end - 3)]()),
            },
        }));
        let deadline = Duration::from_millis(deadline);
        let on_time = OnTime::new(model.clone(), Arc::new(clock.clone()));
        drop(ask(&clock, &retrying(&clock, Arc::new(on_time), seed), deadline));
        prop_assert!(clock.now() <= began + deadline);
        prop_assert!((1..=3).contains(&model.calls()));
        for (at, left) in model.times().into_iter().zip(model.deadlines()) {
            prop_assert_eq!(at + left, began + deadline);
            prop_assert!(left >= LEAST);
        }
    }
}

#[test]
fn a_model_that_hangs_ends_at_the_deadline() {
    let clock = noon();
    let began = clock.now();
    let model = TestModel::new("a", &clock, hangs);
    let on_time = OnTime::new(model.clone(), Arc::new(clock.clone()));
    let outcome = ask(&clock, &retrying(&clock, Arc::new(on_time), 1), secs(30));
    assert_eq!((kind(&outcome), model.calls()), ("timed_out", 1));
    assert_eq!(clock.now(), began + secs(30));
    assert_eq!(
        model.under_way.load(std::sync::atomic::Ordering::SeqCst),
        0,
        "it was dropped"
    );
}
