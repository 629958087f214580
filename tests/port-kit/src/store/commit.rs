//! A turn is written whole, once, under its claim — or not at all.

use frontdesk_core::conversation::{Owner, SenderType};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::ConversationId;
use frontdesk_core::port::StoreError;
use frontdesk_core::port::store::CommitOutcome;
use frontdesk_core::work::{ClaimedTurn, JobChange};
use futures_util::future::join_all;

use super::parts::{changed, commit_of, lane, new};
use super::scene::{Case, Scene};

pub(super) async fn a_turn_is_committed_once(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let decision = everything(scene, &case);
    let first = scene.commit(&turn, decision.clone()).await;
    assert_eq!(first, CommitOutcome::Committed);
    let again = scene.commit(&turn, decision).await;
    assert_eq!(again, CommitOutcome::LeaseLost);
    assert_eq!(written(scene, &case).await, (1, 1, 1));
}

pub(super) async fn a_turn_is_committed_once_by_concurrent_callers(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let decision = everything(scene, &case);
    let commits = (0..4).map(|_| scene.commit(&turn, decision.clone()));
    let outcomes = join_all(commits).await;
    let committed = outcomes
        .iter()
        .filter(|outcome| **outcome == CommitOutcome::Committed);
    assert_eq!(committed.count(), 1, "{outcomes:?}");
    assert_eq!(written(scene, &case).await, (1, 1, 1));
}

pub(super) async fn a_changed_conversation_is_a_conflict(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut row = case.conversation.clone();
    row.metadata = serde_json::json!({"by": "another"});
    decide(scene, &case, vec![changed(row.clone())], CommitOutcome::Committed).await;
    // The same version again is one too late; a version nobody has is no better.
    decide(scene, &case, vec![changed(row.clone())], CommitOutcome::Conflict).await;
    row.version += 7;
    decide(scene, &case, vec![changed(row)], CommitOutcome::Conflict).await;
    let stored = scene.load(&case.lane).await.conversation;
    let version = stored.expect("the case is there").version;
    assert_eq!(version, case.conversation.version + 1);
}

pub(super) async fn a_conflict_writes_nothing(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let outcome = scene.commit(&turn, stale(scene, &case)).await;
    assert_eq!(outcome, CommitOutcome::Conflict);
    assert_eq!(written(scene, &case).await, (0, 0, 0));
    let stored = scene.load(&case.lane).await;
    assert_eq!(stored.conversation, Some(case.conversation));
    assert_eq!(stored.client, Some(case.client));
}

pub(super) async fn a_conflict_keeps_the_claim(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let outcome = scene.commit(&turn, stale(scene, &case)).await;
    assert_eq!(outcome, CommitOutcome::Conflict);
    assert!(scene.due().await.is_empty(), "the lane is still leased");
    let outcome = scene.commit(&turn, everything(scene, &case)).await;
    assert_eq!(outcome, CommitOutcome::Committed);
    assert_eq!(written(scene, &case).await, (1, 1, 1));
}

pub(super) async fn neighbours_of_a_conflict_are_committed(scene: &Scene<'_>) {
    let (cases, turns) = three(scene).await;
    let decisions = [
        everything(scene, &cases[0]),
        stale(scene, &cases[1]),
        everything(scene, &cases[2]),
    ];
    let commits: Vec<_> = turns
        .iter()
        .zip(decisions)
        .map(|(turn, decision)| commit_of(turn, decision))
        .collect();
    let outcomes = scene.store.commit(&commits).await.expect("turns are committed");
    assert_eq!(
        outcomes,
        [
            CommitOutcome::Committed,
            CommitOutcome::Conflict,
            CommitOutcome::Committed
        ]
    );
    assert_eq!(said(scene, &cases).await, [1, 0, 1]);
}

pub(super) async fn neighbours_of_a_lost_lease_are_committed(scene: &Scene<'_>) {
    let (cases, turns) = three(scene).await;
    let mut commits: Vec<_> = turns
        .iter()
        .zip(&cases)
        .map(|(turn, case)| commit_of(turn, everything(scene, case)))
        .collect();
    commits[1].claim.fence -= 1;
    let outcomes = scene.store.commit(&commits).await.expect("turns are committed");
    assert_eq!(
        outcomes,
        [
            CommitOutcome::Committed,
            CommitOutcome::LeaseLost,
            CommitOutcome::Committed
        ]
    );
    assert_eq!(said(scene, &cases).await, [1, 0, 1]);
}

pub(super) async fn a_refused_turn_writes_nothing(scene: &Scene<'_>) {
    let (cases, turns) = three(scene).await;
    let mut broken = everything(scene, &cases[1]);
    let mut orphan = scene.message(&cases[1], SenderType::Bot, "of no case");
    orphan.conversation_id = ConversationId(scene.uuid());
    broken.messages.push(orphan);
    let commits = [
        commit_of(&turns[0], everything(scene, &cases[0])),
        commit_of(&turns[1], broken),
        commit_of(&turns[2], everything(scene, &cases[2])),
    ];
    // Together: the slice is refused and nothing of it is written, or the broken turn alone is left
    // out. Alone: only the broken one is refused.
    let fine = [
        CommitOutcome::Committed,
        CommitOutcome::Conflict,
        CommitOutcome::Committed,
    ];
    let again = match scene.store.commit(&commits).await {
        Err(StoreError::Refused(_)) => {
            assert_eq!(said(scene, &cases).await, [0, 0, 0]);
            CommitOutcome::Committed
        }
        Ok(outcomes) if outcomes == fine => {
            assert_eq!(said(scene, &cases).await, [1, 0, 1]);
            CommitOutcome::LeaseLost
        }
        other => panic!("refused together: {other:?}"),
    };
    for (at, commit) in commits.iter().enumerate() {
        let alone = scene.store.commit(std::slice::from_ref(commit)).await;
        match (at, alone) {
            (1, Err(StoreError::Refused(_))) => {}
            (0 | 2, Ok(outcomes)) => assert_eq!(outcomes, [again]),
            (_, other) => panic!("turn {at}: {other:?}"),
        }
    }
    assert_eq!(said(scene, &cases).await, [1, 0, 1]);
}

pub(super) async fn a_client_has_one_open_case(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let second = Decision {
        conversations: vec![new(scene.conversation(&case.client))],
        ..Decision::default()
    };
    match scene.store.commit(&[commit_of(&turn, second)]).await {
        Ok(outcomes) => assert_eq!(outcomes, [CommitOutcome::Conflict]),
        Err(error) => assert!(matches!(error, StoreError::Refused(_)), "{error}"),
    }
    assert_eq!(scene.cases_of(&case.client, 10).await, [case.conversation]);
}

/// A decision that leaves a trace everywhere.
fn everything(scene: &Scene<'_>, case: &Case) -> Decision {
    Decision {
        conversations: vec![changed(case.owned_by(Owner::Queue, scene.now()))],
        messages: vec![scene.message(case, SenderType::User, "hello")],
        outgoing: vec![scene.outgoing(&case.lane, "hello yourself")],
        jobs: vec![JobChange::Start(scene.job(&case.lane, "a"))],
        ..Decision::default()
    }
}

/// The same, decided on a version that is not there.
fn stale(scene: &Scene<'_>, case: &Case) -> Decision {
    let mut decision = everything(scene, case);
    for write in &mut decision.conversations {
        write.row.version -= 1;
    }
    let mut client = case.client.clone();
    client.last_name = Some("of a turn that was never committed".to_owned());
    decision.client = Some(client);
    decision
}

/// How many messages, calls and jobs there are.
async fn written(scene: &Scene<'_>, case: &Case) -> (usize, usize, usize) {
    let messages = scene.store.messages(case.conversation.id, 10).await;
    let depth = scene.store.depth().await.expect("the depth is read");
    let count = |waiting: u64| usize::try_from(waiting).expect("few");
    (
        messages.expect("messages are listed").len(),
        count(depth.replies.waiting),
        count(depth.jobs.waiting),
    )
}

async fn three(scene: &Scene<'_>) -> (Vec<Case>, Vec<ClaimedTurn>) {
    let mut cases = Vec::new();
    for chat in 1..=3 {
        cases.push(scene.case(&lane(chat)).await);
    }
    for case in &cases {
        scene.say(&case.lane, "a").await;
    }
    let mut turns = scene.due().await;
    turns.sort_by_key(|turn| turn.claim.lane.chat);
    assert_eq!(turns.len(), 3);
    (cases, turns)
}

/// How many messages each case has.
async fn said(scene: &Scene<'_>, cases: &[Case]) -> Vec<usize> {
    let mut counts = Vec::new();
    for case in cases {
        let messages = scene.store.messages(case.conversation.id, 10).await;
        counts.push(messages.expect("messages are listed").len());
    }
    counts
}

async fn decide(
    scene: &Scene<'_>,
    case: &Case,
    conversations: Vec<frontdesk_core::dialogue::ConversationWrite>,
    expected: CommitOutcome,
) {
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let decision = Decision {
        conversations,
        ..Decision::default()
    };
    assert_eq!(scene.commit(&turn, decision).await, expected);
    if expected == CommitOutcome::Conflict {
        scene.done(&turn).await;
    }
}

pub(super) async fn a_turn_of_an_item_that_is_gone_is_lost(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    scene.say(&case.lane, "a").await;
    let turn = scene.take().await;
    let mut commit = commit_of(&turn, everything(scene, &case));
    commit.seq += 1_000;
    let outcomes = scene.store.commit(&[commit]).await.expect("turns are committed");
    assert_eq!(outcomes, [CommitOutcome::LeaseLost]);
    assert_eq!(written(scene, &case).await, (0, 0, 0));
    scene.done(&turn).await;
}
