//! What the tests share: a client of the fake.

use std::time::Duration;

use bytes::Bytes;
use frontdesk_fake_llm::{Config, FakeLlm};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Long enough for a busy machine; nothing waits for it when all is well.
pub const SOON: Duration = Duration::from_secs(10);

pub const MODEL: &str = "LongCat-2.0";

pub async fn start() -> FakeLlm {
    FakeLlm::start(Config::default()).await.unwrap()
}

/// A request for an answer to this question, with thinking off.
pub fn question(text: &str, stream: bool) -> Value {
    json!({
        "model": MODEL,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}],
        "max_tokens": 500,
        "thinking": {"type": "disabled"},
        "stream": stream,
        "stream_options": {"include_usage": true},
    })
}

/// Sends anything with a key; `None` where no answer came.
pub async fn send(method: &str, url: String, key: &str, body: &Value) -> Option<hyper::Response<Incoming>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {key}"))
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    client.request(request).await.ok()
}

/// Asks as the documentation says; `None` where no answer came.
pub async fn ask(llm: &FakeLlm, body: &Value) -> Option<hyper::Response<Incoming>> {
    let url = format!("{}/v1/chat/completions", llm.api_url());
    send("POST", url, llm.key(), body).await
}

/// The whole body of an answer; `None` where it breaks off.
pub async fn text(response: hyper::Response<Incoming>) -> Option<String> {
    let body = response.into_body().collect().await.ok()?.to_bytes();
    Some(String::from_utf8(body.to_vec()).unwrap())
}

/// Status and JSON of an answer that comes as a whole.
pub async fn plain(llm: &FakeLlm, body: &Value) -> (u16, Value) {
    let response = ask(llm, body).await.unwrap();
    let status = response.status().as_u16();
    let text = text(response).await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The data of a stream's events.
pub async fn events(llm: &FakeLlm, body: &Value) -> Vec<String> {
    let response = ask(llm, body).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    data(&text(response).await.unwrap())
}

pub fn data(stream: &str) -> Vec<String> {
    stream
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(str::to_owned)
        .collect()
}

/// The chunks of a stream, without `[DONE]`.
pub fn chunks(events: &[String]) -> Vec<Value> {
    events
        .iter()
        .filter(|event| *event != "[DONE]")
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

/// The texts at this path of each chunk, joined.
pub fn joined(chunks: &[Value], path: &str) -> String {
    chunks
        .iter()
        .filter_map(|chunk| chunk.pointer(path).and_then(Value::as_str))
        .collect()
}
