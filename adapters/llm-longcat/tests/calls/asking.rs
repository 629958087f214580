//! What is asked, and answers that come as a whole.

use std::sync::Arc;

use frontdesk_core::port::LanguageModel;
use frontdesk_core::port::llm::{Tool, ToolCall, Unheard, Usage};
use frontdesk_fake_llm::{Answer, Effect, Tokens, key_hash};
use frontdesk_longcat::ApiKey;
use serde_json::json;

use crate::scene::{Heard, KEY, MODEL, QUESTION, Scene, request};

#[tokio::test]
async fn the_request_is_longcats() {
    let scene = Scene::start().await;
    let mut asked = request(true);
    asked.tools = vec![Tool {
        name: "hand_over".to_owned(),
        description: "Fetches a person.".to_owned(),
        parameters: json!({"type": "object", "properties": {"why": {"type": "string"}}}),
    }];
    let model = scene.model();
    model.answer(asked, Arc::new(Unheard)).await.unwrap();
    model.answer(request(false), Arc::new(Unheard)).await.unwrap();
    let calls = scene.llm.calls();
    let messages = json!([
        {"role": "system", "content": "Persona of the desk"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Здравствуйте 👋"},
        {"role": "user", "content": QUESTION},
    ]);
    let streamed = json!({
        "model": MODEL,
        "messages": messages,
        "tools": [{"type": "function", "function": {
            "name": "hand_over",
            "description": "Fetches a person.",
            "parameters": {"type": "object", "properties": {"why": {"type": "string"}}},
        }}],
        "max_tokens": 700,
        "thinking": {"type": "disabled"},
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    let plain = json!({
        "model": MODEL,
        "messages": messages,
        "max_tokens": 700,
        "thinking": {"type": "disabled"},
        "stream": false,
    });
    assert_eq!(calls[0].body, streamed);
    assert_eq!(calls[1].body, plain);
    assert_eq!(calls[0].path, "/openai/v1/chat/completions");
    assert_eq!(calls[0].key_hash, Some(key_hash(KEY)));
}

#[tokio::test]
async fn the_url_is_taken_with_its_version_too() {
    let mut scene = Scene::start().await;
    for url in [
        scene.llm.url(),
        format!("{}/v1/", scene.llm.url()),
        format!("{}/v1", scene.llm.api_url()),
    ] {
        scene.settings.api_url = url;
        assert!(scene.ask(false).await.is_ok());
    }
}

#[tokio::test]
async fn a_whole_answer_comes_back_and_is_not_heard() {
    let scene = Scene::start().await;
    let used = Tokens {
        prompt: 40,
        cached: 32,
        completion: 9,
        reasoning: 2,
    };
    let answer = Answer::text(" From 5,000 €. ")
        .reasoning("what to say?")
        .call("start_form", "{\"why\":\"asked\"}")
        .call("hand_over", "not JSON")
        .tokens(used);
    scene.llm.answer(answer);
    let heard = Arc::new(Heard::default());
    let model = scene.model();
    let answer = model
        .answer(request(false), Arc::clone(&heard) as _)
        .await
        .unwrap();
    assert_eq!(answer.text, "From 5,000 €.");
    let call = |name: &str, arguments: &str| ToolCall {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    assert_eq!(
        answer.calls,
        [
            call("start_form", "{\"why\":\"asked\"}"),
            call("hand_over", "not JSON")
        ]
    );
    assert_eq!(answer.model, MODEL);
    let usage = Usage {
        tokens_in: 40,
        tokens_cached: 32,
        tokens_out: 9,
    };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(heard.text(), "");
}

#[tokio::test]
async fn another_model_of_the_account_is_asked_by_its_name() {
    let scene = Scene::start().await;
    scene
        .llm
        .answer(Answer::text("the other").model("LongCat-2.5-Preview"));
    let model = scene.model();
    let other = model.of_same_account("LongCat-2.5-Preview");
    assert_eq!((model.name(), other.name()), (MODEL, "LongCat-2.5-Preview"));
    let answer = other.answer(request(true), Arc::new(Unheard)).await.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.model.as_str()),
        ("the other", "LongCat-2.5-Preview")
    );
    assert_eq!(
        model
            .answer(request(true), Arc::new(Unheard))
            .await
            .unwrap()
            .model,
        MODEL
    );
}

#[tokio::test]
async fn the_models_of_the_account_are_listed() {
    let mut scene = Scene::start().await;
    let listed = scene.model().models().await;
    assert_eq!(
        listed.unwrap(),
        [MODEL.to_owned(), "LongCat-2.5-Preview".to_owned()]
    );
    scene.settings.key = ApiKey::parse("ak_of-nobody-at-all").ok().unwrap();
    let error = scene.checked(scene.model().models().await.unwrap_err());
    assert_eq!(error.kind(), "unauthorised");
}

#[tokio::test]
async fn a_plain_body_is_taken_where_a_stream_was_asked_for() {
    let scene = Scene::start().await;
    // The fake refuses as JSON whatever was asked; the answer to a stream is read by its type.
    let error = scene.hit(Effect::TooLong, true).await.unwrap_err();
    assert_eq!(error.kind(), "too_long");
}
