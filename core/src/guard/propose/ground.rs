//! Which proposed values the client's own words bear out.

use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization as _;

use super::{Dropped, ProposedField};
use crate::dialogue::form_input;
use crate::guard::check::amounts;
use crate::id::MessageId;
use crate::lead::Unit;
use crate::playbook::{Field, FieldKind, Form};

/// A text of up to this many words must be said as it is.
const SHORT: usize = 4;

/// A value that rests on a message of the client.
#[derive(Clone, Debug, PartialEq)]
pub struct Grounded {
    /// The field's name.
    pub field: String,
    /// Its value, as the form keeps it.
    pub value: String,
    /// The words it rests on.
    pub quote: String,
    /// The message they are of.
    pub message_id: MessageId,
    /// How sure it is: 1 found by a rule, 0.8 read from the quote by the form's own rules or said in so many words,
    /// 0.5 only understood: to be confirmed by the client.
    pub confidence: f64,
}

/// What came of proposed fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// What is grounded, in the form's order; each field once.
    pub fields: Vec<Grounded>,
    /// What is not.
    pub dropped: Vec<Dropped>,
}

/// What a rule finds in the client's messages without a model: e-mail addresses and phone numbers, for the
/// fields that take them. The newest message wins. `region` is of numbers without a country.
pub fn found(form: &Form, region: Option<&str>, messages: &[(MessageId, &str)]) -> Vec<Grounded> {
    let by_rule = |field: &&Field| match field.kind {
        FieldKind::Email | FieldKind::Phone | FieldKind::Contact => true,
        FieldKind::Choice | FieldKind::Text | FieldKind::Consent => false,
    };
    let find = |field: &Field| {
        messages.iter().rev().find_map(|(message_id, text)| {
            let value = form_input::within(region, field, text)?;
            Some(Grounded {
                field: field.name.clone(),
                value,
                quote: (*text).to_owned(),
                message_id: *message_id,
                confidence: 1.0,
            })
        })
    };
    form.fields.iter().filter(by_rule).filter_map(find).collect()
}

/// Keeps of the proposed fields what the client said. `messages` are the client's own, oldest first: no
/// forwarded text, no file, no name of an account.
///
/// What a rule finds ([`found`]) comes first and stays. Of the rest a value counts only if its quote
/// stands in one of the messages (but for case, blanks, width and punctuation), if the field takes
/// it, and if it follows from the quote:
///
/// - an address or a number must stand in the quoted message;
/// - a choice must be one of the field's. If the form's rules, or the amounts in the quote, read
///   another one from it, it is dropped;
/// - a text of four words and fewer must be said as it is, a longer one in three quarters of its words.
pub fn ground(
    form: &Form,
    region: Option<&str>,
    proposed: &[ProposedField],
    messages: &[(MessageId, &str)],
) -> Findings {
    let mut findings = Findings {
        fields: found(form, region, messages),
        dropped: Vec::new(),
    };
    for proposed in proposed {
        if findings.fields.iter().any(|known| known.field == proposed.field) {
            continue;
        }
        match ground_one(form, region, proposed, messages) {
            Ok(grounded) => findings.fields.push(grounded),
            Err(reason) => findings.dropped.push(reason),
        }
    }
    let place = |name: &str| form.fields.iter().position(|field| field.name == name);
    findings.fields.sort_by_key(|grounded| place(&grounded.field));
    findings
}

fn ground_one(
    form: &Form,
    region: Option<&str>,
    proposed: &ProposedField,
    messages: &[(MessageId, &str)],
) -> Result<Grounded, Dropped> {
    let field = form.field(&proposed.field).ok_or(Dropped::UnknownField)?;
    let quote = plain(&proposed.quote);
    if quote.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
        return Err(Dropped::NoQuote);
    }
    let said = messages
        .iter()
        .rev()
        .find(|(_, text)| stands_in(&plain(text), &quote));
    let (message_id, text) = said.ok_or(Dropped::NotSaid)?;
    let (value, confidence) = match field.kind {
        FieldKind::Choice => choice(region, field, proposed)?,
        FieldKind::Text => said_text(&proposed.value, text)?,
        FieldKind::Email | FieldKind::Phone | FieldKind::Contact => {
            let value = form_input::within(region, field, &proposed.value).ok_or(Dropped::NotValid)?;
            let read = form_input::within(region, field, text)
                .or_else(|| form_input::within(region, field, &proposed.quote));
            if read.as_ref() != Some(&value) && !plain(text).contains(&plain(&proposed.value)) {
                return Err(Dropped::NotInQuote);
            }
            (value, 0.8)
        }
        FieldKind::Consent => return Err(Dropped::NotForModels),
    };
    Ok(Grounded {
        field: field.name.clone(),
        value,
        quote: proposed.quote.clone(),
        message_id: *message_id,
        confidence,
    })
}

fn choice(region: Option<&str>, field: &Field, proposed: &ProposedField) -> Result<(String, f64), Dropped> {
    let wanted = plain(&proposed.value);
    let same =
        |choice: &&String| plain(choice) == wanted && plain_signs(choice) == plain_signs(&proposed.value);
    let value = field
        .choices
        .iter()
        .find(same)
        .cloned()
        .or_else(|| form_input::within(region, field, &proposed.value))
        .ok_or(Dropped::NotValid)?;
    if let Some(read) = form_input::within(region, field, &proposed.quote) {
        return if read == value {
            Ok((value, 0.8))
        } else {
            Err(Dropped::NotInQuote)
        };
    }
    if form_input::in_other_currency(field, &proposed.quote) {
        return Err(Dropped::NotInQuote);
    }
    let said = amounts(&proposed.quote);
    let ranges: Vec<Option<(u64, u64)>> = field
        .choices
        .iter()
        .map(|choice| range_of(field, choice))
        .collect();
    if said.is_empty() || ranges.iter().all(Option::is_none) {
        return Ok((value, 0.5));
    }
    // The choices are ranges and the client named a figure: it must lie in the one proposed.
    let range = field
        .choices
        .iter()
        .position(|choice| *choice == value)
        .and_then(|at| ranges[at]);
    let fits = range.is_some_and(|(from, to)| said.iter().any(|amount| (from..=to).contains(amount)));
    if fits {
        Ok((value, 0.8))
    } else {
        Err(Dropped::NotInQuote)
    }
}

/// The range of a choice, in thousandths: the playbook's, else the one it names (`<10k`, `10k-50k`,
/// `150k+`). Of days there is none: a quote of them is the form's to read.
fn range_of(field: &Field, choice: &str) -> Option<(u64, u64)> {
    if let Some(ranges) = &field.ranges {
        let range = ranges.choices.iter().find(|range| range.choice == choice)?;
        let counts = ranges.unit != Unit::Days;
        return counts.then_some((range.from, range.below.unwrap_or(u64::MAX)));
    }
    let figures = amounts(choice);
    match (
        figures.as_slice(),
        choice.chars().next(),
        choice.chars().next_back(),
    ) {
        ([most], Some('<'), _) => Some((0, *most)),
        ([least], Some('>'), _) | ([least], _, Some('+')) => Some((*least, u64::MAX)),
        ([from, to], _, _) if from < to => Some((*from, *to)),
        _ => None,
    }
}

fn said_text(value: &str, message: &str) -> Result<(String, f64), Dropped> {
    let words = plain(value);
    let message = plain(message);
    if words.is_empty() {
        return Err(Dropped::NoValue);
    }
    if stands_in(&message, &words) {
        return Ok((value.to_owned(), 0.8));
    }
    let said: BTreeSet<&str> = message.split(' ').collect();
    let all: Vec<&str> = words.split(' ').collect();
    let there = all.iter().filter(|word| said.contains(**word)).count();
    if all.len() > SHORT && there * 4 >= all.len() * 3 {
        Ok((value.to_owned(), 0.5))
    } else {
        Err(Dropped::NotInQuote)
    }
}

/// Whether whole words of a plain text stand in another.
fn stands_in(text: &str, words: &str) -> bool {
    format!(" {text} ").contains(&format!(" {words} "))
}

/// The words of a text, in lower case and one width, with a blank between.
fn plain(text: &str) -> String {
    let text: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ё' => 'е',
            c if c.is_alphanumeric() => c,
            _ => ' ',
        })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The signs by which `<10k` differs from `10k+`.
fn plain_signs(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '<' | '>' | '+')).collect()
}
