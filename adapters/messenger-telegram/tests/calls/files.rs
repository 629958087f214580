//! Files come whole or not at all, and the token stays out of every text.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use frontdesk_core::port::{FileSource, FileSourceError};
use frontdesk_fake_telegram::{DOWNLOAD, Effect, FakeTelegram, Fault};
use frontdesk_telegram::{TelegramClient, TelegramFiles};

use crate::round_trip::{client_of, open_fake};
use crate::server::{SECRET_HALF, Server, Step};

const MEBIBYTE: usize = 1 << 20;

fn checked(error: FileSourceError) -> FileSourceError {
    let mut texts = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        texts = format!("{texts} {inner} {inner:?}");
        cause = inner.source();
    }
    assert!(!texts.contains(SECRET_HALF), "{texts}");
    error
}

/// Everything that comes of a file, and how it ends.
async fn read(files: &TelegramFiles, file_id: &str) -> (Vec<u8>, Result<(), FileSourceError>) {
    let mut all = Vec::new();
    let mut stream = match files.open(file_id).await {
        Ok(stream) => stream,
        Err(error) => return (all, Err(checked(error))),
    };
    loop {
        match stream.next().await {
            Ok(Some(bytes)) => all.extend(bytes),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(checked(error))),
        }
    }
}

async fn fails(files: &TelegramFiles, file_id: &str) -> FileSourceError {
    let (_, end) = read(files, file_id).await;
    end.unwrap_err()
}

/// Bytes that repeat nowhere soon.
fn some(count: usize) -> Vec<u8> {
    let mut state = 7_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(count)
    .collect()
}

fn files_of(telegram: &FakeTelegram) -> TelegramFiles {
    TelegramFiles::new(client_of(telegram))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_byte_for_byte() {
    let telegram = open_fake().await;
    let files = files_of(&telegram);
    for size in [1, 65_536, 3 * MEBIBYTE + 1, 20 * MEBIBYTE] {
        let bytes = some(size);
        let file = telegram.add_file("a.bin", "application/octet-stream", bytes.clone(), None);
        let stream = files.open(&file.file_id).await.unwrap();
        assert_eq!(stream.size_bytes(), Some(size as u64));
        drop(stream);
        let (came, end) = read(&files, &file.file_id).await;
        end.unwrap();
        assert!(came == bytes, "{size}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_big_is_never_read_to_its_end() {
    let telegram = open_fake().await;
    let files = files_of(&telegram);
    let honest = telegram.add_file("a", "x/y", some(20 * MEBIBYTE + 1), None);
    assert!(matches!(
        fails(&files, &honest.file_id).await,
        FileSourceError::TooBig
    ));
    assert_eq!(
        telegram
            .calls()
            .iter()
            .filter(|call| call.method == DOWNLOAD)
            .count(),
        0
    );
    let lying = telegram.add_file("a", "x/y", some(20 * MEBIBYTE + 1), Some(10));
    assert!(matches!(
        fails(&files, &lying.file_id).await,
        FileSourceError::TooBig
    ));
    // What claims more than it has is what it is.
    let boasting = telegram.add_file("a", "x/y", "few", Some(1_000));
    let (came, end) = read(&files, &boasting.file_id).await;
    end.unwrap();
    assert_eq!(came, b"few");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_fail_has_its_meaning() {
    let telegram = open_fake().await;
    let files = files_of(&telegram);
    let file = telegram.add_file("a", "x/y", some(MEBIBYTE), None);
    assert!(matches!(
        fails(&files, "no-such-file").await,
        FileSourceError::Gone(_)
    ));
    let refuse = |code| Effect::Refuse {
        code,
        description: "no".to_owned(),
    };
    for (effect, transient) in [
        (Effect::CutBody { after: 0 }, true),
        (Effect::CutBody { after: 100_000 }, true),
        (Effect::DropBefore, true),
        (Effect::BadGateway, true),
        (Effect::InternalError, true),
        (refuse(404), false),
        (refuse(403), false),
        (refuse(302), false),
    ] {
        telegram.fault(Fault::new(effect.clone()).method(DOWNLOAD).times(1));
        let error = fails(&files, &file.file_id).await;
        assert_eq!(error.is_transient(), transient, "{effect:?}: {error}");
    }
    telegram.fault(
        Fault::new(Effect::TooManyRequests { retry_after: 7 })
            .method(DOWNLOAD)
            .times(1),
    );
    match fails(&files, &file.file_id).await {
        FileSourceError::RateLimited { retry_after } => assert_eq!(retry_after.as_secs(), 7),
        other => panic!("{other}"),
    }
    telegram.fault(
        Fault::new(Effect::TooManyRequests { retry_after: 8 })
            .method("getFile")
            .times(1),
    );
    assert!(matches!(
        fails(&files, &file.file_id).await,
        FileSourceError::RateLimited { .. }
    ));
    let (came, end) = read(&files, &file.file_id).await;
    end.unwrap();
    assert_eq!(came.len(), MEBIBYTE, "nothing of the failures is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_leads_elsewhere_is_not_followed() {
    let telegram = open_fake().await;
    let files = files_of(&telegram);
    let file = telegram.add_file("a", "x/y", "secret", None);
    for path in [
        "/etc/passwd",
        "../../bot/getMe",
        "http://elsewhere.example/x",
        "a%2f..%2fb",
        "",
        "x?y=z",
    ] {
        assert!(telegram.change_file(&file.file_id, Some(path), None));
        let error = fails(&files, &file.file_id).await;
        assert!(matches!(error, FileSourceError::Refused(_)), "{path}: {error}");
    }
    assert!(telegram.calls().iter().all(|call| call.method != DOWNLOAD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_file_comes_and_one_nobody_waits_for_ends() {
    let telegram = open_fake().await;
    let files = files_of(&telegram);
    let file = telegram.add_file("a", "x/y", some(4_000), None);
    let trickle = Effect::Trickle {
        bytes: 1_000,
        seconds: 0.01,
    };
    telegram.fault(Fault::new(trickle).method(DOWNLOAD).times(1));
    let (came, end) = read(&files, &file.file_id).await;
    end.unwrap();
    assert_eq!(came, some(4_000));
    // More streams than may be under way, each left in the middle: their places are free again.
    let stalled = Effect::Trickle {
        bytes: 1,
        seconds: 600.0,
    };
    telegram.fault(Fault::new(stalled).method(DOWNLOAD).times(12));
    for _ in 0..12 {
        let mut stream = tokio::time::timeout(Duration::from_secs(5), files.open(&file.file_id))
            .await
            .expect("a place is free")
            .unwrap();
        assert_eq!(stream.next().await.unwrap().map(|bytes| bytes.len()), Some(1));
    }
    let (came, end) = tokio::time::timeout(Duration::from_secs(5), read(&files, &file.file_id))
        .await
        .unwrap();
    end.unwrap();
    assert_eq!(came.len(), 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_takes_the_token_nowhere() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = format!("Location: http://{}/x\r\n", elsewhere.local_addr().unwrap());
    let found = r#"{"ok":true,"result":{"file_id":"f","file_path":"documents/f.pdf"}}"#;
    let server = Server::start([
        Step::Answer(200, "", found.to_owned()),
        Step::Answer(302, Box::leak(to.into_boxed_str()), String::new()),
    ]);
    let error = fails(&TelegramFiles::new(server.client()), "f").await;
    assert!(matches!(error, FileSourceError::Refused(_)), "{error}");
    assert!(elsewhere.accept().is_err(), "nobody was led astray");
    let paths: Vec<String> = server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert!(
        paths[1].starts_with("/file/bot8012345678:") && paths[1].ends_with("/documents/f.pdf"),
        "{paths:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_may_have_a_root_of_their_own() {
    let telegram = open_fake().await;
    let api = Server::start([Step::Answer(
        200,
        "",
        r#"{"ok":true,"result":{"file_path":"documents/f.pdf"}}"#.to_owned(),
    )]);
    // A root that nobody listens at: it is asked, and nothing else is.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}/files", closed.local_addr().unwrap());
    drop(closed);
    let mut settings = api.settings();
    settings.file_url = Some(root);
    let log = slog::Logger::root(slog::Discard, slog::o!());
    let client = TelegramClient::new(settings.clone(), log.clone()).unwrap();
    let error = fails(&TelegramFiles::new(client), "f").await;
    assert!(matches!(error, FileSourceError::Unreachable(_)), "{error}");
    settings.file_url = Some("http://files.example".to_owned());
    let refused = TelegramClient::new(settings, log).unwrap_err().to_string();
    assert!(refused.starts_with("TELEGRAM_FILE_URL"), "{refused}");
    drop(telegram);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_a_length_comes_whole_and_within_the_limit() {
    let found = r#"{"ok":true,"result":{"file_path":"documents/f.pdf"}}"#;
    for (count, fits) in [(MEBIBYTE, true), (20 * MEBIBYTE + 1, false)] {
        let api = Server::start([Step::Answer(200, "", found.to_owned())]);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = api.settings();
        settings.file_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        let sending = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4_096];
            let read = std::io::Read::read(&mut stream, &mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /bot"));
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                .unwrap();
            // A reader that has had enough hangs up.
            stream.write_all(&some(count)).is_ok()
        });
        let client = TelegramClient::new(settings, slog::Logger::root(slog::Discard, slog::o!())).unwrap();
        let (came, end) = read(&TelegramFiles::new(client), "f").await;
        if fits {
            end.unwrap();
            assert!(came == some(count));
        } else {
            assert!(matches!(end, Err(FileSourceError::TooBig)), "{end:?}");
        }
        assert!(sending.join().unwrap() || !fits, "what fits is sent whole");
    }
}
