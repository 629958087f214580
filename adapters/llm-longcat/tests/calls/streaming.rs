//! Answers that come piece by piece, in every dialect of the server.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_core::port::llm::{ModelAnswer, ToolCall};
use frontdesk_core::port::{LanguageModel, ModelError};
use frontdesk_fake_llm::{Answer, Condition, Effect, Fault, Hold, UsagePlace};

use crate::scene::{Heard, MODEL, SOON, Scene, request};

const TEXT: &str = "From 5,000 €, in 2–3 weeks.\nЗвоните!";

/// What is answered, and what was heard of it.
async fn heard(scene: &Scene) -> (Result<ModelAnswer, ModelError>, String) {
    let heard = Arc::new(Heard::default());
    let answer = scene.model().answer(request(true), Arc::clone(&heard) as _).await;
    (answer.map_err(|error| scene.checked(error)), heard.text())
}

#[tokio::test]
async fn the_pieces_are_the_text_wherever_the_usage_is() {
    for place in [
        UsagePlace::Trailing,
        UsagePlace::Finish,
        UsagePlace::FinishThenNull,
        UsagePlace::Twice,
        UsagePlace::Nowhere,
    ] {
        for size in [1, 5, 0] {
            let scene = Scene::start().await;
            let answer = Answer::text(TEXT)
                .usage(place)
                .piece_chars(size)
                .reasoning("what to say?");
            scene.llm.answer(answer);
            let (answer, heard) = heard(&scene).await;
            let answer = answer.unwrap();
            assert_eq!((answer.text.as_str(), heard.as_str()), (TEXT, TEXT));
            let told = scene.llm.calls()[0].outcome.tokens;
            assert_eq!(told.is_some(), place != UsagePlace::Nowhere);
            let used = answer
                .usage
                .map(|usage| (usage.tokens_in, usage.tokens_cached, usage.tokens_out));
            assert_eq!(
                used,
                told.map(|told| (told.prompt, told.cached, told.completion)),
                "{place:?}"
            );
        }
    }
}

#[tokio::test]
async fn pieces_are_heard_before_the_answer_is_done() {
    let scene = Scene::start().await;
    scene
        .llm
        .answer(Answer::text(TEXT).piece_chars(4).hold(Hold::AfterPieces(2)));
    let heard = Arc::new(Heard::default());
    let model = scene.model();
    let call = tokio::spawn({
        let heard = Arc::clone(&heard);
        async move { model.answer(request(true), heard).await }
    });
    scene
        .llm
        .wait_for(Condition::Held { count: 1 }, SOON)
        .await
        .unwrap();
    // What was written before the hold arrives by itself.
    tokio::time::timeout(SOON, async {
        while heard.text() != TEXT[..8] {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(!call.is_finished());
    scene.llm.release_all();
    assert_eq!(call.await.unwrap().unwrap().text, TEXT);
    assert_eq!(heard.text(), TEXT);
}

#[tokio::test]
async fn proposals_are_put_together_from_their_parts() {
    let scene = Scene::start().await;
    let answer = Answer::text("I fetch someone.")
        .piece_chars(3)
        .call("hand_over", "{\"why\": \"ä\\n\"}")
        .call("start_form", "");
    scene.llm.answer(answer);
    let (answer, heard) = heard(&scene).await;
    let answer = answer.unwrap();
    assert_eq!(heard, "I fetch someone.");
    let expected = [("hand_over", "{\"why\": \"ä\\n\"}"), ("start_form", "")];
    let expected = expected.map(|(name, arguments)| ToolCall {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    });
    assert_eq!(answer.calls, expected);
    scene.llm.reset();
    scene.llm.answer(Answer::default().call("hand_over", "{}"));
    let alone = scene.ask(true).await.unwrap();
    assert_eq!((alone.text.as_str(), alone.calls.len()), ("", 1));
}

#[tokio::test]
async fn proposals_without_names_are_none() {
    let scene = Scene::start().await;
    scene.llm.answer(Answer::text("Hello").call("hand_over", "{}"));
    for stream in [true, false] {
        let error = scene.hit(Effect::NullNames, stream).await.unwrap_err();
        assert_eq!(error.kind(), "incomplete");
    }
}

#[tokio::test]
async fn leaked_thought_is_never_heard() {
    let scene = Scene::start().await;
    for size in [1, 3, 7, 0] {
        scene.llm.answer(Answer::text(TEXT).piece_chars(size).times(2));
        scene.llm.fault(Fault::once(Effect::ThinkMarkup { closed: true }));
        let (answer, pieces) = heard(&scene).await;
        assert_eq!((answer.unwrap().text.as_str(), pieces.as_str()), (TEXT, TEXT));
        scene
            .llm
            .fault(Fault::once(Effect::ThinkMarkup { closed: false }));
        let (answer, pieces) = heard(&scene).await;
        let error = answer.unwrap_err();
        assert!(
            matches!(&error, ModelError::Incomplete { usage: Some(_), .. }),
            "{error:?}"
        );
        assert_eq!(pieces, "");
    }
}

#[tokio::test]
async fn what_max_tokens_cuts_is_no_answer_and_its_cost_is_told() {
    let scene = Scene::start().await;
    scene.llm.answer(Answer::text("x".repeat(100)));
    for stream in [true, false] {
        let mut asked = request(stream);
        asked.max_tokens = 5;
        let heard = Arc::new(Heard::default());
        let error = scene
            .model()
            .answer(asked, Arc::clone(&heard) as _)
            .await
            .unwrap_err();
        let ModelError::Incomplete { usage, .. } = scene.checked(error) else {
            panic!("it is cut");
        };
        assert_eq!(usage.map(|usage| usage.tokens_out), Some(5));
        assert_eq!(heard.text().len(), if stream { 20 } else { 0 });
    }
}

#[tokio::test]
async fn tokens_told_are_tokens_counted() {
    let scene = Scene::start().await;
    scene.llm.answer(Answer::text(TEXT).usage(UsagePlace::Twice));
    let mut total = 0;
    for effect in [
        None,
        Some(Effect::NoDone),
        Some(Effect::Finish {
            reason: "length".to_owned(),
        }),
        Some(Effect::Empty),
    ] {
        let outcome = match effect {
            None => scene.ask(true).await,
            Some(effect) => scene.hit(effect, true).await,
        };
        total += match outcome {
            Ok(answer) => answer.usage,
            Err(ModelError::Incomplete { usage, .. }) => usage,
            Err(other) => panic!("{other:?}"),
        }
        .map_or(0, |usage| usage.total());
    }
    let told = scene.llm.stats().tokens[MODEL];
    assert_eq!(total, told.prompt + told.completion);
    scene
        .llm
        .wait_for(Condition::Idle, Duration::from_secs(5))
        .await
        .unwrap();
}
