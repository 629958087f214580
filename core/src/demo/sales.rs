//! What sales do with a demo client's lead.

use std::time::Duration;

use crate::audit::NewAuditEntry;
use crate::lead::{FormPhase, LeadScore, LeadStage};

use super::cast::Cast;
use super::chat::Chat;
use super::{Dice, UNTIL};

/// How many leads of a hundred go on from one stage to the next.
const GOES_ON: u64 = 75;

/// Moves the lead on, a few days a step, as far as chance and the time until the demo's end allow.
pub(super) fn follow_up(chat: &mut Chat<'_>, cast: &Cast, dice: Dice<'_>) {
    let by = dice.text(&cast.staff).to_owned();
    let reason = dice.text(&cast.lost).to_owned();
    let (leads, beside) = chat.sales();
    let Some(lead) = leads.values_mut().next_back() else {
        return;
    };
    let given_up = match lead.lead_score {
        LeadScore::Hot => 20,
        LeadScore::Warm => 35,
        LeadScore::Cold | LeadScore::Unqualified | LeadScore::Unknown(_) => 70,
    };
    if lead.form.phase != FormPhase::Confirmed {
        return;
    }
    let mut at = lead.updated_at;
    loop {
        at = at + dice.between(Duration::from_hours(2), Duration::from_hours(6 * 24));
        let next = lead.lead_stage.next();
        if at >= UNTIL || next.is_empty() || !dice.percent(GOES_ON) || lead.lead_stage == LeadStage::Lost {
            return;
        }
        let lost = lead.lead_stage != LeadStage::New && dice.percent(given_up);
        let Some(to) = next.iter().find(|stage| (**stage == LeadStage::Lost) == lost) else {
            return;
        };
        let reason = lost.then(|| reason.clone());
        let from = lead.lead_stage.to_string();
        let Ok(change) = lead.move_to(to.clone(), &by, reason, at) else {
            return;
        };
        lead.updated_at = at;
        beside.audit.push(NewAuditEntry {
            at,
            actor: "demo".to_owned(),
            action: "lead.stage".to_owned(),
            subject: format!("lead:{}", lead.id),
            detail: [("from", from), ("to", change.to.to_string())]
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        });
        beside.stage_changes.push(change);
    }
}
