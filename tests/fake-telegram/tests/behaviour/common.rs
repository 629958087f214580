//! What the tests share: a bot that calls the fake, and a webhook server with answers by script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use frontdesk_fake_telegram::{Config, FakeTelegram};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Long enough for a busy machine; nothing waits for it when all is well.
pub const SOON: Duration = Duration::from_secs(10);

/// Posts JSON anywhere; status and body, or `None` where the connection was cut.
pub async fn post(url: String, body: Bytes) -> Option<(u16, Bytes)> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(url)
        .header("content-type", "application/json")
        .body(Full::new(body))
        .unwrap();
    let response = client.request(request).await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.into_body().collect().await.ok()?.to_bytes()))
}

/// Calls a method of the Bot API.
pub async fn call(telegram: &FakeTelegram, method: &str, params: Value) -> Option<(u16, Value)> {
    let url = format!("{}/bot{}/{method}", telegram.url(), telegram.token());
    let (status, body) = post(url, params.to_string().into()).await?;
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// The result of a call that works.
pub async fn result(telegram: &FakeTelegram, method: &str, params: Value) -> Value {
    let (status, body) = call(telegram, method, params).await.unwrap();
    assert_eq!(status, 200, "{body}");
    body["result"].clone()
}

/// Status and description of a refusal.
pub async fn refusal(telegram: &FakeTelegram, method: &str, params: Value) -> (u16, String) {
    let (status, body) = call(telegram, method, params).await.unwrap();
    (
        status,
        body["description"].as_str().unwrap_or_default().to_owned(),
    )
}

/// The texts of the updates a getUpdates gives.
pub fn texts(updates: &Value) -> Vec<String> {
    let all = updates.as_array().unwrap().iter();
    all.map(|update| update["message"]["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A webhook server: answers by script, then 200; keeps what it got.
pub struct Door {
    pub url: String,
    got: Got,
    script: Arc<Mutex<VecDeque<Reply>>>,
    _tasks: JoinSet<()>,
}

/// One scripted answer.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<&'static str>,
    pub body: String,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            body: String::new(),
        }
    }
}

impl Door {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Got::default();
        let script: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, Arc::clone(&got), Arc::clone(&script)));
        Self {
            url,
            got,
            script,
            _tasks: tasks,
        }
    }

    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().extend(replies);
    }

    pub fn got(&self) -> Vec<(Value, Option<String>)> {
        self.got.lock().unwrap().clone()
    }

    pub fn texts(&self) -> Vec<String> {
        let got = self.got();
        got.iter()
            .map(|(update, _)| update["message"]["text"].as_str().unwrap_or("-").to_owned())
            .collect()
    }
}

/// Each update with the secret that came with it.
type Got = Arc<Mutex<Vec<(Value, Option<String>)>>>;

async fn serve(listener: TcpListener, got: Got, script: Arc<Mutex<VecDeque<Reply>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (got, script) = (Arc::clone(&got), Arc::clone(&script));
        connections.spawn(async move {
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let (got, script) = (Arc::clone(&got), Arc::clone(&script));
                async move {
                    let secret = request.headers().get("x-telegram-bot-api-secret-token");
                    let secret = secret.and_then(|secret| secret.to_str().ok()).map(str::to_owned);
                    let body = request.into_body().collect().await?.to_bytes();
                    let update = serde_json::from_slice(&body).unwrap_or(json!(null));
                    got.lock().unwrap().push((update, secret));
                    let reply = script
                        .lock()
                        .unwrap()
                        .pop_front()
                        .unwrap_or_else(|| Reply::status(200));
                    let mut response = Response::builder().status(reply.status);
                    if let Some(after) = reply.retry_after {
                        response = response.header("retry-after", after);
                    }
                    Ok::<_, hyper::Error>(response.body(Full::new(Bytes::from(reply.body))).unwrap())
                }
            });
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

/// A fake with the private chat 42.
pub async fn with_chat() -> FakeTelegram {
    let telegram = FakeTelegram::start(Config::default()).await.unwrap();
    telegram.open_chat(42);
    telegram
}

pub fn to_42(text: &str) -> Value {
    json!({"chat_id": 42, "text": text})
}
