//! What a seed is about: how many clients and processes, and how bad the weather is.

use frontdesk_core::port::budget::TokenLimits;
use std::time::Duration;

use crate::chance::Chance;

/// How often calls to one port go wrong, in a million.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Slow for a moment.
    pub slow: u64,
    /// Slow for so long that leases run out.
    pub stuck: u64,
    /// Fails without doing anything.
    pub fails: u64,
    /// Does it, and the answer is lost.
    pub lost: u64,
    /// The process dies before or after it is done.
    pub crash: u64,
    /// The process stands still before or after it is done, for seconds or minutes.
    pub freeze: u64,
}

/// What a seed is about.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a coin of its own")]
pub(crate) struct Plan {
    pub clients: u32,
    /// What a client does at most.
    pub steps: u64,
    /// How long clients come.
    pub storm: Duration,
    /// Everything stands still for more than a day, and old updates come again.
    pub night: bool,
    /// Processes with a door and work.
    pub whole: usize,
    /// Processes with a door only.
    pub doors: usize,
    /// Processes with work only.
    pub workers: usize,
    /// Updates are asked for rather than delivered.
    pub polling: bool,
    /// Processes share the cache.
    pub shared_cache: bool,
    /// Messages an hour that a client may write; 0 for no limit.
    pub per_hour: u64,
    pub tokens: TokenLimits,
    /// There is a language model.
    pub model: bool,
    /// Drafts and typing are shown.
    pub cosmetics: bool,
    pub store: Weather,
    pub cache: Weather,
    pub messenger: Weather,
    pub language: Weather,
    /// Whole ports are away for a while, so often in a storm.
    pub outages: u64,
    /// Messages that kill whoever reads them.
    pub killers: u64,
}

impl Plan {
    pub(crate) fn draw(chance: &Chance) -> Plan {
        // Few clients in bad weather and many in better: both find what the other does not.
        let clients = match chance.below(10) {
            0..=2 => 4 + chance.below(16),
            3..=7 => 30 + chance.below(70),
            _ => 150 + chance.below(150),
        };
        let bad = match chance.below(4) {
            0 => 0,
            1 => 1,
            2 => 4,
            _ => 12,
        };
        let weather = |often: u64| Weather {
            slow: 20_000 * often,
            stuck: 300 * often,
            fails: 3_000 * often,
            lost: 2_000 * often,
            crash: 250 * often,
            freeze: 120 * often,
        };
        let (whole, doors, workers) = match chance.below(4) {
            0 => (1, 0, 0),
            1 => (2, 0, 0),
            2 => (3, 0, 0),
            _ => (0, 2, 2),
        };
        let polling = doors == 0 && chance.one_in(3);
        Plan {
            clients: u32::try_from(clients).unwrap_or(u32::MAX),
            steps: 3 + chance.below(10),
            storm: chance.between(Duration::from_mins(1), Duration::from_mins(5)),
            night: chance.one_in(3),
            whole,
            doors,
            workers,
            polling,
            shared_cache: whole + workers > 1 && !chance.one_in(4),
            // What is turned away at the door cannot be told from what is kept when it is asked for.
            per_hour: if !polling && chance.one_in(4) { 6 } else { 0 },
            tokens: TokenLimits {
                per_client: 8_000 + chance.below(20_000),
                per_bot: 40_000 + chance.below(200_000),
            },
            model: !chance.one_in(4),
            cosmetics: chance.one_in(2),
            store: weather(bad),
            cache: weather(bad * chance.below(3)),
            messenger: Weather {
                fails: 30_000 * bad.min(4),
                lost: 15_000 * bad.min(4),
                stuck: 4_000 * bad.min(4),
                crash: 2_000 * bad.min(4),
                freeze: 500 * bad,
                slow: 300_000,
            },
            language: Weather {
                fails: 60_000 * bad.min(4),
                lost: 20_000 * bad.min(4),
                stuck: 20_000 * bad.min(4),
                crash: 4_000 * bad.min(4),
                freeze: 1_000 * bad,
                slow: 900_000,
            },
            outages: chance.below(3) * bad.min(1),
            killers: if chance.one_in(4) { 1 + chance.below(2) } else { 0 },
        }
    }
}

impl Plan {
    /// The plan in a line or two, for a person.
    pub(crate) fn told(&self) -> String {
        let Plan {
            clients,
            whole,
            doors,
            workers,
            ..
        } = self;
        let mut told = vec![format!("{clients} clients")];
        for (count, what) in [(whole, "whole"), (doors, "doors only"), (workers, "workers only")] {
            if *count > 0 {
                told.push(format!("{count} {what}"));
            }
        }
        let flags = [
            (self.polling, "polling"),
            (self.shared_cache, "a shared cache"),
            (self.model, "a model"),
            (self.night, "a night"),
            (self.per_hour > 0, "limits"),
            (self.killers > 0, "killers"),
            (self.outages > 0, "outages"),
        ];
        told.extend(
            flags
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, what)| (*what).to_owned()),
        );
        format!(
            "{}; the store loses {} answers in a million",
            told.join(", "),
            self.store.lost
        )
    }
}
