//! The desk's own rows: people, cases, what was said, leads, sessions.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_core::conversation::{
    Attachment, Client, Conversation, Message, MessageEdit, Owner, SenderType, Session,
};
use frontdesk_core::dialogue::{ConversationWrite, Decision};
use frontdesk_core::id::{AttachmentId, ClientId, ConversationId, LeadId, MessageId, UserId};
use frontdesk_core::lead::{Lead, StageChange};
use frontdesk_core::port::back_office::StoredMessage;
use frontdesk_core::port::store::Snapshot;
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::LaneKey;
use serde_json::{Value, json};

use super::Fault;

#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) fault: Option<Fault>,
    clients: BTreeMap<ClientId, Client>,
    /// Whose private chat it is.
    by_chat: BTreeMap<(LaneKey, UserId), ClientId>,
    conversations: BTreeMap<ConversationId, Conversation>,
    by_client: BTreeMap<ClientId, BTreeSet<ConversationId>>,
    messages: BTreeMap<ConversationId, Vec<StoredMessage>>,
    homes: BTreeMap<MessageId, ConversationId>,
    attachments: BTreeMap<AttachmentId, Attachment>,
    leads: BTreeMap<ConversationId, Lead>,
    stage_changes: Vec<StageChange>,
    sessions: BTreeMap<ClientId, Session>,
}

impl Rows {
    pub(super) fn snapshot(&self, lane: &LaneKey) -> Snapshot {
        let Some(client) = self.client_of(lane) else {
            return Snapshot::default();
        };
        let conversation = self.cases_of(client.id).find(|case| case.is_open());
        Snapshot {
            client: Some(client.clone()),
            conversation: conversation.cloned(),
            session: self.sessions.get(&client.id).cloned(),
            lead: conversation.and_then(|case| self.leads.get(&case.id)).cloned(),
            named: None,
        }
    }

    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// How many cases are open, by who may speak in them.
    pub(super) fn open_by_owner(&self) -> Vec<(Owner, u64)> {
        let open = || self.conversations.values().filter(|case| case.is_open());
        let mut owners: Vec<Owner> = Vec::new();
        for case in open() {
            if !owners.contains(&case.owner) {
                owners.push(case.owner.clone());
            }
        }
        owners
            .into_iter()
            .map(|owner| {
                let count = open().filter(|case| case.owner == owner).count();
                (owner, u64::try_from(count).unwrap_or(u64::MAX))
            })
            .collect()
    }

    /// All cases, oldest first.
    pub(super) fn conversations(&self) -> impl DoubleEndedIterator<Item = &Conversation> {
        self.conversations.values()
    }

    pub(super) fn client(&self, id: ClientId) -> Option<&Client> {
        self.clients.get(&id)
    }

    /// What was said in a case, in order.
    pub(super) fn said(&self, case: ConversationId) -> &[StoredMessage] {
        self.messages.get(&case).map_or(&[][..], Vec::as_slice)
    }

    /// All files, in the order of their ids.
    pub(super) fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.attachments.values()
    }

    pub(super) fn attachment(&self, id: AttachmentId) -> Option<&Attachment> {
        self.attachments.get(&id)
    }

    pub(super) fn lead_of(&self, case: ConversationId) -> Option<&Lead> {
        self.leads.get(&case)
    }

    /// All leads, in no order.
    pub(super) fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.values()
    }

    /// A lead's changes of stage, oldest first.
    pub(super) fn stage_changes(&self, lead: LeadId) -> impl Iterator<Item = &StageChange> {
        self.stage_changes
            .iter()
            .filter(move |change| change.lead_id == lead)
    }

    /// Writes where a lead stands with sales, and how it came there.
    pub(super) fn move_lead(&mut self, moved: &Lead, change: &StageChange) {
        if let Some(lead) = self.leads.get_mut(&moved.conversation_id) {
            lead.lead_stage = moved.lead_stage.clone();
            lead.lost_reason.clone_from(&moved.lost_reason);
            lead.contacted_at = moved.contacted_at;
            lead.converted_at = moved.converted_at;
            lead.updated_at = moved.updated_at;
        }
        self.stage_changes.push(change.clone());
    }

    /// The case a message belongs to.
    pub(super) fn case_of(&self, message: MessageId) -> Option<&Conversation> {
        self.conversations.get(self.homes.get(&message)?)
    }

    /// Nobody but the desk is to read the message any more.
    pub(super) fn make_note(&mut self, message: MessageId) {
        if let Some(stored) = self.message_mut(message) {
            stored.message.sender_type = SenderType::Note;
        }
    }

    pub(super) fn mark_unreachable(&mut self, lane: &LaneKey) {
        let id = self.client_of(lane).map(|client| client.id);
        if let Some(client) = id.and_then(|id| self.clients.get_mut(&id)) {
            client.reachable = false;
        }
    }

    /// Forgets up to `limit` sessions that expired before `since`.
    pub(super) fn forget_sessions(&mut self, since: Timestamp, limit: usize) -> usize {
        let expired: Vec<ClientId> = self
            .sessions
            .values()
            .filter(|session| session.expires_at < since)
            .map(|session| session.client_id)
            .take(limit)
            .collect();
        for client in &expired {
            self.sessions.remove(client);
        }
        expired.len()
    }

    /// Whether a case is not as it was read: another version, there already, gone, or no longer the
    /// client's only open one.
    pub(super) fn has_changed(&self, writes: &[ConversationWrite]) -> bool {
        writes.iter().any(|write| {
            let stored = self.conversations.get(&write.row.id);
            let stale = if write.is_new {
                stored.is_some()
            } else {
                stored.is_none_or(|stored| stored.version != write.row.version)
            };
            stale || (write.row.is_open() && self.has_another_open(write, writes))
        })
    }

    fn has_another_open(&self, write: &ConversationWrite, writes: &[ConversationWrite]) -> bool {
        self.cases_of(write.row.client_id)
            .map(|stored| {
                let rewritten = writes.iter().find(|other| other.row.id == stored.id);
                rewritten.map_or(stored, |other| &other.row)
            })
            .any(|case| case.is_open() && case.id != write.row.id)
    }

    /// What a database with foreign and unique keys would refuse.
    pub(super) fn check(&self, decision: &Decision) -> Result<(), String> {
        if let Some(client) = &decision.client {
            let owner = self.by_chat.get(&(private_chat(client), client.user_id));
            if owner.is_some_and(|owner| *owner != client.id) {
                return Err(format!("there is another client of user {}", client.user_id));
            }
        }
        let new_client = decision.client.as_ref().map(|client| client.id);
        let has_client = |id: ClientId| self.clients.contains_key(&id) || new_client == Some(id);
        let clients = decision.conversations.iter().map(|write| write.row.client_id);
        let session = decision.session.as_ref().map(|session| session.client_id);
        if let Some(id) = clients.chain(session).find(|id| !has_client(*id)) {
            return Err(format!("there is no client {id}"));
        }
        let lead = decision.lead.as_ref();
        let cases = decision.messages.iter().map(|message| message.conversation_id);
        let files = decision.attachments.iter().filter(|write| write.is_new);
        let cases = cases.chain(files.map(|write| write.row.conversation_id));
        let mut cases = cases.chain(lead.map(|lead| lead.conversation_id));
        if let Some(id) = cases.find(|id| !self.will_have_conversation(decision, *id)) {
            return Err(format!("there is no conversation {id}"));
        }
        if let Some(message) = decision.messages.iter().find(|m| self.homes.contains_key(&m.id)) {
            return Err(format!("there is a message {} already", message.id));
        }
        let new_files = || {
            decision
                .attachments
                .iter()
                .filter(|write| write.is_new)
                .map(|write| &write.row)
        };
        if let Some(file) = new_files().find(|file| self.attachments.contains_key(&file.id)) {
            return Err(format!("there is an attachment {} already", file.id));
        }
        let will_have_message = |id: MessageId| {
            self.homes.contains_key(&id) || decision.messages.iter().any(|message| message.id == id)
        };
        if let Some(file) = new_files().find(|file| !will_have_message(file.message_id)) {
            return Err(format!("there is no message {}", file.message_id));
        }
        if let Some(lead) = lead {
            let stored = self.leads.get(&lead.conversation_id);
            if stored.is_some_and(|stored| stored.id != lead.id) {
                return Err(format!("conversation {} has a lead", lead.conversation_id));
            }
        }
        let has_lead = |change: &StageChange| {
            lead.is_some_and(|lead| lead.id == change.lead_id)
                || self.leads.values().any(|stored| stored.id == change.lead_id)
        };
        match decision.stage_changes.iter().find(|change| !has_lead(change)) {
            Some(change) => Err(format!("there is no lead {}", change.lead_id)),
            None => Ok(()),
        }
    }

    pub(super) fn will_have_conversation(&self, decision: &Decision, id: ConversationId) -> bool {
        self.conversations.contains_key(&id) || decision.conversations.iter().any(|write| write.row.id == id)
    }

    /// Writes a decision's rows, those that others refer to first.
    pub(super) fn write(&mut self, lane: &LaneKey, decision: &Decision) {
        if let Some(client) = &decision.client {
            self.write_client(client.clone());
        }
        for write in &decision.conversations {
            let mut row = write.row.clone();
            row.version += 1;
            self.by_client.entry(row.client_id).or_default().insert(row.id);
            self.conversations.insert(row.id, row);
        }
        self.write_messages(&decision.messages);
        for edit in &decision.edits {
            self.edit(lane, edit);
        }
        for write in &decision.attachments {
            let may_be_new = write.is_new || self.fault == Some(Fault::AttachmentRevived);
            if may_be_new || self.attachments.contains_key(&write.row.id) {
                self.attachments.insert(write.row.id, write.row.clone());
            }
        }
        if let Some(lead) = &decision.lead {
            self.write_lead(lead, !decision.stage_changes.is_empty());
        }
        self.stage_changes.extend_from_slice(&decision.stage_changes);
        if let Some(session) = &decision.session {
            self.sessions.insert(session.client_id, session.clone());
        }
    }

    pub(super) fn write_messages(&mut self, messages: &[Message]) {
        for message in messages {
            let stored = self.messages.entry(message.conversation_id).or_default();
            let place = stored.len() + 1 + usize::from(self.fault == Some(Fault::SeqWithGaps)) * stored.len();
            stored.push(StoredMessage {
                seq: i64::try_from(place).unwrap_or(i64::MAX),
                edited_at: None,
                message: message.clone(),
            });
            self.homes.insert(message.id, message.conversation_id);
        }
    }

    /// Where a lead stands that is there already, only a decision that moves it says.
    fn write_lead(&mut self, lead: &Lead, moves: bool) {
        let mut row = lead.clone();
        let stored = self.leads.get(&lead.conversation_id);
        if let (Some(stored), false) = (stored, moves || self.fault == Some(Fault::StageUndone)) {
            row.lead_stage = stored.lead_stage.clone();
            row.lost_reason.clone_from(&stored.lost_reason);
            row.contacted_at = stored.contacted_at;
            row.converted_at = stored.converted_at;
        }
        self.leads.insert(row.conversation_id, row);
    }

    fn write_client(&mut self, mut client: Client) {
        if let Some(before) = self.clients.get(&client.id) {
            self.by_chat.remove(&(private_chat(before), before.user_id));
        }
        if self.fault == Some(Fault::MicrosecondsLost) {
            client.created_at = Timestamp::from_micros(client.created_at.as_micros() / 1_000 * 1_000);
        }
        self.by_chat
            .insert((private_chat(&client), client.user_id), client.id);
        self.clients.insert(client.id, client);
    }

    /// Changes the text of a client's message and keeps the earlier one; unknown ids change nothing.
    fn edit(&mut self, lane: &LaneKey, edit: &MessageEdit) {
        let Some(client) = self.client_of(lane).map(|client| client.id) else {
            return;
        };
        let found = self
            .cases_of(client)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .find_map(|case| {
                let said = self.messages.get(&case.id)?.iter().rev();
                said.map(|stored| &stored.message)
                    .find(|message| {
                        message.sender_type == SenderType::User
                            && message.channel_message_id == Some(edit.channel_message_id)
                    })
                    .map(|message| message.id)
            });
        let keep = self.fault != Some(Fault::EarlierTextLost);
        let Some(stored) = found.and_then(|id| self.message_mut(id)) else {
            return;
        };
        let earlier = std::mem::replace(&mut stored.message.content, edit.content.clone());
        stored.edited_at = Some(edit.edited_at);
        if let (Value::Object(metadata), true) = (&mut stored.message.metadata, keep) {
            match metadata.entry("earlier").or_insert_with(|| json!([])) {
                Value::Array(texts) => texts.push(earlier.into()),
                other => *other = json!([earlier]),
            }
        }
    }

    fn message_mut(&mut self, id: MessageId) -> Option<&mut StoredMessage> {
        let case = self.homes.get(&id)?;
        let stored = self.messages.get_mut(case)?;
        stored.iter_mut().find(|stored| stored.message.id == id)
    }

    fn client_of(&self, lane: &LaneKey) -> Option<&Client> {
        let first = (lane.clone(), UserId(i64::MIN));
        let last = (lane.clone(), UserId(i64::MAX));
        let (_, id) = self.by_chat.range(first..=last).next()?;
        self.clients.get(id)
    }

    fn cases_of(&self, client: ClientId) -> impl Iterator<Item = &Conversation> {
        let ids = self.by_client.get(&client).into_iter().flatten();
        ids.filter_map(|id| self.conversations.get(id))
    }
}

fn private_chat(client: &Client) -> LaneKey {
    LaneKey {
        bot_id: client.bot_id,
        channel: client.channel.clone(),
        chat: client.chat_id,
    }
}
