//! What must be true once everything has come to rest.

use frontdesk_core::conversation::SenderType;
use frontdesk_core::id::{ChannelMessageId, ClientId, ConversationId};
use frontdesk_core::port::back_office::{ConversationQuery, ConversationStore as _};
use frontdesk_core::port::budget::BudgetStore as _;
use frontdesk_core::port::llm::Account;
use frontdesk_core::port::store::HistoryStore as _;
use frontdesk_core::time::Day;
use futures_util::FutureExt as _;
use std::collections::{BTreeMap, BTreeSet};

use super::Record;
use crate::world::{BOT, World};

/// More than there ever is.
const ALL: usize = 1_000_000;

/// Looks for what is lost, doubled or left behind.
pub(crate) fn expect_nothing_left(world: &World) {
    world.record().expect_updates_done(world);
    world.record().expect_calls_done(world);
    let cases = world
        .store
        .conversations(&ConversationQuery::newest(ALL))
        .now_or_never();
    let Some(Ok(cases)) = cases else {
        return world.broken(None, "the cases cannot be listed");
    };
    let mut said: BTreeMap<ChannelMessageId, u32> = BTreeMap::new();
    for case in &cases {
        expect_rows(world, case.conversation.id, &mut said);
    }
    world.record().expect_said(world, &said);
    let clients: BTreeSet<ClientId> = cases.iter().map(|case| case.client.id).collect();
    if let Some(client) = clients.first() {
        expect_budgets(world, *client);
    }
    expect_deliveries(world);
}

impl Record {
    fn expect_updates_done(&mut self, world: &World) {
        let mut wrong = None;
        for (id, update) in &self.updates {
            if update.thanked && !update.limited && update.committed == 0 {
                wrong = Some((update.chat, format!("update {id} was thanked for and is lost")));
            }
        }
        for (lane, waiting) in &self.waiting {
            if let Some(id) = waiting.front() {
                let what = format!("update {id} was accepted and never had its turn");
                wrong = Some((Some(lane.chat), what));
            }
        }
        if let Some((chat, wrong)) = wrong {
            self.broken(world.now(), chat, wrong);
        }
    }

    fn expect_calls_done(&mut self, world: &World) {
        let left = self.calls.iter().find(|(_, sending)| sending.end.is_none());
        if let Some((mark, sending)) = left {
            let (wrong, chat) = (
                format!("call {mark} was decided and never made"),
                sending.lane.chat,
            );
            self.broken(world.now(), Some(chat), wrong);
        }
    }

    /// Each thing that clients said is in the rows once.
    fn expect_said(&mut self, world: &World, said: &BTreeMap<ChannelMessageId, u32>) {
        let mut wrong = None;
        for (id, update) in &self.updates {
            let rows = said.get(&ChannelMessageId(id.0)).copied().unwrap_or(0);
            if rows > 1 {
                let what = format!("what update {id} says is {rows} times in the conversation");
                wrong = Some((update.chat, what));
            } else if rows == 0 && update.said && update.answered {
                let what = format!("what update {id} says is in no conversation");
                wrong = Some((update.chat, what));
            }
        }
        if let Some((chat, wrong)) = wrong {
            self.broken(world.now(), chat, wrong);
        }
    }
}

fn expect_rows(world: &World, case: ConversationId, said: &mut BTreeMap<ChannelMessageId, u32>) {
    let Some(Ok(messages)) = world.store.messages(case, ALL).now_or_never() else {
        return world.broken(None, "what was said cannot be read");
    };
    for (place, stored) in (1..).zip(&messages) {
        if stored.seq != place {
            world.broken(None, format!("conversation {case} has a gap at {place}"));
        }
        if let (SenderType::User, Some(id)) = (&stored.message.sender_type, stored.message.channel_message_id)
        {
            *said.entry(id).or_default() += 1;
        }
    }
}

/// The bot's budget was never exceeded, and nothing that a model used is missing in it.
fn expect_budgets(world: &World, client: ClientId) {
    let account = Account {
        bot_id: BOT,
        client_id: client,
    };
    let days: BTreeSet<Day> = world.record().days.clone();
    let mut counted = 0;
    for day in days {
        let Some(Ok(budget)) = world.store.token_budget(account, day).now_or_never() else {
            return world.broken(None, "the budget cannot be read");
        };
        counted += budget.bot.total();
        if budget.bot.total() > world.plan.tokens.per_bot {
            world.broken(None, format!("the bot's budget of {day} is exceeded"));
        }
    }
    if counted < world.record().tokens_used {
        world.broken(None, "a model used more than is counted");
    }
}

fn expect_deliveries(world: &World) {
    let mut seen = BTreeSet::new();
    for delivery in world.store.deliveries() {
        if !seen.insert((delivery.message_id, delivery.part)) {
            world.broken(Some(delivery.lane.chat), "a delivery was recorded twice");
        }
    }
}
