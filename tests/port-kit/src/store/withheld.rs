//! The bot is silent once a person took the chat.

use frontdesk_core::conversation::{Owner, SenderType};
use frontdesk_core::dialogue::Decision;
use frontdesk_core::port::back_office::Paging;
use frontdesk_core::port::store::SendIntent;
use frontdesk_core::work::{Author, Outgoing};

use super::parts::{changed, lane};
use super::scene::{Case, Scene};

pub(super) async fn a_message_of_the_bot_is_withheld_from_an_agents_chat(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let intent = decided_before(scene, &case, Author::Bot, Owner::Agent).await;
    assert_eq!(intent, SendIntent::Withheld);
    assert_eq!(sender(scene, &case).await, SenderType::Note, "kept as a note");
    assert!(scene.sends().await.is_empty(), "the call is gone");
    let letters = scene.store.dead_letters(&Paging::first(10)).await;
    assert_eq!(letters.expect("dead letters are listed"), []);
    scene.post(scene.outgoing(&case.lane, "of no message")).await;
    assert_eq!(scene.take_send().await.attempt, 1, "the lane goes on");
}

pub(super) async fn a_message_decided_since_is_not_withheld(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let row = case.owned_by(Owner::Agent, scene.now());
    let epoch = row.owner_epoch;
    assert!(epoch > case.conversation.owner_epoch);
    let message = scene.message(&case, SenderType::Bot, "an agent is with you now");
    let outgoing = Outgoing {
        message_id: Some(message.id),
        owner_epoch: epoch,
        ..scene.outgoing(&case.lane, "an agent is with you now")
    };
    let decision = Decision {
        conversations: vec![changed(row)],
        messages: vec![message],
        outgoing: vec![outgoing],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let send = scene.take_send().await;
    assert_eq!(scene.begin(&send).await, SendIntent::Go);
}

pub(super) async fn agents_and_the_desk_are_not_withheld(scene: &Scene<'_>) {
    for (chat, author) in [(1, Author::Agent), (2, Author::Desk)] {
        let case = scene.case(&lane(chat)).await;
        let intent = decided_before(scene, &case, author.clone(), Owner::Agent).await;
        assert_eq!(intent, SendIntent::Go, "{author}");
        assert_eq!(sender(scene, &case).await, SenderType::Bot);
    }
}

pub(super) async fn nothing_is_withheld_while_the_case_waits_for_a_person(scene: &Scene<'_>) {
    let case = scene.case(&lane(1)).await;
    let intent = decided_before(scene, &case, Author::Bot, Owner::Queue).await;
    assert_eq!(intent, SendIntent::Go);
}

/// A call is decided, then the case gets a new owner, then the call is to be sent.
async fn decided_before(scene: &Scene<'_>, case: &Case, author: Author, owner: Owner) -> SendIntent {
    let message = scene.message(case, SenderType::Bot, "a late answer");
    let outgoing = Outgoing {
        message_id: Some(message.id),
        author,
        owner_epoch: case.conversation.owner_epoch,
        ..scene.outgoing(&case.lane, "a late answer")
    };
    let decision = Decision {
        messages: vec![message],
        outgoing: vec![outgoing],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    let send = scene.sends().await;
    let send = send.iter().find(|send| send.claim.lane == case.lane);
    let send = send.expect("the call is due");
    let decision = Decision {
        conversations: vec![changed(case.owned_by(owner, scene.now()))],
        ..Decision::default()
    };
    scene.decide(&case.lane, decision).await;
    scene.begin(send).await
}

async fn sender(scene: &Scene<'_>, case: &Case) -> SenderType {
    let messages = scene.store.messages(case.conversation.id, 10).await;
    let message = super::parts::only(messages.expect("messages are listed"), "message");
    message.message.sender_type
}
