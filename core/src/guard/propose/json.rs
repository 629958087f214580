//! An object out of what a model wrote, which is almost JSON.

use serde_json::{Map, Value};

/// The first object in a text, with what models get wrong put right: fences and prose around it,
/// thoughts before it, commas too many, names and texts in the wrong quotes or none, Python's words,
/// line breaks within texts, JSON within a JSON string. An empty text is an empty object. An object
/// that was cut off is none: what is missing cannot be known.
pub(super) fn object(text: &str) -> Option<Map<String, Value>> {
    read(text, 0)
}

fn read(text: &str, depth: u8) -> Option<Map<String, Value>> {
    let text = text
        .rfind("think>")
        .map_or(text, |at| &text[at + "think>".len()..])
        .trim();
    if text.is_empty() || text == "null" {
        return Some(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => return Some(object),
        Ok(Value::String(inner)) if depth == 0 => return read(&inner, 1),
        Ok(_) | Err(_) => {}
    }
    let written = balanced(text)?;
    serde_json::from_str(written)
        .or_else(|_| serde_json::from_str(&repaired(written)))
        .ok()
}

/// From the first `{` to its `}`.
fn balanced(text: &str) -> Option<&str> {
    let start = text.find('{')?;
    let mut depth = 0_usize;
    let mut reader = Reader::default();
    for (at, c) in text[start..].char_indices() {
        match reader.next(c) {
            Place::Outside if c == '{' => depth += 1,
            Place::Outside if c == '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(&text[start..=start + at]);
                }
            }
            Place::Outside | Place::Quote | Place::Inside => {}
        }
    }
    None
}

enum Place {
    Outside,
    Quote,
    Inside,
}

/// Knows at each character whether it is within a text.
struct Reader {
    closing: Option<char>,
    escaped: bool,
    last: char,
}

impl Default for Reader {
    fn default() -> Self {
        Reader {
            closing: None,
            escaped: false,
            last: '{',
        }
    }
}

impl Reader {
    fn next(&mut self, c: char) -> Place {
        if let Some(closing) = self.closing {
            if self.escaped {
                self.escaped = false;
            } else if c == '\\' {
                self.escaped = true;
            } else if c == closing {
                self.closing = None;
                self.last = c;
                return Place::Quote;
            }
            return Place::Inside;
        }
        let opens = match c {
            '"' => Some('"'),
            '“' => Some('”'),
            // An apostrophe opens a text only where one may begin.
            '\'' if matches!(self.last, '{' | '[' | ',' | ':') => Some('\''),
            _ => None,
        };
        if opens.is_some() {
            self.closing = opens;
            return Place::Quote;
        }
        if !c.is_whitespace() {
            self.last = c;
        }
        Place::Outside
    }
}

fn repaired(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut word = String::new();
    let mut reader = Reader::default();
    let mut comma = false;
    let mut escape = false;
    for c in written.chars() {
        let place = reader.next(c);
        if matches!(place, Place::Outside) && (c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+')) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            put_comma(&mut out, &mut comma);
            put_word(&mut out, &word);
            word.clear();
        }
        match place {
            Place::Quote => {
                put_comma(&mut out, &mut comma);
                out.push('"');
            }
            Place::Inside => {
                match c {
                    // An escape that JSON does not know: the character itself.
                    '\'' if escape => {
                        out.pop();
                        out.push('\'');
                    }
                    '"' if !escape => out.push_str("\\\""),
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    c if c.is_control() => {}
                    c => out.push(c),
                }
                escape = c == '\\' && !escape;
            }
            Place::Outside => match c {
                ',' => comma = true,
                '}' | ']' => {
                    comma = false;
                    out.push(c);
                }
                c if c.is_whitespace() => {}
                c => {
                    put_comma(&mut out, &mut comma);
                    out.push(c);
                }
            },
        }
    }
    out
}

/// Puts the comma that was read, now that something follows it.
fn put_comma(out: &mut String, comma: &mut bool) {
    if std::mem::take(comma) {
        out.push(',');
    }
}

fn put_word(out: &mut String, word: &str) {
    match word {
        "True" => out.push_str("true"),
        "False" => out.push_str("false"),
        "None" | "undefined" | "NaN" => out.push_str("null"),
        "true" | "false" | "null" => out.push_str(word),
        number if number.parse::<f64>().is_ok() => out.push_str(number),
        name => {
            out.push('"');
            out.push_str(name);
            out.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_models_write_is_read() {
        for text in [
            r#"{"a":"x","b":[1,null]}"#,
            "```json\n{\"a\": \"x\", \"b\": [1, null]}\n```",
            r#"Here you are: {"a":"x","b":[1,null,],} Anything else? {}"#,
            "<think>maybe {\"a\":1}?</think>{\"a\":\"x\",\"b\":[1,null]}",
            "{'a': 'x', 'b': [1, None]}",
            "{a: \"x\", b: [1, undefined]}",
            r#""{\"a\":\"x\",\"b\":[1,null]}""#,
            "{“a”: “x”, \"b\": [1, null]}",
        ] {
            assert_eq!(
                object(text).map(Value::from),
                Some(json!({"a": "x", "b": [1, null]})),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_within_survive_the_repair() {
        for (text, expected) in [
            (r#"{"q":"a } b, ] \" c",}"#, "a } b, ] \" c"),
            (r#"{'q':'it\'s "fine"'}"#, "it's \"fine\""),
            ("{\"q\":\"two\nlines\",}", "two\nlines"),
            (r#"{"q":"don't, True",}"#, "don't, True"),
        ] {
            assert_eq!(
                object(text).map(Value::from),
                Some(json!({"q": expected})),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_none() {
        for text in ["hello", "[1]", "{\"a\":", "{\"a\":\"x", "{a b}", "5"] {
            assert_eq!(object(text), None, "{text}");
        }
        assert_eq!(object(" "), Some(Map::new()));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>(), almost in "[{}\\[\\]\"',:a-z0-9\\\\ \n]{0,60}") {
            object(&text);
            object(&almost);
        }

        #[test]
        fn json_is_read_as_it_is(value in "\\PC{0,30}") {
            let written = json!({"v": value}).to_string();
            prop_assert_eq!(object(&format!("so: {written} ok")).map(Value::from), Some(json!({"v": value})));
        }
    }
}
