//! How the operations of the model-based check are played on one store.
//!
//! What a store may choose is kept out of the results: places, fences, times, the jitter of leases,
//! the order of lanes due at one time.

use std::time::Duration;

use frontdesk_core::conversation::{
    Attachment, AttachmentStatus, AttachmentWrite, Client, ConversationStatus, Owner, Person, SenderType,
};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{AttachmentId, ClientId, ConversationId, Ids, JobId, MessageId, UserId};
use frontdesk_core::port::back_office::{ChangeKind, DeadQueue, Paging};
use frontdesk_core::port::store::{JobEnd, TurnEnd};
use frontdesk_core::time::Timestamp;
use frontdesk_core::work::{
    ClaimedJob, ClaimedSend, ClaimedTurn, JobChange, LaneKey, LaneKind, NewJob, Outgoing,
};
use serde_json::json;
use uuid::Uuid;

use super::ops::{BACK_OFF, CHATS, End, Op, What};
use super::parts::{changed, commit_of, item, lane, new, release_of, said, text_of};
use super::scene::{Case, Scene};

/// Longer than any lease or back-off below.
const LONG: Duration = Duration::from_hours(2);
/// Between two operations, so that no two happen at one time.
const TICK: Duration = Duration::from_millis(20);
/// What a lease is prolonged by.
const RENEWED: Duration = BACK_OFF;

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
            Op::Turn { chat, what, stale } => {
                let lane = lane(*chat);
                scene.accept(&[item(&lane, None, &format!("event {at}"))]).await;
                let seen = self.claim_turns().await;
                let turn = self
                    .turns
                    .iter()
                    .rfind(|(waits, turn)| *waits == self.waits && turn.claim.lane == lane);
                let Some((_, turn)) = turn else { return seen };
                let decision = decide(&self.scene, &lane, at, what, *stale).await;
                format!("{seen} {:?}", self.scene.commit(turn, decision).await)
            }
            Op::ClaimTurns => self.claim_turns().await,
            Op::Send { outcome } => {
                let mut seen = vec![self.claim_sends().await];
                for send in self.sends.iter().rev().take(4) {
                    let intent = self.scene.begin(send).await;
                    let held = self.scene.finish(send, outcome.clone()).await;
                    seen.push(format!("{intent:?} {held}"));
                }
                seen.join(" ")
            }
            Op::ClaimSends => self.claim_sends().await,
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
                Some(id) => format!("{:?}", scene.change(ChangeKind::RetryDead { id }).await),
                None => String::new(),
            },
            Op::Drop { letter } => match self.letter(*letter).await {
                Some(id) => format!("{:?}", scene.change(ChangeKind::DropDead { id }).await),
                None => String::new(),
            },
            Op::Wait => {
                scene.wait(LONG).await;
                self.waits += 1;
                String::new()
            }
        }
    }

    async fn claim_turns(&mut self) -> String {
        let mut turns = self.scene.due().await;
        turns.sort_by_key(|turn| turn.claim.lane.chat);
        let seen: Vec<_> = turns.iter().map(|turn| (text_of(turn), turn.attempt)).collect();
        let waits = self.waits;
        self.turns.extend(turns.into_iter().map(|turn| (waits, turn)));
        format!("{seen:?}")
    }

    async fn claim_sends(&mut self) -> String {
        let mut sends = self.scene.sends().await;
        sends.sort_by_key(|send| send.claim.lane.chat);
        let seen: Vec<_> = sends
            .iter()
            .map(|send| (said(send), send.attempt, send.item.tries, send.item.in_flight))
            .collect();
        self.sends.extend(sends);
        format!("{seen:?}")
    }

    /// A dead letter, but no job's: the port leaves open what becomes of a taken unique key.
    async fn letter(&self, index: usize) -> Option<i64> {
        let letters = self.scene.store.dead_letters(&Paging::first(100)).await;
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
        let letters = store
            .dead_letters(&Paging::first(100))
            .await
            .expect("dead letters are listed");
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
            let files = store.attachments(case.id).await.expect("files are listed");
            for file in files {
                picture.push(format!(
                    "  file {} {} {:?}",
                    file.id, file.status, file.storage_key
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
            let mut note = scene.message(&case, SenderType::Note, &format!("now with {}", row.owner));
            note.id = MessageId(id(3));
            decision.messages = vec![note];
            decision.conversations = vec![changed(row)];
        }
        What::Nothing | What::Own { .. } => {}
        What::Attach { settle } => {
            let mut message = scene.message(&case, SenderType::User, &format!("file {at}"));
            message.id = MessageId(id(3));
            // An earlier turn's file has its number; there may be none.
            let number = settle.map_or(number, |back| number.saturating_sub(back as u128));
            let row = Attachment {
                id: AttachmentId(Uuid::from_u128((5 << 64) + number)),
                conversation_id: case.conversation.id,
                message_id: message.id,
                kind: "photo".to_owned(),
                file_name: None,
                mime_declared: None,
                mime_detected: None,
                size_bytes: None,
                sha256: None,
                storage_key: settle.map(|_| format!("key {at}")),
                status: settle.map_or(AttachmentStatus::Pending, |_| AttachmentStatus::Missing),
                refusal: None,
                media_group_id: None,
                created_at: time,
                updated_at: time,
            };
            decision.messages = vec![message];
            decision.attachments = vec![AttachmentWrite {
                row,
                is_new: settle.is_none(),
            }];
        }
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
