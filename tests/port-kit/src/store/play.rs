//! The operations that the model-based check draws, and how they are played on one store.
//!
//! What a store may choose is kept out of the results: places, fences, times, the jitter of leases,
//! the order of lanes due at one time.

use std::time::Duration;

use frontdesk_core::conversation::{Client, ConversationStatus, Owner, Person, SenderType};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{ClientId, ConversationId, Ids, JobId, MessageId, UserId};
use frontdesk_core::port::messenger::LimitScope;
use frontdesk_core::port::store::{DeadQueue, JobEnd, TurnEnd};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{
    ClaimedJob, ClaimedSend, ClaimedTurn, JobChange, LaneKey, LaneKind, NewJob, Outgoing, Repeat, SendOutcome,
};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use serde_json::json;
use uuid::Uuid;

use super::scene::{Case, Scene, changed, commit_of, item, lane, new, release_of, said, text_of};

/// Longer than any lease or back-off below.
const LONG: Duration = Duration::from_hours(2);
/// A back-off that only a long wait outlasts.
const BACK_OFF: Duration = Duration::from_mins(50);
/// Between two operations, so that no two happen at one time.
const TICK: Duration = Duration::from_millis(20);
/// What a lease is prolonged by.
const RENEWED: Duration = BACK_OFF;
const CHATS: i64 = 3;

/// One operation. Indices choose among the claims made so far, stale ones included.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Accept { chat: i64, update: Option<i64> },
    ClaimTurns,
    Commit { turn: usize, what: What, stale: bool },
    Kill { turn: usize },
    Release { turn: usize, later: bool, counted: bool },
    Renew { turn: usize },
    ClaimSends,
    Begin { send: usize },
    Finish { send: usize, outcome: SendOutcome },
    ClaimJobs,
    EndJob { job: usize, end: End },
    Retry { letter: usize },
    Drop { letter: usize },
    Wait,
}

/// What a turn decides.
#[derive(Clone, Debug)]
pub(super) enum What {
    Nothing,
    Say { repeat: Repeat },
    Own { agent: bool },
    Start { key: Option<u8>, later: bool },
    Cancel { key: u8 },
}

#[derive(Clone, Debug)]
pub(super) enum End {
    Done { report: bool },
    Again { later: bool, counted: bool },
    Dead,
}

/// Draws an operation.
pub(super) fn op() -> impl Strategy<Value = Op> {
    let index = 0..64_usize;
    let accept = (0..CHATS, proptest::option::of(0..20_i64));
    let commit = (index.clone(), what(), proptest::bool::weighted(0.2));
    let release = (index.clone(), any::<bool>(), any::<bool>());
    prop_oneof![
        5 => accept.prop_map(|(chat, update)| Op::Accept { chat, update }),
        4 => Just(Op::ClaimTurns),
        8 => commit.prop_map(|(turn, what, stale)| Op::Commit { turn, what, stale }),
        1 => index.clone().prop_map(|turn| Op::Kill { turn }),
        2 => release.prop_map(|(turn, later, counted)| Op::Release { turn, later, counted }),
        1 => index.clone().prop_map(|turn| Op::Renew { turn }),
        4 => Just(Op::ClaimSends),
        5 => index.clone().prop_map(|send| Op::Begin { send }),
        5 => (index.clone(), outcome()).prop_map(|(send, outcome)| Op::Finish { send, outcome }),
        3 => Just(Op::ClaimJobs),
        3 => (index.clone(), end()).prop_map(|(job, end)| Op::EndJob { job, end }),
        1 => index.clone().prop_map(|letter| Op::Retry { letter }),
        1 => index.prop_map(|letter| Op::Drop { letter }),
        3 => Just(Op::Wait),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let repeat = prop_oneof![Just(Repeat::Free), Just(Repeat::Once), Just(Repeat::Never)];
    let start = (proptest::option::of(0..2_u8), any::<bool>());
    prop_oneof![
        1 => Just(What::Nothing),
        4 => repeat.prop_map(|repeat| What::Say { repeat }),
        1 => any::<bool>().prop_map(|agent| What::Own { agent }),
        2 => start.prop_map(|(key, later)| What::Start { key, later }),
        1 => (0..2_u8).prop_map(|key| What::Cancel { key }),
    ]
}

fn outcome() -> impl Strategy<Value = SendOutcome> {
    let after = || prop_oneof![Just(Duration::ZERO), Just(BACK_OFF)];
    let scope = prop_oneof![Just(LimitScope::Chat), Just(LimitScope::Bot)];
    prop_oneof![
        4 => Just(SendOutcome::Sent { channel_message_id: None }),
        2 => after().prop_map(|after| SendOutcome::NotSent { after }),
        1 => (after(), scope).prop_map(|(after, scope)| SendOutcome::NotBefore { after, scope }),
        1 => any::<bool>().prop_map(|chat_gone| SendOutcome::Refused { why: "no".to_owned(), chat_gone }),
        3 => after().prop_map(|after| SendOutcome::Unknown { after }),
    ]
}

fn end() -> impl Strategy<Value = End> {
    let again = (any::<bool>(), any::<bool>());
    prop_oneof![
        2 => any::<bool>().prop_map(|report| End::Done { report }),
        2 => again.prop_map(|(later, counted)| End::Again { later, counted }),
        1 => Just(End::Dead),
    ]
}

/// One store, and the claims made on it.
pub(super) struct Player<'a> {
    scene: Scene<'a>,
    /// Long waits so far: a claim of an earlier one has run out.
    waits: usize,
    turns: Vec<(usize, ClaimedTurn)>,
    sends: Vec<ClaimedSend>,
    jobs: Vec<ClaimedJob>,
}

impl<'a> Player<'a> {
    pub(super) fn new(scene: Scene<'a>) -> Self {
        Player {
            scene,
            waits: 0,
            turns: Vec::new(),
            sends: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// Plays the operation that comes `at` this place, and says what came of it.
    pub(super) async fn play(&mut self, at: usize, op: &Op) -> String {
        let result = self.apply(at, op).await;
        self.scene.wait(TICK).await;
        result
    }

    async fn apply(&mut self, at: usize, op: &Op) -> String {
        let scene = &self.scene;
        match op {
            Op::Accept { chat, update } => {
                let items = [item(&lane(*chat), *update, &format!("event {at}"))];
                format!("{:?}", scene.accept(&items).await)
            }
            Op::ClaimTurns => {
                let mut turns = scene.due().await;
                turns.sort_by_key(|turn| turn.claim.lane.chat);
                let seen: Vec<_> = turns.iter().map(|turn| (text_of(turn), turn.attempt)).collect();
                let waits = self.waits;
                self.turns.extend(turns.into_iter().map(|turn| (waits, turn)));
                format!("{seen:?}")
            }
            Op::Commit { turn, what, stale } => match pick(&self.turns, *turn) {
                Some((_, turn)) => {
                    let decision = decide(scene, &turn.claim.lane, at, what, *stale).await;
                    format!("{:?}", scene.commit(turn, decision).await)
                }
                None => String::new(),
            },
            Op::Kill { turn } => match pick(&self.turns, *turn) {
                Some((_, turn)) => {
                    let mut commit = commit_of(turn, Decision::default());
                    let why = "killed".to_owned();
                    commit.end = TurnEnd::Dead { why };
                    format!("{:?}", scene.store.commit(&[commit]).await)
                }
                None => String::new(),
            },
            Op::Release { turn, later, counted } => match pick(&self.turns, *turn) {
                Some((_, turn)) => {
                    let after = if *later { BACK_OFF } else { Duration::ZERO };
                    let release = [release_of(turn, after, *counted)];
                    format!("{:?}", scene.store.release(LaneKind::Turn, &release).await)
                }
                None => String::new(),
            },
            Op::Renew { turn } => match pick(&self.turns, *turn) {
                Some((waits, turn)) if *waits == self.waits => {
                    let claims = [turn.claim.clone()];
                    format!("{:?}", scene.store.renew(LaneKind::Turn, &claims, RENEWED).await)
                }
                _ => String::new(),
            },
            Op::ClaimSends => {
                let mut sends = scene.sends().await;
                sends.sort_by_key(|send| send.claim.lane.chat);
                let seen: Vec<_> = sends
                    .iter()
                    .map(|send| (said(send), send.attempt, send.item.tries, send.item.in_flight))
                    .collect();
                self.sends.extend(sends);
                format!("{seen:?}")
            }
            Op::Begin { send } => match pick(&self.sends, *send) {
                Some(send) => format!("{:?}", scene.begin(send).await),
                None => String::new(),
            },
            Op::Finish { send, outcome } => match pick(&self.sends, *send) {
                Some(send) => format!("{:?}", scene.finish(send, outcome.clone()).await),
                None => String::new(),
            },
            Op::ClaimJobs => {
                let mut jobs = scene.jobs(100).await;
                jobs.sort_by_key(|job| job.payload.as_u64());
                let seen: Vec<_> = jobs.iter().map(|job| (&job.payload, job.attempt)).collect();
                let seen = format!("{seen:?}");
                self.jobs.extend(jobs);
                seen
            }
            Op::EndJob { job, end } => match pick(&self.jobs, *job) {
                Some(job) => {
                    let end = match end {
                        End::Done { report } => JobEnd::Done {
                            report: report.then(|| item(&job.lane, None, &format!("report {at}"))),
                        },
                        End::Again { later, counted } => JobEnd::Again {
                            after: if *later { BACK_OFF } else { Duration::ZERO },
                            counted: *counted,
                        },
                        End::Dead => JobEnd::Dead {
                            why: "killed".to_owned(),
                        },
                    };
                    format!("{:?}", scene.end(job, end).await)
                }
                None => String::new(),
            },
            Op::Retry { letter } => match self.letter(*letter).await {
                Some(id) => format!("{:?}", scene.store.retry_dead(id).await),
                None => String::new(),
            },
            Op::Drop { letter } => match self.letter(*letter).await {
                Some(id) => format!("{:?}", scene.store.drop_dead(id).await),
                None => String::new(),
            },
            Op::Wait => {
                scene.wait(LONG).await;
                self.waits += 1;
                String::new()
            }
        }
    }

    /// A dead letter, but no job's: the port leaves open what becomes of a taken unique key.
    async fn letter(&self, index: usize) -> Option<i64> {
        let letters = self.scene.store.dead_letters(100).await;
        let mut letters = letters.expect("dead letters are listed");
        letters.retain(|letter| letter.queue != DeadQueue::Job);
        pick(&letters, index).map(|letter| letter.id)
    }

    /// All that can be seen of the store.
    pub(super) async fn picture(&self) -> String {
        let store = &self.scene.store;
        let depth = store.depth().await.expect("the depth is read");
        let mut picture = vec![format!(
            "{} turns, {} replies, {} jobs",
            depth.turns.waiting, depth.replies.waiting, depth.jobs.waiting
        )];
        let letters = store.dead_letters(100).await.expect("dead letters are listed");
        for letter in letters {
            picture.push(format!("{} of {}", letter.queue, letter.lane.chat));
        }
        for chat in 0..CHATS {
            let snapshot = self.scene.load(&lane(chat)).await;
            let reachable = snapshot.client.map(|client| client.reachable);
            let case = snapshot.conversation;
            let stands = case
                .as_ref()
                .map(|case| (case.version, &case.owner, case.owner_epoch));
            picture.push(format!("chat {chat}: {reachable:?} {stands:?}"));
            let Some(case) = case else { continue };
            let messages = store.messages(case.id, 100).await.expect("messages are listed");
            for stored in messages {
                let message = &stored.message;
                picture.push(format!(
                    "  {} {} {}",
                    stored.seq, message.sender_type, message.content
                ));
            }
        }
        picture.join("\n")
    }
}

fn pick<T>(all: &[T], index: usize) -> Option<&T> {
    // The newest claims are the likeliest to hold.
    let back = index.checked_rem(all.len().min(4))?;
    all.get(all.len() - 1 - back)
}

/// What a turn decides, from what it reads. The same on both stores: ids come from the place.
async fn decide(scene: &Scene<'_>, lane: &LaneKey, at: usize, what: &What, stale: bool) -> Decision {
    let time = Timestamp::from_seconds(1_800_000_000);
    let number = u128::try_from(at).unwrap_or(0) + 1;
    let id = |kind: u128| Uuid::from_u128((kind << 64) + number);
    let snapshot = scene.load(lane).await;
    let mut decision = Decision::default();
    let case = if let (Some(client), Some(conversation)) = (snapshot.client, snapshot.conversation) {
        Case {
            lane: lane.clone(),
            client,
            conversation,
        }
    } else {
        let mut ids = Ids::new(time, number);
        let person = Person::unnamed(UserId(lane.chat.0));
        let mut client = Client::new(
            &mut ids,
            lane.bot_id,
            lane.channel.clone(),
            lane.chat,
            &person,
            time,
        );
        client.id = ClientId(id(1));
        let mut conversation = scene.conversation(&client);
        conversation.id = ConversationId(id(2));
        decision.client = Some(client.clone());
        decision.conversations = vec![new(conversation.clone())];
        Case {
            lane: lane.clone(),
            client,
            conversation,
        }
    };
    let is_new = !decision.conversations.is_empty();
    match what {
        What::Say { repeat } => {
            let mut message = scene.message(&case, SenderType::Bot, &format!("answer {at}"));
            message.id = MessageId(id(3));
            decision.outgoing = vec![Outgoing {
                message_id: Some(message.id),
                dedupe_key: format!("key {at}"),
                owner_epoch: case.conversation.owner_epoch,
                repeat: repeat.clone(),
                ..scene.outgoing(lane, &format!("answer {at}"))
            }];
            decision.messages = vec![message];
        }
        What::Own { agent } if !is_new => {
            let (status, owner) = if *agent {
                (ConversationStatus::Escalated, Owner::Agent)
            } else {
                (ConversationStatus::Active, Owner::Bot)
            };
            let mut row = case.conversation.clone();
            row.hand_to(status, owner, time)
                .expect("an open case changes hands");
            row.version -= i64::from(stale);
            decision.conversations = vec![changed(row)];
        }
        What::Nothing | What::Own { .. } => {}
        What::Start { key, later } => {
            decision.jobs = vec![JobChange::Start(NewJob {
                id: JobId(id(4)),
                payload: json!(at),
                unique_key: key.map(|key| key.to_string()),
                run_in: if *later { BACK_OFF } else { Duration::ZERO },
                ..scene.job(lane, "a")
            })];
        }
        What::Cancel { key } => {
            let unique_key = key.to_string();
            decision.jobs = vec![JobChange::Cancel { unique_key }];
        }
    }
    decision
}
