//! What becomes of a call that does not work. Every error's text is searched for the key and the prompt.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_core::port::llm::{ModelAnswer, Unheard};
use frontdesk_core::port::{LanguageModel, ModelError};
use frontdesk_fake_llm::{Answer, Effect, Fault, Told};
use frontdesk_longcat::ApiKey;
use serde_json::json;

use crate::scene::{KEY, QUESTION, SHORT, SOON, Scene, request};

fn kind(answer: Result<ModelAnswer, ModelError>) -> &'static str {
    answer.unwrap_err().kind()
}

fn refuse(status: u16, code: serde_json::Value, message: &str) -> Effect {
    Effect::Refuse {
        status,
        kind: "invalid_request_error".to_owned(),
        code,
        message: message.to_owned(),
    }
}

#[tokio::test]
async fn every_refusal_has_its_meaning() {
    let scene = Scene::start().await;
    for (effect, meaning) in [
        (Effect::Unauthorised, "unauthorised"),
        (Effect::PaymentRequired, "quota_exhausted"),
        (Effect::InsufficientQuota, "quota_exhausted"),
        (Effect::Forbidden, "unauthorised"),
        (Effect::Firewall, "rejected"),
        (Effect::TooLong, "too_long"),
        (Effect::InternalError, "unavailable"),
        (Effect::BadGateway, "unavailable"),
        (Effect::Unavailable, "unavailable"),
        (refuse(400, json!("invalid_parameter"), "no"), "rejected"),
        (refuse(404, json!("model_not_found"), "no"), "rejected"),
        (refuse(408, json!(408), "no"), "timed_out"),
        (refuse(413, json!(null), "no"), "too_long"),
        (
            refuse(422, json!(1), "the maximum context length is 5"),
            "too_long",
        ),
        (refuse(403, json!(7), "your quota is used up"), "quota_exhausted"),
        (refuse(429, json!("insufficient_quota"), "no"), "quota_exhausted"),
        (refuse(504, json!("x"), "no"), "timed_out"),
        (refuse(529, json!("overloaded"), "no"), "unavailable"),
        (
            Effect::Redirect {
                to: "https://elsewhere.example".to_owned(),
            },
            "rejected",
        ),
    ] {
        for stream in [true, false] {
            assert_eq!(
                kind(scene.hit(effect.clone(), stream).await),
                meaning,
                "{effect:?}"
            );
        }
    }
    let calls = scene.llm.stats().calls;
    assert_eq!(calls, 2 * 19, "one attempt a call");
}

#[tokio::test]
async fn a_429_says_how_long_wherever_it_says_so() {
    let scene = Scene::start().await;
    for (told, wait) in [
        (Told::Header, Some(61)),
        (Told::HeaderDate, Some(61)),
        (Told::Body, Some(61)),
        (Told::Message, Some(61)),
        (Told::Nowhere, None),
    ] {
        let effect = Effect::TooManyRequests {
            retry_after: 61,
            told,
        };
        match scene.hit(effect, true).await {
            Err(ModelError::RateLimited { retry_after }) => {
                assert_eq!(retry_after, wait.map(Duration::from_secs), "{told:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_model_are_told_apart() {
    let mut scene = Scene::start().await;
    scene.settings.model = "longcat-2.0".to_owned();
    assert_eq!(
        kind(scene.ask(true).await),
        "rejected",
        "names are case-sensitive"
    );
    scene.settings.key = ApiKey::parse("ak_of-nobody-at-all").ok().unwrap();
    assert_eq!(kind(scene.ask(true).await), "unauthorised");
}

#[tokio::test]
async fn a_server_that_repeats_what_it_was_asked_is_not_repeated() {
    let scene = Scene::start().await;
    for text in [KEY, QUESTION, "Xanthippe's", "audit"] {
        for status in [400, 401, 403, 429, 500] {
            let effect = Effect::Refuse {
                status,
                kind: text.to_owned(),
                code: json!(text),
                message: format!("what is {text}?"),
            };
            let error = scene.hit(effect, false).await.unwrap_err();
            assert!(!error.to_string().contains("audit"), "{error}");
        }
    }
    let effect = refuse(400, json!("invalid_parameter"), "top_p");
    let error = scene.hit(effect, false).await.unwrap_err().to_string();
    assert!(
        error.contains("400, invalid_request_error, invalid_parameter"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_ends_early_is_none() {
    let scene = Scene::start().await;
    let finish = |reason: &str| Effect::Finish {
        reason: reason.to_owned(),
    };
    for (effect, plain_too) in [
        (Effect::Cut { after: 0 }, true),
        (Effect::Cut { after: 2 }, true),
        (Effect::Truncate { after: 0 }, true),
        (Effect::Truncate { after: 2 }, true),
        (Effect::Truncate { after: 99 }, true),
        (Effect::NoDone, false),
        (Effect::BadJson { after: 1 }, true),
        (Effect::ErrorInside { after: 2, code: 500 }, true),
        (Effect::ErrorInside { after: 2, code: 429 }, false),
        (Effect::Empty, true),
        (Effect::ReasoningOnly, true),
        (finish("length"), true),
        (finish("content_filter"), true),
        (finish("because"), true),
    ] {
        for stream in [true, false] {
            if stream || plain_too {
                assert_eq!(
                    kind(scene.hit(effect.clone(), stream).await),
                    "incomplete",
                    "{effect:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_it_cost_is_told_where_it_was_said() {
    let scene = Scene::start().await;
    let finish = |reason: &str| Effect::Finish {
        reason: reason.to_owned(),
    };
    for effect in [
        Effect::NoDone,
        Effect::Empty,
        Effect::ReasoningOnly,
        Effect::ThinkMarkup { closed: false },
        finish("length"),
        finish("content_filter"),
        finish("because"),
    ] {
        match scene.hit(effect.clone(), true).await {
            Err(ModelError::Incomplete {
                usage: Some(usage), ..
            }) => assert!(usage.tokens_in > 0),
            other => panic!("{effect:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_error_in_place_of_an_answer_is_judged_as_what_it_is() {
    let scene = Scene::start().await;
    for (code, meaning) in [
        (401, "unauthorised"),
        (402, "quota_exhausted"),
        (429, "rate_limited"),
        (400, "rejected"),
        // What a server of their own failed at after 200 may have been charged.
        (500, "incomplete"),
    ] {
        for stream in [true, false] {
            let answer = scene.hit(Effect::ErrorInside { after: 0, code }, stream).await;
            assert_eq!(kind(answer), meaning, "{code}");
        }
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let mut scene = Scene::start().await;
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scene.settings.api_url = format!("http://{closed}");
    assert_eq!(kind(scene.ask(true).await), "unavailable");
    assert_eq!(kind(scene.ask(false).await), "unavailable");
    // A server that speaks no TLS.
    scene.settings.api_url = scene.llm.api_url().replace("http://", "https://");
    assert_eq!(kind(scene.ask(true).await), "unavailable");
}

#[tokio::test]
async fn a_connection_lost_before_an_answer_may_have_been_worked_on() {
    let scene = Scene::start().await;
    for stream in [true, false] {
        assert_eq!(kind(scene.hit(Effect::DropBefore, stream).await), "timed_out");
    }
}

#[tokio::test]
async fn silence_before_the_first_token_is_a_time_out() {
    let mut scene = Scene::start().await;
    scene.settings.limits.first_token = SHORT;
    assert_eq!(kind(scene.hit(Effect::Hang, true).await), "timed_out");
    // The head and an empty first chunk are no token.
    assert_eq!(
        kind(scene.hit(Effect::Stall { after: 0 }, true).await),
        "timed_out"
    );
    scene.settings.limits.plain_total = SHORT;
    assert_eq!(kind(scene.hit(Effect::Hang, false).await), "timed_out");
    assert_eq!(
        kind(scene.hit(Effect::Stall { after: 0 }, false).await),
        "timed_out"
    );
}

#[tokio::test]
async fn silence_in_the_middle_is_a_time_out() {
    let mut scene = Scene::start().await;
    scene.settings.limits.idle = SHORT;
    assert_eq!(
        kind(scene.hit(Effect::Stall { after: 2 }, true).await),
        "timed_out"
    );
}

#[tokio::test]
async fn the_whole_of_a_stream_has_its_limit() {
    let mut scene = Scene::start().await;
    scene.settings.limits.stream_total = SHORT;
    // Each piece comes in time, all of them do not.
    let slowly = Answer::text("x".repeat(500)).piece_chars(1).pace(0, 20);
    scene.llm.answer(slowly);
    assert_eq!(kind(scene.ask(true).await), "timed_out");
}

#[tokio::test]
async fn the_deadline_bounds_everything() {
    let scene = Scene::start().await;
    for stream in [true, false] {
        scene.llm.fault(Fault::once(Effect::Hang));
        let mut asked = request(stream);
        asked.deadline = SHORT;
        let heard = Arc::new(Unheard);
        let model = scene.model();
        let answer = tokio::time::timeout(SOON, model.answer(asked, heard))
            .await
            .unwrap();
        assert_eq!(kind(answer), "timed_out");
    }
}

#[tokio::test]
async fn more_than_the_limit_is_not_read() {
    let mut scene = Scene::start().await;
    scene.settings.answer_limit = 10_000;
    for stream in [true, false] {
        assert!(scene.hit(Effect::Padding { bytes: 5_000 }, stream).await.is_ok());
        let answer = scene.hit(Effect::Padding { bytes: 20_000 }, stream).await;
        assert_eq!(kind(answer), "incomplete");
    }
}
