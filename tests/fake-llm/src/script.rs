//! What the model says: answers by script, and the one it gives without.

use serde::{Deserialize, Serialize};

use crate::request::Request;
use crate::tokens::Tokens;

/// Where the tokens used are reported. A stream reports them only if `stream_options.include_usage` asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsagePlace {
    /// In a chunk of its own behind the last, with empty `choices`.
    #[default]
    Trailing,
    /// On the chunk that says that the answer is done.
    Finish,
    /// On that chunk, and as `null` in one behind it.
    FinishThenNull,
    /// First too little on the chunk that says that the answer is done, then what counts behind it.
    Twice,
    /// Nowhere.
    Nowhere,
}

/// Where an answer stops until a test releases it ([`crate::Handle::release`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Before the first byte, the status too.
    BeforeFirstByte,
    /// After so many pieces of the answer (of a plain answer: 0 or more is before its body).
    AfterPieces(usize),
}

/// What the model proposes beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments, a text that should be JSON.
    pub arguments: String,
}

/// An answer, and the calls it is for. Every condition given must hold; the first that fits is taken.
///
/// ```
/// use frontdesk_fake_llm::Answer;
/// let about_prices = Answer::text("From 5,000 EUR.").when_user_says("price").times(2);
/// # drop(about_prices);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// Only where the last message of the user holds this text.
    pub user_says: Option<String>,
    /// Only for this model.
    pub model: Option<String>,
    /// At most so many times; `None` until it is cleared.
    pub times: Option<u64>,
    /// What it says.
    pub text: String,
    /// What it thinks before. Without a text here a model that is not told `thinking: disabled` thinks
    /// a line of its own.
    pub reasoning: String,
    /// What it proposes.
    pub calls: Vec<ToolCall>,
    /// Why it ends; by itself `stop`, `tool_calls` where there are calls, `length` where `max_tokens`
    /// cut it.
    pub finish_reason: Option<String>,
    /// Where the tokens are reported.
    pub usage: UsagePlace,
    /// What is reported instead of what the fake counts.
    pub tokens: Option<Tokens>,
    /// How many characters a piece of a stream has; 0 is all at once.
    pub piece_chars: usize,
    /// Real milliseconds before the first byte.
    pub first_after_ms: u64,
    /// Real milliseconds between two pieces.
    pub between_ms: u64,
    /// Where it stops until released.
    pub hold: Option<Hold>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            user_says: None,
            model: None,
            times: None,
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            finish_reason: None,
            usage: UsagePlace::default(),
            tokens: None,
            piece_chars: 8,
            first_after_ms: 0,
            between_ms: 0,
            hold: None,
        }
    }
}

impl Answer {
    /// An answer of this text, to every call.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Proposes a call, too.
    #[must_use]
    pub fn call(mut self, name: &str, arguments: &str) -> Self {
        self.calls.push(ToolCall {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        });
        self
    }

    /// Thinks this before it answers.
    #[must_use]
    pub fn reasoning(mut self, text: &str) -> Self {
        text.clone_into(&mut self.reasoning);
        self
    }

    /// Only where the last message of the user holds this text.
    #[must_use]
    pub fn when_user_says(mut self, text: &str) -> Self {
        self.user_says = Some(text.to_owned());
        self
    }

    /// Only for this model.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// At most so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Ends for this reason.
    #[must_use]
    pub fn finish_reason(mut self, reason: &str) -> Self {
        self.finish_reason = Some(reason.to_owned());
        self
    }

    /// Reports the tokens there.
    #[must_use]
    pub fn usage(mut self, place: UsagePlace) -> Self {
        self.usage = place;
        self
    }

    /// Reports these tokens, whatever was used.
    #[must_use]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Comes in pieces of so many characters; 0 is all at once.
    #[must_use]
    pub fn piece_chars(mut self, chars: usize) -> Self {
        self.piece_chars = chars;
        self
    }

    /// Waits so many real milliseconds before the first byte, and between two pieces.
    #[must_use]
    pub fn pace(mut self, first_after_ms: u64, between_ms: u64) -> Self {
        self.first_after_ms = first_after_ms;
        self.between_ms = between_ms;
        self
    }

    /// Stops there until it is released.
    #[must_use]
    pub fn hold(mut self, hold: Hold) -> Self {
        self.hold = Some(hold);
        self
    }

    /// What the model says without a script: the same for the same question.
    fn unscripted(request: &Request) -> Self {
        Self::text(format!("You wrote: {}", request.last_user))
    }

    fn fits(&self, request: &Request) -> bool {
        self.model.as_ref().is_none_or(|model| *model == request.model)
            && self
                .user_says
                .as_ref()
                .is_none_or(|text| request.last_user.contains(text.as_str()))
    }
}

/// An answer in force, with its count.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveAnswer {
    /// Its id.
    pub id: u64,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// Calls that it answered.
    pub given: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) active: Vec<ActiveAnswer>,
    next_id: u64,
}

impl Script {
    pub(crate) fn add(&mut self, answer: Answer) -> u64 {
        self.next_id += 1;
        self.active.push(ActiveAnswer {
            id: self.next_id,
            answer,
            given: 0,
        });
        self.next_id
    }

    /// The answer to a request, and its id if it is of the script.
    pub(crate) fn take(&mut self, request: &Request) -> (Option<u64>, Answer) {
        let found = self.active.iter_mut().find(|active| {
            active.answer.times.is_none_or(|times| active.given < times) && active.answer.fits(request)
        });
        match found {
            Some(active) => {
                active.given += 1;
                (Some(active.id), active.answer.clone())
            }
            None => (None, Answer::unscripted(request)),
        }
    }
}
