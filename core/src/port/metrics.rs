//! Metrics: figures about the work, for whoever watches over the desk.
//!
//! Every metric there is is named here, with its labels; an adapter keeps the figures and shows
//! them. Giving a figure costs little and never fails: no caller waits for it, checks it or stops
//! because of it.
//!
//! **Labels tell kinds, never people.** A label's value is one of a few that are known in advance: a
//! queue, a result, a model. No id, name, text or chat.

use std::fmt::Debug;

/// Declares a kind of metric: variants with their meaning, name and labels.
macro_rules! catalogue {
    ($(#[$doc:meta])* $kind:ident { $(#[doc = $help:literal] $variant:ident = $name:literal [$($label:literal),*],)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind { $(#[doc = $help] $variant,)* }

        impl $kind {
            /// All of them, in the order of their discriminants.
            pub const ALL: &'static [$kind] = &[$($kind::$variant,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)* }
            }

            /// The names of its labels.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $($kind::$variant => &[$($label),*],)* }
            }

            /// What it means, in one line.
            pub fn help(self) -> &'static str {
                match self { $($kind::$variant => $help,)* }.trim()
            }
        }
    };
}

catalogue! {
    /// Numbers that only grow.
    Counter {
        /// Updates at the door by what became of them: accepted, duplicate, limited, refused, or dead later.
        Updates = "frontdesk_updates_total" ["result"],
        /// Pieces of work by queue (turn, reply, job) and result: done, failed (to be tried again), dead.
        Work = "frontdesk_work_total" ["queue", "result"],
        /// Calls to the messenger: sent, not_sent, rate_limited, refused, uncertain, withheld.
        Sends = "frontdesk_sends_total" ["result"],
        /// Leads by the score they came to.
        Leads = "frontdesk_leads_total" ["score"],
        /// Questions that were not answered from knowledge, by the rung that took them.
        Degradation = "frontdesk_degradation_total" ["rung"],
        /// Cache calls that failed, or were not made because the cache had just failed.
        CacheErrors = "frontdesk_cache_errors_total" [],
        /// Tokens of the language model by direction: in, out.
        LlmTokens = "frontdesk_llm_tokens_total" ["model", "direction"],
        /// Cost of the language model, in millionths of the playbook's currency.
        LlmCostMicros = "frontdesk_llm_cost_micros_total" ["model"],
        /// Files of clients whose download ended: stored, refused, missing.
        Files = "frontdesk_files_total" ["result"],
        /// Playbooks read again at a signal: done, invalid, unreadable, failed.
        PlaybookReloads = "frontdesk_playbook_reloads_total" ["result"],
    }
}

catalogue! {
    /// Numbers that go up and down.
    Gauge {
        /// Work that waits, by queue: turn, reply, job (only what is due).
        WorkWaiting = "frontdesk_work_waiting" ["queue"],
        /// Age of the oldest work that waits, in seconds, by queue.
        WorkOldestSeconds = "frontdesk_work_oldest_seconds" ["queue"],
        /// Open conversations by who may speak: bot, queue, agent.
        ConversationsOpen = "frontdesk_conversations_open" ["owner"],
        /// Always 1; the labels tell which program of which version.
        BuildInfo = "frontdesk_build_info" ["program", "version"],
        /// 1 for the playbook in force and what it knows, by their versions; 0 for earlier ones.
        PlaybookInfo = "frontdesk_playbook_info" ["version", "knowledge_version"],
    }
}

catalogue! {
    /// Times, in seconds.
    Histogram {
        /// From an update's arrival at the door until it is durable.
        AcceptSeconds = "frontdesk_accept_seconds" [],
        /// From a turn's claim until it is committed, by what happened.
        TurnSeconds = "frontdesk_turn_seconds" ["kind"],
        /// From the acceptance of what a reply answers until the messenger has the reply.
        ReplySeconds = "frontdesk_reply_seconds" [],
        /// Calls of the language model.
        LlmSeconds = "frontdesk_llm_seconds" ["model", "result"],
        /// Calls of the store, those that failed included, by method.
        StoreSeconds = "frontdesk_store_seconds" ["op"],
    }
}

/// Labels of one figure: names and values.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

/// Where figures go.
///
/// Labels are matched by name: one that the metric does not have is left out, one that is missing
/// is empty. Figures of the same metric and labels are one series.
///
/// ```
/// use frontdesk_core::port::metrics::{Histogram, Metrics, NoMetrics};
///
/// let metrics: &dyn Metrics = &NoMetrics;
/// metrics.observe(Histogram::LlmSeconds, &[("model", "LongCat-2.0"), ("result", "ok")], 1.25);
/// ```
pub trait Metrics: Debug + Send + Sync {
    /// Counts `n` more.
    fn add(&self, counter: Counter, labels: Labels<'_>, n: u64);

    /// Says where a gauge stands.
    fn set(&self, gauge: Gauge, labels: Labels<'_>, value: f64);

    /// Records one time.
    fn observe(&self, histogram: Histogram, labels: Labels<'_>, seconds: f64);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoMetrics;

impl Metrics for NoMetrics {
    fn add(&self, _: Counter, _: Labels<'_>, _: u64) {}
    fn set(&self, _: Gauge, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: Histogram, _: Labels<'_>, _: f64) {}
}

/// A figure that somebody counts for himself, as it stands when asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A counter, since the process started.
    Counter(Counter, Labels<'static>, u64),
    /// A gauge.
    Gauge(Gauge, Labels<'static>, f64),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_say_their_unit() {
        let mut names = BTreeSet::new();
        for counter in Counter::ALL {
            assert!(counter.name().ends_with("_total"), "{counter:?}");
            names.insert(counter.name());
        }
        for gauge in Gauge::ALL {
            assert!(!gauge.name().ends_with("_total"), "{gauge:?}");
            names.insert(gauge.name());
        }
        for histogram in Histogram::ALL {
            assert!(histogram.name().ends_with("_seconds"), "{histogram:?}");
            names.insert(histogram.name());
        }
        let all = Counter::ALL.len() + Gauge::ALL.len() + Histogram::ALL.len();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| name.starts_with("frontdesk_")));
    }

    #[test]
    fn discriminants_are_places_in_all() {
        for (place, counter) in Counter::ALL.iter().enumerate() {
            assert_eq!(*counter as usize, place);
        }
        for (place, gauge) in Gauge::ALL.iter().enumerate() {
            assert_eq!(*gauge as usize, place);
        }
        for (place, histogram) in Histogram::ALL.iter().enumerate() {
            assert_eq!(*histogram as usize, place);
        }
    }
}
