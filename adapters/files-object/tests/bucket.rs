//! The bucket, on a server that speaks like S3: the port kit, and what is its own.

#![cfg(feature = "s3")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::port::{Clock, FileStorage, FilesError};
use frontdesk_core::time::Timestamp;
use frontdesk_files::{Access, FilesPlace, ObjectFiles};
use frontdesk_port_kit::files::{self, FilesHarness};
use frontdesk_port_kit::memory::{SeededIds, SimulatedClock};
use ureq::Agent;

const BUCKET: &str = "frontdesk-tests";
const PART: usize = 8 * 1024 * 1024;

/// The root of a server that speaks like S3; says so if there is none, and fails where that is not
/// allowed.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test is given, it is given in the environment"
)]
fn server() -> Option<String> {
    match std::env::var("FRONTDESK_TEST_S3") {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "FRONTDESK_TEST_S3 must be set in CI"
            );
            // Written past the capture of the test runner: what is skipped must be seen.
            let note = "SKIPPED: bucket (FRONTDESK_TEST_S3 is not set)";
            drop(writeln!(std::io::stderr(), "{note}"));
            None
        }
    }
}

fn access(endpoint: &str) -> Access {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "AKIAVISIBLE"),
        ("AWS_SECRET_ACCESS_KEY", "very-secret"),
        ("AWS_REGION", "us-east-1"),
    ];
    Access::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

struct Buckets {
    endpoint: String,
    clock: SimulatedClock,
    given: AtomicUsize,
}

impl Buckets {
    /// Prefixes begin with `name`: tests run side by side.
    async fn new(endpoint: String) -> Self {
        let bucket = format!("{endpoint}/{BUCKET}");
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let made = tokio::task::spawn_blocking(move || {
            let signed = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";
            agent.put(bucket).header("Authorization", signed).send_empty()
        });
        let status = made.await.unwrap().unwrap().status().as_u16();
        assert!([200, 409].contains(&status), "{status}");
        Buckets {
            endpoint,
            clock: SimulatedClock::at(Timestamp::from_seconds(1_800_000_000)),
            given: AtomicUsize::new(0),
        }
    }

    async fn open(&self, prefix: &str) -> ObjectFiles {
        let place: FilesPlace = format!("s3://{BUCKET}/{prefix}").parse().unwrap();
        let ids = Arc::new(SeededIds::new(1));
        let clock = Arc::new(self.clock.clone());
        ObjectFiles::open(&place, &access(&self.endpoint), clock, ids)
            .await
            .unwrap()
    }

    /// A prefix that nobody else has: this process's, and then a number.
    fn unused(&self) -> String {
        let number = self.given.fetch_add(1, Ordering::SeqCst);
        let test = std::thread::current()
            .name()
            .unwrap_or("worker")
            .replace("::", ".");
        format!("{}/{test}/{:p}/{number}", std::process::id(), self)
    }
}

#[async_trait]
impl FilesHarness for Buckets {
    async fn fresh(&self) -> Arc<dyn FileStorage> {
        Arc::new(self.open(&self.unused()).await)
    }

    async fn age(&self, _: &dyn FileStorage, by: Duration) {
        self.clock.advance(by);
    }

    /// The server's own clock: what it says of a file that was kept just now.
    async fn now(&self) -> Timestamp {
        let probe = self.open(&self.unused()).await;
        probe.put("probe", vec![]).await.unwrap();
        probe.head("probe").await.unwrap().unwrap().kept_at
    }

    fn held_back(&self) -> usize {
        PART
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_conforms() {
    let Some(endpoint) = server() else { return };
    let buckets = Buckets::new(endpoint).await;
    let report = files::conforms(&buckets).await;
    assert_eq!(report.names.len(), files::checks().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_is_like_the_memory_adapter() {
    let Some(endpoint) = server() else { return };
    files::model_based(&Buckets::new(endpoint).await, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_the_same_in_a_folder_and_in_a_bucket() {
    let Some(endpoint) = server() else { return };
    let buckets = Buckets::new(endpoint).await;
    let bucket = buckets.open(&buckets.unused()).await;
    let folder = tempfile::tempdir().unwrap();
    let place = FilesPlace::Folder(folder.path().to_owned());
    let clock: Arc<dyn Clock> = Arc::new(buckets.clock.clone());
    let (nothing, ids) = (Access::default(), Arc::new(SeededIds::new(2)));
    let local = ObjectFiles::open(&place, &nothing, clock, ids).await.unwrap();
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(2 * PART + 12_345).collect();
    for (key, size) in [
        ("none", 0),
        ("one", 1),
        ("part", PART),
        ("more", PART + 1),
        ("all", bytes.len()),
    ] {
        for files in [&local, &bucket] {
            let mut staged = files.stage().await.unwrap();
            for piece in bytes[..size].chunks(300_007) {
                staged.write(piece).await.unwrap();
            }
            staged.keep(key).await.unwrap();
        }
        let (here, there) = (local.get(key).await.unwrap(), bucket.get(key).await.unwrap());
        assert!(here == there && here.as_deref() == Some(&bytes[..size]), "{key}");
        let sizes = (local.head(key).await.unwrap(), bucket.head(key).await.unwrap());
        assert_eq!(sizes.0.unwrap().size_bytes, sizes.1.unwrap().size_bytes);
    }
    let keys = |heads: Vec<frontdesk_core::port::FileHead>| {
        heads.into_iter().map(|head| head.key).collect::<Vec<_>>()
    };
    assert_eq!(
        keys(local.list(None, 9).await.unwrap()),
        keys(bucket.list(None, 9).await.unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prefixes_of_one_bucket_are_apart() {
    let Some(endpoint) = server() else { return };
    let buckets = Buckets::new(endpoint).await;
    let place = buckets.unused();
    let files = buckets.open(&place).await;
    let longer = buckets.open(&format!("{place}0")).await;
    longer.put("client/x", vec![1]).await.unwrap();
    assert_eq!(files.list(None, 9).await.unwrap(), []);
    assert_eq!(files.delete_prefix("client/").await.unwrap(), 0);
    assert_eq!(longer.get("client/x").await.unwrap(), Some(vec![1]));
}

/// A server that answers every request with the same.
fn answering(status: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            // Requests of these tests are short: what is there after the head is taken with it.
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut some = [0; 4096];
                match stream.read(&mut some) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => head.extend_from_slice(&some[..read]),
                }
            }
            if stream.write_all(answer.as_bytes()).is_ok() {
                // The reader may be gone.
                drop(stream.shutdown(Shutdown::Write));
            }
            drop(stream.read_to_end(&mut Vec::new()));
        }
    });
    endpoint
}

async fn refused_by(endpoint: &str) -> FilesError {
    let place: FilesPlace = "s3://bucket/prefix".parse().unwrap();
    let clock = Arc::new(SimulatedClock::at(Timestamp::EPOCH));
    let ids = Arc::new(SeededIds::new(1));
    let files = ObjectFiles::open(&place, &access(endpoint), clock, ids)
        .await
        .unwrap();
    files.put("client/x", b"secret bytes".to_vec()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_is_full_and_what_else_is_refused_tells_its_code_only() {
    let error = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>AKIAVISIBLE</AWSAccessKeyId><StringToSign>very-secret</StringToSign></Error>"
        )
    };
    for (status, code) in [
        ("507 Insufficient Storage", ""),
        ("403 Forbidden", "QuotaExceeded"),
    ] {
        let refused = refused_by(&answering(status, &error(code))).await;
        assert!(matches!(refused, FilesError::Full), "{status}: {refused:?}");
    }
    for (status, code) in [
        ("403 Forbidden", "SignatureDoesNotMatch"),
        ("404 Not Found", "NoSuchBucket"),
        ("400 Bad Request", "AuthorizationHeaderMalformed"),
    ] {
        let refused = refused_by(&answering(status, &error(code))).await;
        assert!(
            matches!(refused, FilesError::Unavailable(_)),
            "{status}: {refused:?}"
        );
        let told = format!("{refused} {refused:?}");
        assert!(told.contains(code), "{told}");
        for hidden in ["AKIAVISIBLE", "very-secret", "secret bytes"] {
            assert!(!told.contains(hidden), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_unavailable() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = refused_by(&endpoint).await;
    assert!(matches!(refused, FilesError::Unavailable(_)), "{refused:?}");
}
