//! Faults: which calls they hit, and what a client sees of them.

use frontdesk_fake_llm::{Answer, Condition, Effect, End, Fault, Told};
use serde_json::json;

use crate::common::{MODEL, SOON, ask, chunks, data, events, joined, plain, question, start, text};

const TEXT: &str = "An answer in several pieces.";

#[tokio::test]
async fn refusals_have_their_status_and_their_code() {
    let llm = start().await;
    let refuse = Effect::Refuse {
        status: 418,
        kind: "odd".to_owned(),
        code: json!(7),
        message: "no".to_owned(),
    };
    for (effect, status, code) in [
        (Effect::Unauthorised, 401, json!("invalid_api_key")),
        (Effect::PaymentRequired, 402, json!("quota_exhausted")),
        (Effect::InsufficientQuota, 403, json!("insufficient_quota")),
        (Effect::Forbidden, 403, json!("model_not_allowed")),
        (Effect::TooLong, 400, json!("context_length_exceeded")),
        (Effect::InternalError, 500, json!("internal_error")),
        (Effect::Unavailable, 503, json!("internal_error")),
        (refuse, 418, json!(7)),
    ] {
        llm.fault(Fault::once(effect.clone()));
        let (seen, body) = plain(&llm, &question("a", false)).await;
        assert_eq!((seen, &body["error"]["code"]), (status, &code), "{effect:?}");
    }
    llm.fault(Fault::once(Effect::Firewall));
    let (status, body) = plain(&llm, &question("a", false)).await;
    assert_eq!(
        (status, &body["status"], body.get("error")),
        (456, &json!(456), None)
    );
    llm.fault(Fault::once(Effect::BadGateway));
    let page = ask(&llm, &question("a", true)).await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert_eq!(llm.stats().tokens.len(), 0, "refusals cost nothing");
}

#[tokio::test]
async fn a_429_says_how_long_in_the_place_it_was_told() {
    let llm = start().await;
    for (told, header, body) in [
        (Told::Header, Some("75"), false),
        (Told::HeaderDate, Some("Fri, 31 Dec 1999 23:59:15 GMT"), false),
        (Told::Body, None, true),
        (Told::Message, None, false),
        (Told::Nowhere, None, false),
    ] {
        llm.fault(Fault::once(Effect::TooManyRequests {
            retry_after: 75,
            told,
        }));
        let answer = ask(&llm, &question("a", false)).await.unwrap();
        assert_eq!(answer.status(), 429);
        let said = answer
            .headers()
            .get("retry-after")
            .map(|said| said.to_str().unwrap().to_owned());
        assert_eq!(said.as_deref(), header, "{told:?}");
        let answer = text(answer).await.unwrap();
        assert_eq!(answer.contains("\"retry_after\":75"), body, "{answer}");
        assert_eq!(
            answer.contains("try again in 75s"),
            told == Told::Message,
            "{answer}"
        );
    }
}

#[tokio::test]
async fn faults_hit_the_calls_they_are_for() {
    let llm = start().await;
    llm.fault(Fault::new(Effect::InternalError).when_user_says("b").nth(2));
    llm.fault(
        Fault::new(Effect::Unavailable)
            .model("LongCat-2.5-Preview")
            .times(1),
    );
    let mut statuses = Vec::new();
    for text in ["a", "b", "a", "b", "b"] {
        statuses.push(plain(&llm, &question(text, false)).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 500, 200]);
    let mut other = question("a", false);
    other["model"] = json!("LongCat-2.5-Preview");
    assert_eq!(plain(&llm, &other).await.0, 503);
    assert_eq!(plain(&llm, &other).await.0, 200);
    let hits: Vec<(u64, u64)> = llm.faults().iter().map(|fault| (fault.seen, fault.hit)).collect();
    assert_eq!(hits, [(3, 1), (2, 1)]);
    assert_eq!(llm.stats().faults_hit, 2);
}

#[tokio::test]
async fn streams_break_where_they_are_told_to() {
    let llm = start().await;
    llm.answer(Answer::text(TEXT).piece_chars(4));
    let asked = question("a", true);
    let seen = |stream: &str| {
        let events = data(stream);
        let done = events.last().map(String::as_str) == Some("[DONE]");
        (joined(&chunks(&events), "/choices/0/delta/content"), done)
    };
    llm.fault(Fault::once(Effect::Cut { after: 2 }));
    let response = ask(&llm, &asked).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(text(response).await, None, "the connection breaks");
    assert_eq!(llm.calls()[0].outcome.end, Some(End::Cut));
    llm.fault(Fault::once(Effect::DropBefore));
    assert!(ask(&llm, &asked).await.is_none(), "there is no answer");
    llm.fault(Fault::once(Effect::Truncate { after: 2 }));
    let stream = text(ask(&llm, &asked).await.unwrap()).await.unwrap();
    assert_eq!(seen(&stream), (TEXT[..8].to_owned(), false));
    assert!(!stream.contains("\"stop\"") && !stream.contains("total_tokens"));
    llm.fault(Fault::once(Effect::NoDone));
    let stream = text(ask(&llm, &asked).await.unwrap()).await.unwrap();
    assert_eq!(seen(&stream), (TEXT.to_owned(), false));
    assert!(stream.contains("total_tokens"));
    llm.fault(Fault::once(Effect::ErrorInside { after: 1, code: 500 }));
    let events = events(&llm, &asked).await;
    assert!(events.last().unwrap().contains("\"code\":500"), "{events:?}");
    llm.fault(Fault::once(Effect::BadJson { after: 1 }));
    let stream = text(ask(&llm, &asked).await.unwrap()).await.unwrap();
    let last = data(&stream).pop().unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&last).is_err(),
        "{last}"
    );
    llm.fault(Fault::once(Effect::BadJson { after: 1 }));
    assert_eq!(plain(&llm, &question("a", false)).await, (200, json!(null)));
    let told = llm.stats().tokens[MODEL];
    assert_eq!(
        told.completion, 7,
        "only the stream without [DONE] told its tokens"
    );
}

#[tokio::test]
async fn what_hangs_and_stalls_waits_for_its_release() {
    let llm = start().await;
    llm.answer(Answer::text(TEXT).piece_chars(4));
    for effect in [Effect::Hang, Effect::Stall { after: 2 }] {
        llm.fault(Fault::once(effect));
        let asked = question("a", true);
        let test = async {
            llm.wait_for(Condition::Held { count: 1 }, SOON).await.unwrap();
            llm.release_all();
        };
        let (events, ()) = tokio::join!(events(&llm, &asked), test);
        assert_eq!(joined(&chunks(&events), "/choices/0/delta/content"), TEXT);
    }
}

#[tokio::test]
async fn answers_can_be_none() {
    let llm = start().await;
    llm.answer(Answer::text(TEXT).call("f", "{}"));
    let asked = question("a", true);
    for (effect, content, reasoning) in [
        (Effect::Empty, "", ""),
        (Effect::ReasoningOnly, "", TEXT),
        (
            Effect::ThinkMarkup { closed: true },
            "<longcat_think>what to say?</longcat_think>\n\nAn answer in several pieces.",
            "",
        ),
        (
            Effect::ThinkMarkup { closed: false },
            "<longcat_think>what to say? An answer in several pieces.",
            "",
        ),
    ] {
        llm.fault(Fault::once(effect));
        let chunks = chunks(&events(&llm, &asked).await);
        assert_eq!(joined(&chunks, "/choices/0/delta/content"), content);
        assert_eq!(joined(&chunks, "/choices/0/delta/reasoning_content"), reasoning);
    }
    llm.fault(Fault::once(Effect::NullNames));
    let streamed = chunks(&events(&llm, &asked).await);
    assert_eq!(
        joined(&streamed, "/choices/0/delta/tool_calls/0/function/name"),
        ""
    );
    let finish = Effect::Finish {
        reason: "content_filter".to_owned(),
    };
    llm.fault(Fault::once(finish));
    let streamed = chunks(&events(&llm, &asked).await);
    assert_eq!(joined(&streamed, "/choices/0/finish_reason"), "content_filter");
    llm.fault(Fault::once(Effect::Padding { bytes: 5_000 }));
    let padded = text(ask(&llm, &asked).await.unwrap()).await.unwrap();
    assert!(padded.len() > 5_000);
}
