//! Error monitoring: lines at level error, and panics, go to the service that SENTRY_DSN names.
//!
//! What leaves is what a line says in its own fixed words, where in the code it is, and the fields in
//! [`FIELDS`]: ids and kinds. Everything else stays: texts of errors may quote what was refused, a
//! panic's message may quote anything, and lines of libraries say what they like.

use slog::{Drain, KV as _, Key, Level, Never, OwnedKVList, Record, Serializer};
use std::fmt;

/// Fields that may leave, by name.
pub(crate) const FIELDS: &[&str] = &[
    "attempt",
    "bot_id",
    "conversation_id",
    "job_id",
    "kind",
    "lane_kind",
    "lead_id",
    "library",
    "loop",
    "queue",
    "seq",
    "source",
    "update_id",
];

/// What may be told of one line.
#[cfg_attr(
    not(feature = "sentry"),
    expect(dead_code, reason = "there is nobody to tell")
)]
struct Told {
    message: &'static str,
    module: &'static str,
    place: String,
    fields: Vec<(&'static str, String)>,
}

impl Told {
    fn of(record: &Record<'_>, values: &OwnedKVList) -> Told {
        let mut fields = Fields(Vec::new());
        // The collector takes whatever it is given and never fails.
        let told = values
            .serialize(record, &mut fields)
            .and_then(|()| record.kv().serialize(record, &mut fields));
        debug_assert!(told.is_ok());
        Told {
            // Words with arguments in them are not fixed.
            message: record.msg().as_str().unwrap_or("an error; the log has its words"),
            module: record.module(),
            place: format!("{}:{}", record.file(), record.line()),
            fields: fields.0,
        }
    }
}

/// Keeps the fields that may leave.
struct Fields(Vec<(&'static str, String)>);

impl Serializer for Fields {
    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        if let Some(name) = FIELDS.iter().find(|name| **name == key) {
            self.0.push((name, value.to_string()));
        }
        Ok(())
    }
}

/// A drain, and beside it the monitor, if there is one.
pub(crate) struct Monitored<D> {
    pub drain: D,
    pub monitor: Option<Monitor>,
}

impl<D: Drain<Ok = (), Err = Never>> Drain for Monitored<D> {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, values: &OwnedKVList) -> Result<(), Never> {
        if let Some(monitor) = &self.monitor
            && record.level().is_at_least(Level::Error)
        {
            monitor.tell(Told::of(record, values));
        }
        self.drain.log(record, values)
    }
}

#[cfg(feature = "sentry")]
pub(crate) use with_sentry::Monitor;
#[cfg(not(feature = "sentry"))]
pub(crate) use without::Monitor;

#[cfg(feature = "sentry")]
mod with_sentry {
    use sentry::protocol::{Event, Level};
    use sentry::transports::UreqHttpTransportOptions;
    use sentry::{Client, ClientOptions, Transport, TransportFactory, TransportOptions};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::Told;
    use crate::failure::Failure;
    use crate::settings::Secret;

    /// One report takes no longer; the service is told of errors, nobody waits for it.
    const REPORT_LIMIT: Duration = Duration::from_secs(5);

    /// Who is told. Clones tell the same service.
    #[derive(Clone)]
    pub(crate) struct Monitor {
        client: Arc<Client>,
        program: &'static str,
    }

    struct Reports;

    impl TransportFactory for Reports {
        fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
            let agent = ureq::Agent::config_builder()
                .timeout_global(Some(REPORT_LIMIT))
                .max_redirects(0)
                .build()
                .new_agent();
            Arc::new(UreqHttpTransportOptions::from(options).with_agent(agent).build())
        }
    }

    impl Monitor {
        /// Starts to tell, of panics too.
        pub fn start(dsn: &Secret, program: &'static str) -> Result<Monitor, Failure> {
            let dsn = dsn.expose().parse().map_err(|error| {
                // The library's words do not repeat the value.
                Failure::Usage(format!("SENTRY_DSN: the value will not do: {error}"))
            })?;
            let mut options = ClientOptions::new()
                .release(concat!("frontdesk@", env!("CARGO_PKG_VERSION")))
                .default_integrations(false);
            options.dsn = Some(dsn);
            options.transport = Some(Arc::new(Reports));
            let monitor = Monitor {
                client: Arc::new(Client::with_options(options)),
                program,
            };
            monitor.clone().watch_panics();
            Ok(monitor)
        }

        pub(super) fn tell(&self, told: Told) {
            let mut event = Event::new();
            event.level = Level::Error;
            event.message = Some(told.message.to_owned());
            event.logger = Some(told.module.to_owned());
            event.culprit = Some(told.place);
            event.tags = told
                .fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            self.send(event);
        }

        fn send(&self, mut event: Event<'static>) {
            event.tags.insert("program".to_owned(), self.program.to_owned());
            self.client.capture_event(event, None);
        }

        fn watch_panics(self) {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                let mut event = Event::new();
                event.level = Level::Fatal;
                event.message = Some("a panic; the log has its words".to_owned());
                event.culprit = panic
                    .location()
                    .map(|location| format!("{}:{}", location.file(), location.line()));
                self.send(event);
                before(panic);
            }));
        }

        /// Waits until what was told has left, no longer than `limit`.
        pub fn flush(self, limit: Duration) {
            let (done, flushed) = mpsc::channel();
            // On a thread of its own: a service that takes nothing could hold up the flush itself.
            std::thread::spawn(move || {
                self.client.flush(Some(limit));
                // Nobody listens any more if the limit is over.
                if done.send(()).is_err() {}
            });
            // Whether it was in time changes nothing any more.
            if flushed.recv_timeout(limit).is_err() {}
        }
    }
}

#[cfg(not(feature = "sentry"))]
mod without {
    use std::convert::Infallible;
    use std::time::Duration;

    use super::Told;
    use crate::failure::Failure;
    use crate::settings::Secret;

    /// Nobody: this build cannot.
    #[derive(Clone)]
    pub(crate) struct Monitor(Infallible);

    impl Monitor {
        pub fn start(_: &Secret, _: &'static str) -> Result<Monitor, Failure> {
            Err(Failure::Usage(
                "SENTRY_DSN: this build has no error monitoring: expected none, or a build with the feature `sentry`"
                    .to_owned(),
            ))
        }

        pub(super) fn tell(&self, _: Told) {
            match self.0 {}
        }

        pub fn flush(self, _: Duration) {
            match self.0 {}
        }
    }
}

#[cfg(all(test, feature = "sentry"))]
#[expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
mod tests {
    use super::*;
    use slog::{Logger, o};
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Mutex, mpsc};
    use std::time::Duration;

    const LIMIT: Duration = Duration::from_secs(20);

    /// Takes reports on a port of its own; gives head and body of each.
    fn receiver() -> (std::net::SocketAddr, mpsc::Receiver<(String, String)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, received) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(request) = stream.ok().and_then(request) else {
                    continue;
                };
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        (addr, received)
    }

    fn request(mut stream: TcpStream) -> Option<(String, String)> {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse::<usize>().ok())?
                })?;
                if body.len() >= length {
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
                    stream.write_all(answer.as_bytes()).ok()?;
                    return Some((head.to_owned(), body.to_owned()));
                }
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// The event in an envelope: headers, an item's head, the item.
    fn event(body: &str) -> serde_json::Value {
        let event = body
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find(|line| line.get("message").is_some());
        event.unwrap_or_else(|| panic!("no event: {body}"))
    }

    #[test]
    fn errors_and_panics_arrive_with_ids_and_without_words() {
        let (addr, received) = receiver();
        let dsn = crate::settings::Secret::new(format!("http://the-key@{addr}/7"));
        let Ok(monitor) = Monitor::start(&dsn, "frontdesk-worker") else {
            panic!("the DSN is refused")
        };
        let drain = Monitored {
            drain: slog::Discard,
            monitor: Some(monitor.clone()),
        };
        let log = Logger::root(Mutex::new(drain).fuse(), o!("bot_id" => 12));
        slog::warn!(log, "not an error"; "job_id" => 1);
        slog::error!(log, "a job was given up"; "job_id" => 77, "chat" => 4_242_424_242_u64,
            "error" => "how much is a devops audit?");
        let (head, body) = received.recv_timeout(LIMIT).unwrap();
        assert!(head.starts_with("POST /api/7/envelope/"), "{head}");
        assert!(head.contains("the-key"), "{head}");
        let told = event(&body);
        assert_eq!(told["message"], "a job was given up");
        assert_eq!(
            told["tags"],
            serde_json::json!({"bot_id": "12", "job_id": "77", "program": "frontdesk-worker"})
        );
        assert!(
            told["culprit"].as_str().unwrap().contains("monitoring.rs:"),
            "{told}"
        );

        // Known at run time only: a literal would be folded into the fixed words by the compiler.
        let words = String::from("my broken server");
        slog::error!(log, "about {}", words.as_str());
        let (_, spoken) = received.recv_timeout(LIMIT).unwrap();
        assert_eq!(event(&spoken)["message"], "an error; the log has its words");

        let panicked = std::panic::catch_unwind(|| panic!("call me at +12025550123"));
        assert!(panicked.is_err());
        let (_, panic) = received.recv_timeout(LIMIT).unwrap();
        let told = event(&panic);
        assert_eq!(told["level"], "fatal");
        assert!(
            told["culprit"].as_str().unwrap().contains("monitoring.rs:"),
            "{told}"
        );
        for body in [&body, &spoken, &panic] {
            for word in ["audit", "4242424242", "+12025550123", "broken server"] {
                assert!(!body.contains(word), "{word} in {body}");
            }
        }
        monitor.flush(LIMIT);
        assert!(received.try_recv().is_err(), "the warning stayed here");
    }

    #[test]
    fn a_service_that_takes_nothing_holds_nobody_up() {
        // Accepts no connection: the system's queue takes it, and nobody answers.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let dsn = crate::settings::Secret::new(format!("http://key@{addr}/7"));
        let Ok(monitor) = Monitor::start(&dsn, "frontdesk") else {
            panic!("the DSN is refused")
        };
        let drain = Monitored {
            drain: slog::Discard,
            monitor: Some(monitor.clone()),
        };
        let log = Logger::root(Mutex::new(drain).fuse(), o!());
        for _ in 0..100 {
            slog::error!(log, "again and again");
        }
        let started = std::time::Instant::now();
        monitor.flush(Duration::from_millis(200));
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
    }
}
