//! What the back office lists, moves and counts.

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_core::conversation::{ConversationStatus, ModelUse, Owner, SenderType};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{ChannelMessageId, ClientId, ConversationId, LeadId};
use frontdesk_core::lead::{Lead, LeadScore, LeadStage, StageChange};
use frontdesk_core::port::back_office::{
    ChangeKind, ChangeOutcome, ConversationQuery, LeadQuery, ModelFigures, Paging, Period, Stats,
};
use frontdesk_core::port::store::SendIntent;
use frontdesk_core::work::SendOutcome;

use super::leads::lead;
use super::parts::{changed, lane};
use super::scene::{Case, Scene};

const SECOND: Duration = Duration::from_secs(1);

/// So many cases of a client each, oldest first.
async fn some_cases(scene: &Scene<'_>, count: i64) -> Vec<Case> {
    let mut made = Vec::new();
    for chat in 1..=count {
        made.push(scene.case(&lane(chat)).await);
        scene.wait(SECOND).await;
    }
    // The key of a list grows with the time at which things are made.
    made.sort_by_key(|case| case.conversation.id);
    made
}

async fn listed(scene: &Scene<'_>, query: &ConversationQuery) -> Vec<ConversationId> {
    let cases = scene.store.conversations(query).await.expect("cases are listed");
    cases.into_iter().map(|case| case.conversation.id).collect()
}

pub(super) async fn cases_are_listed_in_parts(scene: &Scene<'_>) {
    let made = some_cases(scene, 5).await;
    let newest_first: Vec<_> = made.iter().rev().map(|case| case.conversation.id).collect();
    assert_eq!(listed(scene, &ConversationQuery::newest(10)).await, newest_first);
    let mut seen = Vec::new();
    let mut query = ConversationQuery::newest(2);
    // One part more than there are: the last one is empty.
    for _ in 0..4 {
        let part = listed(scene, &query).await;
        query.page.before = part.last().copied().or(query.page.before);
        seen.extend(part);
    }
    assert_eq!(seen, newest_first, "each once");
}

pub(super) async fn cases_are_filtered(scene: &Scene<'_>) {
    let made = some_cases(scene, 3).await;
    let mut hot = made[1].owned_by(Owner::Queue, scene.now());
    hot.lead_score = Some(LeadScore::Hot);
    let decision = Decision {
        conversations: vec![changed(hot.clone())],
        ..Decision::default()
    };
    scene.decide(&made[1].lane, decision).await;
    let all = ConversationQuery::newest(10);
    let only_hot = [
        ConversationQuery {
            status: Some(ConversationStatus::Escalated),
            ..all.clone()
        },
        ConversationQuery {
            owner: Some(Owner::Queue),
            ..all.clone()
        },
        ConversationQuery {
            lead_score: Some(LeadScore::Hot),
            ..all.clone()
        },
        ConversationQuery {
            client: Some(made[1].client.id),
            status: Some(ConversationStatus::Escalated),
            owner: Some(Owner::Queue),
            lead_score: Some(LeadScore::Hot),
            ..all.clone()
        },
    ];
    for query in only_hot {
        assert_eq!(listed(scene, &query).await, [hot.id], "{query:?}");
    }
    let none = [
        ConversationQuery {
            status: Some(ConversationStatus::Active),
            lead_score: Some(LeadScore::Hot),
            ..all.clone()
        },
        ConversationQuery {
            client: Some(ClientId(scene.uuid())),
            ..all.clone()
        },
    ];
    for query in none {
        assert_eq!(listed(scene, &query).await, [], "{query:?}");
    }
    let active = ConversationQuery {
        status: Some(ConversationStatus::Active),
        ..all
    };
    let others = [made[2].conversation.id, made[0].conversation.id];
    assert_eq!(listed(scene, &active).await, others);
}

pub(super) async fn a_case_comes_with_its_client_and_lead(scene: &Scene<'_>) {
    let (lead, case) = with_lead(scene, 1).await;
    let known = scene.store.conversation(case.conversation.id).await;
    let known = known.expect("a case is read").expect("the case is there");
    assert_eq!(known.conversation, case.conversation);
    assert_eq!(known.client, case.client);
    assert_eq!(known.lead, Some(lead.id));
    let unknown = scene.store.conversation(ConversationId(scene.uuid())).await;
    assert_eq!(unknown.expect("no case is read"), None);
}

pub(super) async fn any_case_can_be_loaded_by_name(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut closed = case.conversation.clone();
    closed
        .hand_to(ConversationStatus::Closed, Owner::Bot, scene.now())
        .expect("an open case may be closed");
    let decision = Decision {
        conversations: vec![changed(closed.clone())],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    closed.version += 1;
    let loaded = scene.store.load_case(closed.id).await.expect("a case is loaded");
    assert_eq!(loaded, Some(closed));
    let unknown = scene.store.load_case(ConversationId(scene.uuid())).await;
    assert_eq!(unknown.expect("no case is loaded"), None);
}

pub(super) async fn messages_are_listed_in_parts(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let texts = ["a", "b", "c", "d", "e"];
    let decision = Decision {
        messages: texts
            .map(|text| scene.message(&case, SenderType::User, text))
            .into(),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let mut page = Paging::first(2);
    let mut parts = Vec::new();
    for _ in 0..4 {
        let part = scene.store.messages_before(case.conversation.id, &page).await;
        let part = part.expect("messages are listed");
        page.before = part.first().map(|first| first.seq).or(page.before);
        parts.push(
            part.into_iter()
                .map(|stored| stored.message.content)
                .collect::<String>(),
        );
    }
    assert_eq!(parts, ["de", "bc", "a", ""]);
}

/// A case with a lead of all fields.
async fn with_lead(scene: &Scene<'_>, chat: i64) -> (Lead, Case) {
    let case = scene.case(&lane(chat)).await;
    let lead = lead(scene, &case);
    let decision = Decision {
        stage_changes: vec![StageChange {
            lead_id: lead.id,
            from: None,
            to: LeadStage::New,
            by: "desk".to_owned(),
            reason: None,
            at: scene.now(),
        }],
        lead: Some(lead.clone()),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    (lead, case)
}

pub(super) async fn leads_are_listed_in_parts_and_filtered(scene: &Scene<'_>) {
    let mut made = Vec::new();
    for chat in 1..=3 {
        made.push(with_lead(scene, chat).await.0);
        scene.wait(SECOND).await;
    }
    made.sort_by_key(|lead| std::cmp::Reverse(lead.id));
    let query = |before: Option<LeadId>, limit| LeadQuery {
        stage: None,
        score: None,
        page: Paging { before, limit },
    };
    let leads = |query| async move { scene.store.leads(&query).await.expect("leads are listed") };
    assert_eq!(leads(query(None, 10)).await, made);
    assert_eq!(leads(query(None, 2)).await, made[..2]);
    assert_eq!(leads(query(Some(made[1].id), 2)).await, made[2..]);
    let staged = |stage| LeadQuery {
        stage: Some(stage),
        ..query(None, 10)
    };
    assert_eq!(leads(staged(LeadStage::New)).await.len(), 3);
    assert_eq!(leads(staged(LeadStage::Won)).await, []);
    let scored = |score| LeadQuery {
        score: Some(score),
        ..query(None, 10)
    };
    assert_eq!(leads(scored(LeadScore::Cold)).await.len(), 3);
    assert_eq!(leads(scored(LeadScore::Hot)).await, []);
}

/// The move of a lead, as the back office commits it.
fn move_of(scene: &Scene<'_>, lead: &Lead, to: LeadStage) -> ChangeKind {
    let mut moved = lead.clone();
    let change = moved
        .move_to(to, "Zoë", Some("because".to_owned()), scene.now())
        .expect("the move is legal");
    ChangeKind::MoveLead {
        lead: Box::new(moved),
        change,
    }
}

pub(super) async fn a_lead_is_moved_from_where_it_stands(scene: &Scene<'_>) {
    let (lead, case) = with_lead(scene, 1).await;
    let first = move_of(scene, &lead, LeadStage::Contacted);
    let late = move_of(scene, &lead, LeadStage::Lost);
    assert_eq!(scene.change(first.clone()).await, ChangeOutcome::Done);
    assert_eq!(scene.change(late).await, ChangeOutcome::Conflict);
    let file = scene.store.lead(lead.id).await.expect("a lead is read");
    let file = file.expect("the lead is there");
    let ChangeKind::MoveLead { lead: moved, change } = first else {
        unreachable!("a move is a move");
    };
    assert_eq!(file.lead, *moved);
    assert_eq!(file.history.len(), 2);
    assert_eq!(file.history[1], change);
    assert_eq!(scene.load(&case.lane).await.lead, Some(*moved), "turns see it");
    let unknown = Lead {
        id: LeadId(scene.uuid()),
        ..lead
    };
    let unknown = move_of(scene, &unknown, LeadStage::Contacted);
    assert_eq!(scene.change(unknown).await, ChangeOutcome::NotFound);
}

pub(super) async fn a_turn_does_not_undo_a_move(scene: &Scene<'_>) {
    let (lead, case) = with_lead(scene, 1).await;
    let read = scene.load(&case.lane).await.lead.expect("the lead is read");
    let to_lost = move_of(scene, &lead, LeadStage::Lost);
    assert_eq!(scene.change(to_lost).await, ChangeOutcome::Done);
    let decision = Decision {
        lead: Some(Lead {
            score_points: 77,
            ..read
        }),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let known = scene.load(&case.lane).await.lead.expect("the lead is there");
    assert_eq!(known.score_points, 77, "the turn is written");
    assert_eq!(
        (known.lead_stage, known.lost_reason.as_deref()),
        (LeadStage::Lost, Some("because"))
    );
}

pub(super) async fn figures_are_those_of_the_period(scene: &Scene<'_>) {
    let began = scene.now();
    let (lead, case) = with_lead(scene, 1).await;
    let question = scene.message(&case, SenderType::User, "how much?");
    let mut answer = scene.message(&case, SenderType::Bot, "it depends");
    answer.llm = Some(ModelUse {
        model: "a model".to_owned(),
        tokens_in: 300,
        tokens_out: 20,
        latency_ms: 700,
        confidence: 0.5,
        cost_micros: None,
    });
    let mut more = scene.message(&case, SenderType::Bot, "on the scope");
    more.llm = answer.llm.clone().map(|llm| ModelUse {
        cost_micros: Some(45),
        ..llm
    });
    let mut call = scene.outgoing(&case.lane, "it depends");
    call.message_id = Some(answer.id);
    let decision = Decision {
        conversations: vec![changed(case.owned_by(Owner::Queue, scene.now()))],
        messages: vec![question, answer, more],
        outgoing: vec![call],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
    let delivered = SendOutcome::Sent {
        channel_message_id: Some(ChannelMessageId(1)),
    };
    assert!(scene.finish(&send, delivered).await, "the claim holds");
    scene.change(move_of(scene, &lead, LeadStage::Contacted)).await;
    let stats = |from, to| async move {
        let period = Period { from, to };
        scene.store.stats(&period).await.expect("figures are read")
    };
    let hour = Duration::from_hours(1);
    let there = stats(began - hour, began + hour).await;
    assert_eq!((there.conversations, there.escalated, there.closed), (1, 1, 0));
    assert_eq!(there.scores.get("cold"), Some(&1));
    let stages: Vec<_> = there
        .stages
        .iter()
        .map(|(stage, n)| (stage.as_str(), *n))
        .collect();
    assert_eq!(stages, [("contacted", 1), ("new", 1)]);
    assert_eq!(there.first_response.count, 1);
    assert!(there.first_response.median < hour, "{there:?}");
    assert_eq!(there.first_response.median, there.first_response.p95);
    assert_eq!(there.first_agent_response.count, 0);
    let model = ModelFigures {
        messages: 2,
        tokens_in: 600,
        tokens_out: 40,
        cost_micros: 45,
    };
    assert_eq!(there.models, BTreeMap::from([("a model".to_owned(), model)]));
    assert_eq!(stats(began - hour * 2, began - hour).await, Stats::default());
    assert_eq!(stats(began + hour, began + hour * 2).await, Stats::default());
}
