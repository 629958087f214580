//! What every process does beside its work: leases kept alive, samples taken, the old forgotten,
//! signals told to other processes and heard of them.

use frontdesk_core::desk::{Announcer, Heartbeat, Janitor, Stop, Upkeep, WakeListener};
use frontdesk_core::port::FileStorage;
use slog::Logger;
use std::sync::Arc;

use super::Base;
use super::group::Group;

/// Heartbeat and upkeep. They stop last: what is in hand needs its leases.
pub(super) struct Care {
    loops: Group,
}

impl Care {
    /// Starts it; a process that does no work has nothing in hand, no `files` to look after and sweeps
    /// nothing.
    pub(super) fn start(base: &Base, files: Option<Arc<dyn FileStorage>>, receives: bool) -> Care {
        let process = &base.process;
        let works = files.is_some();
        let mut loops = Group::new();
        match &base.shared {
            Some(shared) if works => {
                let listener = WakeListener::new(process.clone(), Arc::clone(shared), process.wakes.topics());
                loops.run(|stop| listener.run(stop));
            }
            Some(_) if receives => {
                let announcer = Announcer::new(process.clone(), base.cache.clone(), process.wakes.topics());
                loops.run(|stop| announcer.run(stop));
            }
            _ => {}
        }
        let upkeep = match files {
            Some(files) => {
                let heartbeat = Heartbeat::new(process.clone());
                loops.run(|stop| async move { heartbeat.run(stop).await });
                Upkeep::new(process.clone()).with_janitor(Janitor::new(process.clone(), files))
            }
            None => Upkeep::sampling(process.clone()),
        };
        loops.run(|stop| async move { upkeep.run(stop).await });
        Care { loops }
    }

    /// Runs one more loop with it.
    pub(super) fn keep<F: Future<Output = ()> + Send + 'static>(&mut self, start: impl FnOnce(Stop) -> F) {
        self.loops.run(start);
    }

    pub(super) async fn finish(self, log: &Logger) {
        self.loops.finish(log).await;
    }
}
