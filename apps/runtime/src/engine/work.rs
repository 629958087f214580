//! The work of a process: turns, calls to messengers, jobs.

use frontdesk_core::desk::{
    AnswerKind, AnswerParts, DownloadKind, DownloadParts, JobKind, JobRunner, JobSettings, Pacing, Sender,
    SenderParts, SenderSettings, TimerKind, TurnSettings, TurnWorker, TurnWorkerParts,
};
use frontdesk_core::dialogue::RulesInForce;
use frontdesk_core::id::{BotId, Channel};
use frontdesk_core::port::{FileSource, FileStorage, Messenger, UpdateDecoder};
use slog::Logger;
use std::sync::Arc;
use std::time::Duration;

use super::Base;
use super::group::Group;
use crate::model::Answering;
use crate::settings::Settings;

/// Workers and senders of a process. Each has one slice in flight.
const WORKERS: usize = 2;

/// Files under way.
const DOWNLOADS: usize = 4;

/// What the work is done with.
pub(crate) struct WorkParts {
    /// What decides.
    pub rules: RulesInForce,
    /// The language model, if there is one.
    pub model: Option<Answering>,
    /// The bots and channels to serve, each with its messenger.
    pub messengers: Vec<(BotId, Arc<dyn Messenger>)>,
    /// Who reads what was kept.
    pub decoders: Vec<Arc<dyn UpdateDecoder>>,
    /// What is done with clients' files.
    pub files: FileParts,
}

/// Where clients' files come from and go to.
pub(crate) struct FileParts {
    /// Where they are kept.
    pub kept: Arc<dyn FileStorage>,
    /// Where they come from, by bot and channel.
    pub sources: Vec<((BotId, Channel), Arc<dyn FileSource>)>,
}

/// Workers, senders and job runners.
pub(super) struct Work {
    loops: Group,
}

impl Work {
    pub(super) fn start(base: &Base, parts: WorkParts, settings: &Settings) -> Work {
        let process = &base.process;
        let mut pacing = Pacing::new(settings.pacing);
        if base.shared.is_some() {
            pacing = pacing.shared_through(base.cache.clone());
        }
        let turns = TurnWorkerParts {
            process: process.clone(),
            decide: Arc::new(parts.rules.clone()),
            decoders: parts.decoders,
            cache: base.cache.clone(),
            settings: TurnSettings {
                slice: settings.worker_concurrency.div_ceil(WORKERS),
                ..TurnSettings::default()
            },
        };
        let sends = SenderParts {
            process: process.clone(),
            messengers: parts.messengers.clone(),
            pacing: pacing.clone(),
            settings: SenderSettings::default(),
        };
        let mut loops = Group::new();
        // A second worker decides while the first one waits for its commit; one turn in flight is one.
        for _ in 0..WORKERS.min(settings.worker_concurrency) {
            let worker = TurnWorker::new(turns.clone());
            loops.run(|stop| async move { worker.run(stop).await });
            let sender = Sender::new(sends.clone());
            loops.run(|stop| async move { sender.run(stop).await });
        }
        let downloads = DownloadKind::new(DownloadParts {
            process: process.clone(),
            rules: parts.rules.clone(),
            sources: parts.files.sources,
            files: parts.files.kept,
        });
        let answers = parts.model.map(|Answering { model, slots }| {
            let answers = AnswerKind::new(AnswerParts {
                process: process.clone(),
                rules: parts.rules,
                model,
                messengers: parts.messengers,
                pacing,
            });
            (answers, slots)
        });
        for (kinds, settings) in job_kinds(process.lease, downloads, answers) {
            let jobs = JobRunner::new(process.clone(), kinds, settings);
            loops.run(|stop| async move { jobs.run(stop).await });
        }
        Work { loops }
    }

    /// Asks all of it to stop.
    pub(super) fn stop(&self) {
        self.loops.stop();
    }

    /// Waits until what is in hand is done.
    pub(super) async fn finish(self, log: &Logger) {
        self.loops.finish(log).await;
    }
}

/// The kinds of jobs, a runner each line: slow ones never take the slots of cheap ones.
fn job_kinds(
    lease: Duration,
    downloads: DownloadKind,
    answers: Option<(AnswerKind, usize)>,
) -> Vec<(Vec<Arc<dyn JobKind>>, JobSettings)> {
    let usual = JobSettings {
        lease,
        ..JobSettings::default()
    };
    let few = JobSettings {
        slots: DOWNLOADS,
        ..usual
    };
    let mut runners: Vec<(Vec<Arc<dyn JobKind>>, JobSettings)> = vec![
        (vec![Arc::new(TimerKind)], usual),
        (vec![Arc::new(downloads)], few),
    ];
    if let Some((answers, slots)) = answers {
        let settings = JobSettings { slots, ..usual };
        runners.push((vec![Arc::new(answers)], settings));
    }
    runners
}
