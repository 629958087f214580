//! LongCat's dialect of the chat-completions format: whole answers and chunks of a stream.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::request::Request;
use crate::script::{Answer, UsagePlace};
use crate::tokens::{self, Tokens};

/// One answer in the format.
#[derive(Debug)]
pub(crate) struct Wire<'a> {
    counter: u64,
    request: &'a Request,
    answer: &'a Answer,
    /// The text as far as `max_tokens` lets it come.
    text: String,
    finish: String,
    tokens: Option<Tokens>,
    null_names: bool,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(counter: u64, request: &'a Request, answer: &'a Answer, null_names: bool) -> Self {
        let limit = request
            .max_tokens
            .and_then(|tokens| usize::try_from(tokens.saturating_mul(4)).ok());
        let text: String = match limit {
            Some(limit) => answer.text.chars().take(limit).collect(),
            None => answer.text.clone(),
        };
        let finish = match &answer.finish_reason {
            Some(reason) => reason.clone(),
            None if text.len() < answer.text.len() => "length".to_owned(),
            None if !answer.calls.is_empty() => "tool_calls".to_owned(),
            None => "stop".to_owned(),
        };
        let tokens = answer.tokens.unwrap_or_else(|| used(request, answer, &text));
        Self {
            counter,
            request,
            answer,
            text,
            finish,
            tokens: (answer.usage != UsagePlace::Nowhere).then_some(tokens),
            null_names,
        }
    }

    /// The whole answer as one body, and the tokens it tells.
    pub(crate) fn plain(&self) -> (Option<Tokens>, Bytes) {
        let mut message = Map::new();
        message.insert("role".to_owned(), "assistant".into());
        message.insert("content".to_owned(), json!(self.text));
        if !self.answer.reasoning.is_empty() {
            message.insert("reasoning_content".to_owned(), json!(self.answer.reasoning));
        }
        if !self.answer.calls.is_empty() {
            let calls = self.answer.calls.iter().enumerate().map(|(index, call)| {
                json!({"id": call_id(self.counter, index), "type": "function",
                       "function": {"name": self.name(&call.name), "arguments": call.arguments}})
            });
            message.insert("tool_calls".to_owned(), calls.collect());
        }
        let choice = json!({"index": 0, "message": message, "finish_reason": self.finish});
        let mut body = self.envelope("chat.completion", json!([choice]));
        if let Some(tokens) = self.tokens {
            body.insert("usage".to_owned(), usage(tokens));
        }
        (self.tokens, Value::Object(body).to_string().into())
    }

    /// The chunk before the first piece: a role, and empty content.
    pub(crate) fn first(&self) -> Bytes {
        self.chunk(&json!({"role": "assistant", "content": ""}), None, None)
    }

    /// The pieces: reasoning, text, calls.
    pub(crate) fn pieces(&self) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        for part in self.cut(&self.answer.reasoning) {
            pieces.push(self.chunk(&json!({"reasoning_content": part}), None, None));
        }
        for part in self.cut(&self.text) {
            let delta = json!({"content": part, "reasoning_content": null});
            pieces.push(self.chunk(&delta, None, None));
        }
        for (index, call) in self.answer.calls.iter().enumerate() {
            let begin = json!({"index": index, "id": call_id(self.counter, index), "type": "function",
                               "function": {"name": self.name(&call.name), "arguments": ""}});
            pieces.push(self.chunk(&json!({"tool_calls": [begin]}), None, None));
            for part in self.cut(&call.arguments) {
                // `null` where other servers leave the field out.
                let more = json!({"index": index, "id": null, "type": "function",
                                  "function": {"name": null, "arguments": part}});
                pieces.push(self.chunk(&json!({"tool_calls": [more]}), None, None));
            }
        }
        pieces
    }

    /// What ends a complete stream but `[DONE]`: each chunk with the tokens it tells.
    pub(crate) fn end(&self) -> Vec<(Option<Tokens>, Bytes)> {
        let told = self.tokens.filter(|_| self.request.include_usage);
        let Some(tokens) = told else {
            return vec![(None, self.finish_chunk(None))];
        };
        let at_finish = |tokens| (Some(tokens), self.finish_chunk(Some(tokens)));
        match self.answer.usage {
            UsagePlace::Nowhere => vec![(None, self.finish_chunk(None))],
            UsagePlace::Trailing => vec![
                (None, self.finish_chunk(None)),
                (told, self.trailing(usage(tokens))),
            ],
            UsagePlace::Finish => vec![at_finish(tokens)],
            UsagePlace::FinishThenNull => vec![at_finish(tokens), (None, self.trailing(Value::Null))],
            UsagePlace::Twice => {
                let little = Tokens {
                    completion: 0,
                    reasoning: 0,
                    ..tokens
                };
                vec![at_finish(little), (told, self.trailing(usage(tokens)))]
            }
        }
    }

    /// What is no JSON, where a chunk or the rest of a body should be.
    pub(crate) fn bad_json(&self) -> Bytes {
        if self.request.stream {
            Bytes::from_static(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\n\n")
        } else {
            Bytes::from_static(b"}}}}")
        }
    }

    /// An error inside an answer that began well.
    pub(crate) fn error(&self, code: u16) -> Bytes {
        let error = json!({"error": {"object": "error", "message": "the engine failed", "type": "InternalServerError",
                                     "param": null, "code": code, "ext": {}}});
        if self.request.stream {
            event(&error)
        } else {
            error.to_string().into()
        }
    }

    fn finish_chunk(&self, told: Option<Tokens>) -> Bytes {
        self.chunk(&json!({}), Some(&self.finish), told)
    }

    fn trailing(&self, usage: Value) -> Bytes {
        let mut body = self.envelope("chat.completion.chunk", json!([]));
        body.insert("usage".to_owned(), usage);
        event(&Value::Object(body))
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>, told: Option<Tokens>) -> Bytes {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        let mut body = self.envelope("chat.completion.chunk", json!([choice]));
        body.insert("usage".to_owned(), told.map_or(Value::Null, usage));
        event(&Value::Object(body))
    }

    fn envelope(&self, object: &str, choices: Value) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("id".to_owned(), format!("chatcmpl-{}", self.counter).into());
        body.insert("object".to_owned(), object.into());
        body.insert("created".to_owned(), (1_800_000_000 + self.counter).into());
        body.insert("model".to_owned(), self.request.model.as_str().into());
        body.insert("choices".to_owned(), choices);
        body
    }

    fn name(&self, name: &str) -> Option<String> {
        (!self.null_names).then(|| name.to_owned())
    }

    fn cut(&self, text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let size = if self.answer.piece_chars == 0 {
            chars.len().max(1)
        } else {
            self.answer.piece_chars
        };
        chars.chunks(size).map(|chunk| chunk.iter().collect()).collect()
    }
}

fn used(request: &Request, answer: &Answer, text: &str) -> Tokens {
    let reasoning = tokens::count(&answer.reasoning);
    let calls: u64 = answer
        .calls
        .iter()
        .map(|call| tokens::count(&call.name) + tokens::count(&call.arguments))
        .sum();
    Tokens {
        prompt: request.prompt_tokens,
        cached: 0,
        completion: tokens::count(text) + reasoning + calls,
        reasoning,
    }
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.prompt.saturating_add(tokens.completion),
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
    })
}

fn call_id(counter: u64, index: usize) -> String {
    format!("call_{counter}_{index}")
}

fn event(body: &Value) -> Bytes {
    format!("data: {body}\n\n").into()
}
