//! What is written comes back as it was written.

use std::time::Duration;

use frontdesk_core::conversation::{
    Client, ContentType, Conversation, ConversationStatus, Message, MessageEdit, ModelUse, Owner, SenderType,
    Session,
};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{AgentId, ChannelMessageId, ThreadId, UserId};
use frontdesk_core::lead::{FieldSource, LeadScore, LeadStage};
use frontdesk_core::port::back_office::StoredMessage;
use frontdesk_core::port::store::Snapshot;
use frontdesk_core::time::Timestamp;
use serde_json::json;

use super::leads::lead;
use super::parts::{TEXT, changed, lane, new};
use super::scene::{Case, Scene};

/// When a message was edited.
const EDITED_AT: Timestamp = Timestamp::from_micros(1_800_000_000_000_001);

pub(super) async fn a_client_comes_back(scene: &Scene<'_>) {
    for id in [1, (1 << 52) - 1, -1_001_234_567_890] {
        let chat = lane(id);
        let mut client = scene.client(&chat);
        client.user_id = UserId(id.abs());
        client.username = Some("zoë".to_owned());
        client.last_name = Some(TEXT.to_owned());
        client.language = Some("pt-BR".to_owned());
        client.disclosure_version = Some("3".to_owned());
        client.disclosed_at = Some(scene.now());
        client.banned_at = Some(scene.now());
        client.banned_by = Some("an agent".to_owned());
        client.source = Some("ad_42".to_owned());
        write_client(scene, &client).await;
        let snapshot = scene.load(&chat).await;
        let expected = Snapshot {
            client: Some(client),
            ..Snapshot::default()
        };
        assert_eq!(snapshot, expected);
    }
}

pub(super) async fn a_client_is_replaced(scene: &Scene<'_>) {
    let mut client = scene.client(&lane(1));
    write_client(scene, &client).await;
    client.first_name = None;
    client.username = Some("new_name".to_owned());
    client.reachable = false;
    write_client(scene, &client).await;
    assert_eq!(scene.load(&lane(1)).await.client, Some(client));
}

pub(super) async fn microseconds_are_kept(scene: &Scene<'_>) {
    for micros in [0, 1, 1_700_000_000_123_456, 4_102_444_799_999_999] {
        let mut client = scene.client(&lane(micros));
        client.created_at = Timestamp::from_micros(micros);
        client.disclosed_at = Some(Timestamp::from_micros(micros + 1));
        write_client(scene, &client).await;
        assert_eq!(scene.load(&lane(micros)).await.client, Some(client));
    }
}

pub(super) async fn a_conversation_comes_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    assert_eq!(case.conversation.version, 1, "the commit stores one more");
    let mut row = case.owned_by(Owner::Agent, scene.now());
    row.lead_score = Some(LeadScore::Hot);
    row.last_message_at = Some(scene.now());
    row.escalated_to_agent_id = Some(AgentId(scene.uuid()));
    row.agents_topic_id = Some(ThreadId((1 << 52) - 1));
    row.metadata =
        json!({"text": TEXT, "deep": [{"n": 1.5}, null, true, {}], "big": 9_007_199_254_740_991_i64});
    scene.decide(&case.lane, writes(row.clone())).await;
    row.version += 1;
    assert_eq!(scene.load(&case.lane).await.conversation, Some(row));
}

pub(super) async fn a_case_ends_and_another_begins(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.wait(Duration::from_mins(1)).await;
    let mut closed = case.conversation.clone();
    closed
        .hand_to(ConversationStatus::Closed, Owner::Bot, scene.now())
        .expect("an open case may be closed");
    let mut next = scene.conversation(&case.client);
    next.created_at = case.conversation.created_at + Duration::from_mins(1);
    let decision = Decision {
        conversations: vec![changed(closed.clone()), new(next.clone())],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    closed.version += 1;
    next.version += 1;
    let snapshot = scene.load(&case.lane).await;
    assert_eq!(snapshot.conversation.as_ref(), Some(&next), "the open one");
    assert_eq!(cases(scene, &case, 10).await, [next.clone(), closed]);
    assert_eq!(cases(scene, &case, 1).await, [next]);
}

async fn cases(scene: &Scene<'_>, case: &Case, limit: usize) -> Vec<Conversation> {
    scene.cases_of(&case.client, limit).await
}

pub(super) async fn unknown_values_come_back_unchanged(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut row = case.conversation.clone();
    row.lead_score = Some(LeadScore::Unknown("lukewarm".to_owned()));
    let mut message = scene.message(&case, SenderType::Unknown("crowd".to_owned()), "");
    message.content_type = ContentType::Unknown("hologram".to_owned());
    let mut lead = lead(scene, &case);
    lead.lead_stage = LeadStage::Unknown("signed_in_blood".to_owned());
    lead.lead_score = LeadScore::Unknown("lukewarm".to_owned());
    if let Some(field) = lead.fields.get_mut("description") {
        field.source = FieldSource::Unknown("telepathy".to_owned());
    }
    let decision = Decision {
        messages: vec![message.clone()],
        lead: Some(lead.clone()),
        ..writes(row.clone())
    };
    scene.decide(&case.lane, decision).await;
    row.version += 1;
    let snapshot = scene.load(&case.lane).await;
    assert_eq!(snapshot.conversation.as_ref(), Some(&row));
    assert_eq!(snapshot.lead, Some(lead));
    assert_eq!(only_message(scene, &case).await.message, message);
    // Written back by a build that does not know them.
    scene.decide(&case.lane, writes(row.clone())).await;
    row.version += 1;
    assert_eq!(scene.load(&case.lane).await.conversation, Some(row));
}

pub(super) async fn a_session_comes_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    for version in 1..=3 {
        let session = Session {
            client_id: case.client.id,
            state: json!({"v": version, "text": TEXT}),
            expires_at: scene.now() + Session::TTL,
            version,
        };
        let decision = Decision {
            session: Some(session.clone()),
            ..Decision::default()
        };
        scene.decide(&case.lane, decision).await;
        assert_eq!(scene.load(&case.lane).await.session, Some(session));
    }
    scene.wait(Session::TTL * 2).await;
    let session = scene.load(&case.lane).await.session;
    assert!(session.is_some(), "an expired one is still read");
}

pub(super) async fn a_message_comes_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut messages = Vec::new();
    for (at, content) in [TEXT.to_owned(), String::new(), "Ж".repeat(100_000)]
        .into_iter()
        .enumerate()
    {
        let mut message = scene.message(&case, SenderType::User, &content);
        message.intent = Some("pricing".to_owned());
        message.intent_score = Some(0.123_456_789_012_345_6);
        message.reply_to = messages.last().map(|(_, earlier): &(i64, Message)| earlier.id);
        message.knowledge_version = Some("abc".to_owned());
        message.channel_message_id = Some(ChannelMessageId((1 << 52) - 1 - i64::try_from(at).unwrap_or(0)));
        message.metadata = json!({"photo": {"name": TEXT}});
        message.llm = Some(ModelUse {
            model: TEXT.to_owned(),
            tokens_in: 1 << 40,
            tokens_out: 7,
            latency_ms: 1_234,
            confidence: 0.25,
            cost_micros: (at % 2 == 0).then_some(99),
        });
        messages.push((i64::try_from(at).unwrap_or(0) + 1, message));
    }
    let decision = Decision {
        messages: messages.iter().map(|(_, message)| message.clone()).collect(),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let stored = scene.store.messages(case.conversation.id, 10).await;
    let expected: Vec<_> = messages
        .into_iter()
        .map(|(seq, message)| StoredMessage {
            seq,
            edited_at: None,
            message,
        })
        .collect();
    assert!(stored.expect("messages are listed") == expected);
}

pub(super) async fn messages_are_numbered_without_gaps(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let other = scene.case(&lane(2)).await;
    for round in 0..3 {
        say(scene, &case, &[&format!("{round}a"), &format!("{round}b")]).await;
        say(scene, &other, &["elsewhere"]).await;
    }
    let stored = scene.store.messages(case.conversation.id, 100).await;
    let stored = stored.expect("messages are listed");
    let seqs: Vec<_> = stored.iter().map(|message| message.seq).collect();
    let texts: Vec<_> = stored
        .iter()
        .map(|message| message.message.content.as_str())
        .collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    assert_eq!(texts, ["0a", "0b", "1a", "1b", "2a", "2b"]);
}

pub(super) async fn the_last_messages_are_listed(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    say(scene, &case, &["a", "b", "c", "d"]).await;
    let last = scene.store.messages(case.conversation.id, 2).await;
    let last = last.expect("messages are listed");
    let texts: Vec<_> = last
        .iter()
        .map(|message| message.message.content.as_str())
        .collect();
    assert_eq!(texts, ["c", "d"]);
    let none = scene.store.messages(case.conversation.id, 0).await;
    assert_eq!(none.expect("messages are listed"), []);
}

pub(super) async fn an_edit_keeps_the_earlier_texts(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut message = scene.message(&case, SenderType::User, "first");
    message.channel_message_id = Some(ChannelMessageId(77));
    message.metadata = json!({"kept": true});
    let decision = Decision {
        messages: vec![message.clone()],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    // The same number in another chat is another message.
    let other = scene.case(&lane(2)).await;
    let mut theirs = scene.message(&other, SenderType::User, "theirs");
    theirs.channel_message_id = Some(ChannelMessageId(77));
    let decision = Decision {
        messages: vec![theirs.clone()],
        ..Decision::default()
    };
    scene.decide(&other.lane, decision).await;
    for text in ["second", "third"] {
        edit(scene, &case, 77, text).await;
    }
    let stored = only_message(scene, &case).await;
    assert_eq!((stored.seq, stored.edited_at), (1, Some(EDITED_AT)));
    "third".clone_into(&mut message.content);
    message.metadata = json!({"kept": true, "earlier": ["first", "second"]});
    assert_eq!(stored.message, message);
    assert_eq!(only_message(scene, &other).await.message, theirs);
}

pub(super) async fn an_edit_of_an_unknown_message_changes_nothing(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    say(scene, &case, &["a"]).await;
    edit(scene, &case, 99, "b").await;
    let stored = only_message(scene, &case).await;
    assert_eq!((stored.message.content.as_str(), stored.edited_at), ("a", None));
}

pub(super) async fn chats_are_loaded_in_the_order_asked_for(scene: &Scene<'_>) {
    let first = scene.case(&lane(1)).await;
    let second = scene.case(&lane(2)).await;
    let lanes = [lane(2), lane(3), lane(1), lane(2)];
    let loaded = scene.store.load(&lanes).await.expect("chats are loaded");
    let clients: Vec<_> = loaded.into_iter().map(|snapshot| snapshot.client).collect();
    let (first, second) = (Some(first.client), Some(second.client));
    assert_eq!(clients, [second.clone(), None, first, second]);
    let none = scene.store.load(&[]).await;
    assert_eq!(none.expect("nothing is loaded"), []);
}

fn writes(row: Conversation) -> Decision {
    Decision {
        conversations: vec![changed(row)],
        ..Decision::default()
    }
}

async fn write_client(scene: &Scene<'_>, client: &Client) {
    let decision = Decision {
        client: Some(client.clone()),
        ..Decision::default()
    };
    scene.decide(&lane(client.chat_id.0), decision).await;
}

async fn say(scene: &Scene<'_>, case: &Case, texts: &[&str]) {
    let messages = texts.iter();
    let messages = messages
        .map(|text| scene.message(case, SenderType::User, text))
        .collect();
    let decision = Decision {
        messages,
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
}

async fn edit(scene: &Scene<'_>, case: &Case, id: i64, text: &str) {
    let decision = Decision {
        edits: vec![MessageEdit {
            channel_message_id: ChannelMessageId(id),
            content: text.to_owned(),
            edited_at: EDITED_AT,
        }],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
}

async fn only_message(scene: &Scene<'_>, case: &Case) -> StoredMessage {
    let stored = scene.store.messages(case.conversation.id, 10).await;
    super::parts::only(stored.expect("messages are listed"), "message")
}
