//! Where a lead stands with sales, and the legal moves.

use serde::{Deserialize, Serialize};

use crate::id::LeadId;
use crate::time::Timestamp;

use super::Lead;

open_enum! {
    /// Where a lead stands with sales.
    LeadStage {
        /// Nobody has spoken to them yet.
        New = "new",
        /// Sales got in touch.
        Contacted = "contacted",
        /// It fits.
        Qualified = "qualified",
        /// An offer is out.
        ProposalSent = "proposal_sent",
        /// Signed.
        Won = "won",
        /// Not to be, with a reason.
        Lost = "lost",
    }
}

/// One row of `lead_stage_history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageChange {
    /// The lead.
    pub lead_id: LeadId,
    /// From where; null when the lead was made.
    pub from: Option<LeadStage>,
    /// To where.
    pub to: LeadStage,
    /// Who moved it: `desk`, `client` or an agent's name.
    pub by: String,
    /// Why, if said.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A move that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalStageChange {
    /// No such way.
    #[error("a lead cannot go from {from} to {to}")]
    NoWay {
        /// Where it stands.
        from: LeadStage,
        /// Where it was to go.
        to: LeadStage,
    },
    /// A lost lead needs a reason.
    #[error("a lead can only be lost with a reason")]
    NoReason,
}

impl LeadStage {
    /// Where a lead may go from here.
    pub fn next(&self) -> &'static [LeadStage] {
        match self {
            LeadStage::New => &[LeadStage::Contacted, LeadStage::Lost],
            LeadStage::Contacted => &[LeadStage::Qualified, LeadStage::Lost],
            LeadStage::Qualified => &[LeadStage::ProposalSent, LeadStage::Lost],
            LeadStage::ProposalSent => &[LeadStage::Won, LeadStage::Lost],
            LeadStage::Lost => &[LeadStage::Contacted],
            LeadStage::Won | LeadStage::Unknown(_) => &[],
        }
    }
}

impl Lead {
    /// Moves the lead and sets the times that belong to the move.
    ///
    /// # Errors
    /// [`IllegalStageChange`]; nothing is changed then.
    pub fn move_to(
        &mut self,
        to: LeadStage,
        by: &str,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<StageChange, IllegalStageChange> {
        if !self.lead_stage.next().contains(&to) {
            return Err(IllegalStageChange::NoWay {
                from: self.lead_stage.clone(),
                to,
            });
        }
        if to == LeadStage::Lost && reason.as_deref().is_none_or(str::is_empty) {
            return Err(IllegalStageChange::NoReason);
        }
        match to {
            LeadStage::Contacted => self.contacted_at = Some(now),
            LeadStage::Won => self.converted_at = Some(now),
            LeadStage::New
            | LeadStage::Qualified
            | LeadStage::ProposalSent
            | LeadStage::Lost
            | LeadStage::Unknown(_) => {}
        }
        self.lost_reason = if to == LeadStage::Lost {
            reason.clone()
        } else {
            None
        };
        let from = std::mem::replace(&mut self.lead_stage, to.clone());
        Ok(StageChange {
            lead_id: self.id,
            from: Some(from),
            to,
            by: by.to_owned(),
            reason,
            at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConversationId, Ids};

    #[test]
    fn the_legal_moves_are_these_and_no_others() {
        let now = Timestamp::from_seconds(5);
        let mut ids = Ids::new(now, 9);
        let conversation = ConversationId(ids.next_uuid());
        let lead = Lead::new(&mut ids, conversation, "telegram_bot".into(), now);
        let mut legal = Vec::new();
        for from in LeadStage::KNOWN {
            for to in LeadStage::KNOWN {
                let mut lead = Lead {
                    lead_stage: from.clone(),
                    ..lead.clone()
                };
                if lead.move_to(to.clone(), "x", Some("why".into()), now).is_ok() {
                    legal.push(format!("{from}→{to}"));
                }
            }
        }
        assert_eq!(
            legal.join(" "),
            "new→contacted new→lost contacted→qualified contacted→lost qualified→proposal_sent \
             qualified→lost proposal_sent→won proposal_sent→lost lost→contacted"
        );
        let mut lead = lead;
        assert_eq!(
            lead.move_to(LeadStage::Lost, "x", None, now),
            Err(IllegalStageChange::NoReason)
        );
    }
}
