//! `frontdesk score`: what another rubric would make of the leads.

use clap::Subcommand;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use frontdesk_core::lead::{Rescore, Rubric, RuleChange};
use frontdesk_core::port::back_office::{LeadQuery, LeadStore as _, Paging};
use frontdesk_store_diesel::DieselStore;

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::progress::Progress;
use crate::{playbook, store};

/// Leads read from the store at once.
const PART: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show whose score would be another under the rubric of a file, changing nothing
    Replay {
        /// A playbook.toml, or a file with its [rubric] alone
        #[arg(long, value_name = "FILE")]
        rubric: PathBuf,
        /// One JSON object a line; the last one has the counts
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let Action::Replay { rubric, json } = action;
    let settings = context.settings()?;
    let rubric = read(&playbook::load(settings.playbook.as_deref())?, rubric)?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        replay(&store, &rubric, *json).await
    })
}

fn read(playbook: &frontdesk_core::playbook::Playbook, file: &Path) -> Result<Rubric, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    playbook
        .rubric_from(&name, &text)
        .map_err(|problems| Failure::Usage(problems.to_string()))
}

#[derive(Default)]
struct Counts {
    leads: u64,
    moved: u64,
    other_points: u64,
    unscored: u64,
}

async fn replay(store: &DieselStore, rubric: &Rubric, as_json: bool) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut progress = Progress::of("leads", None);
    let mut counts = Counts::default();
    let mut query = LeadQuery {
        stage: None,
        score: None,
        page: Paging::first(PART),
    };
    loop {
        let part = store.leads(&query).await.map_err(Failure::work)?;
        query.page.before = part.last().map(|lead| lead.id);
        for lead in &part {
            counts.leads += 1;
            let Some(rescore) = Rescore::of(lead, rubric) else {
                counts.unscored += 1;
                continue;
            };
            if rescore.moves() {
                counts.moved += 1;
                let line = if as_json {
                    serde_json::to_string(&rescore).map_err(Failure::work)?
                } else {
                    line(&rescore)
                };
                writeln!(out, "{line}").map_err(Failure::output)?;
            } else if rescore.from_points != rescore.to_points {
                counts.other_points += 1;
            }
        }
        progress.more(u64::try_from(part.len()).unwrap_or(0));
        if part.len() < PART {
            break;
        }
    }
    drop(progress);
    let Counts {
        leads,
        moved,
        other_points,
        unscored,
    } = counts;
    let summary = if as_json {
        json!({ "summary": {
            "leads": leads, "moved": moved, "other_points": other_points, "unscored": unscored,
            "rubric_version": rubric.version,
        }})
        .to_string()
    } else {
        format!(
            "{moved} of {leads} leads would move; {other_points} would keep their score with other points; \
             {unscored} were never scored"
        )
    };
    writeln!(out, "{summary}")
        .and_then(|()| out.flush())
        .map_err(Failure::output)
}

fn line(rescore: &Rescore) -> String {
    let points = |points: Option<i64>| points.map_or_else(|| "-".to_owned(), |points| format!("{points:+}"));
    let rules: Vec<String> = rescore
        .rules
        .iter()
        .map(|RuleChange { rule, from, to }| format!("{rule} {}→{}", points(*from), points(*to)))
        .collect();
    format!(
        "{}\t{}→{}\t{}→{}\t{}",
        rescore.lead_id,
        rescore.from_score,
        rescore.to_score,
        rescore.from_points,
        rescore.to_points,
        rules.join(", ")
    )
}
