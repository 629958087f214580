//! What the admin API answers and takes: its own types, from which the OpenAPI document has its
//! schemas. Words of open enumerations are texts: a newer program may write ones that are not listed.

mod knowledge;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_core::access::OwnedToken;
use frontdesk_core::audit::AuditEntry;
use frontdesk_core::conversation::Attachment;
use frontdesk_core::desk::{Listed, RateStatus};
use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::port::back_office::{
    Case, DeadLetter, LeadFile, ModelFigures, Spread, Stats, StoredMessage,
};
use frontdesk_core::port::store::{Depth, WorkDepth};
use frontdesk_core::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::query::{Key, cursor};
pub(crate) use knowledge::{KnowledgeEditBody, KnowledgeView, NewKnowledgeBody};

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

/// A person who writes to the company.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClientView {
    id: Uuid,
    channel: String,
    /// The messenger's id of the person.
    user_id: i64,
    /// The messenger's id of their chat with the bot.
    chat_id: i64,
    /// What to call them in a list.
    display_name: String,
    username: Option<String>,
    language: Option<String>,
    /// Whether messages still reach them.
    reachable: bool,
    banned_at: Option<Time>,
    created_at: Time,
}

/// A case of a client.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationView {
    id: Uuid,
    channel: String,
    client: ClientView,
    /// `active`, `escalated`, `closed`, `archived`.
    status: String,
    /// Who may speak: `bot`, `queue`, `agent`.
    owner: String,
    /// `hot`, `warm`, `cold`, `unqualified`.
    lead_score: Option<String>,
    lead_id: Option<Uuid>,
    escalated_to_agent_id: Option<Uuid>,
    last_message_at: Option<Time>,
    escalated_at: Option<Time>,
    closed_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl From<Case> for ConversationView {
    fn from(case: Case) -> Self {
        let Case {
            conversation,
            client,
            lead,
        } = case;
        ConversationView {
            id: conversation.id.0,
            channel: conversation.channel.to_string(),
            client: ClientView {
                id: client.id.0,
                channel: client.channel.to_string(),
                user_id: client.user_id.0,
                chat_id: client.chat_id.0,
                display_name: client.display_name(),
                username: client.username,
                language: client.language,
                reachable: client.reachable,
                banned_at: client.banned_at.map(Time),
                created_at: Time(client.created_at),
            },
            status: conversation.status.to_string(),
            owner: conversation.owner.to_string(),
            lead_score: conversation.lead_score.map(|score| score.to_string()),
            lead_id: lead.map(|id| id.0),
            escalated_to_agent_id: conversation.escalated_to_agent_id.map(|id| id.0),
            last_message_at: conversation.last_message_at.map(Time),
            escalated_at: conversation.escalated_at.map(Time),
            closed_at: conversation.closed_at.map(Time),
            created_at: Time(conversation.created_at),
            updated_at: Time(conversation.updated_at),
        }
    }
}

/// An order that is kept and waits for its turn in the client's chat.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Waiting {
    pub(crate) conversation_id: Uuid,
    /// Always `waiting`: look at the case later.
    pub(crate) state: &'static str,
}

/// Something that was said.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessageView {
    id: Uuid,
    /// Its place in the case, from 1 without gaps.
    seq: i64,
    /// `user`, `bot`, `agent`, or `note`: a note never leaves the company.
    sender_type: String,
    /// The agent, if one said it.
    sender_id: Option<Uuid>,
    content: String,
    content_type: String,
    /// What it was understood as, and how surely, 0 to 1.
    intent: Option<String>,
    intent_score: Option<f64>,
    reply_to: Option<Uuid>,
    /// The playbook's version an answer was based on.
    knowledge_version: Option<String>,
    edited_at: Option<Time>,
    created_at: Time,
}

impl From<StoredMessage> for MessageView {
    fn from(stored: StoredMessage) -> Self {
        let message = stored.message;
        MessageView {
            id: message.id.0,
            seq: stored.seq,
            sender_type: message.sender_type.to_string(),
            sender_id: message.sender_id.map(|id| id.0),
            content: message.content,
            content_type: message.content_type.to_string(),
            intent: message.intent,
            intent_score: message.intent_score,
            reply_to: message.reply_to.map(|id| id.0),
            knowledge_version: message.knowledge_version,
            edited_at: stored.edited_at.map(Time),
            created_at: Time(message.created_at),
        }
    }
}

/// A file that came with a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AttachmentView {
    id: Uuid,
    message_id: Uuid,
    /// The messenger's word for it: `photo`, `voice`, …
    kind: String,
    /// As its sender calls it, cleaned.
    file_name: Option<String>,
    /// What its content shows it to be, once it was downloaded.
    mime_detected: Option<String>,
    size_bytes: Option<i64>,
    /// 64 hexadecimal digits, once it is stored.
    sha256: Option<String>,
    /// `pending`, `stored`, `refused`, `missing`.
    status: String,
    /// Why it is not taken: `too_big`, `kind`, `empty`.
    refusal: Option<String>,
    /// The album it came in.
    media_group_id: Option<String>,
    created_at: Time,
}

impl From<Attachment> for AttachmentView {
    fn from(file: Attachment) -> Self {
        AttachmentView {
            id: file.id.0,
            message_id: file.message_id.0,
            kind: file.kind,
            file_name: file.file_name,
            mime_detected: file.mime_detected,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            status: file.status.to_string(),
            refusal: file.refusal.map(|why| why.to_string()),
            media_group_id: file.media_group_id,
            created_at: Time(file.created_at),
        }
    }
}

/// A field of a lead, and what it rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FieldView {
    value: String,
    /// `button`, `typed`, `contact`, `model`, `agent`.
    source: String,
    message_id: Option<Uuid>,
    /// 0 to 1.
    confidence: f64,
    confirmed_by: Option<String>,
}

/// A rule of the rubric that fired.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReasonView {
    rule: String,
    points: i64,
    message_id: Option<Uuid>,
}

/// What a client has in mind, and where it stands with sales.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeadView {
    id: Uuid,
    conversation_id: Uuid,
    name: Option<String>,
    email: Option<String>,
    company: Option<String>,
    phone: Option<String>,
    project_type: Option<String>,
    project_description: Option<String>,
    budget_range: Option<String>,
    timeline: Option<String>,
    /// `hot`, `warm`, `cold`, `unqualified`.
    lead_score: String,
    score_points: i64,
    score_reasons: Vec<ReasonView>,
    rubric_version: Option<String>,
    lead_source: String,
    /// `new`, `contacted`, `qualified`, `proposal_sent`, `won`, `lost`.
    lead_stage: String,
    lost_reason: Option<String>,
    fields: BTreeMap<String, FieldView>,
    consent_at: Option<Time>,
    consent_version: Option<String>,
    contacted_at: Option<Time>,
    converted_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl From<Lead> for LeadView {
    fn from(lead: Lead) -> Self {
        let column = |name: &str| lead.column(name);
        LeadView {
            id: lead.id.0,
            conversation_id: lead.conversation_id.0,
            name: column("name"),
            email: column("email"),
            company: column("company"),
            phone: column("phone"),
            project_type: column("project_type"),
            project_description: column("project_description"),
            budget_range: column("budget_range"),
            timeline: column("timeline"),
            lead_score: lead.lead_score.to_string(),
            score_points: lead.score_points,
            score_reasons: lead
                .score_reasons
                .iter()
                .map(|reason| ReasonView {
                    rule: reason.rule.clone(),
                    points: reason.points,
                    message_id: reason.message_id.map(|id| id.0),
                })
                .collect(),
            rubric_version: lead.rubric_version.clone(),
            lead_source: lead.lead_source.clone(),
            lead_stage: lead.lead_stage.to_string(),
            lost_reason: lead.lost_reason.clone(),
            fields: lead
                .fields
                .iter()
                .map(|(name, field)| {
                    let view = FieldView {
                        value: field.value.clone(),
                        source: field.source.to_string(),
                        message_id: field.message_id.map(|id| id.0),
                        confidence: field.confidence,
                        confirmed_by: field.confirmed_by.clone(),
                    };
                    (name.clone(), view)
                })
                .collect(),
            consent_at: lead.consent_at.map(Time),
            consent_version: lead.consent_version.clone(),
            contacted_at: lead.contacted_at.map(Time),
            converted_at: lead.converted_at.map(Time),
            created_at: Time(lead.created_at),
            updated_at: Time(lead.updated_at),
        }
    }
}

/// A change of a lead's stage.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StageChangeView {
    /// Null when the lead was made.
    from: Option<String>,
    to: String,
    /// `desk`, `client` or an agent's name.
    by: String,
    reason: Option<String>,
    at: Time,
}

impl From<StageChange> for StageChangeView {
    fn from(change: StageChange) -> Self {
        StageChangeView {
            from: change.from.map(|stage| stage.to_string()),
            to: change.to.to_string(),
            by: change.by,
            reason: change.reason,
            at: Time(change.at),
        }
    }
}

/// A lead with its history, oldest change first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeadFileView {
    lead: LeadView,
    history: Vec<StageChangeView>,
}

impl From<LeadFile> for LeadFileView {
    fn from(file: LeadFile) -> Self {
        LeadFileView {
            lead: file.lead.into(),
            history: file.history.into_iter().map(Into::into).collect(),
        }
    }
}

/// Stages a lead can be moved to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    New,
    Contacted,
    Qualified,
    ProposalSent,
    Won,
    Lost,
}

/// Where to move a lead.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageBody {
    pub(crate) stage: Stage,
    /// Why; required for `lost`.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// One limit of a client.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WindowView {
    /// Messages in the running window; one above the limit at most.
    count: u64,
    /// 0 for no limit.
    limit: u64,
    /// Zero if no window runs.
    resets_in_seconds: f64,
}

/// Where a client stands with the limits.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RateLimitView {
    channel: String,
    user_id: i64,
    hour: WindowView,
    day: WindowView,
}

impl RateLimitView {
    pub(crate) fn new(channel: String, user_id: i64, status: &RateStatus) -> Self {
        RateLimitView {
            channel,
            user_id,
            hour: WindowView {
                count: status.hour_count,
                limit: status.hour_limit,
                resets_in_seconds: status.hour_resets_in.as_secs_f64(),
            },
            day: WindowView {
                count: status.day_count,
                limit: status.day_limit,
                resets_in_seconds: status.day_resets_in.as_secs_f64(),
            },
        }
    }
}

/// How long something took, over all times it happened.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SpreadView {
    count: u64,
    median_ms: u64,
    p95_ms: u64,
}

impl From<Spread> for SpreadView {
    fn from(spread: Spread) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        SpreadView {
            count: spread.count,
            median_ms: millis(spread.median),
            p95_ms: millis(spread.p95),
        }
    }
}

/// How far the cases opened in the period got.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FunnelView {
    /// Cases opened.
    conversations: u64,
    /// Those with a lead.
    leads: u64,
    /// Leads by their score now.
    by_score: BTreeMap<String, u64>,
    /// Leads that ever reached a stage, by stage.
    reached_stage: BTreeMap<String, u64>,
    /// Cases that are closed or archived now.
    closed: u64,
}

/// How many cases needed nobody.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeflectionView {
    /// Cases in which no person was asked for.
    without_a_person: u64,
    /// Cases in which one was.
    escalated: u64,
    /// The share of the first, 0 to 1; null if no case was opened.
    rate: Option<f64>,
}

/// What one model did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelView {
    messages: u64,
    tokens_in: u64,
    tokens_out: u64,
    /// In millionths of the playbook's currency.
    cost_micros: u64,
}

impl From<ModelFigures> for ModelView {
    fn from(used: ModelFigures) -> Self {
        ModelView {
            messages: used.messages,
            tokens_in: used.tokens_in,
            tokens_out: used.tokens_out,
            cost_micros: used.cost_micros,
        }
    }
}

/// What a period came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StatsView {
    from: Time,
    to: Time,
    funnel: FunnelView,
    deflection: DeflectionView,
    /// From the client's first message to the first reply that was delivered.
    first_response: SpreadView,
    /// From asking for a person to the first message of one.
    first_agent_response: SpreadView,
    /// What models did in the period, by model.
    models: BTreeMap<String, ModelView>,
}

impl StatsView {
    pub(crate) fn new(from: Timestamp, to: Timestamp, stats: Stats) -> Self {
        let without_a_person = stats.conversations.saturating_sub(stats.escalated);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of cases; no desk has 2^53 of them"
        )]
        let rate = (stats.conversations > 0).then(|| without_a_person as f64 / stats.conversations as f64);
        StatsView {
            from: Time(from),
            to: Time(to),
            funnel: FunnelView {
                conversations: stats.conversations,
                leads: stats.scores.values().sum(),
                by_score: stats.scores,
                reached_stage: stats.stages,
                closed: stats.closed,
            },
            deflection: DeflectionView {
                without_a_person,
                escalated: stats.escalated,
                rate,
            },
            first_response: stats.first_response.into(),
            first_agent_response: stats.first_agent_response.into(),
            models: stats
                .models
                .into_iter()
                .map(|(model, used)| (model, used.into()))
                .collect(),
        }
    }
}

/// How much waits in a queue.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DepthView {
    waiting: u64,
    /// Age of the oldest; zero if nothing waits.
    oldest_seconds: f64,
}

impl From<Depth> for DepthView {
    fn from(depth: Depth) -> Self {
        DepthView {
            waiting: depth.waiting,
            oldest_seconds: depth.oldest.as_secs_f64(),
        }
    }
}

/// How much waits in all.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WorkView {
    turns: DepthView,
    replies: DepthView,
    jobs: DepthView,
}

impl From<WorkDepth> for WorkView {
    fn from(work: WorkDepth) -> Self {
        WorkView {
            turns: work.turns.into(),
            replies: work.replies.into(),
            jobs: work.jobs.into(),
        }
    }
}

/// An item that was given up. Its content is not shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeadLetterView {
    id: i64,
    /// `turn`, `reply`, `job`.
    queue: String,
    channel: String,
    chat_id: i64,
    what: String,
    why: String,
    at: Time,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        DeadLetterView {
            id: letter.id,
            queue: letter.queue.to_string(),
            channel: letter.lane.channel.to_string(),
            chat_id: letter.lane.chat.0,
            what: letter.what,
            why: letter.why,
            at: Time(letter.at),
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditView {
    id: i64,
    at: Time,
    /// `agent:<id>`, `bootstrap` or `command line`.
    actor: String,
    action: String,
    subject: String,
    /// An object.
    detail: serde_json::Value,
    /// SHA-256 of the entry before.
    prev_hash: String,
    /// SHA-256 of this entry and `prev_hash`.
    hash: String,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        AuditView {
            id: entry.id,
            at: Time(entry.at),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            prev_hash: entry.prev_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenView {
    id: Uuid,
    name: String,
    /// Its first characters.
    prefix: String,
    agent_id: Uuid,
    agent_name: String,
    /// `viewer`, `agent`, `admin`.
    role: String,
    expires_at: Option<Time>,
    /// To a minute.
    last_used_at: Option<Time>,
    revoked_at: Option<Time>,
    created_at: Time,
}

impl From<OwnedToken> for TokenView {
    fn from(OwnedToken { token, agent }: OwnedToken) -> Self {
        TokenView {
            id: token.id.0,
            name: token.name,
            prefix: token.prefix,
            agent_id: agent.id.0,
            agent_name: agent.display_name,
            role: agent.role.to_string(),
            expires_at: token.expires_at.map(Time),
            last_used_at: token.last_used_at.map(Time),
            revoked_at: token.revoked_at.map(Time),
            created_at: Time(token.created_at),
        }
    }
}

/// What an agent may do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    Viewer,
    Agent,
    Admin,
}

/// A token to be made: for a new agent of this name with `role`, or for the agent `agent_id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// 1 to 255 characters.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) role: Option<RoleName>,
    #[serde(default)]
    pub(crate) agent_id: Option<Uuid>,
    /// When it ends by itself.
    #[serde(default)]
    pub(crate) expires_at: Option<Time>,
}

/// A new token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewTokenView {
    pub(crate) token: TokenView,
    /// The token itself: shown here and never again.
    pub(crate) secret: String,
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
