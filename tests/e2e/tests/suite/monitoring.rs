//! Errors are told where SENTRY_DSN says, before the program ends, with ids and without words.

use std::time::Duration;

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE};
use frontdesk_fake_telegram::{Effect, Fault};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::conversation::Client;
use crate::within_seconds;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const CHAT: i64 = 4_503_599_627_370_711;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_told_before_the_end() {
    within_seconds(60, async {
        let Some(mut desk) = Desk::new(Backend::Sqlite, Mode::Webhook).await else {
            return;
        };
        let (address, mut reports) = receiver().await;
        desk.set("SENTRY_DSN", &format!("http://{KEY}@{address}/42"));
        let mut running = desk.start().await;
        Client::new(&desk, CHAT).says("/start").await;
        let refusal = Effect::Refuse {
            code: 400,
            description: "Bad Request: the moon is too bright".to_owned(),
        };
        desk.telegram
            .fault(Fault::new(refusal).method("sendMessage").times(1));
        desk.telegram.user_text(CHAT, "how much is a devops audit?");
        running.program.logged("a call failed").await;
        let ended = running.stop().await.fine();
        assert!(!ended.stderr.contains(KEY), "{}", ended.stderr);

        // It was told before the program ended: nothing is waited for here.
        let mut told = Vec::new();
        while let Ok(report) = reports.try_recv() {
            assert!(report.head.starts_with("POST /api/42/envelope/"), "{report:?}");
            assert!(report.head.contains(KEY), "{report:?}");
            for word in ["audit", "moon", &CHAT.to_string(), "e2e-token"] {
                assert!(!report.body.contains(word), "{word}: {report:?}");
            }
            told.extend(report.event());
        }
        let Some(event) = told.iter().find(|event| event["message"] == "a call failed") else {
            panic!("not told: {told:#?}\n{}", ended.stderr)
        };
        assert_eq!(event["tags"]["program"], "frontdesk");
        assert_eq!(event["tags"]["bot_id"], "7000001");
        assert_eq!(event["tags"]["attempt"], "1");
        assert!(event["tags"]["seq"].is_string(), "{event:#}");
        assert!(
            event["release"]
                .as_str()
                .is_some_and(|release| release.starts_with("frontdesk@"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_gone_holds_up_nothing() {
    within_seconds(60, async {
        let Some(mut desk) = Desk::new(Backend::Sqlite, Mode::Webhook).await else {
            return;
        };
        // Connections are taken by the system and never answered.
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("its address");
        desk.set("SENTRY_DSN", &format!("http://{KEY}@{address}/42"));
        desk.set("SHUTDOWN_GRACE", "4s");
        let mut running = desk.start().await;
        let refusal = Effect::Refuse {
            code: 400,
            description: "Bad Request: no".to_owned(),
        };
        desk.telegram
            .fault(Fault::new(refusal).method("sendMessage").times(1));
        desk.telegram.user_text(CHAT, "/start");
        running.program.logged("a call failed").await;
        let asked = std::time::Instant::now();
        running.stop().await.fine();
        assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    })
    .await;
}

/// A report, as it came.
#[derive(Debug)]
struct Report {
    head: String,
    body: String,
}

impl Report {
    /// The event among the lines of the envelope.
    fn event(&self) -> Option<Value> {
        self.body
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| line.get("message").is_some())
    }
}

/// Takes reports on a port of its own.
async fn receiver() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<Report>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (sender, reports) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move { tokio::time::timeout(PATIENCE, requests(stream, sender)).await });
        }
    });
    (address, reports)
}

/// Answers the requests of one connection.
async fn requests(mut stream: TcpStream, sender: mpsc::UnboundedSender<Report>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let length = text.split_once("\r\n\r\n").and_then(|(head, _)| {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            lengths.next()?.1.trim().parse::<usize>().ok()
        });
        if let (Some((head, body)), Some(length)) = (text.split_once("\r\n\r\n"), length)
            && body.len() >= length
        {
            sender
                .send(Report {
                    head: head.to_owned(),
                    body: body[..length].to_owned(),
                })
                .ok()?;
            bytes.drain(..head.len() + 4 + length);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                .await
                .ok()?;
            continue;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
