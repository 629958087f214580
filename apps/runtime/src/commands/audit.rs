//! `frontdesk audit`: whether the audit log is whole.

use clap::Subcommand;
use serde_json::json;
use std::io::Write as _;

use frontdesk_core::audit::AuditChain;
use frontdesk_core::port::back_office::AuditStore as _;

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::store;

/// Entries read from the store at once.
const PART: usize = 1_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Walk the whole chain; exit 1 at the first entry that is not as it was written
    Verify {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let Action::Verify { json } = action;
    let settings = context.settings()?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        let mut chain = AuditChain::default();
        let broken = loop {
            let part = store
                .audit_since(chain.head().id, PART)
                .await
                .map_err(Failure::work)?;
            let Some(last) = part.last() else { break None };
            let last = last.id;
            let broken = part.iter().find_map(|entry| chain.take(entry).err());
            if broken.is_some() || chain.head().id != last {
                break broken;
            }
        };
        let head = chain.head();
        let mut out = std::io::stdout();
        let written = if *json {
            let why = broken.as_ref().map(ToString::to_string);
            writeln!(
                out,
                "{}",
                json!({ "whole": broken.is_none(), "entries": head.id, "hash": head.hash, "broken": why })
            )
        } else if broken.is_none() {
            writeln!(
                out,
                "{} entries, whole; the last one's hash is {}",
                head.id, head.hash
            )
        } else {
            Ok(())
        };
        written.map_err(Failure::output)?;
        match broken {
            None => Ok(()),
            Some(broken) => Err(Failure::Work(format!(
                "the audit log is broken after entry {}: {broken}",
                head.id
            ))),
        }
    })
}
