//! How many tokens a text has at most, without the model's tokenizer; and what of a history fits.

use std::borrow::Cow;

use crate::port::llm::{PromptPart, Role};

/// What a message costs beside its text: role, separators.
pub const PER_MESSAGE: u64 = 9;

/// Stands where over-long text was cut.
pub const CUT: &str = " […]";

/// Two hundred units are a token; weights are given in these, with the tenth on top already in.
const UNIT: u64 = 200;

/// A stretch of ASCII without a blank that is longer is no word, but something encoded.
const LONGEST_WORD: u64 = 24;

/// An upper bound of the tokens of a text, for models that split text as today's do.
///
/// A quarter of a token for an ASCII letter or a blank, a half for other ASCII and digits, 0.6 for
/// Cyrillic, Greek, Arabic, Hebrew and accented Latin, one for everything else (three for what lies
/// outside the basic plane), and a tenth on top. A stretch of more than 24 ASCII characters without a
/// blank counts 0.8 for each: it is no word of any language.
///
/// It is a bound for budgets, not a count, and made for whole texts: a single line may have a few
/// tokens more. Against two common tokenizers (o200k, cl100k) it is 1.3 times what they count for
/// English, 1.3 to 2.2 for Russian, 1.1 to 1.5 for German, 1.9 for source code, 1.2 for random digits
/// and base64.
pub fn estimate(text: &str) -> u64 {
    weight(text).div_ceil(UNIT)
}

/// An upper bound of the tokens of a prompt: its texts, and [`PER_MESSAGE`] for each part.
pub fn of_parts(parts: &[PromptPart]) -> u64 {
    parts
        .iter()
        .map(|part| estimate(&part.text).saturating_add(PER_MESSAGE))
        .fold(0, u64::saturating_add)
}

fn weight(text: &str) -> u64 {
    let mut sum = 0_u64;
    let mut run = 0_u64;
    let mut in_run = 0_u64;
    for c in text.chars() {
        let one = of_char(c);
        if c.is_ascii_graphic() {
            run += 1;
            in_run += one;
        } else {
            sum = sum.saturating_add(of_run(run, in_run)).saturating_add(one);
            (run, in_run) = (0, 0);
        }
    }
    sum.saturating_add(of_run(run, in_run))
}

fn of_run(length: u64, weight: u64) -> u64 {
    if length > LONGEST_WORD {
        weight.max(length.saturating_mul(176))
    } else {
        weight
    }
}

/// Weight of a character: tokens × 200 × 1.1.
fn of_char(c: char) -> u64 {
    match c {
        'a'..='z' | 'A'..='Z' | ' ' | '\n' => 55,
        c if c.is_ascii() => 110,
        '\u{a0}'..='\u{6ff}' | '\u{1e00}'..='\u{1fff}' => 132,
        '\u{700}'..='\u{ffff}' => 220,
        _ => 660,
    }
}

/// What of a history fits into `budget` tokens, oldest first.
///
/// A history is the turns of a chat: what the client said, what was answered, and so on, the newest
/// turn last, perhaps not answered yet. Whole turns go, the oldest first; the newest always stays,
/// and so does every part of [`Role::System`]. If the newest alone is too long, the longest of its
/// texts that are not the bot's are cut at a character's edge and end with [`CUT`]. With that it fits, unless
/// the budget does not hold the system's parts and the bot's.
pub fn trim(history: Vec<PromptPart>, budget: u64) -> Vec<PromptPart> {
    let mut over = of_parts(&history).saturating_sub(budget);
    let turns = turns_of(&history);
    let newest = turns.iter().copied().max().unwrap_or(0);
    let mut first_kept = 0;
    while over > 0 && first_kept < newest {
        let freed: u64 = history
            .iter()
            .zip(&turns)
            .filter(|(part, turn)| **turn == first_kept && part.role != Role::System)
            .map(|(part, _)| estimate(&part.text) + PER_MESSAGE)
            .sum();
        over = over.saturating_sub(freed);
        first_kept += 1;
    }
    let mut kept: Vec<PromptPart> = history
        .into_iter()
        .zip(turns)
        .filter(|(part, turn)| part.role == Role::System || *turn >= first_kept)
        .map(|(part, _)| part)
        .collect();
    shorten(&mut kept, budget);
    kept
}

/// The number of the turn each part belongs to: a turn begins where the client speaks after the bot.
fn turns_of(history: &[PromptPart]) -> Vec<usize> {
    let mut turn = 0;
    let mut answered = false;
    history
        .iter()
        .map(|part| {
            match part.role {
                Role::User if answered => {
                    turn += 1;
                    answered = false;
                }
                Role::System | Role::User => {}
                Role::Assistant => answered = true,
            }
            turn
        })
        .collect()
}

/// Cuts the longest untrusted texts until all fits, or none is left that could be cut.
fn shorten(parts: &mut [PromptPart], budget: u64) {
    let mut longest: Vec<usize> = (0..parts.len())
        .filter(|at| parts[*at].role == Role::User)
        .collect();
    longest.sort_by_key(|at| std::cmp::Reverse(estimate(&parts[*at].text)));
    for at in longest {
        let over = of_parts(parts).saturating_sub(budget);
        if over == 0 {
            return;
        }
        let room = estimate(&parts[at].text).saturating_sub(over);
        let cut = cut(&parts[at].text, room).into_owned();
        parts[at].text = cut;
    }
}

/// The start of `text` that has `room` tokens at most, [`CUT`] behind it included; all of it if it
/// fits. No room for more than the mark gives the mark alone.
pub fn cut(text: &str, room: u64) -> Cow<'_, str> {
    if estimate(text) <= room {
        return Cow::Borrowed(text);
    }
    let limit = room.saturating_mul(UNIT).saturating_sub(weight(CUT));
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    // A longer start never weighs less, so the longest that fits is found by halving.
    let fitting = ends.partition_point(|end| weight(&text[..*end]) <= limit);
    let end = ends[fitting.saturating_sub(1)];
    Cow::Owned(format!("{}{CUT}", text[..end].trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(role: Role, text: &str) -> PromptPart {
        PromptPart {
            role,
            text: text.to_owned(),
        }
    }

    #[test]
    fn estimates_by_script() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("How much is a DevOps audit for us?", 10),
            ("Сколько стоит аудит?", 13),
            ("12345678", 5),
            ("日本語", 4),
            ("🙂", 4),
            (&"Zm9vYmFy".repeat(10), 71),
        ] {
            assert_eq!(estimate(text), tokens, "{text}");
        }
    }

    #[test]
    fn whole_turns_go_and_the_newest_stays() {
        let history = vec![
            part(Role::System, "rules"),
            part(Role::User, "one one one one one"),
            part(Role::User, "and one"),
            part(Role::Assistant, "first"),
            part(Role::User, "two two two two two"),
            part(Role::Assistant, "second"),
            part(Role::User, "three"),
        ];
        assert_eq!(trim(history.clone(), 1_000), history);
        let all = of_parts(&history);
        let without_first: Vec<_> = [0, 4, 5, 6].map(|at| history[at].clone()).to_vec();
        assert_eq!(trim(history.clone(), all - 1), without_first);
        let newest: Vec<_> = [0, 6].map(|at| history[at].clone()).to_vec();
        assert_eq!(trim(history.clone(), of_parts(&newest)), newest);
        assert_eq!(trim(history, 1).last().unwrap().text, CUT);
    }

    #[test]
    fn only_the_longest_text_of_the_newest_turn_is_cut() {
        let file = "word ".repeat(4_000);
        let history = vec![
            part(Role::System, "rules"),
            part(Role::User, &file),
            part(Role::User, "what does it say?"),
        ];
        let kept = trim(history, 500);
        assert!(of_parts(&kept) <= 500);
        assert!(kept[1].text.ends_with(CUT) && kept[1].text.len() > 1_000);
        assert_eq!(kept[2].text, "what does it say?");
    }

    proptest! {
        #[test]
        fn a_longer_text_never_weighs_less(text in "\\PC{0,80}", more in any::<char>()) {
            prop_assert!(estimate(&[text.as_str(), &more.to_string()].concat()) >= estimate(&text));
        }

        #[test]
        fn what_is_cut_fits(text in "[a-zа-я0-9 日🙂]{0,300}", room in 3_u64..60) {
            let cut = cut(&text, room);
            prop_assert!(estimate(&cut) <= room);
            if estimate(&text) > room {
                prop_assert!(cut.ends_with(CUT));
            }
        }

        #[test]
        fn a_trimmed_history_fits_or_is_its_newest_turn(
            texts in proptest::collection::vec("[a-z ]{0,60}", 1..12),
            budget in 0_u64..300,
        ) {
            let roles = [Role::User, Role::Assistant];
            let history: Vec<_> = texts.iter().enumerate().map(|(at, text)| part(roles[at % 2], text)).collect();
            let kept = trim(history.clone(), budget);
            prop_assert!(of_parts(&kept) <= budget || kept.len() <= 2);
            prop_assert_eq!(kept.len() % 2, history.len() % 2);
        }
    }
}
