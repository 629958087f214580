//! What the admin API answers and takes: its own types, from which the OpenAPI document has its
//! schemas. Words of open enumerations are texts: a newer program may write ones that are not listed.

mod access;
mod cases;
mod files;
mod knowledge;
mod leads;
mod limits;
mod stats;
mod work;

pub(crate) use access::{AuditView, NewTokenView, RoleName, TokenBody, TokenView};
pub(crate) use cases::{ConversationView, MessageView, Waiting};
pub(crate) use files::AttachmentView;
pub(crate) use knowledge::{KnowledgeEditBody, KnowledgeView, NewKnowledgeBody};
pub(crate) use leads::{LeadFileView, LeadView, Stage, StageBody};
pub(crate) use limits::RateLimitView;
pub(crate) use stats::StatsView;
pub(crate) use work::{DeadLetterView, WorkView};

use std::borrow::Cow;

use frontdesk_core::desk::Listed;
use frontdesk_core::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::query::{Key, cursor};

/// RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Time(pub(crate) Timestamp);

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// One part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the next part begins; null at the list's end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Of what was found; the key of the last one is where it goes on.
    pub(crate) fn of<F, K: Key>(listed: Listed<F>, key: impl Fn(&F) -> K) -> Self
    where
        T: From<F>,
    {
        let last = listed.items.last().filter(|_| listed.more);
        Page {
            next_cursor: last.map(|last| cursor(&key(last))),
            items: listed.items.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is wrong with a request, as RFC 9457 has it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProblemView {
    /// Always `about:blank`: the status says what it is.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
}
