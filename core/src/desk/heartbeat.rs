//! Keeps the leases of lanes in hand alive, and finds out which are lost.

use std::time::Duration;

use crate::port::store::StoreError;
use crate::work::{LaneClaim, LaneKind};

use super::process::Process;
use super::stop::Stop;

/// The heartbeat of one process. Its stop is given last, after the worker and the sender have
/// ended: what they still have in hand needs it.
#[derive(Debug)]
pub struct Heartbeat {
    process: Process,
}

impl Heartbeat {
    /// The heartbeat of `process`.
    pub fn new(process: Process) -> Self {
        Heartbeat { process }
    }

    /// Beats every third of a lease; sooner after a beat that failed.
    pub async fn run(&self, stop: Stop) {
        let process = &self.process;
        let mut failing = false;
        let mut wait = process.lease / 3;
        loop {
            process.pause(wait, &stop).await;
            if stop.is_requested() {
                return;
            }
            let mut failed = None;
            for kind in [LaneKind::Turn, LaneKind::Reply] {
                if let Err(error) = self.beat(&kind).await {
                    failed = Some(error);
                }
            }
            wait = match failed {
                None => {
                    failing = false;
                    process.lease / 3
                }
                Some(error) => {
                    if !failing {
                        slog::error!(process.log, "leases could not be prolonged"; "error" => %error);
                    }
                    failing = true;
                    (process.lease / 15).max(Duration::from_millis(100))
                }
            };
        }
    }

    /// One beat for all lanes of one kind.
    async fn beat(&self, kind: &LaneKind) -> Result<(), StoreError> {
        let process = &self.process;
        let (ids, claims): (Vec<u64>, Vec<LaneClaim>) = process.hands.claims(kind).into_iter().unzip();
        if claims.is_empty() {
            return Ok(());
        }
        let asked_at = process.now();
        let holds = process.store.renew(kind.clone(), &claims, process.lease).await?;
        for (id, holds) in ids.into_iter().zip(holds) {
            if !holds {
                process.stats.leases_lost.up();
            }
            process.hands.beat(kind, id, holds, asked_at);
        }
        Ok(())
    }
}
