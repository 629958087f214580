//! The next model, and what is left for it.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_core::model::Fallback;
use frontdesk_core::port::llm::NotAsked;
use frontdesk_core::port::{Clock, LanguageModel, ModelError};
use frontdesk_memory::SimulatedClock;

use crate::world::{
    Ear, FINAL, TRANSIENT, TestModel, answers, as_model, ask, cut, fails, kind, limited, noon, request, run,
    secs, unavailable,
};

fn models<const N: usize>(clock: &SimulatedClock) -> [Arc<TestModel>; N] {
    std::array::from_fn(|_| TestModel::new("m", clock, || answers(None)))
}

fn fallback(clock: &SimulatedClock, models: &[Arc<TestModel>]) -> Fallback {
    let mut models = models.iter().map(as_model);
    let first = models.next().unwrap();
    Fallback::new(first, models.collect(), Arc::new(clock.clone()))
}

fn is_budget(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::NotAsked(NotAsked::ClientBudget | NotAsked::BotBudget | NotAsked::BudgetUnknown)
    )
}

#[test]
fn the_next_is_asked_unless_the_budget_says_no() {
    let unknown: [fn() -> ModelError; 1] = [|| ModelError::NotAsked(NotAsked::BudgetUnknown)];
    for error in TRANSIENT.into_iter().chain(FINAL).chain(unknown) {
        let clock = noon();
        let [first, second] = models(&clock);
        first.first([fails(error())]);
        let outcome = ask(
            &clock,
            &fallback(&clock, &[first.clone(), second.clone()]),
            secs(45),
        );
        let expected = if is_budget(&error()) {
            (error().kind(), 1, 0)
        } else {
            ("answered", 1, 1)
        };
        assert_eq!((kind(&outcome), first.calls(), second.calls()), expected);
    }
}

#[test]
fn the_first_that_answers_is_the_last_that_is_asked() {
    let clock = noon();
    let all: [_; 3] = models(&clock);
    all[0].first([fails(unavailable())]);
    assert_eq!(kind(&ask(&clock, &fallback(&clock, &all), secs(45))), "answered");
    assert_eq!(all.map(|model| model.calls()), [1, 1, 0]);
}

#[test]
fn what_was_heard_is_void_before_the_next_begins() {
    let clock = noon();
    let all: [_; 3] = models(&clock);
    all[0].first([fails(cut(None)).saying(&["one", "two"])]);
    all[1].first([fails(unavailable())]);
    let ear = Arc::new(Ear::default());
    let outcome = run(
        &clock,
        fallback(&clock, &all).answer(request(secs(45)), ear.clone()),
    );
    assert_eq!(kind(&outcome), "answered");
    assert_eq!(
        ear.heard(),
        ["one", "two", "(anew)", "fine"],
        "once, and not for silence"
    );
}

#[test]
fn a_model_gets_three_fifths_while_there_is_another() {
    let clock = noon();
    let all: [_; 3] = models(&clock);
    all[0].first([fails(unavailable()).after(secs(24))]);
    all[1].first([fails(unavailable())]);
    assert_eq!(kind(&ask(&clock, &fallback(&clock, &all), secs(40))), "answered");
    let given = all.map(|model| model.deadlines()[0]);
    assert_eq!(given, [secs(24), Duration::from_millis(9_600), secs(16)]);
    let [alone] = models(&clock);
    assert_eq!(
        kind(&ask(
            &clock,
            &fallback(&clock, std::slice::from_ref(&alone)),
            secs(40)
        )),
        "answered"
    );
    assert_eq!(alone.deadlines(), [secs(40)]);
}

#[test]
fn nobody_is_asked_without_a_second_left() {
    let clock = noon();
    let [first, second] = models(&clock);
    let both = fallback(&clock, &[first.clone(), second.clone()]);
    assert_eq!(
        kind(&ask(&clock, &both, Duration::from_millis(999))),
        "no_time_left"
    );
    assert_eq!((first.calls(), second.calls()), (0, 0));
    first.first([fails(limited(1)).after(Duration::from_millis(1_100))]);
    assert_eq!(
        kind(&ask(&clock, &both, secs(2))),
        "rate_limited",
        "the error there is"
    );
    assert_eq!((first.calls(), second.calls()), (1, 0));
    assert!(clock.now() > noon().now());
}

#[test]
fn the_error_is_the_one_that_says_most_and_of_those_the_first() {
    let order: [fn() -> ModelError; 9] = [
        || ModelError::TooLong,
        || ModelError::Rejected("odd".to_owned()),
        || ModelError::QuotaExhausted("empty".to_owned()),
        || ModelError::Unauthorised("bad key".to_owned()),
        || cut(None),
        || limited(1),
        || ModelError::TimedOut("no byte".to_owned()),
        unavailable,
        || ModelError::NotAsked(NotAsked::Resting { again_in: secs(9) }),
    ];
    for (at, more) in order.iter().enumerate() {
        for less in &order[at + 1..] {
            for pair in [[more, less], [less, more]] {
                let clock = noon();
                let both: [_; 2] = models(&clock);
                for (model, error) in both.iter().zip(pair) {
                    model.first([fails(error())]);
                }
                let outcome = ask(&clock, &fallback(&clock, &both), secs(45));
                assert_eq!(kind(&outcome), more().kind());
            }
        }
    }
    let clock = noon();
    let both: [_; 2] = models(&clock);
    for (model, seconds) in both.iter().zip([3, 4]) {
        model.first([fails(limited(seconds))]);
    }
    match ask(&clock, &fallback(&clock, &both), secs(45)) {
        Err(ModelError::RateLimited { retry_after }) => assert_eq!(retry_after, Some(secs(3))),
        other => panic!("{other:?}"),
    }
}
