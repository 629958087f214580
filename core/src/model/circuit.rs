//! When a model that fails is left alone, and for how long: the rule, without anything to call.

use std::time::Duration;

use crate::port::ModelError;
use crate::time::Timestamp;

/// When, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many transient failures in a row open it.
    pub failures: u32,
    /// For how long, the first time; twice as long after each probe that fails.
    pub rest: Duration,
    /// No rest is longer, but [`refused_rest`](Self::refused_rest).
    pub longest_rest: Duration,
    /// For how long after a failure that an operator has to mend: the key is not accepted, the quota is
    /// used up.
    pub refused_rest: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        BreakerSettings {
            failures: 5,
            rest: Duration::from_secs(30),
            longest_rest: Duration::from_mins(5),
            refused_rest: Duration::from_mins(10),
        }
    }
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// None does, until a rest is over.
    Open,
    /// The rest is over: one call at a time goes through, to see.
    HalfOpen,
}

impl BreakerState {
    /// A word for logs, metrics and health.
    pub fn as_str(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        }
    }
}

/// The right to make one call. What becomes of the call is told with it.
#[derive(Debug)]
pub(super) struct Pass {
    /// Openings and closings before it: a call of an earlier time says nothing of this one. While it
    /// is half open there is no other call of this time but the probe.
    era: u64,
}

/// What a call says of its model's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered.
    Well,
    /// It failed, and may work later: after so long at least, if it said so.
    Failed(Option<Duration>),
    /// It will not work before an operator did something.
    Refused,
    /// Nothing: no call was made, it was given up, or the prompt was at fault.
    Nothing,
}

impl Verdict {
    pub(super) fn of(error: &ModelError) -> Self {
        match error {
            ModelError::Unavailable(_) | ModelError::TimedOut(_) | ModelError::Incomplete { .. } => {
                Verdict::Failed(None)
            }
            ModelError::RateLimited { retry_after } => Verdict::Failed(*retry_after),
            ModelError::Unauthorised(_) | ModelError::QuotaExhausted(_) => Verdict::Refused,
            ModelError::TooLong | ModelError::Rejected(_) | ModelError::NotAsked(_) => Verdict::Nothing,
        }
    }
}

/// One breaker's memory.
#[derive(Debug)]
pub(super) struct Circuit {
    settings: BreakerSettings,
    stands: Stands,
    era: u64,
    /// Rests since it was last closed, those for a refusal aside.
    rests: u32,
}

#[derive(Debug)]
enum Stands {
    Closed { failures: u32 },
    Open { since: Timestamp, rest: Duration },
    HalfOpen { probing: bool },
}

/// What a caller waits before asking again while another one probes.
const WHILE_PROBED: Duration = Duration::from_secs(1);

impl Circuit {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Circuit {
            settings,
            stands: Stands::Closed { failures: 0 },
            era: 0,
            rests: 0,
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.stands {
            Stands::Closed { .. } => BreakerState::Closed,
            Stands::Open { .. } => BreakerState::Open,
            Stands::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Asks to make a call; if not, when to ask again.
    pub(super) fn ask(&mut self, now: Timestamp) -> Result<Pass, Duration> {
        if let Stands::Open { since, rest } = self.stands {
            // A rest that begins later than now is of a clock that was set back since.
            if now >= since && now < since + rest {
                return Err((since + rest).since(now));
            }
            self.stands = Stands::HalfOpen { probing: false };
        }
        if let Stands::HalfOpen { probing } = &mut self.stands
            && std::mem::replace(probing, true)
        {
            return Err(WHILE_PROBED);
        }
        Ok(Pass { era: self.era })
    }

    /// Hears what became of a call.
    pub(super) fn tell(&mut self, pass: &Pass, verdict: Verdict, now: Timestamp) {
        if pass.era != self.era {
            return;
        }
        match (&mut self.stands, verdict) {
            (Stands::Closed { failures }, Verdict::Well) => *failures = 0,
            (Stands::Closed { failures }, Verdict::Failed(asked)) => {
                *failures = failures.saturating_add(1);
                if *failures >= self.settings.failures {
                    self.open(asked, now);
                }
            }
            (Stands::HalfOpen { .. }, Verdict::Well) => {
                self.era += 1;
                self.rests = 0;
                self.stands = Stands::Closed { failures: 0 };
            }
            (Stands::HalfOpen { .. }, Verdict::Failed(asked)) => self.open(asked, now),
            (Stands::HalfOpen { probing }, Verdict::Nothing) => *probing = false,
            (_, Verdict::Refused) => self.rest(self.settings.refused_rest, now),
            (Stands::Closed { .. }, Verdict::Nothing) | (Stands::Open { .. }, _) => {}
        }
    }

    /// Opens for twice as long as the last time, or for as long as the model asked if that is longer.
    fn open(&mut self, asked: Option<Duration>, now: Timestamp) {
        let doubled = self.settings.rest.saturating_mul(1 << self.rests.min(20));
        let rest = doubled.max(asked.unwrap_or_default());
        self.rests = self.rests.saturating_add(1);
        self.rest(rest.min(self.settings.longest_rest), now);
    }

    fn rest(&mut self, rest: Duration, now: Timestamp) {
        self.era += 1;
        self.stands = Stands::Open { since: now, rest };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        rest: Duration::from_secs(30),
        longest_rest: Duration::from_secs(100),
        refused_rest: Duration::from_mins(10),
    };

    #[derive(Clone, Debug)]
    enum Op {
        Ask,
        /// Of the calls under way, the one at this place ends.
        Tell(usize, Verdict),
        Wait(u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        let verdict = prop_oneof![
            3 => Just(Verdict::Well),
            8 => Just(Verdict::Failed(None)),
            1 => Just(Verdict::Failed(Some(Duration::from_secs(50)))),
            1 => Just(Verdict::Refused),
            2 => Just(Verdict::Nothing),
        ];
        prop_oneof![
            6 => Just(Op::Ask),
            6 => (0_usize..4, verdict).prop_map(|(at, verdict)| Op::Tell(at, verdict)),
            2 => (1_u64..200).prop_map(Op::Wait),
        ]
    }

    /// The rule in other words: from everything that happened, nothing forgotten.
    #[derive(Default)]
    struct Model {
        /// What ended since it was last closed by a probe, newest last.
        row: Vec<Verdict>,
        /// When it opened, and until when it rests.
        rest: Option<(u64, u64)>,
        /// Rests for failures since it was last closed.
        rests: u32,
        /// Calls under way, by when they were let through: before or after the last change.
        fresh: Vec<bool>,
    }

    impl Model {
        fn may_ask(&self, now: u64) -> bool {
            match self.rest {
                None => true,
                Some((_, until)) => now >= until && !self.fresh.contains(&true),
            }
        }

        fn opens(&mut self, now: u64, rest: u64) {
            self.rest = Some((now, now + rest));
            self.row.clear();
            self.fresh.iter_mut().for_each(|fresh| *fresh = false);
        }

        fn fails(&mut self, now: u64, asked: Option<Duration>) {
            let doubled = [30, 60, 100].get(self.rests as usize).copied().unwrap_or(100);
            self.rests += 1;
            self.opens(
                now,
                doubled.max(asked.map_or(0, |asked| asked.as_secs())).min(100),
            );
        }

        fn tell(&mut self, at: usize, verdict: Verdict, now: u64) {
            if !self.fresh.remove(at) {
                return;
            }
            let probe = self.rest.is_some();
            match verdict {
                Verdict::Nothing => {}
                Verdict::Refused => self.opens(now, 600),
                Verdict::Well if probe => {
                    *self = Model {
                        fresh: vec![false; self.fresh.len()],
                        ..Model::default()
                    }
                }
                Verdict::Failed(asked) if probe => self.fails(now, asked),
                Verdict::Well | Verdict::Failed(_) => {
                    self.row.push(verdict);
                    let last = self.row.iter().rev().take(3);
                    let failed = |verdict: &&Verdict| matches!(verdict, Verdict::Failed(_));
                    if last.clone().filter(failed).count() == 3 {
                        let asked = if let Verdict::Failed(asked) = verdict {
                            asked
                        } else {
                            None
                        };
                        self.fails(now, asked);
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn it_does_what_the_rule_says(ops in prop::collection::vec(op(), 1..80)) {
            let at = |seconds: u64| Timestamp::EPOCH + Duration::from_secs(seconds);
            let mut now = 0;
            let (mut circuit, mut model) = (Circuit::new(SETTINGS), Model::default());
            let mut passes = Vec::new();
            for op in ops {
                match op {
                    Op::Wait(seconds) => now += seconds,
                    Op::Ask => {
                        let asked = circuit.ask(at(now));
                        prop_assert_eq!(asked.is_ok(), model.may_ask(now));
                        match asked {
                            Ok(pass) => {
                                passes.push(pass);
                                model.fresh.push(true);
                            }
                            Err(again_in) => {
                                let rest = model.rest.filter(|(_, until)| now < *until);
                                let expected = rest.map_or(WHILE_PROBED, |(_, until)| Duration::from_secs(until - now));
                                prop_assert_eq!(again_in, expected);
                            }
                        }
                    }
                    Op::Tell(place, verdict) => {
                        if let Some(place) = place.checked_rem(passes.len()) {
                            let pass = passes.remove(place);
                            circuit.tell(&pass, verdict, at(now));
                            model.tell(place, verdict, now);
                        }
                    }
                }
                prop_assert_eq!(circuit.state() == BreakerState::Closed, model.rest.is_none());
            }
            // It is stuck in no state: without a probe under way the end of every rest lets one through.
            for pass in passes {
                circuit.tell(&pass, Verdict::Nothing, at(now));
            }
            prop_assert!(circuit.ask(at(now + 600)).is_ok());
        }
    }
}
