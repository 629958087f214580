//! A snapshot that follows decisions is the one a store would load.

mod shipped;

use frontdesk_core::conversation::Person;
use frontdesk_core::dialogue::{
    AgentAction, AgentPost, ChatKind, Decide as _, Event, Occasion, Registry, Rules, RulesSettings, Update,
    UpdateKind,
};
use frontdesk_core::id::{BotId, Channel, ChatId, Ids, OwnerId, UserId};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::port::store::{
    Claim, CommitOutcome, InboxStore as _, Snapshot, TurnCommit, TurnEnd, TurnStore as _,
};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{LaneKey, NewInboxItem};
use frontdesk_memory::{MemoryStore, SimulatedClock};
use futures_util::FutureExt as _;
use shipped::shipped_files;
use std::sync::Arc;
use std::time::Duration;

fn text(lane: &LaneKey, at: Timestamp, text: &str) -> Event {
    Event::Update(Box::new(Update {
        chat: lane.chat,
        chat_kind: ChatKind::Private,
        thread: None,
        from: Person::unnamed(UserId(7)),
        channel_message_id: None,
        at,
        what: UpdateKind::Text {
            text: text.to_owned(),
        },
    }))
}

fn agent(action: AgentAction) -> Event {
    Event::Agent(AgentPost {
        agent_id: None,
        agent_name: "Max".to_owned(),
        action,
    })
}

#[test]
fn following_decisions_is_what_a_store_loads() {
    let playbook = Playbook::parse(&shipped_files()).unwrap_or_else(|problems| panic!("{problems}"));
    let rules = Rules::new(Arc::new(playbook), Registry::standard(), RulesSettings::default());
    let lane = LaneKey {
        bot_id: BotId(1),
        channel: Channel::TERMINAL,
        chat: ChatId(7),
    };
    let clock = SimulatedClock::at(Timestamp::from_seconds(1_795_431_600));
    let store = MemoryStore::new(Arc::new(clock.clone()));
    let claim = Claim {
        desks: vec![(lane.bot_id, lane.channel.clone())],
        owner: OwnerId(Ids::new(Timestamp::EPOCH, 9).next_uuid()),
        limit: 1,
        lease: Duration::from_secs(30),
    };
    let say = |text: &str| AgentAction::Say {
        text: text.to_owned(),
    };
    let mut followed = Snapshot::default();
    for step in 0..10_u32 {
        clock.advance(Duration::from_secs(20));
        let now = frontdesk_core::port::Clock::now(&clock);
        let event = match step {
            0 => text(&lane, now, "/start"),
            2 => text(&lane, now, "devops"),
            3 => text(&lane, now, "We deploy by hand."),
            4 => text(&lane, now, "/human"),
            5 => agent(say("Hello")),
            6 => text(&lane, now, "good, thank you"),
            7 => agent(AgentAction::Close),
            // Another case: without the lead of the one before.
            8 => text(&lane, now, "how much is a devops audit?"),
            _ => text(&lane, now, "/quote"),
        };
        let loaded = store.load(std::slice::from_ref(&lane)).now_or_never();
        assert_eq!(loaded.unwrap().unwrap(), [followed.clone()], "before step {step}");
        let item = NewInboxItem {
            lane: lane.clone(),
            update_id: None,
            source: "test".to_owned(),
            source_version: 1,
            payload: Vec::new(),
        };
        store.accept(&[item]).now_or_never().unwrap().unwrap();
        let mut claimed = store.claim_turns(&claim).now_or_never().unwrap().unwrap();
        let turn = claimed.remove(0);
        let occasion = Occasion {
            lane: &lane,
            snapshot: &followed,
            now,
            ids: Ids::new(now, u128::from(step)),
        };
        let decision = rules.decide(occasion, &event);
        followed.follow(&decision);
        let commit = TurnCommit {
            claim: turn.claim,
            seq: turn.item.seq,
            end: TurnEnd::Done,
            decision,
        };
        let outcome = store.commit(&[commit]).now_or_never().unwrap().unwrap();
        assert_eq!(outcome, [CommitOutcome::Committed]);
        match step {
            3 => assert!(followed.lead.is_some()),
            7 => assert!(followed.conversation.is_none() && followed.lead.is_none()),
            8 => assert!(followed.conversation.is_some() && followed.lead.is_none()),
            _ => {}
        }
    }
    let loaded = store.load(std::slice::from_ref(&lane)).now_or_never();
    assert_eq!(loaded.unwrap().unwrap(), [followed]);
}
