//! Whether what the model wrote may be said.

mod confidence;
mod leak;
mod link;
mod phrase;

pub use confidence::confidence;

use std::collections::BTreeSet;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

use self::leak::Leak;
use self::phrase::{Phrases, sentences, words};
use super::redact::{Class, find};
use super::untrusted::{is_hidden, own_markup};
use crate::playbook::Playbook;
use crate::text::figure::{self, Figure, Figures};

/// How often a line, or a word in a row, may stand in an answer.
const REPEATS: usize = 3;

/// From this length on, letters and digits without a blank are something encoded.
const ENCODED: usize = 40;

/// Why an answer is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// It tells the rules the model was given, or begins to.
    Rules,
    /// A placeholder for personal data is left in it.
    Placeholder,
    /// It holds a model's own markup: thoughts, calls.
    Markup,
    /// It holds something encoded.
    Encoded,
    /// A price, a percentage, a date, a time or a period that nobody gave it.
    Figure,
    /// A promise that the company did not make.
    Promise,
    /// An address, a number or a key that nobody gave it.
    Contact,
    /// It says that a person was called, and none was.
    Claim,
    /// Nothing is left of it.
    Empty,
    /// It goes round in circles.
    Repetition,
}

impl Refusal {
    /// A short word for logs and metrics.
    pub fn kind(self) -> &'static str {
        match self {
            Refusal::Rules => "rules",
            Refusal::Placeholder => "placeholder",
            Refusal::Markup => "markup",
            Refusal::Encoded => "encoded",
            Refusal::Figure => "figure",
            Refusal::Promise => "promise",
            Refusal::Contact => "contact",
            Refusal::Claim => "claim",
            Refusal::Empty => "empty",
            Refusal::Repetition => "repetition",
        }
    }
}

/// Phrases by which an answer is judged: the playbook's, for every locale it speaks.
///
/// A phrase is words; case and punctuation do not matter. A word that ends with `*` stands for all that begin
/// with it: `скидк*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// That a person was told: "called a colleague". Only if one was.
    pub called: Vec<String>,
    /// That speak of what the client said: "your budget", "you mentioned". With one of them an answer may
    /// repeat the client's own figures.
    pub echoes: Vec<String>,
    /// That speak of prices: "costs", "the price". With one of them every number must be the
    /// company's, also without a currency.
    pub prices: Vec<String>,
    /// That bind the company: "discount", "free of charge", "guarantee", "by tomorrow". Only where
    /// the company's own texts use the same.
    pub promises: Vec<String>,
    /// That introduce the model's rules: "my instructions are", "system prompt". Not before a colon.
    pub confessions: Vec<String>,
}

/// What holds for every answer of a playbook.
#[derive(Clone, Debug)]
pub struct Policy {
    hosts: link::Allowed,
    called: Phrases,
    echoes: Phrases,
    prices: Phrases,
    promises: Phrases,
    confessions: Phrases,
}

impl Policy {
    /// The policy of a playbook: links may lead to its site, to the site's subdomains, and to the
    /// hosts that its answers name.
    pub fn of(playbook: &Playbook, wording: &Wording) -> Self {
        let answers = playbook.entries.iter().flat_map(|entry| entry.answer.values());
        Policy::new(&playbook.brand.site, answers.map(String::as_str), wording)
    }

    /// The policy of a site and of texts whose links and mentions are good.
    pub fn new<'a>(site: &str, texts: impl Iterator<Item = &'a str>, wording: &Wording) -> Self {
        Policy {
            hosts: link::Allowed::new(site, texts),
            called: Phrases::new(&wording.called),
            echoes: Phrases::new(&wording.echoes),
            prices: Phrases::new(&wording.prices),
            promises: Phrases::new(&wording.promises),
            confessions: Phrases::new(&wording.confessions),
        }
    }
}

/// What the model was given for an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grounds<'a> {
    /// The rules of the system prompt, without what anybody may know: who the company is, its knowledge.
    pub rules: &'a str,
    /// The company's own texts: the passages of knowledge, its hours, what the bot said before from its knowledge.
    pub company: &'a [&'a str],
    /// The client's own messages.
    pub client: &'a [&'a str],
    /// Whether a person is really called with this answer.
    pub handed_over: bool,
}

/// Checks the answer to one prompt, as it comes and when it is there.
///
/// | checked | how |
/// | --- | --- |
/// | rules | 40 letters and digits in a row that the rules have and the company's texts have not; also backwards, in rot13 and spaced out. Or words that introduce them, and a colon |
/// | markup, placeholders, encoded text | refused wherever they stand, unless the client or the company wrote them |
/// | figures | prices, percentages, dates, times and periods must be among the company's; the client's own only in a sentence that speaks of what the client said and not of prices. `2,500`, `2 500` and `2.5k` are one |
/// | promises | only with a phrase that the company's texts use |
/// | contacts | e-mails, phones, accounts and keys must be the company's or the client's |
/// | claims | that a person was called, only if one is |
/// | links | an allowed host stays. Of others the name is left, with dots that no app makes a link of; a labelled link leaves its label; images leave theirs; other schemes (`tg:`, `javascript:`) leave nothing. A mention (`@name`) of no one the company names loses its `@` |
///
/// What cannot be found by a rule: rules or prices retold in other words or another language than
/// the prompt's, and names of people. The prompt holds nothing of other clients, so there is nothing
/// of theirs to tell.
#[derive(Clone, Debug)]
pub struct Checker {
    policy: Policy,
    leak: Leak,
    company: Figures,
    client: Figures,
    promised: BTreeSet<usize>,
    known: Known,
    handed_over: bool,
}

impl Checker {
    /// A checker for the answer to one prompt.
    pub fn new(policy: &Policy, grounds: &Grounds<'_>) -> Self {
        Checker {
            policy: policy.clone(),
            leak: Leak::new(grounds.rules, grounds.company),
            company: Figures::of(grounds.company),
            client: Figures::of(grounds.client),
            promised: policy.promises.found_in_all(grounds.company),
            known: Known::new(grounds),
            handed_over: grounds.handed_over,
        }
    }

    /// The answer as it may be said.
    ///
    /// # Errors
    /// Why it may not be said.
    pub fn finished(&self, answer: &str) -> Result<String, Refusal> {
        let text = self.judged(answer)?;
        if text.chars().any(char::is_alphanumeric) {
            Ok(text)
        } else {
            Err(Refusal::Empty)
        }
    }

    /// What may be shown of an answer that is still coming: its whole words, without a number or a link
    /// at the end that may go on. May be empty.
    ///
    /// # Errors
    /// Why the answer cannot be said any more, whatever still comes.
    pub fn so_far(&self, answer: &str) -> Result<String, Refusal> {
        self.judged(settled(answer))
    }

    fn judged(&self, answer: &str) -> Result<String, Refusal> {
        let written = visible(answer);
        let own = |at: usize| written.get(at..).is_some_and(|rest| own_markup(rest).is_some());
        if written.match_indices(['<', '|', '[']).any(|(at, _)| own(at)) {
            return Err(Refusal::Markup);
        }
        // What is left when links are gone is what is read: all else is judged by that.
        let text = link::shown(&written, &self.policy.hosts).trim().to_owned();
        if self.leak.is_in(&written) || (text != written && self.leak.is_in(&text)) {
            return Err(Refusal::Rules);
        }
        if self.is_encoded(&text) {
            return Err(Refusal::Encoded);
        }
        for found in find(&text) {
            let value = &text[found.range];
            match found.class {
                Class::Text if !self.known.has(value) => return Err(Refusal::Placeholder),
                Class::Text => {}
                Class::Email | Class::Phone | Class::Card | Class::Iban | Class::Account | Class::Secret => {
                    if !self.known.has_contact(value) {
                        return Err(Refusal::Contact);
                    }
                }
            }
        }
        if is_repetitive(&text) {
            return Err(Refusal::Repetition);
        }
        self.figures(&text, self.sentences(&text)?)?;
        Ok(text)
    }

    /// Judges each sentence by its phrases; what they say of the figures in it comes back.
    fn sentences(&self, text: &str) -> Result<Vec<Sentence>, Refusal> {
        let policy = &self.policy;
        let mut judged = Vec::new();
        for range in sentences(text) {
            let sentence = &text[range.clone()];
            let words = words(sentence);
            if let Some((before, _)) = sentence.split_once(':')
                && policy.confessions.is_in(&phrase::words(before))
            {
                return Err(Refusal::Rules);
            }
            if !self.handed_over && policy.called.is_in(&words) {
                return Err(Refusal::Claim);
            }
            if policy
                .promises
                .found_in(&words)
                .any(|at| !self.promised.contains(&at))
            {
                return Err(Refusal::Promise);
            }
            judged.push(Sentence {
                range,
                of_prices: policy.prices.is_in(&words),
                echoes: policy.echoes.is_in(&words),
            });
        }
        Ok(judged)
    }

    /// A figure may run over what looks like a sentence's end (`1,5 тыс. евро`), so they are read from
    /// the whole text.
    fn figures(&self, text: &str, sentences: Vec<Sentence>) -> Result<(), Refusal> {
        let mut sentences = sentences.into_iter().peekable();
        for figure in Figure::all(text) {
            let at = figure.range.start;
            while sentences.next_if(|sentence| sentence.range.end <= at).is_some() {}
            let of_prices = sentences.peek().is_some_and(|sentence| sentence.of_prices);
            let echoes = sentences.peek().is_some_and(|sentence| sentence.echoes);
            let counts = figure.is_measured() || (of_prices && !figure.is_small());
            let borne_out =
                self.company.bear_out(&figure) || (echoes && !of_prices && self.client.bear_out(&figure));
            if counts && !borne_out && !link::covers(text, at) {
                return Err(Refusal::Figure);
            }
        }
        Ok(())
    }

    fn is_encoded(&self, text: &str) -> bool {
        let blob = |word: &str| {
            let has = |kind: fn(&u8) -> bool| word.bytes().any(|b| kind(&b));
            let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
            word.len() >= ENCODED
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b))
                && (mixed || word.bytes().all(|b| b.is_ascii_hexdigit()))
                && !self.known.has(word)
        };
        let byte = |word: &str| {
            (2..=8).contains(&word.len())
                && word.bytes().all(|b| b.is_ascii_hexdigit())
                && word.bytes().any(|b| b.is_ascii_digit())
        };
        let mut bytes = 0;
        text.split(|c: char| c.is_whitespace() || ",;:.()\"'`<>".contains(c))
            .any(|word| {
                bytes = if byte(word) {
                    bytes + 1
                } else if word.is_empty() {
                    bytes
                } else {
                    0
                };
                bytes >= 12 || blob(word)
            })
    }
}

/// What the phrases in a sentence say of the figures in it.
struct Sentence {
    range: Range<usize>,
    of_prices: bool,
    echoes: bool,
}

/// What the company and the client wrote, to find a value in.
#[derive(Clone, Debug)]
struct Known {
    letters: String,
    digits: String,
}

impl Known {
    fn new(grounds: &Grounds<'_>) -> Self {
        let all = || grounds.company.iter().chain(grounds.client).copied();
        let letters = all().map(bare).collect::<Vec<_>>().join("\n");
        let digits = all().map(digits_of).collect::<Vec<_>>().join("\n");
        Known { letters, digits }
    }

    fn has(&self, value: &str) -> bool {
        self.letters.contains(&bare(value))
    }

    /// As written, or a phone number that ends with the same eight digits.
    fn has_contact(&self, value: &str) -> bool {
        let digits = digits_of(value);
        let only_digits = !value.contains(char::is_alphabetic) && digits.len() >= 5;
        let end = &digits[digits.len().saturating_sub(8)..];
        self.has(value) || (only_digits && self.digits.contains(end))
    }
}

fn bare(text: &str) -> String {
    text.nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The text without what nobody sees, apart from what joins emoji.
fn visible(text: &str) -> String {
    let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let after_emoji = || out.chars().next_back().is_some_and(|last| last > '\u{2000}');
        if !is_hidden(c) || (joins(c) && after_emoji()) {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// The start of a text that will not read differently when more comes.
fn settled(text: &str) -> &str {
    let whole = text.rfind(char::is_whitespace).map_or("", |at| &text[..at]);
    // An open bracket may become a link, unless it is long open.
    let linked = whole.rfind('[').filter(|at| {
        let rest = &whole[*at..];
        rest.len() < 400
            && !rest.contains('\n')
            && (!rest.contains(']') || rest.contains("](") && !rest.contains(')'))
    });
    let mut settled = whole[..linked.unwrap_or(whole.len())].trim_end();
    loop {
        let word = settled.rsplit(char::is_whitespace).next().unwrap_or("");
        if word.is_empty() || !figure::may_go_on(word) {
            return settled;
        }
        settled = settled[..settled.len() - word.len()].trim_end();
    }
}

fn is_repetitive(text: &str) -> bool {
    let mut lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.len() > 3)
        .collect();
    lines.sort_unstable();
    if lines.chunk_by(|a, b| a == b).any(|same| same.len() > REPEATS) {
        return true;
    }
    let words = words(text);
    // A phrase of up to eight words that follows itself again and again.
    (1..=8).any(|length| {
        let mut same = 0;
        words.iter().zip(words.iter().skip(length)).any(|(word, later)| {
            same = if word == later { same + 1 } else { 0 };
            same >= length * REPEATS && same >= 6
        })
    })
}

/// The amounts of a text, in thousandths, whatever their currency; for reading what a client said.
pub(super) fn amounts(text: &str) -> Vec<u64> {
    let amount = |figure: Figure| match figure.measure {
        figure::Measure::Plain(value) | figure::Measure::Money(value, _) => Some(value),
        figure::Measure::Percent(_)
        | figure::Measure::Lasts(..)
        | figure::Measure::At(_)
        | figure::Measure::Date(..) => None,
    };
    Figure::all(text).into_iter().filter_map(amount).collect()
}

#[cfg(test)]
mod tests;
