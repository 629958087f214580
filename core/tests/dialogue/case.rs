//! Orders of the back office about a case.

use crate::chat::Chat;
use frontdesk_core::conversation::{Conversation, ConversationStatus};
use frontdesk_core::dialogue::{CaseAction, CaseOrder, Decide as _, Decision, Event, Occasion};
use frontdesk_core::id::{ConversationId, Ids};

fn order(conversation_id: ConversationId, action: CaseAction) -> Event {
    Event::Case(CaseOrder {
        conversation_id,
        action,
        actor: "bootstrap".to_owned(),
    })
}

fn open_case(chat: &Chat) -> Conversation {
    let open = chat.snapshot.conversation.clone();
    open.unwrap_or_else(|| panic!("a case is open"))
}

/// What an order comes to, without folding it into the chat.
fn decide(chat: &Chat, event: &Event) -> Decision {
    let occasion = Occasion {
        lane: &chat.lane,
        snapshot: &chat.snapshot,
        now: chat.now,
        ids: Ids::new(chat.now, 77),
    };
    chat.rules.decide(occasion, event)
}

#[test]
fn a_case_is_closed_as_an_agent_closes_it_and_the_log_says_who() {
    let mut chat = Chat::new();
    chat.says("/start");
    let case = open_case(&chat);
    let decision = chat.event(&order(case.id, CaseAction::Close)).clone();
    assert_eq!(decision.conversations[0].row.status, ConversationStatus::Closed);
    assert!(!decision.outgoing.is_empty(), "the client is told");
    let entry = &decision.audit[0];
    assert_eq!(
        (entry.actor.as_str(), entry.action.as_str(), entry.subject.clone()),
        (
            "bootstrap",
            "conversation.close",
            format!("conversation:{}", case.id)
        )
    );
}

#[test]
fn an_order_for_another_case_changes_nothing() {
    let mut chat = Chat::new();
    chat.says("/start");
    let other = ConversationId(Ids::new(chat.now, 9).next_uuid());
    for action in [CaseAction::Close, CaseAction::Archive] {
        let decision = decide(&chat, &order(other, action));
        assert!(
            decision.conversations.is_empty() && decision.audit.is_empty(),
            "{decision:?}"
        );
    }
    // Nor does one to archive the open case.
    let decision = decide(&chat, &order(open_case(&chat).id, CaseAction::Archive));
    assert!(
        decision.conversations.is_empty() && decision.audit.is_empty(),
        "{decision:?}"
    );
}

#[test]
fn a_closed_case_is_archived_and_the_open_one_left_alone() {
    let mut chat = Chat::new();
    chat.says("/start");
    let first = open_case(&chat).id;
    let closing = chat.event(&order(first, CaseAction::Close)).clone();
    chat.says("/start");
    let second = open_case(&chat).id;
    assert_ne!(first, second);
    chat.snapshot.named = Some(closing.conversations[0].row.clone());
    let decision = decide(&chat, &order(first, CaseAction::Archive));
    assert_eq!(decision.conversations.len(), 1);
    let row = &decision.conversations[0].row;
    assert_eq!((row.id, &row.status), (first, &ConversationStatus::Archived));
    assert_eq!(decision.audit[0].action, "conversation.archive");
    assert!(decision.outgoing.is_empty());
    // Closing it once more is nothing.
    let again = decide(&chat, &order(first, CaseAction::Close));
    assert!(again.conversations.is_empty() && again.audit.is_empty());
}
