//! What the Bot API answers: results and refusals in Telegram's envelope.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::flow::Flow;

/// An HTTP answer, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// How the body comes.
    pub(crate) flow: Flow,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            retry_after: None,
            content_type: "application/json",
            body: body.to_string().into(),
            flow: Flow::Whole,
        }
    }

    pub(crate) fn bytes(content_type: &'static str, body: Bytes) -> Self {
        Self {
            status: 200,
            retry_after: None,
            content_type,
            body,
            flow: Flow::Whole,
        }
    }
}

/// A method's result.
#[derive(Debug, Clone)]
pub(crate) enum Success {
    Result(Value),
    /// A result with a remark beside it, as setWebhook gives.
    Described(Value, &'static str),
    /// Updates, each kept as the bytes it came in.
    Updates(Vec<Bytes>),
    /// A file's bytes.
    File(Bytes),
}

impl Success {
    pub(crate) const fn yes() -> Self {
        Self::Result(Value::Bool(true))
    }

    pub(crate) fn message_id(&self) -> Option<i64> {
        match self {
            Self::Result(value) => value.get("message_id").and_then(Value::as_i64),
            Self::Described(..) | Self::Updates(_) | Self::File(_) => None,
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Result(result) => Answer::json(200, &json!({"ok": true, "result": result})),
            Self::Described(result, description) => Answer::json(
                200,
                &json!({"ok": true, "result": result, "description": description}),
            ),
            Self::File(bytes) => Answer::bytes("application/octet-stream", bytes.clone()),
            Self::Updates(updates) => {
                let mut body = br#"{"ok":true,"result":["#.to_vec();
                for (index, update) in updates.iter().enumerate() {
                    if index > 0 {
                        body.push(b',');
                    }
                    body.extend_from_slice(update);
                }
                body.extend_from_slice(b"]}");
                Answer::bytes("application/json", body.into())
            }
        }
    }
}

/// A refusal: code, description, and what Telegram puts into `parameters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
    pub(crate) migrate_to: Option<i64>,
}

impl Refusal {
    pub(crate) fn new(code: u16, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            retry_after: None,
            migrate_to: None,
        }
    }

    pub(crate) fn bad(what: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", what.as_ref()))
    }

    pub(crate) fn conflict(what: &str) -> Self {
        Self::new(409, format!("Conflict: {what}"))
    }

    pub(crate) fn too_many(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(429, format!("Too Many Requests: retry after {retry_after}"))
        }
    }

    pub(crate) fn migrated(to: i64) -> Self {
        Self {
            migrate_to: Some(to),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn unknown_method() -> Self {
        Self::new(404, "Not Found: method not found")
    }

    pub(crate) fn answer(&self) -> Answer {
        let mut body = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(seconds) = self.retry_after {
            body["parameters"] = json!({"retry_after": seconds});
        }
        if let Some(chat) = self.migrate_to {
            body["parameters"] = json!({"migrate_to_chat_id": chat});
        }
        Answer {
            retry_after: self.retry_after,
            ..Answer::json(self.code, &body)
        }
    }
}

/// What a method gives.
pub(crate) type Outcome = Result<Success, Refusal>;
