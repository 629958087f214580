//! Answers: the dialect, the script, and the record of both.

use frontdesk_fake_llm::{Answer, Condition, End, Hold, Tokens, UsagePlace, key_hash};
use serde_json::{Value, json};

use crate::common::{MODEL, SOON, ask, chunks, events, joined, plain, question, send, start, text};

#[tokio::test]
async fn a_stream_speaks_the_dialect() {
    let llm = start().await;
    llm.answer(
        Answer::text("From 5,000 €.")
            .reasoning("hm")
            .call("hand_over", "{\"why\": \"asked\"}"),
    );
    let events = events(&llm, &question("price?", true)).await;
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
    let chunks = chunks(&events);
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(joined(&chunks, "/choices/0/delta/content"), "From 5,000 €.");
    assert_eq!(joined(&chunks, "/choices/0/delta/reasoning_content"), "hm");
    let function = "/choices/0/delta/tool_calls/0/function";
    assert_eq!(joined(&chunks, &format!("{function}/name")), "hand_over");
    assert_eq!(
        joined(&chunks, &format!("{function}/arguments")),
        "{\"why\": \"asked\"}"
    );
    let more = chunks.iter().filter(|chunk| {
        chunk
            .pointer(function)
            .is_some_and(|function| function["arguments"] != "")
    });
    for chunk in more {
        let call = &chunk["choices"][0]["delta"]["tool_calls"][0];
        assert!(call["id"].is_null() && call["function"]["name"].is_null());
        assert!(call.get("id").is_some(), "null, not left out");
    }
    assert_eq!(joined(&chunks, "/choices/0/finish_reason"), "tool_calls");
    let trailing = chunks.last().unwrap();
    assert_eq!(trailing["choices"], json!([]));
    // 9 + 6 characters are 3 + 2 tokens; the answer's parts are 13, 2, 9 and 16 characters.
    assert_eq!(
        trailing["usage"],
        json!({"prompt_tokens": 5, "completion_tokens": 12, "total_tokens": 17,
               "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 1}})
    );
}

#[tokio::test]
async fn usage_is_where_the_script_puts_it() {
    for (place, at) in [
        (UsagePlace::Trailing, vec![false, true]),
        (UsagePlace::Finish, vec![true]),
        (UsagePlace::FinishThenNull, vec![true, false]),
        (UsagePlace::Twice, vec![true, true]),
        (UsagePlace::Nowhere, vec![false]),
    ] {
        let llm = start().await;
        llm.answer(Answer::text("Yes.").usage(place));
        let chunks = chunks(&events(&llm, &question("?", true)).await);
        let finish = chunks
            .iter()
            .position(|chunk| !chunk["choices"][0]["finish_reason"].is_null());
        let told: Vec<bool> = chunks[finish.unwrap()..]
            .iter()
            .map(|chunk| chunk["usage"].is_object())
            .collect();
        assert_eq!(told, at, "{place:?}");
        let total = llm.stats().tokens.get(MODEL).copied();
        assert_eq!(total.is_some(), place != UsagePlace::Nowhere);
    }
}

#[tokio::test]
async fn without_a_script_it_says_what_it_was_told() {
    let llm = start().await;
    let (status, body) = plain(&llm, &question("hello", false)).await;
    assert_eq!(status, 200);
    assert_eq!(body["choices"][0]["message"]["content"], "You wrote: hello");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let mut thinking = question("hello", false);
    thinking["thinking"] = Value::Null;
    let (_, body) = plain(&llm, &thinking).await;
    assert!(
        body["choices"][0]["message"]["reasoning_content"].is_string(),
        "{body}"
    );
    let mut short = question("hello", false);
    short["max_tokens"] = json!(2);
    let (_, body) = plain(&llm, &short).await;
    assert_eq!(body["choices"][0]["message"]["content"], "You wrot");
    assert_eq!(body["choices"][0]["finish_reason"], "length");
}

#[tokio::test]
async fn answers_are_chosen_by_what_was_asked_and_in_order() {
    let llm = start().await;
    llm.answer(Answer::text("cheap").when_user_says("price").times(1));
    llm.answer(Answer::text("other").model("LongCat-2.5-Preview"));
    llm.then_say("one");
    llm.then_say("two");
    let mut said = Vec::new();
    for text in ["a price", "a price", "b", "c"] {
        let (_, body) = plain(&llm, &question(text, false)).await;
        said.push(
            body["choices"][0]["message"]["content"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(said, ["cheap", "one", "two", "You wrote: c"]);
    let mut other = question("d", false);
    other["model"] = json!("LongCat-2.5-Preview");
    assert_eq!(
        plain(&llm, &other).await.1["choices"][0]["message"]["content"],
        "other"
    );
    let given: Vec<u64> = llm.answers().iter().map(|active| active.given).collect();
    assert_eq!(given, [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_request_is_read_as_strictly_as_the_providers() {
    let llm = start().await;
    let with = |field: &str, value: Value| {
        let mut body = question("hello", false);
        body[field] = value;
        body
    };
    for body in [
        json!(7),
        with("model", json!("longcat-2.0")),
        with("model", Value::Null),
        with("messages", json!([])),
        with("messages", json!([{"role": "tool", "content": "x"}])),
        with(
            "messages",
            json!([{"role": "user", "content": [{"type": "text", "text": "x"}]}]),
        ),
        with("stop", json!(["\n"])),
        with("reasoning_effort", json!("low")),
    ] {
        let (status, answer) = plain(&llm, &body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
    let url = format!("{}/v1/chat/completions", llm.url());
    let refused = send("POST", url, "ak_another", &question("hello", false))
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
    let models = send(
        "GET",
        format!("{}/v1/models", llm.api_url()),
        llm.key(),
        &Value::Null,
    )
    .await;
    let models: Value = serde_json::from_str(&text(models.unwrap()).await.unwrap()).unwrap();
    assert_eq!(models["data"][1]["id"], "LongCat-2.5-Preview");
    let one = send(
        "GET",
        format!("{}/v1/models/nothing", llm.url()),
        llm.key(),
        &Value::Null,
    )
    .await;
    assert_eq!(one.unwrap().status(), 404);
}

#[tokio::test]
async fn the_record_has_everything_but_the_key() {
    let llm = start().await;
    let told = Tokens {
        prompt: 9,
        cached: 4,
        completion: 3,
        reasoning: 0,
    };
    let id = llm.answer(Answer::text("Yes.").tokens(told));
    let asked = question("hello", true);
    let body = text(ask(&llm, &asked).await.unwrap()).await.unwrap();
    let calls = llm.calls();
    let call = &calls[0];
    assert_eq!((call.counter, call.model.as_str(), call.stream), (1, MODEL, true));
    assert_eq!(call.path, "/openai/v1/chat/completions");
    assert_eq!(call.body, asked);
    assert_eq!(call.key_hash, Some(key_hash(llm.key())));
    assert_eq!(call.outcome.status, Some(200));
    assert_eq!(call.outcome.answer, Some(id));
    assert_eq!(call.outcome.tokens, Some(told));
    assert_eq!(call.outcome.bytes, body.len() as u64);
    assert_eq!(call.outcome.end, Some(End::Answered));
    assert!(!serde_json::to_string(&calls).unwrap().contains(llm.key()));
    assert_eq!(llm.stats().tokens[MODEL], told);
    llm.reset();
    assert!(llm.calls().is_empty());
    plain(&llm, &question("again", false)).await;
    assert_eq!(llm.calls()[0].counter, 2, "counters go on");
}

#[tokio::test]
async fn what_is_held_goes_on_when_it_is_released() {
    let llm = start().await;
    llm.answer(Answer::text("Yes.").hold(Hold::BeforeFirstByte).times(1));
    llm.answer(
        Answer::text("No.")
            .piece_chars(1)
            .hold(Hold::AfterPieces(2))
            .times(1),
    );
    let (first, second) = (question("a", true), question("b", true));
    let calls = async { tokio::join!(events(&llm, &first), events(&llm, &second)) };
    let test = async {
        llm.wait_for(Condition::Held { count: 2 }, SOON).await.unwrap();
        assert_eq!(llm.stats().in_flight_at_most, 2);
        let late = llm
            .calls()
            .into_iter()
            .find(|call| call.outcome.status.is_none())
            .unwrap();
        assert_eq!(late.outcome.bytes, 0, "nothing came of the one");
        let begun = llm
            .calls()
            .into_iter()
            .find(|call| call.counter != late.counter)
            .unwrap();
        assert!(begun.outcome.bytes > 0, "something came of the other");
        assert!(llm.release(late.counter));
        assert!(!llm.release(late.counter), "once is enough");
        assert_eq!(llm.release_all(), 1);
        llm.wait_for(Condition::Idle, SOON).await.unwrap();
    };
    let ((first, second), ()) = tokio::join!(calls, test);
    let mut said = [first, second].map(|events| joined(&chunks(&events), "/choices/0/delta/content"));
    said.sort();
    assert_eq!(said, ["No.", "Yes."]);
}

#[tokio::test]
async fn a_client_that_goes_is_seen() {
    let llm = start().await;
    for hold in [Hold::BeforeFirstByte, Hold::AfterPieces(1)] {
        llm.reset();
        llm.answer(Answer::text("a longer answer").hold(hold));
        let asked = question("a", true);
        let call = async {
            let response = ask(&llm, &asked).await.unwrap();
            text(response).await
        };
        tokio::select! {
            held = llm.wait_for(Condition::Held { count: 1 }, SOON) => held.unwrap(),
            body = call => panic!("{body:?}"),
        }
        llm.wait_for(Condition::Gone { count: 1 }, SOON).await.unwrap();
        assert_eq!(llm.calls()[0].outcome.end, Some(End::ClientGone));
        assert_eq!(llm.stats().in_flight, 0);
    }
}
