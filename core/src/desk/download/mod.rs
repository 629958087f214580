//! Downloads: a job that brings a client's file from the messenger into file storage, and reports what
//! became of it to the chat. It decides nothing.
//!
//! Nothing of a file is seen before all of it came, was counted, hashed and looked at: it is staged,
//! and kept under its hash at the end, or thrown away. Doing it twice, after any crash, keeps the same
//! bytes under the same key; what a crash leaves is swept up by the [`Janitor`](super::Janitor).

mod sniff;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, Either, select};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::conversation::{Attachment, AttachmentStatus, Refusal};
use crate::dialogue::{DOWNLOAD_JOB, DOWNLOAD_VERSION, Download, DownloadReport, Event, RulesInForce};
use crate::id::{BotId, Channel};
use crate::playbook::FilesPlan;
use crate::port::metrics::Counter;
use crate::port::{FileSource, FileSourceError, FileStorage, FileStream, FilesError, StagedFile};
use crate::work::ClaimedJob;

use super::jobs::{JobFailure, JobKind};
use super::process::Process;
use sniff::Sniffer;

/// A file that takes longer is begun anew: whoever trickles its bytes keeps no slot for ever.
const LONGEST: Duration = Duration::from_mins(10);

/// What downloads need.
#[derive(Clone, Debug)]
pub struct DownloadParts {
    /// The process they are made in.
    pub process: Process,
    /// The rules in force: they say which files are taken.
    pub rules: RulesInForce,
    /// Where files come from, by bot and channel.
    pub sources: Vec<((BotId, Channel), Arc<dyn FileSource>)>,
    /// Where they are kept.
    pub files: Arc<dyn FileStorage>,
}

/// The kind of job that downloads a file. Its payload is a [`Download`].
#[derive(Debug)]
pub struct DownloadKind {
    parts: DownloadParts,
}

/// Why a file is not stored.
enum Not {
    /// It is not taken.
    Taken(Refusal, Option<&'static str>),
    /// It cannot be had.
    Had(String),
    /// Not now.
    Now { why: String, after: Option<Duration> },
}

/// What is known of a file that was stored.
struct Kept {
    size_bytes: u64,
    sha256: String,
    kind: &'static str,
    key: String,
}

impl From<FileSourceError> for Not {
    fn from(error: FileSourceError) -> Self {
        match error {
            FileSourceError::TooBig => Not::Taken(Refusal::TooBig, None),
            FileSourceError::RateLimited { retry_after } => Not::Now {
                why: error.to_string(),
                after: Some(retry_after),
            },
            other if other.is_transient() => Not::Now {
                why: other.to_string(),
                after: None,
            },
            other => Not::Had(other.to_string()),
        }
    }
}

impl From<FilesError> for Not {
    fn from(error: FilesError) -> Self {
        if error.is_transient() {
            Not::Now {
                why: error.to_string(),
                after: None,
            }
        } else {
            Not::Had(error.to_string())
        }
    }
}

impl DownloadKind {
    /// The kind.
    pub fn new(parts: DownloadParts) -> Self {
        DownloadKind { parts }
    }

    fn source(&self, job: &ClaimedJob) -> Option<&dyn FileSource> {
        let desk = (job.lane.bot_id, job.lane.channel.clone());
        let found = self.parts.sources.iter().find(|(served, _)| *served == desk);
        found.map(|(_, source)| &**source)
    }

    /// Brings a file into storage, within the time it may take.
    async fn fetch(&self, source: &dyn FileSource, download: &Download) -> Result<Kept, Not> {
        let clock = &self.parts.process.clock;
        let mut late = clock.sleep_until(clock.now() + LONGEST);
        let rules = self.parts.rules.pin();
        let plan = &rules.playbook().files;
        let limit = source.max_bytes().min(plan.max_bytes);
        let opening = async { Ok(source.open(&download.file_id).await?) };
        let mut stream = in_time(opening, &mut late).await?;
        if stream.size_bytes().is_some_and(|size| size > limit) {
            return Err(Not::Taken(Refusal::TooBig, None));
        }
        let mut staged = self.parts.files.stage().await?;
        let filling = fill(staged.as_mut(), stream.as_mut(), (plan, limit), download);
        match in_time(filling, &mut late).await {
            Ok(kept) => {
                staged.keep(&kept.key).await?;
                Ok(kept)
            }
            Err(not) => {
                if let Err(error) = staged.abandon().await {
                    // The sweep does it later.
                    slog::debug!(self.parts.process.log, "a staged file could not be thrown away"; "error" => %error);
                }
                Err(not)
            }
        }
    }

    /// The report of a file that is settled.
    fn report(&self, attachment: Attachment) -> Event {
        let process = &self.parts.process;
        let labels = [("result", attachment.status.as_str())];
        process.metrics.add(Counter::Files, &labels, 1);
        let updated_at = process.now();
        Event::Download(DownloadReport {
            attachment: Attachment {
                updated_at,
                ..attachment
            },
        })
    }
}

#[async_trait]
impl JobKind for DownloadKind {
    fn name(&self) -> &'static str {
        DOWNLOAD_JOB
    }

    fn version(&self) -> i32 {
        DOWNLOAD_VERSION
    }

    fn yields_to_stop(&self) -> bool {
        true
    }

    async fn run(&self, job: &ClaimedJob) -> Result<Option<Event>, JobFailure> {
        let download = read(job)?;
        let Some(source) = self.source(job) else {
            return Err(JobFailure::Never {
                why: "this process has no files of that channel".to_owned(),
            });
        };
        let attachment = download.attachment.clone();
        let settled = match self.fetch(source, &download).await {
            Ok(kept) => Attachment {
                status: AttachmentStatus::Stored,
                mime_detected: Some(kept.kind.to_owned()),
                size_bytes: i64::try_from(kept.size_bytes).ok(),
                sha256: Some(kept.sha256),
                storage_key: Some(kept.key),
                ..attachment
            },
            Err(Not::Taken(why, kind)) => Attachment {
                mime_detected: kind.map(str::to_owned),
                ..attachment.refused(why)
            },
            Err(Not::Had(why)) => return Err(JobFailure::Never { why }),
            Err(Not::Now { why, after }) => return Err(JobFailure::Again { why, after }),
        };
        Ok(Some(self.report(settled)))
    }

    fn give_up(&self, job: &ClaimedJob) -> Option<Event> {
        let download = read(job).ok()?;
        Some(self.report(download.attachment.missing()))
    }
}

/// Stages all of a file while it is counted, hashed and looked at.
async fn fill(
    staged: &mut dyn StagedFile,
    stream: &mut dyn FileStream,
    (plan, limit): (&FilesPlan, u64),
    download: &Download,
) -> Result<Kept, Not> {
    let mut size_bytes = 0_u64;
    let mut hash = Sha256::new();
    let mut sniffer = Sniffer::new();
    while let Some(bytes) = stream.next().await? {
        size_bytes += bytes.len() as u64;
        if size_bytes > limit {
            return Err(Not::Taken(Refusal::TooBig, None));
        }
        hash.update(&bytes);
        sniffer.see(&bytes);
        staged.write(&bytes).await?;
    }
    if size_bytes == 0 {
        return Err(Not::Taken(Refusal::Empty, None));
    }
    let kind = sniffer.kind(download.attachment.file_name.as_deref());
    if !plan.takes(kind) {
        return Err(Not::Taken(Refusal::Kind, Some(kind)));
    }
    let sha256 = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        if write!(hex, "{byte:02x}").is_err() {
            hex.clear();
        }
        hex
    });
    Ok(Kept {
        size_bytes,
        key: Attachment::storage_key(download.client_id, &sha256),
        sha256,
        kind,
    })
}

/// What `work` comes to, unless it is late.
async fn in_time<T>(
    work: impl Future<Output = Result<T, Not>> + Send,
    late: &mut BoxFuture<'_, ()>,
) -> Result<T, Not> {
    match select(pin!(work), late).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(Not::Now {
            why: format!("it took longer than {} min", LONGEST.as_secs() / 60),
            after: None,
        }),
    }
}

fn read(job: &ClaimedJob) -> Result<Download, JobFailure> {
    serde_json::from_value(job.payload.clone()).map_err(|error| JobFailure::Never {
        why: format!("no download: {error}"),
    })
}
