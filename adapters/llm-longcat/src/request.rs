//! What is asked: the body of a request.

use frontdesk_core::port::llm::{ModelRequest, PromptPart, Role, Tool};
use serde::Serialize;
use serde_json::Value;

/// The body, in the order in which it is written: the prompt's beginning stays byte for byte the same
/// from call to call, which the provider's cache needs.
///
/// `stop` and `reasoning_effort` are not supported and never sent. `thinking` and `max_tokens` have
/// defaults on the server that nobody wants, and are always sent.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Function<'a>>,
    max_tokens: u32,
    thinking: Thinking,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: Role,
    content: &'a str,
}

#[derive(Serialize)]
struct Function<'a> {
    r#type: &'static str,
    function: FunctionOf<'a>,
}

#[derive(Serialize)]
struct FunctionOf<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The body of a request to this model.
pub(crate) fn body(model: &str, request: &ModelRequest) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Body {
        model,
        messages: request.parts.iter().map(message).collect(),
        tools: request.tools.iter().map(function).collect(),
        max_tokens: request.max_tokens,
        thinking: Thinking { r#type: "disabled" },
        stream: request.stream,
        stream_options: request.stream.then_some(StreamOptions { include_usage: true }),
    })
}

fn message(part: &PromptPart) -> Message<'_> {
    Message {
        role: part.role,
        content: &part.text,
    }
}

fn function(tool: &Tool) -> Function<'_> {
    Function {
        r#type: "function",
        function: FunctionOf {
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.parameters,
        },
    }
}
