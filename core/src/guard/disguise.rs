//! Made-up values in the place of personal ones, so that a chat can be shown, and still be played.

use crate::conversation::Client;
use crate::lead::Lead;

use super::redact::{Class, find};

/// What stands in for the person's names and company.
const FIRST_NAME: &str = "Ann";
const LAST_NAME: &str = "Lee";
const USERNAME: &str = "client";
const COMPANY: &str = "Acme";

/// Digits that two spellings of one phone number have in common at their end, at least.
const SAME_NUMBER: usize = 7;

/// Replaces what is personal in the texts of one chat.
///
/// What [`find`] finds is replaced by class: addresses and phone numbers by others that a form takes (of
/// domains and ranges kept for examples), the same one for each spelling of the same value; cards,
/// accounts and secrets by words. Names are replaced as far as they are known: those of the client, and
/// what they filled into the fields `name` and `company`, in those spellings and as whole words.
#[derive(Clone, Debug, Default)]
pub struct Disguise {
    /// Known values and what stands in for them, longest first.
    names: Vec<(String, &'static str)>,
    emails: Vec<String>,
    /// Digits of the phone numbers found, without zeros in front.
    phones: Vec<String>,
}

impl Disguise {
    /// For the chat of a client, and what their lead says of them.
    pub fn of(client: &Client, lead: Option<&Lead>) -> Self {
        let filled = |field: &str| lead.and_then(|lead| lead.value(field)).map(str::to_owned);
        let full = match (&client.first_name, &client.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            _ => None,
        };
        let given = filled("name");
        let several = given
            .as_ref()
            .is_some_and(|name| name.contains(char::is_whitespace));
        let parts: Vec<String> = given
            .iter()
            .flat_map(|name| name.split_whitespace().map(str::to_owned))
            .collect();
        let mut names: Vec<(String, &'static str)> = Vec::new();
        let mut add = |value: Option<String>, instead| {
            if let Some(value) = value.filter(|value| value.chars().count() > 1) {
                names.push((value.to_lowercase(), instead));
            }
        };
        add(full, "Ann Lee");
        add(given, if several { "Ann Lee" } else { FIRST_NAME });
        add(client.first_name.clone(), FIRST_NAME);
        add(client.last_name.clone(), LAST_NAME);
        add(client.username.clone(), USERNAME);
        add(filled("company"), COMPANY);
        for (at, part) in parts.into_iter().enumerate() {
            add(Some(part), if at == 0 { FIRST_NAME } else { LAST_NAME });
        }
        names.sort_by_key(|(value, _)| std::cmp::Reverse(value.chars().count()));
        Disguise {
            names,
            ..Disguise::default()
        }
    }

    /// The text without what is personal.
    pub fn hide(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for found in find(text) {
            out.push_str(&self.without_names(&text[from..found.range.start]));
            out.push_str(&self.instead(found.class, &text[found.range.clone()]));
            from = found.range.end;
        }
        out.push_str(&self.without_names(&text[from..]));
        out
    }

    fn instead(&mut self, class: Class, value: &str) -> String {
        match class {
            Class::Email => format!("client{}@example.com", self.email(value)),
            Class::Phone => format!("+493023125{:03}", self.phone(value) % 100),
            Class::Card | Class::Iban | Class::Account | Class::Secret => {
                format!("({})", class.as_str().to_lowercase())
            }
            Class::Text => value.to_owned(),
        }
    }

    fn email(&mut self, value: &str) -> usize {
        let value = value.to_lowercase();
        let known = self.emails.iter().position(|known| *known == value);
        known.unwrap_or_else(|| {
            self.emails.push(value);
            self.emails.len() - 1
        }) + 1
    }

    fn phone(&mut self, value: &str) -> usize {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0').to_owned();
        let same = |known: &String| {
            let shorter = known.len().min(digits.len());
            shorter >= SAME_NUMBER && (known.ends_with(&digits) || digits.ends_with(known.as_str()))
        };
        let known = self.phones.iter().position(same);
        known.unwrap_or_else(|| {
            self.phones.push(digits);
            self.phones.len() - 1
        }) + 1
    }

    fn without_names(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before: Option<char> = None;
        'text: while let Some(first) = rest.chars().next() {
            if !before.is_some_and(char::is_alphanumeric) {
                for (name, instead) in &self.names {
                    if let Some(after) = after_name(rest, name) {
                        out.push_str(instead);
                        before = rest[..rest.len() - after.len()].chars().next_back();
                        rest = after;
                        continue 'text;
                    }
                }
            }
            out.push(first);
            before = Some(first);
            rest = &rest[first.len_utf8()..];
        }
        out
    }
}

/// What follows the name at the start of a text, if it stands there as a whole, case aside.
fn after_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut wanted = name.chars();
    let mut at = 0;
    for c in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
        at += c.len_utf8();
    }
    let after = &text[at..];
    let whole = wanted.as_str().is_empty() && !after.chars().next().is_some_and(char::is_alphanumeric);
    whole.then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Person;
    use crate::id::{BotId, Channel, ChatId, ConversationId, Ids, UserId};
    use crate::lead::{FieldSource, FieldValue};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn client(first: &str, last: &str, username: &str) -> Client {
        let person = Person {
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            username: Some(username.to_owned()),
            ..Person::unnamed(UserId(1))
        };
        let mut ids = Ids::new(Timestamp::EPOCH, 1);
        Client::new(
            &mut ids,
            BotId(0),
            Channel::TERMINAL,
            ChatId(1),
            &person,
            Timestamp::EPOCH,
        )
    }

    fn lead(fields: &[(&str, &str)]) -> Lead {
        let mut ids = Ids::new(Timestamp::EPOCH, 2);
        let case = ConversationId(ids.next_uuid());
        let mut lead = Lead::new(&mut ids, case, "t".to_owned(), Timestamp::EPOCH);
        for (field, value) in fields {
            let value = FieldValue {
                value: (*value).to_owned(),
                source: FieldSource::Typed,
                message_id: None,
                confidence: 1.0,
                confirmed_by: None,
            };
            lead.fields.insert((*field).to_owned(), value);
        }
        lead
    }

    #[test]
    fn names_go_as_whole_words_in_any_case_and_script() {
        let filled = [("name", "Мария Петрова"), ("company", "Рога & Копыта")];
        let mut disguise = Disguise::of(&client("Mary", "Peters", "mary_p"), Some(&lead(&filled)));
        for (text, hidden) in [
            ("I am MARY, Mary Peters.", "I am Ann, Ann Lee."),
            ("@mary_p", "@client"),
            ("Maryland is no name", "Maryland is no name"),
            ("мария петрова из рога & копыта!", "Ann Lee из Acme!"),
            ("Мария", "Ann"),
        ] {
            assert_eq!(disguise.hide(text), hidden);
        }
    }

    #[test]
    fn each_spelling_of_a_value_gets_the_same_one() {
        let mut disguise = Disguise::default();
        assert_eq!(
            disguise.hide("Bob@Example.COM, 030 901820 or a@b.org"),
            "client1@example.com, +493023125001 or client2@example.com"
        );
        assert_eq!(
            disguise.hide("noted +4930901820 and bob@example.com"),
            "noted +493023125001 and client1@example.com"
        );
        assert_eq!(disguise.hide("+7 912 345-67-89"), "+493023125002");
        assert_eq!(disguise.hide("card 4111 1111 1111 1111"), "card (card)");
    }

    proptest! {
        #[test]
        fn no_name_is_left_and_nothing_panics(
            text in "\\PC{0,60}", before in " |,|\\(|", after in " |\\.|!|"
        ) {
            let mut disguise = Disguise::of(&client("Zyxwvu", "Utsrqp", "zyx_utsr"), None);
            for name in ["Zyxwvu", "UTSRQP", "zyx_utsr"] {
                let hidden = disguise.hide(&format!("{text} {before}{name}{after}"));
                prop_assert!(!hidden.to_lowercase().contains(&format!(" {}", name.to_lowercase())), "{hidden}");
            }
        }
    }
}
