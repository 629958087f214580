//! Token budgets: both limits are hard, and what is counted is what was used.

use std::time::Duration;

use frontdesk_core::id::{BotId, ClientId, ReservationId};
use frontdesk_core::port::budget::{
    Reserved, Settlement, TokenBudget, TokenCount, TokenLimits, TokenReservation, TokenUse,
};
use frontdesk_core::port::llm::{Account, Usage};
use frontdesk_core::time::{Day, Timestamp};
use futures_util::future::{join, join_all};
use uuid::Uuid;

use super::parts::{BOT, LEASE, only};
use super::scene::Scene;
use super::upkeep::sweep;

const LIMITS: TokenLimits = TokenLimits {
    per_client: 100,
    per_bot: 250,
};
/// The days of the checks. The store takes them as they come: its own clock knows no days.
const TODAY: Timestamp = Timestamp::from_seconds(1_790_035_200);

fn today() -> Day {
    TODAY.day()
}

fn tomorrow() -> Day {
    (TODAY + Duration::from_hours(24)).day()
}

fn client(number: u128) -> Account {
    Account {
        bot_id: BOT,
        client_id: ClientId(Uuid::from_u128(0xc0_0000 + number)),
    }
}

fn count(used: u64, estimated: u64, reserved: u64) -> TokenCount {
    TokenCount {
        used,
        estimated,
        reserved,
    }
}

fn reported(tokens_in: u64, tokens_out: u64) -> TokenUse {
    TokenUse::Reported(Usage {
        tokens_in,
        tokens_cached: 1,
        tokens_out,
    })
}

fn end(reservation: &TokenReservation, usage: TokenUse) -> Settlement {
    Settlement {
        id: reservation.id,
        usage,
    }
}

impl Scene<'_> {
    fn reservation(&self, account: Account, tokens: u64) -> TokenReservation {
        TokenReservation {
            id: ReservationId(self.uuid()),
            account,
            day: today(),
            tokens,
            limits: LIMITS,
            lease: LEASE,
        }
    }

    async fn reserve(&self, reservation: &TokenReservation) -> Reserved {
        let reserved = self.store.reserve_tokens(reservation).await;
        reserved.expect("tokens are reserved or refused")
    }

    /// Reserves what must fit.
    async fn granted(&self, account: Account, tokens: u64) -> TokenReservation {
        let reservation = self.reservation(account, tokens);
        assert_eq!(self.reserve(&reservation).await, Reserved::Granted);
        reservation
    }

    async fn settle(&self, reservation: &TokenReservation, usage: TokenUse) -> bool {
        let held = self.store.settle_tokens(&[end(reservation, usage)]).await;
        only(held.expect("a reservation is settled"), "answer")
    }

    /// Reserves many, some of them at one time.
    async fn reserve_all(&self, all: &[TokenReservation]) -> Vec<Reserved> {
        let mut outcomes = Vec::new();
        for some in all.chunks(AT_ONCE) {
            let calls: Vec<_> = some.iter().map(|asked| self.reserve(asked)).collect();
            outcomes.extend(join_all(calls).await);
        }
        outcomes
    }

    /// Settles slices at one time, and says how many reservations that ended.
    async fn settle_all(&self, slices: &[Vec<Settlement>]) -> usize {
        let calls: Vec<_> = slices.iter().map(|ends| self.store.settle_tokens(ends)).collect();
        let held = join_all(calls).await.into_iter();
        let held = held.flat_map(|held| held.expect("reservations are settled"));
        held.filter(|held| *held).count()
    }

    async fn budget(&self, account: Account, day: Day) -> TokenBudget {
        let budget = self.store.token_budget(account, day).await;
        budget.expect("a budget is read")
    }

    /// What was counted today of a client whose bot has no other.
    async fn counted(&self, account: Account) -> TokenCount {
        let budget = self.budget(account, today()).await;
        assert_eq!(budget.client, budget.bot, "the bot's is the sum of its clients'");
        budget.client
    }
}

pub(super) async fn budgets_begin_empty(scene: &Scene<'_>) {
    assert_eq!(scene.budget(client(1), today()).await, TokenBudget::default());
    assert_eq!(
        scene.store.settle_tokens(&[]).await.expect("nothing is settled"),
        Vec::<bool>::new()
    );
}

pub(super) async fn tokens_are_reserved_up_to_the_clients_limit(scene: &Scene<'_>) {
    scene.granted(client(1), 60).await;
    let too_much = scene.reservation(client(1), 41);
    assert_eq!(scene.reserve(&too_much).await, Reserved::ClientLimit);
    scene.granted(client(1), 40).await;
    assert_eq!(
        scene.reserve(&scene.reservation(client(1), 1)).await,
        Reserved::ClientLimit
    );
    assert_eq!(scene.counted(client(1)).await, count(0, 0, 100));
    assert_eq!(
        scene.reserve(&scene.reservation(client(2), 101)).await,
        Reserved::ClientLimit,
        "a first call has to fit, too"
    );
    scene.granted(client(2), 100).await;
}

pub(super) async fn the_bots_limit_is_for_all_its_clients(scene: &Scene<'_>) {
    for number in 1..=3 {
        scene.granted(client(number), 80).await;
    }
    assert_eq!(
        scene.reserve(&scene.reservation(client(4), 11)).await,
        Reserved::BotLimit
    );
    assert_eq!(
        scene.reserve(&scene.reservation(client(1), 30)).await,
        Reserved::ClientLimit,
        "the client's is named first"
    );
    scene.granted(client(4), 10).await;
    let budget = scene.budget(client(4), today()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 0, 10), count(0, 0, 250)));
}

pub(super) async fn a_refused_reservation_reserves_nothing(scene: &Scene<'_>) {
    for number in 1..=2 {
        scene.granted(client(number), 100).await;
    }
    for _ in 0..5 {
        assert_eq!(
            scene.reserve(&scene.reservation(client(3), 60)).await,
            Reserved::BotLimit
        );
    }
    let refused = scene.reservation(client(1), 60);
    assert_eq!(scene.reserve(&refused).await, Reserved::ClientLimit);
    assert!(!scene.settle(&refused, reported(1, 1)).await, "it does not hold");
    assert_eq!(scene.budget(client(1), today()).await.client, count(0, 0, 100));
    let budget = scene.budget(client(3), today()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 0, 0), count(0, 0, 200)));
    scene.granted(client(3), 50).await;
}

/// How many calls there are, how many of them at one time, and for how much each.
const CALLS: u128 = 200;
const AT_ONCE: usize = 40;
const EACH: u64 = 7;

pub(super) async fn concurrent_reservations_never_exceed_a_limit(scene: &Scene<'_>) {
    // Each of three clients may have 14 calls, the bot 35: both limits are in reach.
    let reservations: Vec<_> = (0..CALLS)
        .map(|number| scene.reservation(client(number % 3), EACH))
        .collect();
    let outcomes = scene.reserve_all(&reservations).await;
    let granted = |account| {
        let of = reservations.iter().zip(&outcomes);
        let of = of.filter(|(asked, outcome)| asked.account == account && **outcome == Reserved::Granted);
        u64::try_from(of.count()).unwrap_or(u64::MAX)
    };
    let mut all = 0;
    for number in 0..3 {
        let calls = granted(client(number));
        let budget = scene.budget(client(number), today()).await;
        assert_eq!(
            budget.client,
            count(0, 0, calls * EACH),
            "what is granted is reserved"
        );
        assert!(budget.client.total() <= LIMITS.per_client, "{budget:?}");
        all += calls;
    }
    assert_eq!(all, LIMITS.per_bot / EACH, "as many as fit, and no more");
    assert_eq!(
        scene.budget(client(0), today()).await.bot,
        count(0, 0, all * EACH)
    );
}

pub(super) async fn settling_and_reserving_do_not_get_in_each_others_way(scene: &Scene<'_>) {
    let mut first = Vec::new();
    for number in 0..30 {
        first.push(scene.granted(client(number % 3), EACH).await);
    }
    // Slices in which every client comes, in changing order, each reservation in two of them.
    let slices: Vec<Vec<_>> = first
        .chunks(4)
        .chain(first.chunks(5))
        .map(|slice| slice.iter().map(|held| end(held, reported(2, 1))).collect())
        .collect();
    let later: Vec<_> = (0..60)
        .map(|number| scene.reservation(client(number % 3), EACH))
        .collect();
    let (ended, outcomes) = join(scene.settle_all(&slices), scene.reserve_all(&later)).await;
    assert_eq!(ended, first.len(), "every one ends once");
    let granted = outcomes.iter().filter(|outcome| **outcome == Reserved::Granted);
    let granted = u64::try_from(granted.count()).unwrap_or(u64::MAX);
    let bot = scene.budget(client(0), today()).await.bot;
    assert_eq!(bot, count(30 * 3, 0, granted * EACH));
    assert!(bot.total() <= LIMITS.per_bot, "{bot:?}");
}

pub(super) async fn a_reservation_is_counted_once(scene: &Scene<'_>) {
    let reservation = scene.granted(client(1), 60).await;
    assert_eq!(
        scene.reserve(&reservation).await,
        Reserved::Granted,
        "it holds already"
    );
    assert_eq!(scene.counted(client(1)).await, count(0, 0, 60));
}

pub(super) async fn a_reservation_is_settled_once(scene: &Scene<'_>) {
    let reservation = scene.granted(client(1), 60).await;
    assert!(scene.settle(&reservation, reported(20, 10)).await);
    for usage in [reported(20, 10), TokenUse::Unknown, TokenUse::Nothing] {
        assert!(!scene.settle(&reservation, usage).await);
    }
    let twice = scene.granted(client(1), 5).await;
    let end = Settlement {
        id: twice.id,
        usage: reported(1, 0),
    };
    let held = scene.store.settle_tokens(&[end, end]).await;
    assert_eq!(held.expect("a reservation is settled"), [true, false]);
    assert_eq!(scene.counted(client(1)).await, count(31, 0, 0));
}

pub(super) async fn what_models_report_is_counted_exactly(scene: &Scene<'_>) {
    let less = scene.granted(client(1), 60).await;
    assert!(scene.settle(&less, reported(20, 11)).await);
    assert_eq!(scene.counted(client(1)).await, count(31, 0, 0));
    scene.granted(client(1), 69).await;
    let more = scene.granted(client(2), 60).await;
    assert!(scene.settle(&more, reported(90, 31)).await);
    let budget = scene.budget(client(2), today()).await;
    assert_eq!((budget.client, budget.bot), (count(121, 0, 0), count(152, 0, 69)));
    assert_eq!(
        scene.reserve(&scene.reservation(client(2), 1)).await,
        Reserved::ClientLimit,
        "what was used beyond a limit stops the next call"
    );
}

pub(super) async fn an_unknown_use_counts_in_full(scene: &Scene<'_>) {
    let reservation = scene.granted(client(1), 60).await;
    assert!(scene.settle(&reservation, TokenUse::Unknown).await);
    assert_eq!(scene.counted(client(1)).await, count(0, 60, 0));
    assert_eq!(
        scene.reserve(&scene.reservation(client(1), 41)).await,
        Reserved::ClientLimit
    );
}

pub(super) async fn what_was_not_charged_is_free_again(scene: &Scene<'_>) {
    let reservation = scene.granted(client(1), 100).await;
    assert!(scene.settle(&reservation, TokenUse::Nothing).await);
    assert_eq!(scene.counted(client(1)).await, count(0, 0, 0));
    scene.granted(client(1), 100).await;
}

pub(super) async fn reservations_are_settled_one_by_one(scene: &Scene<'_>) {
    let first = scene.granted(client(1), 10).await;
    let second = scene.granted(client(2), 20).await;
    let third = scene.granted(client(1), 30).await;
    let never = scene.reservation(client(1), 5);
    let ends = [
        (&third, reported(3, 0)),
        (&never, reported(100, 100)),
        (&second, TokenUse::Unknown),
        (&first, reported(4, 0)),
    ]
    .map(|(reservation, usage)| Settlement {
        id: reservation.id,
        usage,
    });
    let held = scene.store.settle_tokens(&ends).await;
    assert_eq!(held.expect("reservations are settled"), [true, false, true, true]);
    assert_eq!(scene.budget(client(1), today()).await.client, count(7, 0, 0));
    let budget = scene.budget(client(2), today()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 20, 0), count(7, 20, 0)));
}

pub(super) async fn every_day_has_its_own_budget(scene: &Scene<'_>) {
    let late = scene.granted(client(1), 100).await;
    let next = TokenReservation {
        day: tomorrow(),
        ..scene.reservation(client(1), 100)
    };
    assert_eq!(scene.reserve(&next).await, Reserved::Granted);
    assert!(scene.settle(&late, reported(10, 5)).await);
    assert_eq!(
        scene.counted(client(1)).await,
        count(15, 0, 0),
        "on the day it was reserved for"
    );
    let budget = scene.budget(client(1), tomorrow()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 0, 100), count(0, 0, 100)));
}

pub(super) async fn bots_have_budgets_of_their_own(scene: &Scene<'_>) {
    for number in 1..=2 {
        scene.granted(client(number), 100).await;
    }
    let other = Account {
        bot_id: BotId(BOT.0 + 1),
        ..client(3)
    };
    scene.granted(other, 100).await;
    let budget = scene.budget(other, today()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 0, 100), count(0, 0, 100)));
    assert_eq!(scene.budget(client(3), today()).await.client, count(0, 0, 0));
}

pub(super) async fn a_reservation_that_ran_out_counts_as_estimated(scene: &Scene<'_>) {
    let lost = scene.granted(client(1), 60).await;
    scene.wait(LEASE / 2).await;
    let young = scene.granted(client(2), 20).await;
    sweep(scene).await;
    let before = scene.budget(client(1), today()).await;
    assert_eq!(before.client, count(0, 0, 60), "its lease holds");
    scene.wait(LEASE * 3 / 4).await;
    assert!(sweep(scene).await > 0);
    let budget = scene.budget(client(1), today()).await;
    assert_eq!((budget.client, budget.bot), (count(0, 60, 0), count(0, 60, 20)));
    assert!(!scene.settle(&lost, reported(1, 1)).await, "it is over");
    assert!(scene.settle(&young, reported(1, 1)).await);
    assert_eq!(
        scene.reserve(&scene.reservation(client(1), 41)).await,
        Reserved::ClientLimit,
        "it counts until its day is over"
    );
}

pub(super) async fn old_budgets_are_swept(scene: &Scene<'_>) {
    let day = Duration::from_hours(24);
    let used = scene.granted(client(1), 60).await;
    assert!(scene.settle(&used, reported(20, 10)).await);
    scene.wait(day * 29).await;
    sweep(scene).await;
    assert_eq!(scene.counted(client(1)).await, count(30, 0, 0));
    scene.wait(day * 2).await;
    assert!(sweep(scene).await > 0);
    assert_eq!(scene.counted(client(1)).await, count(0, 0, 0));
    assert_eq!(sweep(scene).await, 0, "there is an end to it");
}
