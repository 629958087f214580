//! Files of conversations.

use frontdesk_core::conversation::{
    Attachment, AttachmentStatus, AttachmentWrite, Message, Refusal, SenderType,
};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::id::{AttachmentId, MessageId};
use frontdesk_core::port::StoreError;

use super::parts::{TEXT, commit_of, lane};
use super::scene::{Case, Scene};

/// A file that waits for its download.
fn pending(scene: &Scene<'_>, case: &Case, message: &Message) -> Attachment {
    Attachment {
        id: AttachmentId(scene.uuid()),
        conversation_id: case.conversation.id,
        message_id: message.id,
        kind: "document".to_owned(),
        file_name: None,
        mime_declared: None,
        mime_detected: None,
        size_bytes: None,
        sha256: None,
        storage_key: None,
        status: AttachmentStatus::Pending,
        refusal: None,
        media_group_id: None,
        created_at: scene.now(),
        updated_at: scene.now(),
    }
}

/// The same, once its bytes are kept.
fn stored(file: &Attachment, digit: &str) -> Attachment {
    let sha256 = digit.repeat(64);
    Attachment {
        status: AttachmentStatus::Stored,
        size_bytes: Some((1 << 40) + 1),
        mime_detected: Some("application/pdf".to_owned()),
        storage_key: Some(format!("client/{sha256}")),
        sha256: Some(sha256),
        ..file.clone()
    }
}

fn write(row: Attachment, is_new: bool) -> AttachmentWrite {
    AttachmentWrite { row, is_new }
}

/// Has files written with a message of a case.
async fn send(scene: &Scene<'_>, case: &Case, files: impl IntoIterator<Item = Attachment>, message: Message) {
    let decision = Decision {
        messages: vec![message],
        attachments: files.into_iter().map(|file| write(file, true)).collect(),
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
}

async fn settle(scene: &Scene<'_>, case: &Case, file: Attachment) {
    let decision = Decision {
        attachments: vec![write(file, false)],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
}

/// As they are listed: ids of one instant have no order that is known before.
fn by_id<const N: usize>(mut files: [Attachment; N]) -> [Attachment; N] {
    files.sort_by_key(|file| file.id);
    files
}

async fn read(scene: &Scene<'_>, id: AttachmentId) -> Option<Attachment> {
    scene.store.attachment(id).await.expect("a file is read")
}

async fn listed(scene: &Scene<'_>, case: &Case) -> Vec<Attachment> {
    let files = scene.store.attachments(case.conversation.id).await;
    files.expect("files are listed")
}

pub(super) async fn a_file_comes_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let message = scene.message(&case, SenderType::User, "");
    let plain = pending(scene, &case, &message);
    let full = Attachment {
        file_name: Some("Ж".repeat(255)),
        mime_declared: Some(TEXT.to_owned()),
        media_group_id: Some("13".to_owned()),
        status: AttachmentStatus::Unknown("chiselled".to_owned()),
        refusal: Some(Refusal::Unknown("too_heavy".to_owned())),
        ..stored(&pending(scene, &case, &message), "a")
    };
    send(scene, &case, [plain.clone(), full.clone()], message).await;
    assert_eq!(read(scene, plain.id).await, Some(plain.clone()));
    assert_eq!(read(scene, full.id).await, Some(full.clone()));
    assert_eq!(listed(scene, &case).await, by_id([plain, full]));
}

pub(super) async fn a_file_is_settled_later(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let message = scene.message(&case, SenderType::User, "");
    let (one, other) = (pending(scene, &case, &message), pending(scene, &case, &message));
    send(scene, &case, [one.clone(), other.clone()], message).await;
    let one = stored(&one, "b");
    settle(scene, &case, one.clone()).await;
    let other = other.refused(Refusal::Kind);
    settle(scene, &case, other.clone()).await;
    assert_eq!(listed(scene, &case).await, by_id([one.clone(), other]));
    // What is no longer known is no longer there.
    let missing = Attachment {
        mime_detected: None,
        sha256: None,
        storage_key: None,
        ..one.missing()
    };
    settle(scene, &case, missing.clone()).await;
    assert_eq!(read(scene, missing.id).await, Some(missing));
}

pub(super) async fn a_file_that_is_gone_does_not_come_back(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let message = scene.message(&case, SenderType::User, "");
    let never_written = pending(scene, &case, &message);
    settle(scene, &case, stored(&never_written, "c")).await;
    assert_eq!(read(scene, never_written.id).await, None);
    assert_eq!(listed(scene, &case).await, []);
}

pub(super) async fn a_file_needs_its_message(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let mut message = scene.message(&case, SenderType::User, "");
    message.id = MessageId(scene.uuid());
    let file = pending(scene, &case, &message);
    scene.say(&case.lane, "what leads to a decision").await;
    let turn = scene.take().await;
    let decision = Decision {
        attachments: vec![write(file.clone(), true)],
        ..Decision::default()
    };
    let refused = scene.store.commit(&[commit_of(&turn, decision)]).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(read(scene, file.id).await, None);
}

pub(super) async fn files_of_a_case_are_listed_as_they_came(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let other = scene.case(&lane(2)).await;
    let mut sent = Vec::new();
    for case in [&case, &other, &case] {
        let message = scene.message(case, SenderType::User, "");
        let file = pending(scene, case, &message);
        send(scene, case, [file.clone()], message).await;
        sent.push(file);
        scene.wait(std::time::Duration::from_secs(1)).await;
    }
    assert_eq!(listed(scene, &case).await, [sent[0].clone(), sent[2].clone()]);
    assert_eq!(listed(scene, &other).await, [sent[1].clone()]);
}

pub(super) async fn keys_that_no_file_refers_to_are_told(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let message = scene.message(&case, SenderType::User, "");
    let kept = stored(&pending(scene, &case, &message), "d");
    let waiting = pending(scene, &case, &message);
    let key = kept.storage_key.clone().expect("a stored file has a key");
    send(scene, &case, [kept, waiting], message).await;
    let free = ["z/1", "client/", "a/2", TEXT].map(str::to_owned);
    let mut asked = free.to_vec();
    asked.insert(2, key);
    let told = scene
        .store
        .unreferenced(&asked)
        .await
        .expect("keys are looked up");
    assert_eq!(told, free);
    let none = scene.store.unreferenced(&[]).await.expect("nothing is looked up");
    assert_eq!(none, Vec::<String>::new());
}
