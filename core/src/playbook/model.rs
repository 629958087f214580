//! What the playbook says of the language model: the prompt, bounds, prices.

use serde::Deserialize;
use toml::Spanned;

use crate::port::llm::Usage;

use super::problem::line_at;
use super::{PlaybookFiles, Problems};

/// The file of the prompt.
const PROMPT: &str = "prompts/system.md";

/// What may stand in braces in the prompt.
pub const PLACEHOLDERS: &[&str] = &["brand", "site", "locale", "now", "hours", "services"];

/// How the model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPlan {
    /// Persona and rules, with `{placeholders}`.
    pub prompt: String,
    /// At most so many tokens of earlier messages go into a prompt.
    pub history_tokens: u64,
    /// At most so many tokens make an answer.
    pub answer_tokens: u32,
    /// At most so many knowledge entries go into a prompt.
    pub passages: usize,
    /// What models cost; the first one that fits the name.
    pub prices: Vec<ModelPrice>,
}

/// What a model costs per million tokens, in units of the playbook's currency.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// The model, as it is named in the settings.
    pub model: String,
    /// Tokens of the prompt.
    pub input: f64,
    /// Tokens of the prompt that the model has in its cache; as `input` without it.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Tokens of the answer.
    pub output: f64,
}

impl ModelPlan {
    /// What `usage` of `model` costs, in millionths of the currency's unit; `None` without a price.
    pub fn cost_micros(&self, model: &str, usage: Usage) -> Option<i64> {
        let price = self.prices.iter().find(|price| price.model == model)?;
        let cached = usage.tokens_cached.min(usage.tokens_in);
        // A price per million tokens is millionths a token.
        let cost = tokens(usage.tokens_in - cached) * price.input
            + tokens(cached) * price.cached.unwrap_or(price.input)
            + tokens(usage.tokens_out) * price.output;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cost of 2^53 millionths is no cost"
        )]
        let micros = cost.round() as i64;
        Some(micros)
    }

    /// The prompt with its placeholders filled in; what is in braces and is none stays.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let mut out = String::with_capacity(self.prompt.len());
        let mut rest = self.prompt.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let found = after.split_once('}').and_then(|(name, tail)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((value, tail))
            });
            if let Some((value, tail)) = found {
                out.push_str(value);
                rest = tail;
            } else {
                out.push('{');
                rest = after;
            }
        }
        out.push_str(rest);
        out
    }
}

fn tokens(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no call has 2^53 tokens")]
    let count = count as f64;
    count
}

/// The section `[model]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawModel {
    history_tokens: u64,
    answer_tokens: u32,
    passages: usize,
    price: Vec<Spanned<ModelPrice>>,
}

impl Default for RawModel {
    fn default() -> Self {
        RawModel {
            history_tokens: 2_000,
            answer_tokens: 700,
            passages: 5,
            price: Vec::new(),
        }
    }
}

/// The plan, if there is a prompt.
pub(super) fn parse(
    main: &str,
    text: &str,
    raw: RawModel,
    files: &PlaybookFiles,
    problems: &mut Problems,
) -> Option<ModelPlan> {
    for price in &raw.price {
        let ModelPrice {
            input,
            cached,
            output,
            ..
        } = price.get_ref();
        let all = [Some(*input), *cached, Some(*output)];
        if all
            .into_iter()
            .flatten()
            .any(|price| !(price.is_finite() && price >= 0.0))
        {
            problems.error(
                main,
                line_at(text, price.span().start),
                "a price of the model: expected numbers from 0 per million tokens",
            );
        }
    }
    let Some(prompt) = files.get(PROMPT) else {
        problems.warn(
            PROMPT,
            0,
            "there is no prompt: the model is never asked, expected persona and rules for it",
        );
        return None;
    };
    for (number, line) in (1..).zip(prompt.lines()) {
        for name in braced(line).filter(|name| !PLACEHOLDERS.contains(name)) {
            problems.error(
                PROMPT,
                number,
                format!(
                    "`{{{name}}}` is no placeholder: expected one of {}",
                    PLACEHOLDERS.join(", ")
                ),
            );
        }
    }
    Some(ModelPlan {
        prompt: prompt.clone(),
        history_tokens: raw.history_tokens,
        answer_tokens: raw.answer_tokens.max(1),
        passages: raw.passages,
        prices: raw.price.into_iter().map(Spanned::into_inner).collect(),
    })
}

/// What stands in braces and looks like a placeholder's name.
fn braced(line: &str) -> impl Iterator<Item = &str> {
    line.split('{').skip(1).filter_map(|after| {
        let (name, _) = after.split_once('}')?;
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        plain.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(prompt: &str) -> ModelPlan {
        ModelPlan {
            prompt: prompt.to_owned(),
            history_tokens: 0,
            answer_tokens: 1,
            passages: 0,
            prices: vec![ModelPrice {
                model: "m".to_owned(),
                input: 2.0,
                cached: Some(0.5),
                output: 10.0,
            }],
        }
    }

    #[test]
    fn a_call_costs_what_its_tokens_cost() {
        let usage = Usage {
            tokens_in: 1_000,
            tokens_cached: 400,
            tokens_out: 50,
        };
        assert_eq!(plan("").cost_micros("m", usage), Some(600 * 2 + 200 + 500));
        assert_eq!(plan("").cost_micros("another", usage), None);
    }

    #[test]
    fn placeholders_are_filled_and_other_braces_stay() {
        let filled = plan("I am {brand}. {\"a\": 1} {unknown} {").fill(&[("brand", "ACME {site}")]);
        assert_eq!(filled, "I am ACME {site}. {\"a\": 1} {unknown} {");
    }
}
