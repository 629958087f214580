//! Knowledge beside the playbook's files, and the epoch that tells of its changes.

use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::playbook::KnowledgeEntry;
use frontdesk_core::port::back_office::{ChangeKind, ChangeOutcome, Paging};
use frontdesk_core::port::knowledge::{KnowledgeQuery, Overlay};
use futures_util::future::join_all;

use super::parts::TEXT;
use super::scene::Scene;

fn entry(scene: &Scene<'_>, slug: &str, locale: &str) -> KnowledgeEntry {
    KnowledgeEntry {
        id: KnowledgeEntryId(scene.uuid()),
        locale: locale.to_owned(),
        slug: slug.to_owned(),
        questions: vec![TEXT.to_owned(), "how much?".to_owned()],
        answer: TEXT.to_owned(),
        buttons: vec!["quote".to_owned()],
        enabled: true,
        version: 1,
        created_at: scene.now(),
        updated_at: scene.now(),
    }
}

fn edited(entry: &KnowledgeEntry, answer: &str) -> KnowledgeEntry {
    KnowledgeEntry {
        answer: answer.to_owned(),
        enabled: !entry.enabled,
        version: entry.version + 1,
        ..entry.clone()
    }
}

async fn put(scene: &Scene<'_>, entry: &KnowledgeEntry, was: Option<i64>) -> ChangeOutcome {
    let entry = Box::new(entry.clone());
    scene.change(ChangeKind::PutKnowledge { entry, was }).await
}

async fn read(scene: &Scene<'_>, id: KnowledgeEntryId) -> Option<KnowledgeEntry> {
    let read = scene.store.knowledge_entry(id).await;
    read.expect("an entry is read")
}

async fn epoch(scene: &Scene<'_>) -> i64 {
    let epoch = scene.store.knowledge_epoch().await;
    epoch.expect("the epoch is read")
}

async fn listed(
    scene: &Scene<'_>,
    locale: Option<&str>,
    page: Paging<KnowledgeEntryId>,
) -> Vec<KnowledgeEntry> {
    let query = KnowledgeQuery {
        locale: locale.map(str::to_owned),
        page,
    };
    let listed = scene.store.knowledge(&query).await;
    listed.expect("entries are listed")
}

pub(super) async fn an_entry_of_knowledge_comes_back(scene: &Scene<'_>) {
    let new = entry(scene, "parking", "en");
    assert_eq!(read(scene, new.id).await, None);
    assert_eq!(put(scene, &new, None).await, ChangeOutcome::Done);
    assert_eq!(read(scene, new.id).await, Some(new.clone()));
    assert_eq!(listed(scene, None, Paging::first(10)).await, [new]);
}

pub(super) async fn an_entry_is_changed_from_the_version_it_stands_at(scene: &Scene<'_>) {
    let first = entry(scene, "parking", "en");
    put(scene, &first, None).await;
    let second = edited(&first, "in the yard");
    assert_eq!(put(scene, &second, Some(1)).await, ChangeOutcome::Done);
    assert_eq!(read(scene, first.id).await, Some(second.clone()));
    let late = edited(&first, "on the roof");
    assert_eq!(put(scene, &late, Some(1)).await, ChangeOutcome::Conflict);
    assert_eq!(read(scene, first.id).await, Some(second));
    let nobodys = edited(&entry(scene, "garden", "en"), "green");
    assert_eq!(put(scene, &nobodys, Some(1)).await, ChangeOutcome::NotFound);
    assert_eq!(read(scene, nobodys.id).await, None);
}

pub(super) async fn one_of_concurrent_changes_of_an_entry_is_done(scene: &Scene<'_>) {
    let first = entry(scene, "parking", "en");
    put(scene, &first, None).await;
    let edits: Vec<_> = (0..8).map(|at| edited(&first, &format!("place {at}"))).collect();
    let outcomes = join_all(edits.iter().map(|edit| put(scene, edit, Some(1)))).await;
    let done: Vec<_> = outcomes
        .iter()
        .zip(&edits)
        .filter(|(outcome, _)| **outcome == ChangeOutcome::Done)
        .collect();
    assert_eq!(done.len(), 1, "{outcomes:?}");
    assert_eq!(read(scene, first.id).await.as_ref(), Some(done[0].1));
    assert_eq!(epoch(scene).await, 2);
}

pub(super) async fn a_name_is_taken_once_in_a_locale(scene: &Scene<'_>) {
    let first = entry(scene, "parking", "en");
    put(scene, &first, None).await;
    let again = entry(scene, "parking", "en");
    assert_eq!(put(scene, &again, None).await, ChangeOutcome::Conflict);
    assert_eq!(read(scene, again.id).await, None);
    for (slug, locale) in [("parking", "ru"), ("garden", "en")] {
        let other = entry(scene, slug, locale);
        assert_eq!(
            put(scene, &other, None).await,
            ChangeOutcome::Done,
            "{slug} {locale}"
        );
    }
    assert_eq!(read(scene, first.id).await, Some(first));
}

pub(super) async fn the_epoch_counts_every_change_of_knowledge(scene: &Scene<'_>) {
    assert_eq!(epoch(scene).await, 0);
    let first = entry(scene, "parking", "en");
    put(scene, &first, None).await;
    assert_eq!(epoch(scene).await, 1);
    put(scene, &edited(&first, "in the yard"), Some(1)).await;
    assert_eq!(epoch(scene).await, 2);
    // What was not done moves nothing.
    put(scene, &edited(&first, "on the roof"), Some(1)).await;
    put(scene, &entry(scene, "parking", "en"), None).await;
    assert_eq!(epoch(scene).await, 2);
    assert_eq!(scene.audit().await.len(), 2, "one entry for each change");
}

pub(super) async fn knowledge_is_listed_in_parts_and_by_locale(scene: &Scene<'_>) {
    let mut made = Vec::new();
    for (slug, locale) in [("a", "en"), ("a", "ru"), ("b", "en"), ("c", "en"), ("c", "ru")] {
        let new = entry(scene, slug, locale);
        put(scene, &new, None).await;
        made.push(new);
    }
    made.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    assert_eq!(listed(scene, None, Paging::first(10)).await, made);
    assert_eq!(listed(scene, None, Paging::first(2)).await, made[..2]);
    let after = |at: usize| Paging {
        before: Some(made[at].id),
        limit: 2,
    };
    assert_eq!(listed(scene, None, after(1)).await, made[2..4]);
    assert_eq!(listed(scene, None, after(4)).await, []);
    let russian: Vec<_> = made
        .iter()
        .filter(|entry| entry.locale == "ru")
        .cloned()
        .collect();
    assert_eq!(listed(scene, Some("ru"), Paging::first(10)).await, russian);
    let overlay = Overlay::read(&*scene.store).await.expect("an overlay is read");
    assert_eq!((overlay.epoch, overlay.entries), (5, made));
}
