//! Faults by request: which calls they hit and what then happens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::request::Request;
use crate::rng::Rng;

/// Where a 429 says how long to wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Seconds in the `Retry-After` header.
    #[default]
    Header,
    /// A date in that header, so long after the answer's `Date`.
    HeaderDate,
    /// `retry_after` in the error's object only, as LongCat's documentation shows it.
    Body,
    /// In the words of the error's message only.
    Message,
    /// Nowhere.
    Nowhere,
}

/// What happens to a call that a fault hits.
///
/// `after` counts pieces of a stream: chunks with a part of text, reasoning or a call. A plain answer is
/// hit in the middle of its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// 429.
    TooManyRequests {
        /// Seconds.
        retry_after: u64,
        /// Where it says so.
        #[serde(default)]
        told: Told,
    },
    /// 401 invalid_api_key.
    Unauthorised,
    /// 402: nothing left.
    PaymentRequired,
    /// 403 with the code insufficient_quota.
    InsufficientQuota,
    /// 403 for another reason.
    Forbidden,
    /// 456, the web application firewall's; its body is not the API's.
    Firewall,
    /// 400: the prompt is longer than the model takes.
    TooLong,
    /// 500.
    InternalError,
    /// 502 with an HTML body, as the edge answers.
    BadGateway,
    /// 503.
    Unavailable,
    /// Any other refusal, in the API's envelope.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The error's `type`.
        #[serde(rename = "type")]
        kind: String,
        /// The error's `code`: a text or a number.
        code: Value,
        /// The error's `message`.
        message: String,
    },
    /// A redirect.
    Redirect {
        /// Where to.
        to: String,
    },
    /// No byte, until the client goes or a test releases the call, which then is answered.
    Hang,
    /// Closes the connection without an answer.
    DropBefore,
    /// No more bytes after so many pieces, until the client goes or the call is released.
    Stall {
        /// How many pieces come before.
        after: usize,
    },
    /// Drops the connection after so many pieces.
    Cut {
        /// How many pieces come before.
        after: usize,
    },
    /// Ends cleanly after so many pieces: no finish_reason, no usage, no `[DONE]`.
    Truncate {
        /// How many pieces come before.
        after: usize,
    },
    /// Ends cleanly after finish_reason and usage, without `[DONE]`.
    NoDone,
    /// A chunk, or the body, that is no JSON.
    BadJson {
        /// How many pieces come before.
        after: usize,
    },
    /// An `error` object with a number as its code, inside a 200.
    ErrorInside {
        /// How many pieces come before.
        after: usize,
        /// Its code.
        code: u16,
    },
    /// Says that it is done, and has said nothing.
    Empty,
    /// All that it says comes as reasoning.
    ReasoningOnly,
    /// Its own markup leaks into the text: `<longcat_think>…` before the answer.
    ThinkMarkup {
        /// Whether the block is closed before the answer.
        closed: bool,
    },
    /// The names of its calls are `null` throughout.
    NullNames,
    /// Ends for this reason.
    Finish {
        /// The reason.
        reason: String,
    },
    /// So many more bytes before the answer, as comments of the stream or blanks of the body.
    Padding {
        /// How many.
        bytes: usize,
    },
}

/// A fault: an effect and the calls it is for. Every condition given must hold.
///
/// ```
/// use frontdesk_fake_llm::{Effect, Fault};
/// let twice = Fault::new(Effect::Cut { after: 2 }).model("LongCat-2.0").times(2);
/// # drop(twice);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
    /// Only this model.
    #[serde(default)]
    pub model: Option<String>,
    /// Only where the last message of the user holds this text.
    #[serde(default)]
    pub user_says: Option<String>,
    /// Only the n-th call, from 1, of those that match, counted from when the fault is set.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Only with this probability, drawn from the fake's seed.
    #[serde(default)]
    pub probability: Option<f64>,
    /// At most so many times; `None` until it is cleared.
    #[serde(default)]
    pub times: Option<u64>,
}

impl Fault {
    /// A fault that hits every call until it is cleared.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            model: None,
            user_says: None,
            nth: None,
            probability: None,
            times: None,
        }
    }

    /// A fault that hits one call.
    pub fn once(effect: Effect) -> Self {
        Self::new(effect).times(1)
    }

    /// Only this model.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// Only where the last message of the user holds this text.
    #[must_use]
    pub fn when_user_says(mut self, text: &str) -> Self {
        self.user_says = Some(text.to_owned());
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

    fn fits(&self, request: &Request) -> bool {
        self.model.as_ref().is_none_or(|model| *model == request.model)
            && self
                .user_says
                .as_ref()
                .is_none_or(|text| request.last_user.contains(text.as_str()))
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
    /// Calls that matched its model and text.
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
    pub(crate) fn hit(&mut self, request: &Request, rng: &mut Rng) -> Option<(u64, Effect)> {
        let mut found = None;
        for active in &mut self.active {
            let fault = &active.fault;
            if !fault.fits(request) {
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
