//! What calls of a model cost, and when there is nothing left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use frontdesk_core::model::{Budgeted, BudgetedParts, prompt_tokens};
use frontdesk_core::port::budget::{
    BudgetStore, Reserved, Settlement, TokenBudget, TokenCount, TokenLimits, TokenReservation,
};
use frontdesk_core::port::llm::{Account, ModelRequest, Unheard};
use frontdesk_core::port::store::{StoreError, UpkeepStore};
use frontdesk_core::port::{Clock, LanguageModel, ModelError};
use frontdesk_core::time::Day;
use frontdesk_memory::{MemoryStore, SeededIds, SimulatedClock};
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::world::{
    Step, TestModel, account, answers, ask, cut, fails, hangs, kind, limited, noon, request, run, secs,
    unavailable, used,
};

const WORKS: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;

/// The memory store, whose answers about tokens can be withheld.
#[derive(Debug)]
pub struct Budgets {
    pub memory: MemoryStore,
    reserves: AtomicU8,
    settles: AtomicU8,
}

impl Budgets {
    pub fn new(clock: &SimulatedClock) -> Arc<Self> {
        Arc::new(Budgets {
            memory: MemoryStore::new(Arc::new(clock.clone())),
            reserves: AtomicU8::new(WORKS),
            settles: AtomicU8::new(WORKS),
        })
    }

    /// What was counted today of a client.
    pub fn counted(&self, clock: &SimulatedClock, client: u128) -> TokenBudget {
        let budget = self.memory.token_budget(account(client), clock.now().day());
        budget.now_or_never().unwrap().unwrap()
    }

    fn sweep(&self) {
        self.memory.sweep().now_or_never().unwrap().unwrap();
    }
}

async fn mood(of: &AtomicU8) -> Result<(), StoreError> {
    match of.load(Ordering::SeqCst) {
        WORKS => Ok(()),
        FAILS => Err(StoreError::Unavailable("down".into())),
        _ => std::future::pending().await,
    }
}

#[async_trait]
impl BudgetStore for Budgets {
    async fn reserve_tokens(&self, reservation: &TokenReservation) -> Result<Reserved, StoreError> {
        mood(&self.reserves).await?;
        self.memory.reserve_tokens(reservation).await
    }

    async fn settle_tokens(&self, settlements: &[Settlement]) -> Result<Vec<bool>, StoreError> {
        mood(&self.settles).await?;
        self.memory.settle_tokens(settlements).await
    }

    async fn token_budget(&self, account: Account, day: Day) -> Result<TokenBudget, StoreError> {
        self.memory.token_budget(account, day).await
    }
}

fn budgeted(
    clock: &SimulatedClock,
    model: &Arc<TestModel>,
    store: &Arc<Budgets>,
    limits: TokenLimits,
) -> Budgeted {
    Budgeted::new(BudgetedParts {
        model: model.clone(),
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(SeededIds::new(3)),
        limits,
        log: slog::Logger::root(slog::Discard, slog::o!()),
    })
}

/// What is set aside for one call.
fn aside() -> u64 {
    prompt_tokens(&request(secs(1))) + 100
}

fn count(used: u64, estimated: u64, reserved: u64) -> TokenCount {
    TokenCount {
        used,
        estimated,
        reserved,
    }
}

#[test]
fn each_outcome_counts_as_what_it_cost() {
    let table: [(Step, TokenCount); 13] = [
        (answers(Some(used(20, 7))), count(27, 0, 0)),
        (answers(Some(used(9_000, 1_000))), count(10_000, 0, 0)),
        (answers(None), count(0, aside(), 0)),
        (fails(cut(Some(used(20, 3)))), count(23, 0, 0)),
        (fails(cut(None)), count(0, aside(), 0)),
        (
            fails(ModelError::TimedOut("no byte".to_owned())),
            count(0, aside(), 0),
        ),
        (fails(unavailable()), count(0, 0, 0)),
        (fails(limited(3)), count(0, 0, 0)),
        (
            fails(ModelError::Unauthorised("bad key".to_owned())),
            count(0, 0, 0),
        ),
        (
            fails(ModelError::QuotaExhausted("empty".to_owned())),
            count(0, 0, 0),
        ),
        (fails(ModelError::TooLong), count(0, 0, 0)),
        (fails(ModelError::Rejected("odd".to_owned())), count(0, 0, 0)),
        (answers(Some(used(0, 0))), count(0, 0, 0)),
    ];
    for (step, expected) in table {
        let clock = noon();
        let told = format!("{step:?}");
        let (model, store) = (TestModel::new("a", &clock, hangs), Budgets::new(&clock));
        model.first([step]);
        drop(ask(
            &clock,
            &budgeted(&clock, &model, &store, TokenLimits::default()),
            secs(45),
        ));
        let counted = store.counted(&clock, 1);
        assert_eq!((counted.client, counted.bot), (expected, expected), "{told}");
    }
}

#[test]
fn tokens_are_set_aside_while_the_call_is_made() {
    let clock = noon();
    let (model, store) = (
        TestModel::new("a", &clock, || answers(Some(used(5, 5))).after(secs(9))),
        Budgets::new(&clock),
    );
    let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
    let mut call = budgeted.answer(request(secs(45)), Arc::new(Unheard));
    assert!((&mut call).now_or_never().is_none());
    assert_eq!(store.counted(&clock, 1).client, count(0, 0, aside()));
    assert_eq!(kind(&run(&clock, call)), "answered");
    assert_eq!(store.counted(&clock, 1).client, count(10, 0, 0));
}

#[test]
fn without_tokens_no_call_is_made_until_the_next_day() {
    let clock = noon();
    let (model, store) = (
        TestModel::new("a", &clock, || answers(None)),
        Budgets::new(&clock),
    );
    let limits = TokenLimits {
        per_client: 3 * aside(),
        per_bot: 5 * aside() + 1,
    };
    let budgeted = budgeted(&clock, &model, &store, limits);
    let of = |client: u128| {
        let request = ModelRequest {
            account: account(client),
            ..request(secs(45))
        };
        kind(&run(&clock, budgeted.answer(request, Arc::new(Unheard))))
    };
    let kinds: Vec<_> = [1, 1, 1, 1, 2, 2, 2, 3].into_iter().map(of).collect();
    let [said, client, bot] = ["answered", "client_budget", "bot_budget"];
    assert_eq!(kinds, [said, said, said, client, said, said, bot, bot]);
    assert_eq!(model.calls(), 5);
    clock.advance(secs(11 * 3_600 + 3_599));
    assert_eq!(of(1), client, "a second before midnight UTC");
    clock.advance(secs(1));
    assert_eq!(of(1), said, "a new day");
}

#[test]
fn calls_at_one_time_never_exceed_a_limit_together() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(Some(used(30, 20))).after(secs(5)));
    let store = Budgets::new(&clock);
    let limits = TokenLimits {
        per_client: 10 * aside(),
        per_bot: 25 * aside(),
    };
    let budgeted = budgeted(&clock, &model, &store, limits);
    let calls = (0..200_u128).map(|number| {
        let request = ModelRequest {
            account: account(number % 4),
            ..request(secs(45))
        };
        budgeted.answer(request, Arc::new(Unheard))
    });
    let outcomes = run(&clock, join_all(calls));
    let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(
        (answered, model.calls()),
        (25, 25),
        "the bot's limit, and not a call more"
    );
    let bot = store.counted(&clock, 0).bot;
    assert_eq!(bot, count(25 * 50, 0, 0), "exactly what the model reported");
}

#[test]
fn a_dropped_call_stays_reserved_and_ends_as_estimated() {
    let clock = noon();
    let (model, store) = (TestModel::new("a", &clock, hangs), Budgets::new(&clock));
    let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
    let mut call = budgeted.answer(request(secs(45)), Arc::new(Unheard));
    assert!((&mut call).now_or_never().is_none());
    drop(call);
    clock.advance(secs(599));
    store.sweep();
    assert_eq!(store.counted(&clock, 1).client, count(0, 0, aside()));
    clock.advance(secs(1));
    store.sweep();
    assert_eq!(store.counted(&clock, 1).client, count(0, aside(), 0));
}

#[test]
fn a_call_that_takes_long_is_reserved_for_as_long() {
    let clock = noon();
    let model = TestModel::new("a", &clock, || answers(Some(used(3, 4))).after(secs(3_599)));
    let store = Budgets::new(&clock);
    let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
    let mut call = budgeted.answer(request(secs(3_600)), Arc::new(Unheard));
    assert!((&mut call).now_or_never().is_none());
    clock.advance(secs(3_000));
    store.sweep();
    assert_eq!(kind(&run(&clock, call)), "answered");
    assert_eq!(store.counted(&clock, 1).client, count(7, 0, 0));
}

#[test]
fn a_store_that_does_not_say_so_is_no_permission() {
    for mood in [FAILS, HANGS] {
        let clock = noon();
        let began = clock.now();
        let (model, store) = (
            TestModel::new("a", &clock, || answers(None)),
            Budgets::new(&clock),
        );
        store.reserves.store(mood, Ordering::SeqCst);
        let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
        assert_eq!(kind(&ask(&clock, &budgeted, secs(45))), "budget_unknown");
        assert_eq!(model.calls(), 0);
        assert!(clock.now() <= began + secs(5));
        store.reserves.store(WORKS, Ordering::SeqCst);
        assert_eq!(kind(&ask(&clock, &budgeted, secs(45))), "answered");
        assert_eq!(store.counted(&clock, 1).client, count(0, aside(), 0));
    }
}

#[test]
fn what_the_store_did_not_take_is_settled_with_the_next_call() {
    for mood in [FAILS, HANGS] {
        let clock = noon();
        let began = clock.now();
        let (model, store) = (
            TestModel::new("a", &clock, || answers(Some(used(3, 4)))),
            Budgets::new(&clock),
        );
        let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
        store.settles.store(mood, Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(
                kind(&ask(&clock, &budgeted, secs(45))),
                "answered",
                "the client has his answer"
            );
        }
        assert!(clock.now() <= began + secs(4));
        assert_eq!(store.counted(&clock, 1).client, count(0, 0, 2 * aside()));
        store.settles.store(WORKS, Ordering::SeqCst);
        assert_eq!(kind(&ask(&clock, &budgeted, secs(45))), "answered");
        assert_eq!(store.counted(&clock, 1).client, count(21, 0, 0));
    }
}

#[test]
fn a_slow_store_takes_from_the_calls_own_time() {
    let clock = noon();
    let (model, store) = (
        TestModel::new("a", &clock, || answers(None)),
        Budgets::new(&clock),
    );
    let budgeted = budgeted(&clock, &model, &store, TokenLimits::default());
    store.reserves.store(HANGS, Ordering::SeqCst);
    assert_eq!(
        kind(&ask(&clock, &budgeted, secs(2))),
        "budget_unknown",
        "no later than its deadline"
    );
    assert_eq!(clock.now(), noon().now() + secs(2));
    store.reserves.store(WORKS, Ordering::SeqCst);
    assert_eq!(
        kind(&ask(&clock, &budgeted, std::time::Duration::from_millis(900))),
        "no_time_left"
    );
    assert_eq!(model.calls(), 0);
    assert_eq!(
        store.counted(&clock, 1).client,
        count(0, 0, 0),
        "nothing is kept for it"
    );
}
