//! Personal data and secrets, replaced before the model sees them and put back in what it says.

mod account;
mod contact;
mod find;
mod restore;
mod secret;

pub use find::{Class, Found, find};
pub use restore::Restorer;

use std::collections::BTreeMap;
use std::fmt;

/// The placeholders of one request: which value each stands for.
///
/// ```
/// use frontdesk_core::guard::redact::Redactor;
///
/// let mut redactor = Redactor::new();
/// let prompt = redactor.redact("I am ann@example.com, call +49 30 901820");
/// assert_eq!(prompt, "I am <EMAIL_1>, call <PHONE_1>");
/// assert_eq!(redactor.restore("Thanks, I noted <EMAIL_1>."), "Thanks, I noted ann@example.com.");
/// assert_eq!(redactor.restore("And <EMAIL_2>?"), "And ?");
/// ```
///
/// One for all parts of a prompt, and never for a second request: a value has the same placeholder in
/// each part, and a placeholder of another request, and so of another client, means nothing.
/// `restore(redact(text))` is the text, to the byte. What a client typed that looks like a
/// placeholder is itself replaced by one (`<TEXT_1>`), so nobody can type himself a value.
///
/// What is found is said at [`find`]. Names and postal addresses are not: no pattern finds them
/// reliably.
#[derive(Clone, Default)]
pub struct Redactor {
    values: BTreeMap<Class, Vec<String>>,
    numbers: BTreeMap<(Class, String), u32>,
}

/// Without the values.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Redactor {
    /// Without any placeholder yet.
    pub fn new() -> Self {
        Redactor::default()
    }

    /// The text with placeholders for the values in it.
    pub fn redact(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for found in find(text) {
            out.push_str(&text[from..found.range.start]);
            let number = self.number(found.class, &text[found.range.clone()]);
            out.push_str(&placeholder(found.class, number));
            from = found.range.end;
        }
        out.push_str(&text[from..]);
        out
    }

    /// The text with the values in the place of their placeholders. Placeholders that were not
    /// issued vanish. One pass: nothing within a value is looked at.
    pub fn restore(&self, text: &str) -> String {
        let mut restorer = Restorer::new(self.clone());
        let mut out = restorer.more(text);
        out.push_str(&restorer.rest());
        out
    }

    /// [`Redactor::restore`] for JSON: values are put back into its strings, whatever they hold. What is
    /// no JSON is restored as text, with the values escaped as in a JSON string.
    pub fn restore_json(&self, text: &str) -> String {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut value) => {
                self.restore_value(&mut value);
                value.to_string()
            }
            Err(_) => self.escaped().restore(text),
        }
    }

    /// How many values there are, by class.
    pub fn counts(&self) -> BTreeMap<Class, u32> {
        let of = |values: &Vec<String>| u32::try_from(values.len()).unwrap_or(u32::MAX);
        self.values
            .iter()
            .map(|(class, values)| (*class, of(values)))
            .collect()
    }

    fn restore_value(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.restore(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.restore_value(item)),
            serde_json::Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.restore_value(field));
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }

    /// The same placeholders, for values as they stand within a JSON string.
    fn escaped(&self) -> Redactor {
        let mut escaped = self.clone();
        for value in escaped.values.values_mut().flatten() {
            let quoted = serde_json::Value::from(value.as_str()).to_string();
            quoted[1..quoted.len() - 1].clone_into(value);
        }
        escaped
    }

    fn number(&mut self, class: Class, value: &str) -> u32 {
        let key = (class, value.to_owned());
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let values = self.values.entry(class).or_default();
        values.push(value.to_owned());
        let number = u32::try_from(values.len()).unwrap_or(u32::MAX);
        self.numbers.insert(key, number);
        number
    }

    fn value(&self, class: Class, number: u32) -> Option<&str> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        self.values.get(&class)?.get(at).map(String::as_str)
    }
}

fn placeholder(class: Class, number: u32) -> String {
    format!("<{}_{number}>", class.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_value_has_one_placeholder_across_parts() {
        let mut redactor = Redactor::new();
        assert_eq!(redactor.redact("a@b.com and c@d.com"), "<EMAIL_1> and <EMAIL_2>");
        assert_eq!(redactor.redact("c@d.com again"), "<EMAIL_2> again");
        assert_eq!(redactor.restore("<EMAIL_2>, <EMAIL_1>"), "c@d.com, a@b.com");
        assert_eq!(redactor.counts(), BTreeMap::from([(Class::Email, 2)]));
    }

    #[test]
    fn a_placeholder_that_was_typed_means_nothing() {
        let mut redactor = Redactor::new();
        let prompt = redactor.redact("a@b.com. Repeat <EMAIL_1>, <email_1>, <PHONE_2>");
        assert_eq!(prompt, "<EMAIL_1>. Repeat <TEXT_1>, <TEXT_2>, <TEXT_3>");
        // The model uses its own placeholder: the value. It repeats what was typed: what was typed.
        assert_eq!(
            redactor.restore("<EMAIL_1> <TEXT_1> <TEXT_3>"),
            "a@b.com <EMAIL_1> <PHONE_2>"
        );
        assert_eq!(redactor.restore("<PHONE_1><SECRET_999999><EMAIL_01>|"), "|");
        assert_eq!(
            redactor.restore("<email_1> < EMAIL_1> EMAIL_1"),
            "a@b.com < EMAIL_1> EMAIL_1"
        );
    }

    #[test]
    fn values_are_put_back_into_json_whatever_they_hold() {
        let mut redactor = Redactor::new();
        let pem = "-----BEGIN PRIVATE KEY-----\nabc\"def\n-----END PRIVATE KEY-----";
        redactor.redact(&format!("{pem} ann@example.com"));
        for (arguments, expected) in [
            (r#"{"q":["<SECRET_1>"]}"#, serde_json::json!({"q": [pem]})),
            (
                r#"{"quote": "\u003cEMAIL_1\u003e", "n": 1}"#,
                serde_json::json!({"quote": "ann@example.com", "n": 1}),
            ),
        ] {
            let restored = redactor.restore_json(arguments);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&restored).unwrap(),
                expected
            );
        }
        let broken = redactor.restore_json(r#"{"q":"<SECRET_1>",}"#);
        assert!(
            broken.contains(r#"\nabc\"def\n"#) && broken.ends_with(",}"),
            "{broken}"
        );
    }

    #[test]
    fn debugging_shows_no_value() {
        let mut redactor = Redactor::new();
        redactor.redact("ann@example.com");
        assert!(!format!("{redactor:?}").contains("ann"));
    }

    /// A value of each class, as people write them.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,8}(\\.[a-z]{1,5})?@[a-z]{2,9}\\.(com|de|ru)",
            "\\+49 ?(30|151) ?[1-9][0-9]{6,7}",
            "\\+7 ?\\(9[0-9]{2}\\) ?[0-9]{3}-[0-9]{2}-[0-9]{2}",
            "8 \\(9[0-9]{2}\\) [0-9]{3}-[0-9]{2}-[0-9]{2}",
            "\\([2-9][0-9]{2}\\) [2-9][0-9]{2}-[0-9]{4}",
            "0(30|151|89)[ /-]?[1-9][0-9]{6,7}",
            "[45][0-9]{14}".prop_map(|digits| super::account::with_luhn(&digits)),
            "[0-9]{18}".prop_map(|digits| super::account::iban("DE", &digits)),
            "sk-[A-Za-z0-9]{24,40}",
            "ghp_[A-Za-z0-9]{36}",
            "AKIA[A-Z0-9]{16}",
            "[1-9][0-9]{8,9}:AA[A-Za-z0-9_-]{33}",
            "eyJ[A-Za-z0-9_-]{20,40}\\.eyJ[A-Za-z0-9_-]{20,40}\\.[A-Za-z0-9_-]{20,43}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn restored_is_what_was_redacted(text in any::<String>(), more in "[-a-zA-Z0-9<>_@. :+()/\n]{0,120}") {
            let mut redactor = Redactor::new();
            for text in [&text, &more] {
                let redacted = redactor.redact(text);
                prop_assert_eq!(&redactor.restore(&redacted), text);
            }
        }

        #[test]
        fn values_and_look_alikes_survive_the_round_trip(
            parts in proptest::collection::vec(prop_oneof![
                value(),
                "<(EMAIL|PHONE|TEXT|SECRET|email)_[0-9]{1,8}>",
                "[ ,.<>_a-z0-9\n]{0,6}",
            ], 0..8),
        ) {
            let text = parts.concat();
            let mut redactor = Redactor::new();
            let redacted = redactor.redact(&text);
            prop_assert_eq!(redactor.restore(&redacted), text);
        }

        #[test]
        fn no_value_survives(
            before in "(|hello |пишите: |call |\\(|, |\n|tel\\.|mail:)",
            value in value(),
            after in "(| please| завтра|\\)|, ok|\\.|\n|!|\\?)",
        ) {
            let redacted = Redactor::new().redact(&format!("{before}{value}{after}"));
            prop_assert!(!redacted.contains(&value), "{redacted}");
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
            prop_assert!(digits(&redacted) <= 2, "{redacted}");
        }
    }
}
