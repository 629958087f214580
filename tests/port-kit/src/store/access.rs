//! Who may come in, and what the audit log says of changes.

use frontdesk_core::access::{Agent, ApiToken, Role, TokenHash};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{AgentId, TokenId};
use frontdesk_core::port::back_office::{ChangeKind, ChangeOutcome, Paging};
use frontdesk_core::port::store::CommitOutcome;
use futures_util::future::join_all;

use super::parts::{TEXT, lane, only};
use super::scene::Scene;

fn agent(scene: &Scene<'_>) -> Agent {
    Agent {
        id: AgentId(scene.uuid()),
        display_name: TEXT.to_owned(),
        role: Role::Agent,
        active: true,
    }
}

fn token(scene: &Scene<'_>, agent: &Agent) -> ApiToken {
    let id = scene.uuid();
    ApiToken {
        id: TokenId(id),
        agent_id: agent.id,
        name: TEXT.to_owned(),
        hash: TokenHash::of(&id.to_string()),
        prefix: "fd_12345678".to_owned(),
        expires_at: Some(scene.now()),
        last_used_at: None,
        revoked_at: None,
        created_at: scene.now(),
    }
}

/// A new token of a new agent.
async fn create(scene: &Scene<'_>) -> (ApiToken, Agent) {
    let agent = agent(scene);
    let token = token(scene, &agent);
    let what = ChangeKind::CreateToken {
        token: token.clone(),
        agent: Some(agent.clone()),
    };
    assert_eq!(scene.change(what).await, ChangeOutcome::Done);
    (token, agent)
}

pub(super) async fn a_token_is_found_and_taken_back(scene: &Scene<'_>) {
    let (mut token, agent) = create(scene).await;
    let (second, _) = create(scene).await;
    let find = || async {
        let found = scene.store.tokens_with_prefix("fd_12345678").await;
        let mut found = found.expect("tokens are found");
        found.retain(|found| found.token.id != second.id);
        only(found, "token")
    };
    let found = find().await;
    assert_eq!((found.token, found.agent), (token.clone(), agent.clone()));
    let known = scene.store.agent(agent.id).await.expect("an agent is read");
    assert_eq!(known, Some(agent));
    let others = scene.store.tokens_with_prefix("fd_").await;
    assert_eq!(others.expect("none is found"), [], "the prefix is a whole one");
    token.last_used_at = Some(scene.now());
    let noted = scene.store.note_token_use(token.id, scene.now()).await;
    noted.expect("a use is noted");
    let revoke = |id| ChangeKind::RevokeToken { id, at: scene.now() };
    assert_eq!(scene.change(revoke(token.id)).await, ChangeOutcome::Done);
    assert_eq!(scene.change(revoke(token.id)).await, ChangeOutcome::Conflict);
    let unknown = revoke(TokenId(scene.uuid()));
    assert_eq!(scene.change(unknown).await, ChangeOutcome::NotFound);
    let found = find().await.token;
    assert!(
        found.last_used_at.is_some() && found.revoked_at.is_some(),
        "{found:?}"
    );
}

pub(super) async fn a_token_needs_its_agent(scene: &Scene<'_>) {
    let (_, known) = create(scene).await;
    let of = |agent: &Agent| ChangeKind::CreateToken {
        token: token(scene, agent),
        agent: None,
    };
    assert_eq!(scene.change(of(&known)).await, ChangeOutcome::Done);
    assert_eq!(scene.change(of(&agent(scene))).await, ChangeOutcome::NotFound);
}

pub(super) async fn tokens_are_listed_in_parts(scene: &Scene<'_>) {
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(create(scene).await.0.id);
    }
    made.sort_by_key(|id| std::cmp::Reverse(*id));
    let tokens = |before, limit| async move {
        let page = Paging { before, limit };
        let listed = scene.store.tokens(&page).await.expect("tokens are listed");
        listed.into_iter().map(|owned| owned.token.id).collect::<Vec<_>>()
    };
    assert_eq!(tokens(None, 10).await, made);
    assert_eq!(tokens(None, 2).await, made[..2]);
    assert_eq!(tokens(Some(made[1]), 2).await, made[2..]);
}

pub(super) async fn a_change_is_in_the_audit_log(scene: &Scene<'_>) {
    let (token, _) = create(scene).await;
    let at = scene.now();
    scene.change(ChangeKind::RevokeToken { id: token.id, at }).await;
    let entries = scene.audit().await;
    assert_eq!(entries.len(), 2);
    let expected = scene.entry("kit.change");
    let entry = &entries[0];
    assert_eq!(
        (
            entry.actor.as_str(),
            entry.action.as_str(),
            entry.subject.as_str()
        ),
        ("kit", "kit.change", "kit:1")
    );
    assert_eq!(entry.detail, serde_json::json!(expected.detail));
}

pub(super) async fn what_was_not_done_is_not_in_the_audit_log(scene: &Scene<'_>) {
    let (token, _) = create(scene).await;
    let revoke = |id| ChangeKind::RevokeToken { id, at: scene.now() };
    scene.change(revoke(token.id)).await;
    assert_eq!(scene.change(revoke(token.id)).await, ChangeOutcome::Conflict);
    assert_eq!(
        scene.change(ChangeKind::DropDead { id: 77 }).await,
        ChangeOutcome::NotFound
    );
    assert_eq!(scene.audit().await.len(), 2);
}

pub(super) async fn concurrent_changes_make_one_chain(scene: &Scene<'_>) {
    join_all((0..8).map(|_| create(scene))).await;
    assert_eq!(scene.audit().await.len(), 8);
}

pub(super) async fn entries_of_a_turn_are_committed_with_it(scene: &Scene<'_>) {
    scene.say(&lane(1), "a").await;
    let stale = scene.take().await;
    scene.outlast_leases().await;
    let turn = scene.take().await;
    let decision = || Decision {
        audit: vec![scene.entry("kit.one"), scene.entry("kit.two")],
        ..Decision::default()
    };
    assert_eq!(scene.commit(&stale, decision()).await, CommitOutcome::LeaseLost);
    assert!(scene.audit().await.is_empty());
    assert_eq!(scene.commit(&turn, decision()).await, CommitOutcome::Committed);
    let actions: Vec<_> = scene
        .audit()
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["kit.one", "kit.two"]);
}

pub(super) async fn the_audit_log_is_read_in_parts(scene: &Scene<'_>) {
    for _ in 0..3 {
        create(scene).await;
    }
    let page = |before, limit| Paging { before, limit };
    let numbers = |page| async move {
        let entries = scene.store.audit(&page).await.expect("the audit log is read");
        entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(numbers(page(None, 10)).await, [3, 2, 1]);
    assert_eq!(numbers(page(None, 2)).await, [3, 2]);
    assert_eq!(numbers(page(Some(2), 2)).await, [1]);
    let since = scene
        .store
        .audit_since(1, 1)
        .await
        .expect("the audit log is read");
    assert_eq!(since.first().map(|entry| entry.id), Some(2));
}
