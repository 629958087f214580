//! The control API: all of it over HTTP.

use frontdesk_fake_llm::FakeLlm;
use serde_json::{Value, json};

use crate::common::{chunks, events, joined, plain, question, send, start, text};

async fn control(llm: &FakeLlm, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/fake/{path}", llm.url());
    let response = send(method, url, "", &body).await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&text(response).await.unwrap()).unwrap(),
    )
}

async fn ok(llm: &FakeLlm, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = control(llm, method, path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn answers_and_faults_are_set_and_cleared() {
    let llm = start().await;
    let answer = json!({"text": "From 5,000 EUR.", "user_says": "price", "times": 1, "usage": "finish",
                        "calls": [{"name": "f", "arguments": "{}"}], "hold": {"after_pieces": 0}});
    let answer = ok(&llm, "POST", "answers", answer).await;
    assert_eq!(answer, json!({"id": 1}));
    let fault = json!({"effect": "too_many_requests", "retry_after": 3, "told": "body", "user_says": "busy"});
    assert_eq!(ok(&llm, "POST", "faults", fault).await, json!({"id": 1}));
    assert_eq!(plain(&llm, &question("busy?", false)).await.0, 429);
    let asked = question("price?", true);
    let test = async {
        ok(&llm, "POST", "wait", json!({"until": "held", "count": 1})).await;
        let calls = ok(&llm, "GET", "calls?after=1&model=LongCat-2.0", Value::Null).await;
        assert_eq!(calls[0]["outcome"]["held"], true);
        assert_eq!(
            ok(&llm, "POST", "release?call=2", Value::Null).await,
            json!({"released": 1})
        );
    };
    let (events, ()) = tokio::join!(events(&llm, &asked), test);
    assert_eq!(
        joined(&chunks(&events), "/choices/0/delta/content"),
        "From 5,000 EUR."
    );
    ok(&llm, "POST", "wait", json!({"until": "ended", "count": 2})).await;
    ok(&llm, "POST", "wait", json!({"until": "idle"})).await;
    let stats = ok(&llm, "GET", "stats", Value::Null).await;
    assert_eq!((&stats["calls"], &stats["faults_hit"]), (&json!(2), &json!(1)));
    assert_eq!(ok(&llm, "GET", "answers", Value::Null).await[0]["given"], 1);
    assert_eq!(ok(&llm, "GET", "faults", Value::Null).await[0]["hit"], 1);
    ok(&llm, "DELETE", "answers?id=1", Value::Null).await;
    ok(&llm, "DELETE", "faults", Value::Null).await;
    assert_eq!(ok(&llm, "GET", "answers", Value::Null).await, json!([]));
    assert_eq!(ok(&llm, "GET", "faults", Value::Null).await, json!([]));
    ok(&llm, "POST", "reset", Value::Null).await;
    assert_eq!(ok(&llm, "GET", "calls", Value::Null).await, json!([]));
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let llm = start().await;
    for (method, path, body, status) in [
        ("POST", "answers", json!({"txt": "a slip"}), 400),
        ("POST", "faults", json!({"effect": "nonsense"}), 400),
        ("POST", "release?call=x", json!(null), 400),
        ("GET", "nothing", json!(null), 404),
        ("DELETE", "calls", json!(null), 404),
        ("PUT", "answers", json!(null), 404),
        (
            "POST",
            "wait",
            json!({"until": "calls", "count": 1, "timeout_ms": 1}),
            408,
        ),
    ] {
        let (seen, answer) = control(&llm, method, path, body).await;
        assert_eq!(seen, status, "{path}: {answer}");
        assert!(answer["error"].is_string());
    }
}
