//! One request for an answer, read as strictly as LongCat's server reads it.

use serde_json::Value;

use crate::config::Config;
use crate::refusal::Refusal;
use crate::tokens;

/// What LongCat does not list among its parameters; a client that sends them finds out here.
const UNSUPPORTED: [&str; 5] = [
    "stop",
    "reasoning_effort",
    "enable_thinking",
    "thinking_budget",
    "n",
];

/// What counts in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) model: String,
    /// The content of the last message of the user.
    pub(crate) last_user: String,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) thinks: bool,
    pub(crate) prompt_tokens: u64,
}

impl Request {
    /// Reads a request's body.
    pub(crate) fn read(body: &Value, config: &Config) -> Result<Self, Refusal> {
        let bad = |message: String| Refusal::invalid("invalid_parameter", message);
        let fields = body
            .as_object()
            .ok_or_else(|| Refusal::invalid("invalid_json", "the body is no JSON object"))?;
        let model = text(body, "model").ok_or_else(|| bad("model is missing".to_owned()))?;
        if !config.models.is_empty() && !config.models.iter().any(|known| known == model) {
            return Err(bad(format!("Unsupported model: {model}")));
        }
        if let Some(name) = UNSUPPORTED.iter().find(|name| fields.contains_key(**name)) {
            return Err(bad(format!("{name} is not supported")));
        }
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages
            .filter(|messages| !messages.is_empty())
            .ok_or_else(|| bad("messages are missing".to_owned()))?;
        let mut prompt_tokens = 0;
        let mut last_user = String::new();
        for (index, message) in messages.iter().enumerate() {
            let role = text(message, "role").filter(|role| matches!(*role, "system" | "user" | "assistant"));
            let role = role.ok_or_else(|| bad(format!("messages[{index}].role is not known")))?;
            let content = text(message, "content")
                .ok_or_else(|| bad(format!("messages[{index}].content must be a string")))?;
            prompt_tokens += tokens::count(content);
            if role == "user" {
                content.clone_into(&mut last_user);
            }
        }
        if prompt_tokens > config.context_tokens {
            return Err(Refusal::too_long(config.context_tokens, prompt_tokens));
        }
        let thinking = body.pointer("/thinking/type").and_then(Value::as_str);
        Ok(Self {
            model: model.to_owned(),
            last_user,
            stream: flag(body, "/stream"),
            include_usage: flag(body, "/stream_options/include_usage"),
            max_tokens: body.get("max_tokens").and_then(Value::as_u64),
            // What is not said is the server's default: it thinks.
            thinks: thinking != Some("disabled"),
            prompt_tokens,
        })
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn flag(value: &Value, path: &str) -> bool {
    value.pointer(path).and_then(Value::as_bool) == Some(true)
}
