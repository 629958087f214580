//! What is known of a chat once a decision is committed.

use crate::port::store::Snapshot;

use super::Decision;

impl Snapshot {
    /// Takes over what a decision about this chat writes: what a store would load after its commit.
    pub fn follow(&mut self, decision: &Decision) {
        if let Some(client) = &decision.client {
            self.client = Some(client.clone());
        }
        for write in &decision.conversations {
            let mut row = write.row.clone();
            row.version += 1;
            let was_open = self.conversation.as_ref().is_some_and(|open| open.id == row.id);
            if row.is_open() {
                if !was_open {
                    self.lead = None;
                }
                self.conversation = Some(row);
            } else if was_open {
                self.conversation = None;
                self.lead = None;
            }
        }
        let open = self.conversation.as_ref().map(|open| open.id);
        if let Some(lead) = &decision.lead
            && Some(lead.conversation_id) == open
        {
            self.lead = Some(lead.clone());
        }
        if let Some(session) = &decision.session {
            self.session = Some(session.clone());
        }
    }
}
