//! A Bot API of one script: each connection is answered as the next step says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use frontdesk_telegram::{BotToken, TelegramClient, TelegramMessenger, TelegramPoller, TelegramSettings};
use serde_json::Value;

pub const SECRET_HALF: &str = "AAE_d-0123456789abcdefghijklmnopqrs";

/// What a connection does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads the request, answers with a status, headers and a body, and closes.
    Answer(u16, &'static str, String),
    /// Closes before it reads the request's body.
    DropUnread,
    /// Reads the request and closes.
    DropRead,
    /// Answers with less of the body than announced.
    Cut(u16, String),
    /// Reads the request and says nothing until the client goes.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: String,
    pub body: Value,
}

pub struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers one connection per step, then no more.
    pub fn start(steps: impl IntoIterator<Item = Step>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut steps: VecDeque<Step> = steps.into_iter().collect();
        thread::spawn(move || {
            while let Some(step) = steps.pop_front() {
                let (stream, _) = listener.accept().unwrap();
                serve(stream, &step, &seen);
            }
        });
        Server { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn settings(&self) -> TelegramSettings {
        let token = BotToken::parse(&format!("8012345678:{SECRET_HALF}"))
            .ok()
            .unwrap();
        let mut settings = TelegramSettings::new(token);
        settings.api_url.clone_from(&self.url);
        settings.call_timeout = Duration::from_millis(700);
        settings.poll_slack = Duration::from_millis(700);
        settings
    }

    pub fn client(&self) -> TelegramClient {
        TelegramClient::new(self.settings(), slog::Logger::root(slog::Discard, slog::o!())).unwrap()
    }

    pub fn messenger(&self) -> TelegramMessenger {
        TelegramMessenger::new(self.client())
    }

    pub fn poller(&self) -> TelegramPoller {
        TelegramPoller::new(self.client())
    }
}

fn serve(mut stream: TcpStream, step: &Step, seen: &Mutex<Vec<Request>>) {
    if matches!(step, Step::DropUnread) {
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") {
        if reader.read_line(&mut headers).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = headers
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    seen.lock().unwrap().push(Request {
        path: headers.split(' ').nth(1).unwrap_or_default().to_owned(),
        // A download has no body.
        body: if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).unwrap()
        },
        headers,
    });
    let (status, more, text, announced) = match step {
        Step::Answer(status, more, text) => (status, *more, text, text.len()),
        Step::Cut(status, text) => (status, "", text, text.len() + 10),
        Step::Hang => {
            // Until the client gives up.
            let _end = reader.read(&mut [0]);
            return;
        }
        Step::DropUnread | Step::DropRead => return,
    };
    let head =
        format!("HTTP/1.1 {status} x\r\nContent-Length: {announced}\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
}

/// A log that is kept as text.
#[derive(Clone, Default)]
pub struct KeptLog(pub Arc<Mutex<String>>);

impl slog::Drain for KeptLog {
    type Ok = ();
    type Err = slog::Never;
    fn log(&self, record: &slog::Record<'_>, _values: &slog::OwnedKVList) -> Result<(), slog::Never> {
        struct Fields<'a>(&'a mut String);
        impl slog::Serializer for Fields<'_> {
            fn emit_arguments(&mut self, key: slog::Key, value: &std::fmt::Arguments<'_>) -> slog::Result {
                use std::fmt::Write;
                Ok(write!(self.0, " {key}={value}")?)
            }
        }
        let mut kept = self.0.lock().unwrap();
        kept.push_str(&record.msg().to_string());
        slog::KV::serialize(&record.kv(), record, &mut Fields(&mut kept)).unwrap();
        kept.push('\n');
        Ok(())
    }
}
