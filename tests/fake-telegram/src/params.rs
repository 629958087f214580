//! A method's parameters, from a query, a form, JSON or multipart, read as leniently as Telegram reads them.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::Refusal;
use crate::multipart;

/// Numbers that forms carry as text; recorded as numbers so that a record looks the same for every client.
const NUMBERS: [&str; 14] = [
    "chat_id",
    "from_chat_id",
    "message_id",
    "message_thread_id",
    "user_id",
    "draft_id",
    "offset",
    "limit",
    "timeout",
    "max_connections",
    "cache_time",
    "reply_to_message_id",
    "icon_color",
    "duration",
];

/// A file that came in a multipart body.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    pub(crate) values: Map<String, Value>,
    pub(crate) uploads: Vec<Upload>,
}

impl Params {
    /// Reads the query and the body; the body wins.
    pub(crate) fn read(query: Option<&str>, content_type: &str, body: &Bytes) -> Result<Self, Refusal> {
        let mut params = Self::default();
        for (name, value) in pairs(query.unwrap_or_default()) {
            params.put_text(name, value);
        }
        let kind = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if kind == "application/json" {
            if !body.is_empty() {
                let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
                    return Err(Refusal::bad("can't parse JSON object"));
                };
                params.values.extend(map);
            }
        } else if kind == "multipart/form-data" {
            let parts = multipart::parts(content_type, body)
                .ok_or_else(|| Refusal::bad("can't parse multipart request"))?;
            for part in parts {
                params.put_part(part);
            }
        } else if kind == "application/x-www-form-urlencoded" {
            for (name, value) in pairs(&String::from_utf8_lossy(body)) {
                params.put_text(name, value);
            }
        }
        Ok(params)
    }

    /// Parameters out of a JSON object, as a webhook's answer carries them.
    pub(crate) fn of(values: Map<String, Value>) -> Self {
        Self {
            values,
            uploads: Vec::new(),
        }
    }

    fn put_text(&mut self, name: String, value: String) {
        let number = NUMBERS
            .contains(&name.as_str())
            .then(|| value.parse::<i64>().ok())
            .flatten();
        let structured = (value.starts_with('{') || value.starts_with('['))
            && !matches!(name.as_str(), "text" | "caption" | "callback_query_id");
        let value = match number {
            Some(number) => Value::from(number),
            None if structured => serde_json::from_str(&value).unwrap_or(Value::String(value)),
            None => Value::String(value),
        };
        self.values.insert(name, value);
    }

    fn put_part(&mut self, part: multipart::Part) {
        match part.file_name {
            Some(name) => {
                let recorded = json!({"file_name": name, "mime_type": part.mime, "size": part.bytes.len()});
                self.values.insert(part.name.clone(), recorded);
                self.uploads.push(Upload {
                    field: part.name,
                    name,
                    mime: part.mime,
                    bytes: part.bytes,
                });
            }
            None => self.put_text(part.name, String::from_utf8_lossy(&part.bytes).into_owned()),
        }
    }

    pub(crate) fn json(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A structured parameter, also where a JSON body carries it as text.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.json(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| Refusal::bad(format!("can't parse {name} JSON object"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.json(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.json(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.json(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "1")
            }
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }
}

/// The pairs of a query or a form, decoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = bytes
            .get(index + 1..index + 3)
            .filter(|_| bytes[index] == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
            index += 3;
        } else {
            out.push(if bytes[index] == b'+' { b' ' } else { bytes[index] });
            index += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn forms_are_decoded() {
        let read: Vec<_> = pairs("a=x+y%21&b=%D0%B0&c=100%").collect();
        assert_eq!(read[0], ("a".to_owned(), "x y!".to_owned()));
        assert_eq!(read[1].1, "а");
        assert_eq!(read[2].1, "100%");
    }
}
