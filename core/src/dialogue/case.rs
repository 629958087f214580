//! What the back office does with a case.

use std::collections::BTreeMap;

use crate::audit::NewAuditEntry;
use crate::conversation::{ConversationStatus, Owner};
use crate::time::Timestamp;

use super::rules::Rules;
use super::turn::Turn;
use super::{CaseAction, CaseOrder, ConversationWrite, Decision, Fact, Occasion, agent};

/// Decides an order of the back office. One for a case that is no longer as it was when the order was
/// given changes nothing.
pub(super) fn decide(rules: &Rules, occasion: Occasion<'_>, order: &CaseOrder) -> Decision {
    let now = occasion.now;
    let done = match order.action {
        CaseAction::Close => close(rules, occasion, order),
        CaseAction::Archive => archive(&occasion, order),
    };
    match done {
        Some(mut decision) => {
            decision.audit.push(entry(order, now));
            decision.playbook_version = rules.playbook.version.clone().into();
            decision
        }
        None => Decision {
            facts: vec![Fact {
                what: "case_order_ignored",
                fields: vec![("conversation_id", order.conversation_id.to_string())],
            }],
            playbook_version: rules.playbook.version.clone().into(),
            ..Decision::default()
        },
    }
}

/// As an agent closes it; nothing if it is not open.
fn close(rules: &Rules, occasion: Occasion<'_>, order: &CaseOrder) -> Option<Decision> {
    let open = occasion.snapshot.conversation.as_ref()?;
    if open.id != order.conversation_id {
        return None;
    }
    let mut turn = Turn::about_known(rules, occasion)?;
    turn.recall();
    agent::close(&mut turn);
    Some(turn.finish())
}

/// Puts a closed case away; nothing if it is not closed, or is another client's.
fn archive(occasion: &Occasion<'_>, order: &CaseOrder) -> Option<Decision> {
    let client = occasion.snapshot.client.as_ref()?;
    let mut row = occasion.snapshot.named.clone()?;
    let fits = row.id == order.conversation_id
        && row.client_id == client.id
        && row.status == ConversationStatus::Closed;
    if !fits {
        return None;
    }
    row.hand_to(ConversationStatus::Archived, Owner::Bot, occasion.now)
        .ok()?;
    row.updated_at = occasion.now;
    Some(Decision {
        facts: vec![Fact {
            what: "conversation_archived",
            fields: vec![("conversation_id", row.id.to_string())],
        }],
        conversations: vec![ConversationWrite { row, is_new: false }],
        ..Decision::default()
    })
}

fn entry(order: &CaseOrder, now: Timestamp) -> NewAuditEntry {
    let action = match order.action {
        CaseAction::Close => "conversation.close",
        CaseAction::Archive => "conversation.archive",
    };
    NewAuditEntry {
        at: now,
        actor: order.actor.clone(),
        action: action.to_owned(),
        subject: format!("conversation:{}", order.conversation_id),
        detail: BTreeMap::new(),
    }
}
