//! How many tokens a request has at most, without a model's own tokenizer.

use crate::guard::tokens::{PER_MESSAGE, estimate, of_parts};
use crate::port::llm::ModelRequest;

/// An upper bound of what a request costs to read: its parts, and its tools as the parts they are sent
/// as. What the bound rests on is said at [`estimate`].
pub fn prompt_tokens(request: &ModelRequest) -> u64 {
    let tools = request.tools.iter().map(|tool| {
        [&tool.name, &tool.description, &tool.parameters.to_string()]
            .into_iter()
            .map(|text| estimate(text))
            .fold(PER_MESSAGE, u64::saturating_add)
    });
    tools.fold(of_parts(&request.parts), u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use std::time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::id::{BotId, ClientId};
    use crate::port::llm::{Account, PromptPart, Role, Tool};

    #[test]
    fn a_tool_counts_as_much_as_its_words_in_a_part() {
        let part = |text: &str| PromptPart {
            role: Role::System,
            text: text.to_owned(),
        };
        let bare = ModelRequest {
            parts: vec![part("answer briefly")],
            tools: Vec::new(),
            max_tokens: 100,
            deadline: Duration::from_secs(1),
            stream: false,
            account: Account {
                bot_id: BotId(1),
                client_id: ClientId(Uuid::nil()),
            },
        };
        let with_tool = ModelRequest {
            tools: vec![Tool {
                name: "hand_over".to_owned(),
                description: "fetches a person".to_owned(),
                parameters: json!({}),
            }],
            ..bare.clone()
        };
        let words = estimate("hand_over") + estimate("fetches a person") + estimate("{}");
        assert_eq!(
            prompt_tokens(&with_tool),
            prompt_tokens(&bare) + words + PER_MESSAGE
        );
    }
}
