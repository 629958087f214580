//! `frontdesk replay`: what another playbook would have said in stored chats.

use clap::Args;
use serde_json::json;
use std::io::{BufWriter, Stdout, Write as _};

use frontdesk_core::guard::redact::Redactor;
use frontdesk_core::port::Clock as _;
use frontdesk_core::port::back_office::Case;
use frontdesk_core::replay::{Again, KeptCase, Said, TurnAgain, decide_again};
use frontdesk_core::text::clip;
use frontdesk_core::time::Timestamp;
use frontdesk_store_diesel::DieselStore;

use crate::cli::Context;
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::kept::{self, Cases};
use crate::log::Log;
use crate::offline::Offline;
use crate::progress::Progress;
use crate::settings::duration::duration;
use crate::store;

use super::transcript::find;

/// Longest text shown of one thing that was said, in characters.
const SHOWN: usize = 120;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only chats opened since then: a time (2026-01-31T09:00:00Z), a day (2026-01-31) or an age (30d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only this chat
    #[arg(long, value_name = "ID", conflicts_with = "since")]
    conversation: Option<String>,
    /// One JSON object a line; the last one has the counts
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let settings = context.settings()?;
    let since = match &arguments.since {
        Some(text) => Some(point_in_time(text, SystemClock.now())?),
        None => None,
    };
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        let offline = Offline::load(&settings, &logging.root)?;
        let mut report = Report::new(arguments.json);
        if let Some(id) = &arguments.conversation {
            let case = find(&store, id).await?;
            report.take(&again(&offline, &store, case).await?)?;
        } else {
            let mut cases = Cases::since(&store, since);
            let mut progress = Progress::of("chats", None);
            while let Some(case) = cases.next().await.map_err(Failure::work)? {
                report.take(&again(&offline, &store, case).await?)?;
                progress.more(1);
            }
        }
        report.end()
    })
}

/// A point in time as people write it.
fn point_in_time(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let day = format!("{text}T00:00:00Z");
    let time = text.parse().or_else(|_| day.parse()).ok();
    let aged = duration(text).map(|age| now - age);
    time.or(aged).ok_or_else(|| {
        Failure::Usage(format!(
            "--since {text}: expected a time (2026-01-31T09:00:00Z), a day (2026-01-31) or an age (30d)"
        ))
    })
}

async fn again(offline: &Offline, store: &DieselStore, case: Case) -> Result<(KeptCase, Again), Failure> {
    let kept = kept::whole(store, case).await.map_err(Failure::work)?;
    let again = decide_again(offline.ladder(), &kept);
    Ok((kept, again))
}

/// What is printed, and the counts.
struct Report {
    out: BufWriter<Stdout>,
    json: bool,
    chats: usize,
    turns: usize,
    differing_chats: usize,
    differing_turns: usize,
}

impl Report {
    fn new(json: bool) -> Self {
        Report {
            out: BufWriter::new(std::io::stdout()),
            json,
            chats: 0,
            turns: 0,
            differing_chats: 0,
            differing_turns: 0,
        }
    }

    fn take(&mut self, (case, again): &(KeptCase, Again)) -> Result<(), Failure> {
        let differing = again.differing();
        self.chats += 1;
        self.turns += again.turns.len();
        self.differing_turns += differing;
        if differing == 0 {
            return Ok(());
        }
        self.differing_chats += 1;
        let id = case.conversation.id;
        if !self.json {
            let turns = again.turns.len();
            self.line(&format!("conversation {id}: {differing} of {turns} turns differ"))?;
        }
        for turn in again.turns.iter().filter(|turn| turn.differs()) {
            // The client's own words are shown without what a pattern finds in them.
            let did = turn.did.as_ref().map(|did| Redactor::new().redact(did));
            if self.json {
                let TurnAgain {
                    seq,
                    at,
                    before,
                    after,
                    ..
                } = turn;
                let (before, after) = (redacted(before), redacted(after));
                let line = json!({
                    "conversation_id": id, "seq": seq, "at": at, "did": did, "before": before, "after": after,
                });
                self.line(&line.to_string())?;
            } else {
                let did = did.as_deref().unwrap_or("(an agent, without a word)");
                self.line(&format!("  {}  {}", turn.at, one_line(did)))?;
                for (mark, all) in [('-', &turn.before), ('+', &turn.after)] {
                    let other = if mark == '-' { &turn.after } else { &turn.before };
                    for said in redacted(all)
                        .iter()
                        .zip(all)
                        .filter(|(_, said)| !other.contains(said))
                    {
                        self.line(&format!("    {mark} {}", shown(said.0)))?;
                    }
                    if all.is_empty() {
                        self.line(&format!("    {mark} (nothing)"))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Failure> {
        let Report {
            chats,
            turns,
            differing_chats,
            differing_turns,
            ..
        } = self;
        let line = if self.json {
            json!({ "summary": {
                "conversations": chats, "turns": turns,
                "differing_conversations": differing_chats, "differing_turns": differing_turns,
            }})
            .to_string()
        } else {
            format!(
                "{differing_turns} of {turns} turns differ, in {differing_chats} of {chats} conversations"
            )
        };
        self.line(&line)?;
        self.out.flush().map_err(Failure::output)
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(Failure::output)
    }
}

/// Answers repeat what clients typed.
fn redacted(all: &[Said]) -> Vec<Said> {
    all.iter()
        .map(|said| match said {
            Said::Model => Said::Model,
            Said::Desk { intent, text } => Said::Desk {
                intent: intent.clone(),
                text: Redactor::new().redact(text),
            },
        })
        .collect()
}

fn shown(said: &Said) -> String {
    match said {
        Said::Model => "[model]".to_owned(),
        Said::Desk { intent, text } => {
            let intent = intent.as_deref().unwrap_or("-");
            format!("[{intent}] {}", one_line(text))
        }
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clipped = clip(&line, SHOWN);
    if clipped.len() < line.len() {
        format!("{clipped}…")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2d", "2026-11-22T12:00:00Z"),
            ("12h", "2026-11-24T00:00:00Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(point_in_time(text, now).unwrap(), expected, "{text}");
        }
        for text in ["yesterday", "", "2026-13-01"] {
            assert_eq!(point_in_time(text, now).unwrap_err().code(), 2, "{text}");
        }
    }
}
