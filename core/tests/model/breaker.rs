//! A model that fails is left alone, and found again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use frontdesk_core::model::{Breaker, BreakerSettings, BreakerState};
use frontdesk_core::port::llm::{ModelAnswer, NotAsked, Unheard};
use frontdesk_core::port::{LanguageModel, ModelError};
use frontdesk_memory::SimulatedClock;
use futures_util::FutureExt;

use crate::world::{
    TRANSIENT, TestModel, answers, ask, fails, kind, limited, noon, request, run, secs, unavailable,
};

/// The lines of a log.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl slog::Drain for Lines {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &slog::Record<'_>, _: &slog::OwnedKVList) -> Result<(), slog::Never> {
        let line = format!("{} {}", record.level().as_short_str(), record.msg());
        self.0.lock().unwrap().push(line);
        Ok(())
    }
}

fn breaker(clock: &SimulatedClock, model: &Arc<TestModel>) -> (Breaker, Lines) {
    let lines = Lines::default();
    let log = slog::Logger::root(lines.clone(), slog::o!());
    let settings = BreakerSettings::default();
    (
        Breaker::new(model.clone(), Arc::new(clock.clone()), settings, log),
        lines,
    )
}

fn call(clock: &SimulatedClock, breaker: &Breaker) -> Result<ModelAnswer, ModelError> {
    ask(clock, breaker, secs(45))
}

fn rest(outcome: &Result<ModelAnswer, ModelError>) -> Option<Duration> {
    match outcome {
        Err(ModelError::NotAsked(NotAsked::Resting { again_in })) => Some(*again_in),
        _ => None,
    }
}

#[test]
fn five_failures_in_a_row_open_it_whatever_they_are() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    model.first((0..5).map(|at| fails(TRANSIENT[at % 4]())));
    let (breaker, lines) = breaker(&clock, &model);
    for _ in 0..5 {
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(rest(&call(&clock, &breaker)), None);
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    for _ in 0..50 {
        assert_eq!(rest(&call(&clock, &breaker)), Some(secs(30)));
    }
    clock.advance(secs(29));
    assert_eq!(rest(&call(&clock, &breaker)), Some(secs(1)));
    assert_eq!(model.calls(), 5, "nobody asked it meanwhile");
    clock.advance(secs(1));
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
    assert_eq!(breaker.state(), BreakerState::Closed);
    let lines = lines.0.lock().unwrap().clone();
    assert_eq!(
        lines,
        [
            "WARN the model is left alone for a while",
            "INFO the model answers again"
        ]
    );
}

#[test]
fn an_answer_begins_the_row_anew() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    let four = || (0..4).map(|_| fails(unavailable()));
    model.first(four().chain([answers(None)]).chain(four()));
    let (breaker, _) = breaker(&clock, &model);
    for _ in 0..20 {
        assert_eq!(rest(&call(&clock, &breaker)), None);
    }
}

#[test]
fn what_the_prompt_is_at_fault_for_counts_neither_way() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(None));
    let neither = || {
        [
            fails(ModelError::TooLong),
            fails(ModelError::Rejected("odd".to_owned())),
            fails(ModelError::NotAsked(NotAsked::ClientBudget)),
        ]
    };
    let four = (0..4).map(|_| fails(unavailable()));
    model.first(neither().into_iter().chain(four).chain(neither()));
    let (breaker, _) = breaker(&clock, &model);
    for _ in 0..10 {
        assert_eq!(rest(&call(&clock, &breaker)), None);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
    model.first([fails(unavailable())]);
    drop(call(&clock, &breaker));
    assert_eq!(breaker.state(), BreakerState::Open, "the fifth failure in a row");
    clock.advance(secs(30));
    model.first(neither());
    for _ in 0..3 {
        assert_eq!(
            rest(&call(&clock, &breaker)),
            None,
            "they leave the probe to the next"
        );
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
}

#[test]
fn what_an_operator_has_to_mend_opens_it_at_once_for_ten_minutes() {
    for error in [
        || ModelError::Unauthorised("bad key".to_owned()),
        || ModelError::QuotaExhausted("empty".to_owned()),
    ] {
        let clock = noon();
        let model = TestModel::new("a", &clock, || answers(None));
        model.first([fails(error()), fails(error())]);
        let (breaker, lines) = breaker(&clock, &model);
        for calls in 1..=2 {
            assert_eq!(kind(&call(&clock, &breaker)), error().kind());
            assert_eq!(rest(&call(&clock, &breaker)), Some(secs(600)));
            assert_eq!(model.calls(), calls);
            clock.advance(secs(600));
        }
        assert_eq!(kind(&call(&clock, &breaker)), "answered");
        assert_eq!(lines.0.lock().unwrap().len(), 3, "once a change");
    }
}

#[test]
fn rests_double_up_to_five_minutes_and_begin_anew_after_an_answer() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || fails(unavailable()));
    let (breaker, _) = breaker(&clock, &model);
    for _ in 0..5 {
        drop(call(&clock, &breaker));
    }
    for (probes, seconds) in [30, 60, 120, 240, 300, 300].into_iter().enumerate() {
        assert_eq!(rest(&call(&clock, &breaker)), Some(secs(seconds)));
        assert_eq!(model.calls(), 5 + probes, "one call a rest");
        clock.advance(secs(seconds));
        if probes < 5 {
            assert_eq!(kind(&call(&clock, &breaker)), "unavailable");
        }
    }
    model.first([answers(None)]);
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
    for _ in 0..5 {
        assert_eq!(kind(&call(&clock, &breaker)), "unavailable");
    }
    assert_eq!(rest(&call(&clock, &breaker)), Some(secs(30)));
}

#[test]
fn a_model_that_asks_to_wait_gets_as_much_when_it_is_left_alone() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || fails(limited(90)));
    let (breaker, _) = breaker(&clock, &model);
    for _ in 0..5 {
        assert_eq!(kind(&call(&clock, &breaker)), "rate_limited");
    }
    assert_eq!(rest(&call(&clock, &breaker)), Some(secs(90)));
}

/// An open breaker whose rest is over, around a model that answers after five seconds.
fn rested(clock: &SimulatedClock) -> (Breaker, Arc<TestModel>) {
    let model = TestModel::new("a", clock, || answers(None).after(secs(5)));
    model.first((0..5).map(|_| fails(unavailable())));
    let (breaker, _) = breaker(clock, &model);
    for _ in 0..5 {
        drop(call(clock, &breaker));
    }
    clock.advance(secs(30));
    (breaker, model)
}

#[test]
fn one_call_probes_while_the_others_go_on_without() {
    let clock = noon();
    let (breaker, model) = rested(&clock);
    let mut probe = breaker.answer(request(secs(45)), Arc::new(Unheard));
    assert!((&mut probe).now_or_never().is_none());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    for _ in 0..20 {
        assert_eq!(rest(&call(&clock, &breaker)), Some(secs(1)));
    }
    assert_eq!(model.calls(), 6);
    assert_eq!(kind(&run(&clock, probe)), "answered");
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
}

#[test]
fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
    let clock = noon();
    let (breaker, model) = rested(&clock);
    for _ in 0..3 {
        let mut probe = breaker.answer(request(secs(45)), Arc::new(Unheard));
        assert!((&mut probe).now_or_never().is_none());
        drop(probe);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
    assert_eq!(model.calls(), 9);
}

#[test]
fn a_call_of_before_the_failure_changes_nothing_after_it() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || fails(unavailable()));
    model.first([answers(None).after(secs(40))]);
    let (breaker, _) = breaker(&clock, &model);
    let mut slow = breaker.answer(request(secs(45)), Arc::new(Unheard));
    assert!((&mut slow).now_or_never().is_none());
    for _ in 0..5 {
        drop(call(&clock, &breaker));
    }
    clock.advance(secs(35));
    assert_eq!(kind(&call(&clock, &breaker)), "unavailable", "the probe");
    assert_eq!(kind(&run(&clock, slow)), "answered");
    assert_eq!(breaker.state(), BreakerState::Open, "it began when all was well");
}

#[test]
fn a_clock_set_back_makes_no_endless_rest() {
    let clock = noon();
    let (breaker, _) = rested(&clock);
    clock.set(frontdesk_core::port::Clock::now(&clock) - secs(3_600));
    assert_eq!(kind(&call(&clock, &breaker)), "answered");
}
