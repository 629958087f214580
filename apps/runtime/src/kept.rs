//! Cases as they are kept, read part by part: however many there are, one is in memory at a time.

use std::collections::VecDeque;

use frontdesk_core::port::back_office::{
    Case, ConversationQuery, ConversationStore as _, LeadStore as _, Paging,
};
use frontdesk_core::port::store::StoreError;
use frontdesk_core::replay::KeptCase;
use frontdesk_core::time::Timestamp;
use frontdesk_store_diesel::DieselStore;

/// Cases read from the store at once.
const CASES: usize = 100;

/// Messages read from the store at once.
const MESSAGES: usize = 500;

/// All cases of a store, newest first.
pub(crate) struct Cases<'s> {
    store: &'s DieselStore,
    since: Option<Timestamp>,
    query: ConversationQuery,
    part: VecDeque<Case>,
    more: bool,
}

impl<'s> Cases<'s> {
    /// Those opened since then.
    pub fn since(store: &'s DieselStore, since: Option<Timestamp>) -> Self {
        Cases {
            store,
            since,
            query: ConversationQuery::newest(CASES),
            part: VecDeque::new(),
            more: true,
        }
    }

    /// The next one.
    pub async fn next(&mut self) -> Result<Option<Case>, StoreError> {
        if self.part.is_empty() && self.more {
            self.part = self.store.conversations(&self.query).await?.into();
            self.more = self.part.len() == CASES;
            self.query.page.before = self.part.back().map(|case| case.conversation.id);
        }
        let case = self.part.pop_front();
        // They come by their ids, which grow with the time they were opened.
        let old = |case: &Case| {
            self.since
                .is_some_and(|since| case.conversation.created_at < since)
        };
        if case.as_ref().is_some_and(old) {
            self.more = false;
            self.part.clear();
            return Ok(None);
        }
        Ok(case)
    }
}

/// The whole case.
pub(crate) async fn whole(store: &DieselStore, case: Case) -> Result<KeptCase, StoreError> {
    let id = case.conversation.id;
    let mut messages = VecDeque::new();
    let mut page = Paging::first(MESSAGES);
    loop {
        let part = store.messages_before(id, &page).await?;
        page.before = part.first().map(|message| message.seq);
        let last = part.len() < MESSAGES;
        for message in part.into_iter().rev() {
            messages.push_front(message);
        }
        if last {
            break;
        }
    }
    let lead = match case.lead {
        Some(lead) => store.lead(lead).await?.map(|file| file.lead),
        None => None,
    };
    Ok(KeptCase {
        client: case.client,
        conversation: case.conversation,
        lead,
        messages: messages.into(),
    })
}
