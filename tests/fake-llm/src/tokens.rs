//! How the fake counts tokens: characters by four, rounded up. No vocabulary, the same on every machine.

use serde::{Deserialize, Serialize};

/// Tokens of a text.
pub fn count(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(4)).unwrap_or(u64::MAX)
}

/// Tokens as they are reported to a client, or their sum over several calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Of the prompt: the sum over the contents of its messages.
    pub prompt: u64,
    /// Those of them that came from the cache; the fake has none unless an answer's script says so.
    pub cached: u64,
    /// Of the answer: text, reasoning, names and arguments of calls.
    pub completion: u64,
    /// Those of them that were reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// Adds those of another call.
    pub(crate) fn add(&mut self, other: Tokens) {
        self.prompt = self.prompt.saturating_add(other.prompt);
        self.cached = self.cached.saturating_add(other.cached);
        self.completion = self.completion.saturating_add(other.completion);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn a_token_is_four_characters_and_a_rest() {
        let counted: Vec<u64> = ["", "a", "abcd", "abcde", "привет"].map(count).to_vec();
        assert_eq!(counted, [0, 1, 1, 2, 2]);
    }
}
