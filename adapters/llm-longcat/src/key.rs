//! The key of the account, and what may be said in errors.

use std::sync::Arc;

use frontdesk_core::port::llm::PromptPart;
use frontdesk_core::text::{clean, clip};
use ureq::http::HeaderValue;

/// The key of an account. It has no `Debug`, `Display` or `Serialize`, so that it cannot slip into a log.
#[derive(Clone)]
pub struct ApiKey(Arc<str>);

/// A text that is no key. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key as the provider's console gives it: 8 or more letters, digits or signs, no blanks")]
pub struct NoApiKey;

/// A secret so short that masking it would garble errors is none.
const SHORTEST: usize = 8;
/// What stands in place of a secret in a text.
const MASK: &str = "[redacted]";
/// The longest text of an error, in characters.
const REASON_LIMIT: usize = 300;
/// The longest word of a provider that is repeated, in bytes.
const WORD_LIMIT: usize = 64;

impl ApiKey {
    /// Reads a key; blanks around it are ignored.
    ///
    /// # Errors
    /// [`NoApiKey`] if it is too short or holds what no header may hold.
    pub fn parse(text: &str) -> Result<ApiKey, NoApiKey> {
        let text = text.trim();
        if text.len() < SHORTEST || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(NoApiKey);
        }
        Ok(ApiKey(text.into()))
    }

    /// For the header of a request, and nothing else.
    pub(crate) fn for_header(&self) -> Result<HeaderValue, NoApiKey> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).map_err(|_| NoApiKey)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn redact(&self, text: &str) -> String {
        text.replace(&*self.0, MASK)
    }
}

/// The one place where texts of the outside become texts of errors: without the key, and without any
/// part of the prompt.
#[derive(Clone, Copy)]
pub(crate) struct Discretion<'a> {
    pub(crate) key: &'a ApiKey,
    pub(crate) prompt: &'a [PromptPart],
}

impl Discretion<'_> {
    /// What the transport says of itself. It knows addresses and errors, but nothing of the prompt.
    pub(crate) fn of_transport(&self, text: &str) -> String {
        let text = self.key.redact(text);
        clip(&clean(&text).replace('\n', " "), REASON_LIMIT).to_owned()
    }

    /// A word of the provider's vocabulary, such as an error's code. What it writes in prose is never
    /// repeated, since it may quote the prompt; nor is a word that the prompt holds.
    pub(crate) fn word<'w>(&self, word: &'w str) -> Option<&'w str> {
        let fits = !word.is_empty()
            && word.len() <= WORD_LIMIT
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let quoted = word.contains(&*self.key.0)
            || self.key.0.contains(word)
            || self.prompt.iter().any(|part| part.text.contains(word));
        (fits && !quoted).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_core::port::llm::Role;

    use super::*;

    #[test]
    fn a_key_is_what_a_header_can_hold() {
        for good in ["ak_12345", " sk-abcDEF_0123.4\n"] {
            assert!(ApiKey::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "short",
            "with a blank",
            "with\nline",
            "ключ-ключ-ключ",
            "nul\0nul\0nul",
        ] {
            assert!(ApiKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn errors_repeat_neither_key_nor_prompt() {
        let key = ApiKey::parse("ak_0123456789").ok().unwrap();
        let prompt = [PromptPart {
            role: Role::User,
            text: "my invalid_name is Bob".to_owned(),
        }];
        let discretion = Discretion {
            key: &key,
            prompt: &prompt,
        };
        assert_eq!(
            discretion.of_transport("ak_0123456789 refused\nhere"),
            "[redacted] refused here"
        );
        assert_eq!(discretion.word("rate_limit_error"), Some("rate_limit_error"));
        for held_back in [
            "Bob",
            "invalid_name",
            "ak_0123456789",
            "x-ak_0123456789",
            "012345",
            "two words",
            "",
        ] {
            assert_eq!(discretion.word(held_back), None, "{held_back}");
        }
        assert_eq!(discretion.word(&"x".repeat(65)), None);
    }
}
