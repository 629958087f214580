//! An answer, put together from chunks or from one body. Pure, and lenient in what it reads: a field of
//! a wrong type counts as missing, `null` never takes anything back.

use std::collections::BTreeMap;

use frontdesk_core::port::llm::{ToolCall, Usage};
use serde_json::Value;

use crate::markup::Shown;

/// What has come of an answer.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    shown: Shown,
    calls: BTreeMap<u64, Proposal>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    begun: bool,
}

#[derive(Debug, Default)]
struct Proposal {
    name: String,
    arguments: String,
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    Done,
    Length,
    Filtered,
    Unknown,
}

/// What a whole answer holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// What of the text was not given piece by piece yet.
    pub(crate) last: String,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
}

impl Assembly {
    /// Takes a chunk of a stream; gives what more of the text may be shown.
    pub(crate) fn chunk(&mut self, chunk: &Value) -> &str {
        self.usage_of(chunk);
        let Some(choice) = chunk.pointer("/choices/0") else {
            return "";
        };
        self.finish_of(choice);
        self.part(choice.get("delta").unwrap_or(&Value::Null))
    }

    /// Takes an answer that came as a whole.
    pub(crate) fn body(&mut self, body: &Value) {
        self.usage_of(body);
        if let Some(choice) = body.pointer("/choices/0") {
            self.finish_of(choice);
            self.part(choice.get("message").unwrap_or(&Value::Null));
        }
    }

    /// Whether anything of the answer has come: text, thought, a proposal, or that it is done.
    pub(crate) fn begun(&self) -> bool {
        self.begun
    }

    /// What it cost, as far as it said.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// The answer, or why it is none.
    ///
    /// An answer that `max_tokens` cut is none: the end of it is missing, and its proposals may be cut in
    /// the middle. Neither is one that the provider's filter stopped; another attempt may pass it.
    pub(crate) fn finish(mut self) -> Result<Said, &'static str> {
        match self.finish {
            Some(Finish::Done) => {}
            None => return Err("it ended without saying that it was done"),
            Some(Finish::Length) => return Err("it was cut at the most tokens it may have"),
            Some(Finish::Filtered) => return Err("the provider's filter stopped it"),
            Some(Finish::Unknown) => return Err("it ended for a reason that is not known"),
        }
        let last = self
            .shown
            .close()
            .ok_or("the model's own markup leaked into it")?
            .to_owned();
        let text = self.shown.into_text();
        let calls: Vec<ToolCall> = self.calls.into_values().map(ToolCall::from).collect();
        if calls.iter().any(|call| call.name.is_empty()) {
            return Err("a proposal in it has no name");
        }
        if text.is_empty() && calls.is_empty() {
            return Err("it holds neither text nor a proposal");
        }
        Ok(Said { last, text, calls })
    }

    /// Takes a part of a message: what it thinks is never shown.
    fn part(&mut self, part: &Value) -> &str {
        let has = |field| {
            part.get(field)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        self.begun |= has("content") || has("reasoning_content");
        let calls = part.get("tool_calls").and_then(Value::as_array);
        for (place, call) in calls.into_iter().flatten().enumerate() {
            self.begun = true;
            self.call(place, call);
        }
        self.shown
            .push(part.get("content").and_then(Value::as_str).unwrap_or_default())
    }

    fn call(&mut self, place: usize, call: &Value) {
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        let index = call.get("index").and_then(Value::as_u64).unwrap_or(place);
        let proposal = self.calls.entry(index).or_default();
        let function = call.get("function").unwrap_or(&Value::Null);
        if let Some(name) = function.get("name").and_then(Value::as_str)
            && proposal.name.is_empty()
        {
            name.clone_into(&mut proposal.name);
        }
        match function.get("arguments") {
            Some(Value::String(arguments)) => proposal.arguments.push_str(arguments),
            // Some servers give the object itself.
            Some(Value::Object(arguments)) => {
                proposal
                    .arguments
                    .push_str(&Value::Object(arguments.clone()).to_string());
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => {}
        }
    }

    fn finish_of(&mut self, choice: &Value) {
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.begun = true;
            self.finish = Some(match reason {
                "stop" | "tool_calls" => Finish::Done,
                "length" => Finish::Length,
                "content_filter" => Finish::Filtered,
                _ => Finish::Unknown,
            });
        }
    }

    /// The last that is said of it counts.
    fn usage_of(&mut self, chunk: &Value) {
        let Some(usage) = chunk.get("usage") else {
            return;
        };
        let number = |path| usage.pointer(path).and_then(Value::as_u64);
        let (prompt, completion) = (number("/prompt_tokens"), number("/completion_tokens"));
        if prompt.is_none() && completion.is_none() {
            return;
        }
        let tokens_in = prompt.unwrap_or(0);
        self.usage = Some(Usage {
            tokens_in,
            tokens_cached: number("/prompt_tokens_details/cached_tokens")
                .unwrap_or(0)
                .min(tokens_in),
            tokens_out: completion.unwrap_or(0),
        });
    }
}

impl From<Proposal> for ToolCall {
    fn from(proposal: Proposal) -> Self {
        ToolCall {
            name: proposal.name,
            arguments: proposal.arguments,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finished(chunks: &[Value]) -> (Result<Said, &'static str>, Option<Usage>) {
        let mut assembly = Assembly::default();
        for chunk in chunks {
            assembly.chunk(chunk);
        }
        let usage = assembly.usage();
        (assembly.finish(), usage)
    }

    fn ends(reason: &str) -> Value {
        json!({"choices": [{"delta": {}, "finish_reason": reason}]})
    }

    #[test]
    fn null_takes_nothing_back() {
        let call = |id: Value, name: Value, arguments: &str| {
            json!({"choices": [{"delta": {"content": null, "tool_calls": [
                {"index": 1, "id": id, "function": {"name": name, "arguments": arguments}}]}}]})
        };
        let chunks = [
            call(json!("call_1"), json!("start_form"), ""),
            call(Value::Null, Value::Null, "{\"a\":"),
            call(Value::Null, json!(""), "1}"),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}),
            json!({"choices": [{"delta": {}, "finish_reason": null}], "usage": null}),
            json!({"choices": [], "usage": {}}),
        ];
        let (said, usage) = finished(&chunks);
        let expected = ToolCall {
            name: "start_form".to_owned(),
            arguments: "{\"a\":1}".to_owned(),
        };
        assert_eq!(said.map(|said| said.calls), Ok(vec![expected]));
        assert_eq!(usage.map(|usage| usage.total()), Some(10));
    }

    #[test]
    fn more_is_cached_than_was_asked_in_no_case() {
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}});
        let (_, usage) = finished(&[json!({"choices": [], "usage": usage})]);
        assert_eq!(usage.map(|usage| usage.tokens_cached), Some(7));
    }

    #[test]
    fn only_a_known_end_with_something_in_it_is_an_answer() {
        let text = json!({"choices": [{"delta": {"content": "Hello", "reasoning_content": "hm"}}]});
        let thought = json!({"choices": [{"delta": {"content": "", "reasoning_content": "Hello"}}]});
        assert!(finished(&[text.clone(), ends("stop")]).0.is_ok());
        for chunks in [
            vec![],
            vec![text.clone()],
            vec![text.clone(), ends("length")],
            vec![text.clone(), ends("content_filter")],
            vec![text, ends("function_call")],
            vec![ends("stop")],
            vec![ends("tool_calls")],
            vec![thought, ends("stop")],
        ] {
            assert!(finished(&chunks).0.is_err(), "{chunks:?}");
        }
    }
}
