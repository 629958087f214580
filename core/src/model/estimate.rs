//! How many tokens a prompt has at most, without a model's own tokenizer.

use crate::port::llm::ModelRequest;

/// Hundredths of a token that every part of a prompt costs beside its text.
const PART: u64 = 800;

/// An upper bound for prose and data in the scripts below, measured against two public tokenizers: it
/// takes each character for as much as the worse of them does on average, and a tenth more. Text made
/// to be expensive (long runs of random letters or digits) can exceed it.
///
/// | characters | tokens each |
/// | --- | --- |
/// | ASCII letters, digits, spaces | 0.25 |
/// | other ASCII | 0.5 |
/// | Latin with accents, Greek, Cyrillic, Hebrew, Arabic | 0.6 |
/// | all others | 1 |
pub fn text_tokens(text: &str) -> u64 {
    rounded(hundredths(text))
}

/// The same for a whole request: its parts, 8 tokens more for each, and its tools.
pub fn prompt_tokens(request: &ModelRequest) -> u64 {
    let parts = request.parts.iter().map(|part| PART + hundredths(&part.text));
    let tools = request.tools.iter().map(|tool| {
        PART + hundredths(&tool.name)
            + hundredths(&tool.description)
            + hundredths(&tool.parameters.to_string())
    });
    rounded(parts.chain(tools).fold(0, u64::saturating_add))
}

fn hundredths(text: &str) -> u64 {
    text.chars().map(of_char).fold(0, u64::saturating_add)
}

fn of_char(c: char) -> u64 {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => 25,
        '\0'..='\u{7f}' => 50,
        // Latin-1 and Latin Extended, Greek, Cyrillic, Hebrew, Arabic.
        '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{590}'..='\u{77f}' => 60,
        _ => 100,
    }
}

/// Hundredths to whole tokens, with a tenth on top.
fn rounded(hundredths: u64) -> u64 {
    hundredths.saturating_mul(11).div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_script_costs_what_the_table_says() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("how much is an audit of our cloud", 10), // 33 · 0.25 · 1.1
            ("{\"a\":[1]}", 5),                        // 7 · 0.5 + 2 · 0.25, · 1.1
            ("сколько стоит аудит", 12),               // 17 · 0.6 + 2 · 0.25, · 1.1
            ("Zürich", 3),
            ("漢字漢字漢字漢字漢字", 11),
            ("👩‍👩‍👧", 6),
        ] {
            assert_eq!(text_tokens(text), tokens, "{text}");
        }
    }

    proptest! {
        #[test]
        fn more_text_is_never_fewer_tokens(a in ".{0,60}", b in ".{0,60}") {
            let both = text_tokens(&format!("{a}{b}"));
            prop_assert!(both >= text_tokens(&a).max(text_tokens(&b)));
            prop_assert!(both <= text_tokens(&a) + text_tokens(&b), "no cheaper in one piece");
        }
    }
}
