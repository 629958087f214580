//! `frontdesk dead`: what was given up, and what to do with it.

use clap::Subcommand;
use std::io::Write as _;

use frontdesk_core::access::Caller;
use frontdesk_core::desk::OfficeError;
use frontdesk_core::port::back_office::{DeadLetterStore as _, Paging};

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::{admin, store};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show them, newest first
    List {
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Put one back at the end of its queue
    Retry {
        /// Its number
        id: i64,
    },
    /// Forget one for good
    Drop {
        /// Its number
        id: i64,
    },
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let settings = context.settings()?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        match action {
            Action::List { limit, json } => {
                let letters = store
                    .dead_letters(&Paging::first(*limit))
                    .await
                    .map_err(Failure::work)?;
                let mut out = std::io::stdout();
                for letter in letters {
                    let written = if *json {
                        let line = serde_json::to_string(&letter).map_err(Failure::work)?;
                        writeln!(out, "{line}")
                    } else {
                        let lane = &letter.lane;
                        writeln!(
                            out,
                            "{}\t{}\t{}\t{}:{}\t{}\t{}",
                            letter.id,
                            letter.at,
                            letter.queue,
                            lane.channel,
                            lane.chat,
                            letter.what,
                            letter.why
                        )
                    };
                    written.map_err(Failure::output)?;
                }
                Ok(())
            }
            Action::Retry { id } => {
                let office = admin::office(&store, None, None, &settings, &logging.root);
                found(office.retry_dead(&Caller::command_line(), *id).await, *id)
            }
            Action::Drop { id } => {
                let office = admin::office(&store, None, None, &settings, &logging.root);
                found(office.drop_dead(&Caller::command_line(), *id).await, *id)
            }
        }
    })
}

fn found(done: Result<(), OfficeError>, id: i64) -> Result<(), Failure> {
    done.map_err(|error| match error {
        OfficeError::NotFound => Failure::Work(format!(
            "there is no dead letter {id}: `frontdesk dead list` shows them"
        )),
        error => Failure::work(error),
    })
}
