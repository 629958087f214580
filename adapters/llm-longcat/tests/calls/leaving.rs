//! Calls that nobody waits for any more, and the bound on calls in flight.

use std::sync::Arc;

use frontdesk_core::port::LanguageModel;
use frontdesk_core::port::llm::Unheard;
use frontdesk_fake_llm::{Answer, Condition, End, Hold};
use frontdesk_longcat::LongCatModel;

use crate::scene::{Heard, SHORT, SOON, Scene, request};

/// Sees that the one place of the model is free again: another call gets it.
async fn is_free(scene: &Scene, model: &LongCatModel) {
    scene.llm.clear_answers();
    let next = model.answer(request(true), Arc::new(Unheard));
    let next = tokio::time::timeout(SOON, next).await.unwrap();
    assert!(next.is_ok(), "{next:?}");
}

#[tokio::test]
async fn a_dropped_call_hangs_up_at_once() {
    let mut scene = Scene::start().await;
    scene.settings.calls_at_once = 1;
    let model = scene.model();
    for (stream, hold) in [
        (true, Hold::BeforeFirstByte),
        (true, Hold::AfterPieces(1)),
        (false, Hold::BeforeFirstByte),
        (false, Hold::AfterPieces(0)),
    ] {
        scene.llm.reset();
        scene.llm.answer(Answer::text("Hello there, friend").hold(hold));
        let heard = Arc::new(Heard::default());
        let call = tokio::spawn({
            let (model, heard) = (model.clone(), Arc::clone(&heard));
            async move { model.answer(request(stream), heard).await }
        });
        scene
            .llm
            .wait_for(Condition::Held { count: 1 }, SOON)
            .await
            .unwrap();
        assert_eq!(model.free_places(), 0);
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let before = heard.text();
        scene
            .llm
            .wait_for(Condition::Gone { count: 1 }, SOON)
            .await
            .unwrap();
        assert_eq!(scene.llm.calls()[0].outcome.end, Some(End::ClientGone));
        is_free(&scene, &model).await;
        assert_eq!(heard.text(), before, "nothing is heard after the end");
    }
}

#[tokio::test]
async fn a_call_that_timed_out_hangs_up_too() {
    let mut scene = Scene::start().await;
    scene.settings.calls_at_once = 1;
    let model = scene.model();
    scene
        .llm
        .answer(Answer::text("Hello").hold(Hold::BeforeFirstByte));
    let mut hurried = request(true);
    hurried.deadline = SHORT;
    let answer = model.answer(hurried, Arc::new(Unheard)).await;
    assert_eq!(answer.unwrap_err().kind(), "timed_out");
    scene
        .llm
        .wait_for(Condition::Gone { count: 1 }, SOON)
        .await
        .unwrap();
    is_free(&scene, &model).await;
}

#[tokio::test]
async fn no_more_calls_are_in_flight_than_there_are_places() {
    let mut scene = Scene::start().await;
    scene.settings.calls_at_once = 2;
    let model = scene.model();
    let other = model.of_same_account("LongCat-2.5-Preview");
    scene
        .llm
        .answer(Answer::text("Hello").hold(Hold::BeforeFirstByte));
    let calls: Vec<_> = [&model, &other, &model, &other, &model]
        .map(|model| {
            let model = model.clone();
            tokio::spawn(async move { model.answer(request(true), Arc::new(Unheard)).await })
        })
        .into();
    for _ in 0..5 {
        scene
            .llm
            .wait_for(Condition::Held { count: 1 }, SOON)
            .await
            .unwrap();
        let held = scene.llm.calls().into_iter().find(|call| call.outcome.held);
        assert!(scene.llm.release(held.unwrap().counter));
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().text, "Hello");
    }
    let stats = scene.llm.stats();
    assert_eq!(stats.calls, 5);
    assert!(stats.in_flight_at_most <= 2, "{stats:?}");
}

#[tokio::test]
async fn a_call_waits_for_its_place_no_longer_than_its_deadline() {
    let mut scene = Scene::start().await;
    scene.settings.calls_at_once = 1;
    let model = scene.model();
    scene
        .llm
        .answer(Answer::text("Hello").hold(Hold::BeforeFirstByte));
    let first = tokio::spawn({
        let model = model.clone();
        async move { model.answer(request(true), Arc::new(Unheard)).await }
    });
    scene
        .llm
        .wait_for(Condition::Held { count: 1 }, SOON)
        .await
        .unwrap();
    let mut second = request(true);
    second.deadline = SHORT;
    let answer = model.answer(second, Arc::new(Unheard)).await;
    assert_eq!(answer.unwrap_err().kind(), "unavailable");
    assert_eq!(scene.llm.stats().calls, 1, "it was not asked");
    scene.llm.release_all();
    assert!(first.await.unwrap().is_ok());
}
