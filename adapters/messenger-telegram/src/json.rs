//! Reading JSON that others wrote: fields of a wrong type count as missing, and nothing fails that
//! need not be read.
//!
//! An object is opened one level at a time. What lies deeper stays unread text, so nesting of any
//! depth, unknown fields and odd values cost nothing and break nothing.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// `bytes` as text that a JSON reader takes: bytes that are no UTF-8, and halves of surrogate pairs
/// (`\ud83d` alone, which clients of messengers really send), become U+FFFD.
pub(crate) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => mend_surrogates(text),
        Cow::Owned(text) => match mend_surrogates(&text) {
            Cow::Owned(mended) => Cow::Owned(mended),
            Cow::Borrowed(_) => Cow::Owned(text),
        },
    }
}

/// The number of a `\u` escape with its four hex digits that starts at byte `at`.
fn escape_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

fn mend_surrogates(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match escape_at(text, at) {
            Some(0xd800..=0xdbff) if matches!(escape_at(text, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                mended.push_str(&text[copied..at]);
                mended.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            Some(_) => 6,
            // `\` and the character it escapes.
            None => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

/// The fields of one object, their values unread. Of fields with the same name the last counts.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Opens an object. Anything after it but blanks is an error.
    pub(crate) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The names, in the order they came.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// A value as it is written; nothing for `null`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rev().find(|(given, _)| given == name)?;
        Some(value.get()).filter(|text| *text != "null")
    }

    /// Whether there is a value that says something.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|text| text != "false")
    }

    /// An object.
    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        self.raw(name).and_then(object)
    }

    /// The objects of an array; what is no object in it is left out.
    pub(crate) fn objects(&self, name: &str) -> Option<Vec<Fields<'a>>> {
        Some(self.list(name)?.into_iter().filter_map(object).collect())
    }

    /// The items of an array, as they are written.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&'a str>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.raw(name)?).ok()?;
        Some(items.into_iter().map(RawValue::get).collect())
    }

    /// A string.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        string(self.raw(name)?)
    }

    /// An integer, and nothing else.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    /// An integer, also where a careless writer made it a string or gave it a `.0`.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let raw = self.raw(name)?;
        if let Ok(number) = raw.parse() {
            return Some(number);
        }
        if let Some(text) = string(raw) {
            return text.trim().parse().ok();
        }
        whole(raw.parse().ok()?)
    }

    /// A finite number.
    pub(crate) fn decimal(&self, name: &str) -> Option<f64> {
        self.raw(name)?
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }

    /// `true`; everything else is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.raw(name) == Some("true")
    }
}

fn object(raw: &str) -> Option<Fields<'_>> {
    raw.starts_with('{').then(|| Fields::read(raw).ok()).flatten()
}

/// A string that is written as `raw`.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.starts_with('"') {
        return None;
    }
    serde_json::from_str::<Text<'_>>(raw).ok().map(|text| text.0)
}

/// A float that is an integer which floats hold exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT {
        return None;
    }
    format!("{number:.0}").parse().ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A string, borrowed if it holds no escape.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_are_mended_and_pairs_kept() {
        for (given, wanted) in [
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00 \uD83D""#, "\u{fffd} \u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\\\ud83d""#, "\\\u{fffd}"),
            (r#""a\u0000b""#, "a\0b"),
        ] {
            let text = readable(given.as_bytes());
            assert_eq!(string(&text).as_deref(), Some(wanted), "{given}");
        }
        assert_eq!(readable(b"\"\\u+d80 \\"), "\"\\u+d80 \\");
        assert_eq!(readable(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn wrong_types_count_as_missing() {
        let text = r#"{"a":"7","b":7.0,"c":7.5,"d":1e400,"e":null,"f":[1,{"x":1}],"g":true,"a\u0062":2,"h":9007199254740993}"#;
        let fields = Fields::read(text).unwrap();
        assert_eq!(fields.number("a"), Some(7));
        assert_eq!(fields.integer("a"), None);
        assert_eq!(fields.number("b"), Some(7));
        assert_eq!(fields.number("c"), None);
        assert_eq!(fields.number("d"), None);
        assert_eq!(fields.decimal("d"), None);
        assert_eq!(fields.decimal("c"), Some(7.5));
        assert!(!fields.has("e"));
        assert_eq!(fields.objects("f").map(|items| items.len()), Some(1));
        assert!(fields.flag("g") && !fields.flag("a"));
        assert_eq!(fields.number("ab"), Some(2));
        assert_eq!(fields.number("h"), Some(9_007_199_254_740_993));
        assert_eq!(fields.text("g"), None);
        assert!(fields.object("f").is_none());
    }
}
