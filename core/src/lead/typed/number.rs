//! Numbers in digits and in words, with their thousands.

use crate::text::figure::token::{Kind, Token};
use crate::text::figure::word::{multiplier, number_word};

/// A number, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub value: u64,
    /// What it was multiplied by: 1 without a word such as "thousand".
    pub scale: u64,
    /// Whether digits or a word of a number stood there, rather than "thousand" alone.
    pub counted: bool,
}

impl Number {
    fn plain(value: u64) -> Number {
        Number {
            value,
            scale: 1,
            counted: true,
        }
    }

    /// Multiplied, if it was not yet.
    pub fn scaled(self, by: u64) -> Number {
        if self.scale > 1 {
            return self;
        }
        Number {
            value: self.value.saturating_mul(by),
            scale: by,
            ..self
        }
    }
}

/// The number that begins at a token, and where it ends.
pub(super) fn number(tokens: &[Token], at: usize) -> Option<(Number, usize)> {
    // "тысяч сорок": about forty thousand.
    let word = tokens.get(at).and_then(Token::word).unwrap_or_default();
    if (word == "тысяч" || word == "тыщ")
        && let Some((scale, next)) = times(tokens, at)
        && let Some((counted, next)) = count(tokens, next)
        && counted.scale == 1
        && times(tokens, next).is_none()
    {
        return Some((counted.scaled(scale), next));
    }
    let (counted, mut next) = count(tokens, at).or_else(|| {
        if !["thousand", "тысяча", "тысячу", "million", "миллион"].contains(&word) {
            return None;
        }
        let (scale, next) = times(tokens, at)?;
        let alone = Number {
            value: 1_000 * scale,
            scale,
            counted: false,
        };
        Some((alone, next))
    })?;
    let mut counted = counted;
    if counted.scale == 1
        && let Some((scale, after)) = times(tokens, next)
    {
        counted = counted.scaled(scale);
        next = after;
    }
    Some((counted, next))
}

/// A word of thousands or millions.
fn times(tokens: &[Token], at: usize) -> Option<(u64, usize)> {
    let word = tokens.get(at)?.word()?;
    let scale = match word {
        "т" | "grand" | "thousands" => 1_000,
        "millions" | "кк" => 1_000_000,
        word if word.starts_with("тыщ") => 1_000,
        word if word.starts_with("лям") => 1_000_000,
        word => multiplier(word)?,
    };
    let dot = matches!(tokens.get(at + 1).map(|token| &token.kind), Some(Kind::Sign('.')));
    Some((scale, at + 1 + usize::from(dot)))
}

/// A number without its thousands.
fn count(tokens: &[Token], at: usize) -> Option<(Number, usize)> {
    match &tokens.get(at)?.kind {
        Kind::Number(value, true) => Some((
            Number {
                value: *value,
                // Of "k" and "m" the token keeps the product alone.
                scale: if *value < 1_000_000_000 { 1_000 } else { 1_000_000 },
                counted: true,
            },
            at + 1,
        )),
        Kind::Number(value, false) => Some((Number::plain(*value), at + 1)),
        Kind::Word(word) => fraction(tokens, at, word).or_else(|| in_words(tokens, at)),
        Kind::At(_) | Kind::Date(..) | Kind::Sign(_) => None,
    }
}

/// "half a million", "полтора", "полмиллиона", "a couple of".
fn fraction(tokens: &[Token], at: usize, word: &str) -> Option<(Number, usize)> {
    let word_at = |at: usize| tokens.get(at).and_then(Token::word);
    let skip =
        |at: usize, words: &[&str]| at + usize::from(word_at(at).is_some_and(|word| words.contains(&word)));
    match word {
        "half" => Some((Number::plain(500), skip(at + 1, &["a", "of"]))),
        "quarter" if word_at(at + 1) == Some("million") => Some((Number::plain(250), at + 1)),
        "quarter" if word_at(at + 1) == Some("of") && word_at(at + 2) == Some("a") => {
            Some((Number::plain(250), at + 3))
        }
        "пол" | "половина" | "половину" => Some((Number::plain(500), at + 1)),
        "полмиллиона" | "поллимона" | "полляма" => Some((
            Number {
                value: 500_000_000,
                scale: 1_000_000,
                counted: true,
            },
            at + 1,
        )),
        "полтора" | "полторы" | "полутора" => Some((Number::plain(1_500), at + 1)),
        "couple" => Some((Number::plain(2_000), skip(at + 1, &["of"]))),
        "пара" | "пару" | "пары" => Some((Number::plain(2_000), at + 1)),
        _ => None,
    }
}

/// "twenty-five", "two hundred and fifty", "сто двадцать".
fn in_words(tokens: &[Token], at: usize) -> Option<(Number, usize)> {
    let word_at = |at: usize| tokens.get(at).and_then(Token::word).and_then(number_word);
    let mut value = 0_u64;
    // The next word has to be smaller than the one before: "forty thirty" is no number.
    let mut room = 1_000_u64;
    let mut next = at;
    loop {
        let mut ahead = next;
        if next > at {
            let joined = match tokens.get(next).map(|token| &token.kind) {
                Some(Kind::Sign('-' | '‑')) => room == 10,
                Some(Kind::Word(word)) if word == "and" => room == 100,
                _ => false,
            };
            ahead += usize::from(joined);
        }
        let Some(word) = word_at(ahead) else { break };
        if word == 100 && (1..=9).contains(&value) {
            value *= 100;
            room = 100;
        } else if word < room {
            value += word;
            room = match word {
                100.. => 100,
                20.. => 10,
                _ => 1,
            };
        } else {
            break;
        }
        next = ahead + 1;
    }
    (next > at).then(|| (Number::plain(value * 1_000), next))
}
