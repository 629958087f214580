//! Faults by request: which calls they hit and what then happens.

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// What happens to a call that a fault hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// 429 with `retry_after` in the body and as a header.
    TooManyRequests {
        /// Seconds; 86,400 is as good as 1.
        retry_after: u64,
    },
    /// 500, as when the Bot API server restarts.
    InternalError,
    /// 502 with an HTML body, as the edge answers.
    BadGateway,
    /// 403 bot was blocked by the user.
    Blocked,
    /// 403 user is deactivated.
    Deactivated,
    /// 403 bot was kicked from the supergroup chat.
    Kicked,
    /// 400 with `migrate_to_chat_id`.
    MigrateTo {
        /// The supergroup's id.
        to: i64,
    },
    /// 400 can't parse entities.
    CannotParseEntities,
    /// 400 message thread not found.
    ThreadNotFound,
    /// 400 chat not found.
    ChatNotFound,
    /// Any other refusal.
    Refuse {
        /// `error_code` and HTTP status.
        code: u16,
        /// The description, prefix included.
        description: String,
    },
    /// Does not act, is silent for so long, then closes the connection.
    Hang {
        /// Real seconds.
        seconds: f64,
    },
    /// Closes the connection without having acted.
    DropBefore,
    /// Acts, then closes the connection without an answer.
    DropAfter,
    /// Acts; the answer's body breaks off after so many bytes.
    CutBody {
        /// Bytes.
        after: usize,
    },
    /// Acts; the answer's body comes in a trickle.
    Trickle {
        /// Bytes at a time.
        bytes: usize,
        /// Real seconds after each.
        seconds: f64,
    },
    /// Acts at once, answers after so long. A client that goes away meanwhile counts as cut.
    Slow {
        /// Real seconds.
        seconds: f64,
    },
}

/// A fault: an effect and the calls it is for. Every condition given must hold.
///
/// ```
/// use frontdesk_fake_telegram::{Effect, Fault};
/// let third_to_this_chat = Fault::new(Effect::DropAfter).method("sendMessage").chat(42).nth(3);
/// # drop(third_to_this_chat);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls about this chat.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// Only the n-th call, from 1, of those that match method and chat, counted from when the fault is set.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Only with this probability, drawn from the fake's seed.
    #[serde(default)]
    pub probability: Option<f64>,
    /// At most so many times.
    #[serde(default)]
    pub times: Option<u64>,
}

impl Fault {
    /// A fault that hits every call.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            method: None,
            chat_id: None,
            nth: None,
            probability: None,
            times: None,
        }
    }

    /// Only this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls about this chat.
    #[must_use]
    pub fn chat(mut self, chat_id: i64) -> Self {
        self.chat_id = Some(chat_id);
        self
    }

    /// Only the n-th matching call, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Only with this probability (0..=1).
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// At most so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// A fault in force, with its counts.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveFault {
    /// Its id.
    pub id: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// Calls that matched its method and chat.
    pub seen: u64,
    /// Calls it hit.
    pub hit: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) active: Vec<ActiveFault>,
    next_id: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.next_id += 1;
        self.active.push(ActiveFault {
            id: self.next_id,
            fault,
            seen: 0,
            hit: 0,
        });
        self.next_id
    }

    /// The first fault that hits this call. All that match count it.
    pub(crate) fn hit(&mut self, method: &str, chat_id: Option<i64>, rng: &mut Rng) -> Option<(u64, Effect)> {
        let mut found = None;
        for active in &mut self.active {
            let fault = &active.fault;
            let matches = fault
                .method
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && fault.chat_id.is_none_or(|wanted| Some(wanted) == chat_id);
            if !matches {
                continue;
            }
            active.seen += 1;
            let hits = found.is_none()
                && fault.nth.is_none_or(|nth| nth == active.seen)
                && fault.times.is_none_or(|times| active.hit < times)
                && fault
                    .probability
                    .is_none_or(|probability| rng.fraction() < probability);
            if hits {
                active.hit += 1;
                found = Some((active.id, fault.effect.clone()));
            }
        }
        found
    }
}
