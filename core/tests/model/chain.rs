//! The whole chain in each fault: how often each model is asked, and how long it takes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use frontdesk_core::desk::{Counter, DeskStats};
use frontdesk_core::model::{
    BreakerSettings, BreakerState, Chain, ChainParts, ModelCall, ModelObserver, RetrySettings, chain,
};
use frontdesk_core::port::budget::TokenLimits;
use frontdesk_core::port::llm::{ModelAnswer, Unheard};
use frontdesk_core::port::{Clock, ModelError};
use frontdesk_memory::{SeededIds, SimulatedClock};
use futures_util::FutureExt;

use crate::budgeted::Budgets;
use crate::world::{
    Ear, Step, TestModel, answers, as_model, ask, cut, fails, hangs, kind, limited, noon, request, run, secs,
    unavailable, used,
};

/// What a model does whenever it is asked.
type Fault = fn() -> Step;

struct Desk {
    clock: SimulatedClock,
    models: [Arc<TestModel>; 2],
    store: Arc<Budgets>,
    stats: Arc<DeskStats>,
    chain: Chain,
}

impl Desk {
    /// Two models, each of which does the same whenever it is asked.
    fn new(first: fn() -> Step, second: fn() -> Step) -> Self {
        let stats = Arc::new(DeskStats::default());
        Desk::observed(first, second, stats.clone(), stats)
    }

    fn observed(
        first: fn() -> Step,
        second: fn() -> Step,
        observer: Arc<dyn ModelObserver>,
        stats: Arc<DeskStats>,
    ) -> Self {
        let clock = noon();
        let models = [
            TestModel::new("a", &clock, first),
            TestModel::new("b", &clock, second),
        ];
        let store = Budgets::new(&clock);
        let chain = chain(&ChainParts {
            models: models.iter().map(as_model).collect(),
            store: store.clone(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SeededIds::new(5)),
            observer,
            limits: TokenLimits::default(),
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            log: slog::Logger::root(slog::Discard, slog::o!()),
        })
        .unwrap();
        Desk {
            clock,
            models,
            store,
            stats,
            chain,
        }
    }

    fn ask(&self) -> Result<ModelAnswer, ModelError> {
        ask(&self.clock, &*self.chain.model, secs(45))
    }

    fn calls(&self) -> [usize; 2] {
        self.models.each_ref().map(|model| model.calls())
    }
}

fn good() -> Step {
    answers(Some(used(20, 10)))
}

#[test]
fn a_good_model_is_asked_once_and_the_other_never() {
    let desk = Desk::new(good, good);
    for calls in 1..=10 {
        assert_eq!(desk.ask().unwrap().model, "a");
        assert_eq!(desk.calls(), [calls, 0]);
    }
    assert_eq!(desk.clock.now(), noon().now(), "and nobody waits");
    assert_eq!(desk.chain.model.name(), "a");
    assert_eq!(desk.store.counted(&desk.clock, 1).bot.used, 300);
}

#[test]
fn an_outage_of_all_is_no_storm() {
    for fault in [
        || fails(unavailable()),
        || fails(cut(None)),
        || fails(ModelError::RateLimited { retry_after: None }),
    ] {
        let desk = Desk::new(fault, fault);
        for _ in 0..100 {
            assert!(desk.ask().is_err());
        }
        assert_eq!(desk.calls(), [5, 5], "a hundred clients, five calls of each");
        assert!(desk.clock.now() < noon().now() + secs(10));
        let states = desk.chain.breakers.iter().map(|breaker| breaker.state());
        assert_eq!(states.collect::<Vec<_>>(), [BreakerState::Open; 2]);
        desk.clock.advance(secs(30));
        for _ in 0..100 {
            assert!(desk.ask().is_err());
        }
        assert_eq!(desk.calls(), [6, 6], "then a call a rest");
    }
}

#[test]
fn a_model_that_is_back_is_found_again() {
    let desk = Desk::new(good, good);
    desk.models[0].first((0..5).map(|_| fails(unavailable())));
    for _ in 0..5 {
        assert_eq!(desk.ask().unwrap().model, "b");
    }
    assert_eq!(desk.calls(), [5, 5]);
    desk.clock.advance(secs(30));
    assert_eq!(desk.ask().unwrap().model, "a");
    assert_eq!(desk.calls(), [6, 5]);
}

#[test]
fn each_fault_costs_the_first_model_no_more_than_it_may() {
    // Calls of the first model for one client's question, and of ten questions in all.
    let table: [(Fault, usize, usize); 8] = [
        (|| fails(unavailable()), 3, 5),
        (|| fails(cut(None)), 3, 5),
        (|| fails(limited(2)), 3, 5),
        (|| fails(limited(60)), 1, 5),
        (|| fails(ModelError::Unauthorised("bad key".to_owned())), 1, 1),
        (|| fails(ModelError::QuotaExhausted("empty".to_owned())), 1, 1),
        (|| fails(ModelError::TooLong), 1, 10),
        (|| fails(ModelError::Rejected("odd".to_owned())), 1, 10),
    ];
    for (fault, one, ten) in table {
        let desk = Desk::new(fault, good);
        assert_eq!(desk.ask().unwrap().model, "b");
        assert_eq!(desk.calls(), [one, 1], "{:?}", fault());
        for _ in 1..10 {
            assert_eq!(desk.ask().unwrap().model, "b");
        }
        assert_eq!(desk.calls(), [ten, 10], "{:?}", fault());
    }
}

#[test]
fn a_model_that_hangs_leaves_time_for_the_other() {
    let desk = Desk::new(hangs, || good().after(secs(17)));
    assert_eq!(desk.ask().unwrap().model, "b");
    assert_eq!(desk.calls(), [1, 1]);
    assert_eq!(desk.clock.now(), noon().now() + secs(27 + 17));
    let both = Desk::new(hangs, hangs);
    assert_eq!(kind(&both.ask()), "timed_out");
    assert_eq!(both.clock.now(), noon().now() + secs(45), "not a moment longer");
    let counted = both.store.counted(&both.clock, 1).client;
    assert_eq!((counted.used, counted.reserved), (0, 0));
    assert!(counted.estimated > 200, "both may have worked on it: {counted:?}");
}

#[test]
fn an_answer_cut_short_is_heard_anew_from_the_other() {
    let desk = Desk::new(|| fails(cut(None)).saying(&["It", " costs"]), good);
    let ear = Arc::new(Ear::default());
    let outcome = run(
        &desk.clock,
        desk.chain.model.answer(request(secs(45)), ear.clone()),
    );
    assert_eq!(outcome.unwrap().model, "b");
    assert_eq!(ear.heard(), ["It", " costs", "(anew)", "fine"]);
    assert_eq!(desk.calls(), [1, 1], "no retry once something was heard");
}

#[test]
fn a_used_up_budget_asks_nobody() {
    let desk = Desk::new(good, good);
    let greedy = answers(Some(used(60_000, 0)));
    desk.models[0].first([greedy]);
    assert_eq!(kind(&desk.ask()), "answered");
    for _ in 0..10 {
        assert_eq!(kind(&desk.ask()), "client_budget");
    }
    assert_eq!(desk.calls(), [1, 0]);
    assert_eq!(desk.chain.breakers[0].state(), BreakerState::Closed);
    let stats = &desk.stats;
    assert_eq!((stats.model_calls.get(), stats.model_errors.get()), (1, 0));
    assert_eq!(stats.model_not_asked.get(), 10);
}

/// Lines about what was observed.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<String>>);

impl ModelObserver for Seen {
    fn ended(&self, call: &ModelCall<'_>) {
        let ModelCall {
            model,
            result,
            asked,
            took,
            usage,
        } = call;
        let tokens = usage.map(|usage| usage.total());
        let line = format!("{model} {result} {asked} {} {tokens:?}", took.as_millis());
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn every_single_call_is_observed_dropped_ones_too() {
    let seen = Arc::new(Seen::default());
    let stats = Arc::new(DeskStats::default());
    let desk = Desk::observed(|| good().after(secs(2)), good, seen.clone(), stats);
    desk.models[0].first([fails(unavailable()).after(secs(1)), fails(cut(Some(used(7, 1))))]);
    assert_eq!(kind(&desk.ask()), "answered");
    let mut call = desk.chain.model.answer(request(secs(45)), Arc::new(Unheard));
    assert!((&mut call).now_or_never().is_none());
    desk.clock.advance(secs(1));
    drop(call);
    assert_eq!(desk.models[0].under_way.load(Ordering::SeqCst), 0);
    assert_eq!(
        *seen.0.lock().unwrap(),
        [
            "a unavailable true 1000 None",
            "a incomplete true 0 Some(8)",
            "a answered true 2000 Some(30)",
            "a cancelled true 1000 None",
        ]
    );
    assert_eq!(desk.chain.breakers[0].state(), BreakerState::Closed);
}

#[test]
fn the_desk_counts_calls_errors_and_tokens() {
    let desk = Desk::new(good, good);
    desk.models[0].first([fails(unavailable()), fails(cut(Some(used(7, 1))))]);
    assert_eq!(kind(&desk.ask()), "answered");
    let stats = &desk.stats;
    let counters = [
        &stats.model_calls,
        &stats.model_errors,
        &stats.model_not_asked,
        &stats.model_tokens_in,
        &stats.model_tokens_out,
    ];
    assert_eq!(counters.map(Counter::get), [3, 2, 0, 27, 11]);
}

#[test]
fn no_model_is_no_chain() {
    let clock = noon();
    let parts = ChainParts {
        models: Vec::new(),
        store: Budgets::new(&clock),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(SeededIds::new(5)),
        observer: Arc::new(DeskStats::default()),
        limits: TokenLimits::default(),
        retry: RetrySettings::default(),
        breaker: BreakerSettings::default(),
        log: slog::Logger::root(slog::Discard, slog::o!()),
    };
    assert!(chain(&parts).is_none());
}
