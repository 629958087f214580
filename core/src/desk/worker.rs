//! The worker: claims lanes, loads what is known of their chats, decides, commits. Three round
//! trips for a whole slice of turns.

use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

use crate::conversation::Session;
use crate::dialogue::{Decide, Decision};
use crate::port::UpdateDecoder;
use crate::port::metrics::Histogram;
use crate::port::store::{CommitOutcome, Release, Snapshot, StoreError, TurnCommit, TurnEnd};
use crate::time::Timestamp;
use crate::work::{Backoff, ClaimedTurn, JobChange, LaneKey, LaneKind};

use super::aftermath::{FactFields, count, session_copy};
use super::guarded::GuardedCache;
use super::hands::Held;
use super::process::{Process, Rhythm, give_way};
use super::stop::Stop;
use super::turn::{TurnSettings, TurnTaker, Verdict, dead_letter};

/// What a worker needs.
#[derive(Clone, Debug)]
pub struct TurnWorkerParts {
    /// The process it belongs to.
    pub process: Process,
    /// What decides.
    pub decide: Arc<dyn Decide>,
    /// Who reads what the messengers brought.
    pub decoders: Vec<Arc<dyn UpdateDecoder>>,
    /// Where copies of sessions go.
    pub cache: GuardedCache,
    /// How turns are taken.
    pub settings: TurnSettings,
}

/// Takes the turns of all chats, one slice after another. Several may run in one process.
#[derive(Debug)]
pub struct TurnWorker {
    process: Process,
    taker: TurnTaker,
    cache: GuardedCache,
}

/// A turn in hand.
struct Task {
    turn: ClaimedTurn,
    held: Held,
    claimed_at: Timestamp,
}

/// A decided turn in hand.
struct Decided {
    task: Task,
    snapshot: Snapshot,
    commit: TurnCommit,
    kind: &'static str,
}

/// A conversation that changed meanwhile is read again soon.
const CONFLICT: Backoff = Backoff {
    base: Duration::from_millis(100),
    cap: Duration::from_secs(2),
};

impl TurnWorker {
    /// A worker.
    pub fn new(parts: TurnWorkerParts) -> Self {
        let TurnWorkerParts {
            process,
            decide,
            decoders,
            cache,
            settings,
        } = parts;
        TurnWorker {
            taker: TurnTaker {
                decide,
                decoders,
                clock: Arc::clone(&process.clock),
                ids: Arc::clone(&process.ids),
                settings,
            },
            process,
            cache,
        }
    }

    /// Takes turns until asked to stop; the slice in hand is finished first.
    pub async fn run(&self, stop: Stop) {
        let process = &self.process;
        let mut listener = process.wakes.turns.listen();
        let mut rhythm = Rhythm::new("turns");
        while !stop.is_requested() {
            let found = self.slice().await;
            let wait = match found {
                Ok(found) => {
                    rhythm.answered(process);
                    if found > 0 {
                        rhythm.busy();
                        give_way().await;
                        continue;
                    }
                    rhythm.nothing(process)
                }
                Err(error) => {
                    let wait = rhythm.failed(process, &error);
                    process.pause(wait, &stop).await;
                    continue;
                }
            };
            if process.rest(wait, &mut listener, &stop).await {
                rhythm.busy();
            }
        }
    }

    /// Claims a slice and takes its turns. Says how many lanes were due.
    async fn slice(&self) -> Result<usize, StoreError> {
        let process = &self.process;
        let settings = self.taker.settings;
        let claim = process.claim(&process.desks, settings.slice);
        let claimed = process.store.claim_turns(&claim).await?;
        let found = claimed.len();
        let now = process.now();
        let (mut ordinary, mut suspect, mut parked) = (Vec::new(), None, Vec::new());
        for turn in claimed {
            let held = process.hands.hold(LaneKind::Turn, turn.claim.clone(), now);
            let task = Task {
                turn,
                held,
                claimed_at: now,
            };
            if !(settings.suspect_from..=settings.max_attempts).contains(&task.turn.attempt) {
                ordinary.push(task);
            } else if let Some(suspicion) = process.hands.suspect() {
                suspect = Some((task, suspicion));
            } else {
                process.stats.parked.up();
                parked.push(Release {
                    claim: task.turn.claim.clone(),
                    after: process.between(Duration::from_millis(300), Duration::from_millis(1200)),
                    counted: false,
                });
            }
        }
        // Given back first, and the suspect taken last and alone: should it kill the process, none
        // of the others is in hand.
        process.give_back(&LaneKind::Turn, &parked).await?;
        self.take(ordinary).await?;
        if let Some((task, _suspicion)) = suspect {
            self.take(vec![task]).await?;
        }
        Ok(found)
    }

    /// Takes turns together.
    async fn take(&self, tasks: Vec<Task>) -> Result<(), StoreError> {
        if tasks.is_empty() {
            return Ok(());
        }
        let process = &self.process;
        let snapshots = self.load(&tasks).await?;
        let mut decided = Vec::with_capacity(tasks.len());
        let mut releases = Vec::new();
        for (task, snapshot) in tasks.into_iter().zip(snapshots) {
            if !task.held.holds(process.now(), process.lease) {
                continue;
            }
            match self.taker.take(&task.turn, snapshot.as_ref()) {
                Verdict::Commit(commit, kind) => decided.push(Decided {
                    task,
                    snapshot: snapshot.unwrap_or_default(),
                    commit: *commit,
                    kind,
                }),
                Verdict::GiveBack(release, why) => {
                    self.note_failure(&task.turn, &release, why);
                    releases.push(release);
                }
            }
        }
        decided.retain(|decided| decided.task.held.holds(process.now(), process.lease));
        let committed = self.commit(decided, &mut releases).await;
        process.give_back(&LaneKind::Turn, &releases).await?;
        committed
    }

    /// What is known of each chat; `None` where it cannot be read.
    async fn load(&self, tasks: &[Task]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        let store = &self.process.store;
        let until = self.process.now() + self.process.lease;
        let mut snapshots = self.load_chats(tasks, until).await?;
        for (task, snapshot) in tasks.iter().zip(&mut snapshots) {
            let (Some(snapshot), Some(case)) = (snapshot, TurnTaker::named_case(&task.turn.item)) else {
                continue;
            };
            if snapshot.conversation.as_ref().is_none_or(|open| open.id != case) {
                snapshot.named = self.process.persist(until, || store.load_case(case)).await?;
            }
        }
        Ok(snapshots)
    }

    async fn load_chats(
        &self,
        tasks: &[Task],
        until: Timestamp,
    ) -> Result<Vec<Option<Snapshot>>, StoreError> {
        let store = &self.process.store;
        let lanes: Vec<LaneKey> = tasks.iter().map(|task| task.turn.claim.lane.clone()).collect();
        match self.process.persist(until, || store.load(&lanes)).await {
            Ok(snapshots) => return Ok(snapshots.into_iter().map(Some).collect()),
            Err(error) if error.is_transient() => return Err(error),
            Err(_) => {}
        }
        // One chat that cannot be read must not keep the others from their turn.
        let mut snapshots = Vec::with_capacity(lanes.len());
        for lane in &lanes {
            match self
                .process
                .persist(until, || store.load(std::slice::from_ref(lane)))
                .await
            {
                Ok(mut one) => snapshots.push(one.pop()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    slog::error!(self.process.log, "a chat cannot be read"; "chat" => lane.chat.0, "error" => %error);
                    snapshots.push(None);
                }
            }
        }
        Ok(snapshots)
    }

    /// Commits what was decided, and adds to `releases` what could not be.
    async fn commit(&self, decided: Vec<Decided>, releases: &mut Vec<Release>) -> Result<(), StoreError> {
        if decided.is_empty() {
            return Ok(());
        }
        let process = &self.process;
        let store = &process.store;
        let until = process.now() + process.lease;
        let (commits, rest): (Vec<TurnCommit>, Vec<(Task, Snapshot, &'static str)>) = decided
            .into_iter()
            .map(|decided| (decided.commit, (decided.task, decided.snapshot, decided.kind)))
            .unzip();
        let mut outcomes = Vec::with_capacity(commits.len());
        match process.persist(until, || store.commit(&commits)).await {
            Ok(all) => outcomes.extend(all.into_iter().map(Ok)),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) if commits.len() == 1 => outcomes.push(Err(error)),
            Err(_) => {
                for commit in &commits {
                    let one = std::slice::from_ref(commit);
                    match process.persist(until, || store.commit(one)).await {
                        Ok(outcome) => outcomes.extend(outcome.into_iter().map(Ok)),
                        Err(error) if error.is_transient() => return Err(error),
                        Err(error) => outcomes.push(Err(error)),
                    }
                }
            }
        }
        let mut copies = Vec::new();
        let (mut replies, mut jobs) = (false, false);
        for ((commit, (task, snapshot, kind)), outcome) in commits.iter().zip(&rest).zip(outcomes) {
            match outcome {
                Ok(CommitOutcome::Committed) => {
                    replies |= !commit.decision.outgoing.is_empty();
                    jobs |= commit
                        .decision
                        .jobs
                        .iter()
                        .any(|change| matches!(change, JobChange::Start(_)));
                    let seconds = process.now().since(task.claimed_at).as_secs_f64();
                    process
                        .metrics
                        .observe(Histogram::TurnSeconds, &[("kind", kind)], seconds);
                    count(process.metrics.as_ref(), snapshot, &commit.decision);
                    self.note_commit(&task.turn, commit);
                    copies.extend(session_copy(&task.turn.claim.lane, snapshot, &commit.decision));
                }
                Ok(CommitOutcome::LeaseLost) => {
                    // Perhaps committed all the same, by a call whose answer was lost.
                    replies = true;
                    process.stats.leases_lost.up();
                }
                Ok(CommitOutcome::Conflict) => {
                    process.stats.conflicts.up();
                    releases.push(self.taker.back_off(&task.turn, CONFLICT));
                }
                Err(error) => self.refused(task, commit, &error, releases).await,
            }
        }
        if replies {
            process.wakes.replies.notify();
        }
        if jobs {
            process.wakes.jobs.notify();
        }
        join_all(
            copies
                .iter()
                .map(|(key, copy)| self.cache.set(key, copy, Session::TTL)),
        )
        .await;
        Ok(())
    }

    /// A turn the store will not have: its attempt has failed. If it was the last word to the
    /// client, the item is given up without one.
    async fn refused(
        &self,
        task: &Task,
        commit: &TurnCommit,
        error: &StoreError,
        releases: &mut Vec<Release>,
    ) {
        let process = &self.process;
        slog::error!(process.log, "a turn was refused by the store";
            "chat" => task.turn.claim.lane.chat.0, "attempt" => task.turn.attempt, "error" => %error);
        if let TurnEnd::Dead { why } = &commit.end {
            let silent = [dead_letter(&task.turn, why.clone(), Decision::default())];
            match process.store.commit(&silent).await {
                Ok(_) => return self.note_commit(&task.turn, &silent[0]),
                Err(error) => {
                    slog::error!(process.log, "an item could not be given up";
                        "chat" => task.turn.claim.lane.chat.0, "error" => %error);
                }
            }
        }
        process.stats.turns_failed.up();
        releases.push(self.taker.back_off(&task.turn, Backoff::WORK));
    }

    fn note_failure(&self, turn: &ClaimedTurn, release: &Release, why: &'static str) {
        let process = &self.process;
        if release.counted {
            process.stats.turns_failed.up();
            if why.ends_with("panicked") {
                process.stats.panics.up();
            }
        }
        slog::warn!(process.log, "a turn was not taken"; "why" => why, "chat" => turn.claim.lane.chat.0,
            "seq" => turn.item.seq, "attempt" => turn.attempt, "source" => &turn.item.source,
            "again_in_ms" => u64::try_from(release.after.as_millis()).unwrap_or(u64::MAX));
    }

    fn note_commit(&self, turn: &ClaimedTurn, commit: &TurnCommit) {
        let process = &self.process;
        match &commit.end {
            TurnEnd::Done => process.stats.turns.up(),
            TurnEnd::Dead { why } => {
                process.stats.turns_dead.up();
                slog::error!(process.log, "an item was given up"; "why" => why, "chat" => turn.claim.lane.chat.0,
                    "seq" => turn.item.seq, "attempt" => turn.attempt, "source" => &turn.item.source);
            }
        }
        for fact in &commit.decision.facts {
            slog::info!(process.log, "{}", fact.what; FactFields(fact));
        }
    }
}
