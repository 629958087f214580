//! What every process does beside its work: leases kept alive, samples taken, the old forgotten.

use frontdesk_core::desk::{Heartbeat, Process, Upkeep};
use slog::Logger;

use super::group::Group;

/// Heartbeat and upkeep. They stop last: what is in hand needs its leases.
pub(super) struct Care {
    loops: Group,
}

impl Care {
    /// Starts it; a process that does no work has nothing in hand and sweeps nothing.
    pub(super) fn start(process: &Process, works: bool) -> Care {
        let mut loops = Group::new();
        let upkeep = if works {
            let heartbeat = Heartbeat::new(process.clone());
            loops.run(|stop| async move { heartbeat.run(stop).await });
            Upkeep::new(process.clone())
        } else {
            Upkeep::sampling(process.clone())
        };
        loops.run(|stop| async move { upkeep.run(stop).await });
        Care { loops }
    }

    pub(super) async fn finish(self, log: &Logger) {
        self.loops.finish(log).await;
    }
}
